"""Events marked in Fiji."""

import zipfile

import numpy as np
import pytest
import roifile

from tapnb.movies import rois
from tapnb.movies.rois import fill, read_rois


def roi(points, roitype=roifile.ROI_TYPE.POINT, **values):
    """A ROI of x, y in frame 3 (from 1) of a hyperstack, unless values say otherwise."""
    made = roifile.ImagejRoi.frompoints(np.asarray(points))
    made.roitype = roitype
    for name, value in ({"t_position": 3, "z_position": 1, "c_position": 1} | values).items():
        setattr(made, name, value)
    return made


@pytest.fixture
def archive(tmp_path):
    """Write ROIs as the ROI Manager does, or other members, and return the path."""

    def write(*marked, others=()):
        path = tmp_path / "rois.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for number, made in enumerate(marked):
                file.writestr(f"{number:04d}.roi", made.tobytes())
            for name, content in others:
                file.writestr(name, content)
        return path

    return write


SQUARE = [[10, 20], [14, 20], [14, 23], [10, 23]]  # x, y of the corners: 4 x 3 pixels


def test_points_are_told_by_frame_place_and_kind(archive):
    points, outlines = read_rois(archive(
        roi([[5, 7]]), roi([[5.5, 7.5]]), roi([[1, 2]], name="death 1"), roi([[3, 4], [5, 6]], group=2),
        roi([[9, 9]], t_position=0, z_position=0, c_position=0, position=4)))
    assert not outlines
    assert points.to_numpy().tolist() == [[2, 7, 5, "division"], [2, 7, 5, "division"], [2, 2, 1, "death"],
                                          [2, 4, 3, "death"], [2, 6, 5, "death"], [3, 9, 9, "division"]]


@pytest.mark.parametrize("name", ["apoptosis", "Dead cell", "cell death 3", "0003-dying", "apoptotic_2"])
def test_deaths_have_many_names(archive, name):
    assert read_rois(archive(roi([[5, 7]], name=name)))[0]["kind"].tolist() == ["death"]
    for open_to_both in (f"division {name}", f"no {name}"):
        with pytest.raises(ValueError, match="leaves open by its name and its group whether it is a division or a death"):
            read_rois(archive(roi([[5, 7]], name=open_to_both)))
    with pytest.raises(ValueError, match="leaves open"):
        read_rois(archive(roi([[5, 7]], name="mitosis", group=2)))


def test_a_group_that_says_no_kind_is_asked_about(archive):
    with pytest.raises(ValueError, match="in group 3, which says neither division nor death: name it"):
        read_rois(archive(roi([[5, 7]], group=3)))
    assert read_rois(archive(roi([[5, 7]], group=3, name="mitosis")))[0]["kind"].tolist() == ["division"]


def test_each_point_of_a_multi_point_has_its_own_position(archive):
    several = roi([[1, 2], [3, 4]], t_position=1)
    several.counters, several.counter_positions = np.zeros(2, np.uint8), np.array([2, 5], np.uint32)
    assert read_rois(archive(several))[0]["t"].tolist() == [1, 4]
    several.counters = np.array([0, 1], np.uint8)
    with pytest.raises(ValueError, match="points of several counters, which do not say what is a death"):
        read_rois(archive(several))


def test_an_outline_is_the_cell_itself(archive):
    masks = np.zeros((4, 40, 40), np.uint8)
    points, outlines = read_rois(archive(roi(SQUARE, roifile.ROI_TYPE.POLYGON)))
    assert points.empty
    fill(masks, outlines)
    expected = np.zeros_like(masks)
    expected[2, 20:23, 10:14] = 1
    assert np.array_equal(masks, expected)
    oval = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.OVAL, left=5, top=5, right=15, bottom=25, position=1)
    oval.name = "death"
    fill(masks, read_rois(archive(oval))[1])
    assert (masks[0] == 2).sum() == pytest.approx(np.pi * 5 * 10, rel=0.1)


def test_what_is_said_of_a_damaged_archive_is_short(archive):
    path = archive(roi([[5, 7]]))
    whole = path.read_bytes()
    name = whole.index(b".roi")  # of the first file, whose length then says that all that follows is its name
    path.write_bytes(whole[:26] + (len(whole) - 120).to_bytes(2, "little") + whole[28:name] + b"\xfd" + whole[name + 1:])
    with pytest.raises(ValueError, match="is not a sound zip archive .*: save the ROIs again") as error:
        read_rois(path)
    assert "\n" not in str(error.value) and len(str(error.value)) < len(str(path)) + 300


def test_one_roi_needs_no_archive(tmp_path):
    roi([[5, 7]]).tofile(tmp_path / "one.roi")
    assert read_rois(tmp_path / "one.roi")[0][["t", "y", "x"]].to_numpy().tolist() == [[2, 7, 5]]


@pytest.mark.parametrize(("marked", "says"), [
    ([], "holds no ROI"),
    ([roi([[5, 7]], t_position=0)], "is in no frame: in Fiji, choose More, Options"),
    ([roi([[5, 7]], t_position=1, z_position=4)], "lies in plane z = 4, but a movie has frames"),
    ([roi(SQUARE, roifile.ROI_TYPE.POLYLINE)], "is of the kind polyline: mark a cell with a point"),
    ([roi(SQUARE, roifile.ROI_TYPE.ANGLE)], "is of the kind angle"),
    ([roi([[1.5, 7.5]], subpixel_coordinates=np.array([[np.nan, 7.5]], np.float32))], "has no place, or none that"),
])
def test_what_marks_no_cell_is_refused(archive, marked, says):
    path = archive(*marked)
    with pytest.raises(ValueError, match=says) as error:
        read_rois(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("outside", [roi([[100, 20], [104, 20], [104, 23]], roifile.ROI_TYPE.POLYGON),
                                     roi(SQUARE, roifile.ROI_TYPE.POLYGON, t_position=9)])
def test_an_outline_outside_the_movie_is_refused(archive, outside):
    with pytest.raises(ValueError, match="covers no pixel of the movie of shape"):
        fill(np.zeros((4, 40, 40), np.uint8), read_rois(archive(outside))[1])


def test_an_archive_is_read_within_limits_and_never_unpacked(archive, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="'../../evil.txt', which is no .roi file"):
        read_rois(archive(others=[("../../evil.txt", b"")]))
    with pytest.raises(ValueError, match="bomb.roi has more than 4 MiB"):
        read_rois(archive(others=[("bomb.roi", bytes(2**23))]))
    with pytest.raises(ValueError, match="a.roi is not a readable ROI"):
        read_rois(archive(others=[("a.roi", b"Iout" + bytes(10))]))
    monkeypatch.setattr(rois, "MOST", 5)
    with pytest.raises(ValueError, match="holds 6 files, more than 5 ROIs"):
        read_rois(archive(others=[(f"{n}.roi", b"") for n in range(6)]))
    monkeypatch.setattr(rois, "ALL", 100)
    with pytest.raises(ValueError, match="unpacks to more than 0 MiB, too much for ROIs"):
        read_rois(archive(roi([[5, 7]])))
    monkeypatch.undo()
    assert read_rois(archive(roi([[5, 7]]), others=[("__MACOSX/._0000.roi", b"x")]))[0]["t"].tolist() == [2]
    whole = archive(roi([[5, 7]])).read_bytes()
    for content in (b"", b"PK nothing", whole[:len(whole) // 2]):
        (tmp_path / "rois.zip").write_bytes(content)
        with pytest.raises(ValueError, match="is not a sound zip archive"):
            read_rois(tmp_path / "rois.zip")
    with pytest.raises(FileNotFoundError, match="no file .*none.zip"):
        read_rois(tmp_path / "none.zip")
