"""Labels of a movie of one's own, in whichever form."""

import numpy as np
import pytest
import roifile
import tifffile

from tapnb.movies import catalogue, read_movie
from tapnb.movies.event_labels import read_events
from tapnb.movies.file_names import Choice
from tapnb.movies.points import masks_from_points
from tapnb.movies.points_file import read_points

TABLE = "index,axis-0,axis-1,axis-2,kind\n0,1,30,60,division\n1,2,30,300,death\n"


@pytest.fixture
def folder(tmp_path):
    """A movie (4, 80, 400) of two discs, and points on them."""
    rows, columns = np.ogrid[:80, :400]
    frames = np.random.default_rng(0).normal(100, 2, (4, 80, 400))
    for x in (60, 300):
        frames += 200 * (np.hypot(rows - 30, columns - x) <= 8)
    tifffile.imwrite(tmp_path / "stack.tif", frames.astype(np.uint16), photometric="minisblack")
    (tmp_path / "points.csv").write_text(TABLE)
    return tmp_path


def test_points_become_masks_as_those_of_hela20_do(folder):
    movie = read_movie(folder / "stack.tif", folder / "points.csv", radius=8)
    assert np.array_equal(movie.masks, masks_from_points(movie.frames, read_points(folder / "points.csv"), 8))
    assert np.unique(movie.masks[1]).tolist() == [0, 1] and np.unique(movie.masks[2]).tolist() == [0, 2]
    assert movie.masks[1].sum() == pytest.approx(np.pi * 64, rel=0.3) and movie.events is None
    assert "masks from points.csv" in movie.source


def test_a_movie_file_names_points_and_their_radius(folder):
    (folder / "points.csv").write_text(TABLE.replace("kind", "kind,event").replace("division", "division,1")
                                       .replace("death", "death,2"))
    (folder / "movie.yaml").write_text("frames: stack.tif\nlabels: points.csv\nradius: 8\n")
    train, held_out = catalogue.open_both(folder / "movie.yaml")
    assert np.unique(train.masks).tolist() == [0, 1] and np.unique(held_out.masks).tolist() == [0, 2]
    assert (train.events["kind"].tolist(), held_out.events["kind"].tolist()) == (["division"], ["death"])


def test_rois_of_fiji_are_labels_too(folder):
    outline = roifile.ImagejRoi.frompoints(np.array([[60, 30], [70, 30], [70, 40], [60, 40]]), t=1)
    outline.tofile(folder / "rois.zip")
    assert read_movie(folder / "stack.tif", folder / "rois.zip").masks.sum() == 100  # needs no radius
    point = roifile.ImagejRoi.frompoints(np.array([[300, 30]]), t=2, name="death")
    point.roitype = roifile.ROI_TYPE.POINT
    point.tofile(folder / "rois.zip")
    masks = read_movie(folder / "stack.tif", folder / "rois.zip", radius=8).masks
    assert (masks == 1).sum() == 100 and (masks[2] == 2).sum() == pytest.approx(np.pi * 64, rel=0.3)
    with pytest.raises(ValueError, match="rois.zip holds points, but no radius: say in the movie's YAML file"):
        read_movie(folder / "stack.tif", folder / "rois.zip")


def test_a_radius_belongs_to_points(folder):
    with pytest.raises(ValueError, match="points.csv holds points, but no radius"):
        read_movie(folder / "stack.tif", folder / "points.csv")
    with pytest.raises(ValueError, match="but the radius is 41: .* at most half a frame's shorter side, 40"):
        read_movie(folder / "stack.tif", folder / "points.csv", radius=41)
    with pytest.raises(ValueError, match="stack.tif has a radius, but no labels that are points or ROIs: leave"):
        catalogue.open_movie(folder / "stack.tif", radius=8)


def test_points_outside_the_movie_are_refused_with_the_name_of_their_file(folder):
    (folder / "points.csv").write_text("t,y,x\n4,3,3\n")
    with pytest.raises(ValueError, match=r"points.csv: The point t=4, y=3, x=3 lies outside the movie of shape \(4,"):
        read_movie(folder / "stack.tif", folder / "points.csv", radius=8)


def test_events_need_no_cell_to_be_segmented(tmp_path):
    (tmp_path / "points.csv").write_text("index,axis-0,axis-1,axis-2\n0,3,10.5,20\n1,5,0,63.4\n")
    events = read_events(tmp_path / "points.csv", (6, 64, 64))
    assert events.to_dict("list") == {"t": [3, 5], "y": [10.5, 0.0], "x": [20.0, 63.4], "kind": ["division"] * 2}
    (tmp_path / "grouped.csv").write_text("t,y,x,event\n3,10,20,1\n4,8,20,1\n4,14,20,1\n")
    assert read_events(tmp_path / "grouped.csv", (6, 64, 64)).to_dict("list") == {
        "t": [4], "y": [11.0], "x": [20.0], "kind": ["division"]}


def test_a_mother_and_her_daughters_are_one_event_without_a_number(tmp_path):
    marked = "t,y,x,kind\n3,10,20,division\n4,8,12,division\n4,14,28,division\n8,40,40,death\n9,41,40,death\n8,50,20,division\n9,50,28,division\n"
    (tmp_path / "points.csv").write_text(marked)
    events = read_events(tmp_path / "points.csv", (12, 64, 64)).sort_values("t", kind="stable")
    assert events[["t", "y", "x", "kind"]].to_numpy().tolist() == [
        [4, 11.0, 20.0, "division"], [9, 41.0, 40.0, "death"], [9, 50.0, 28.0, "division"]]


def test_events_that_happen_to_be_near_stay_apart_where_most_are_alone(tmp_path):
    lone = "".join(f"{t},{y},10\n" for t in (2, 6, 10) for y in (5, 60))
    (tmp_path / "points.csv").write_text("t,y,x\n" + lone + "2,14,14\n")
    assert len(read_events(tmp_path / "points.csv", (12, 64, 64))) == 7


def test_a_place_in_a_stack_of_channels_tells_no_frame(tmp_path):
    point = roifile.ImagejRoi.frompoints([[10, 20]])
    point.position, point.roitype = 3, roifile.ROI_TYPE.POINT
    point.tofile(tmp_path / "cells.roi")
    assert read_events(tmp_path / "cells.roi", (6, 64, 64))["t"].tolist() == [2]
    with pytest.raises(ValueError, match="holds more than time, and no frame: in Fiji, duplicate the one channel"):
        read_events(tmp_path / "cells.roi", (6, 64, 64), several=True)


def test_outlines_are_events_in_their_middle(tmp_path):
    outline = roifile.ImagejRoi.frompoints([[10, 20], [14, 20], [14, 26], [10, 26]], name="death 1")
    outline.position, outline.roitype = 3, roifile.ROI_TYPE.POLYGON
    outline.tofile(tmp_path / "cells.roi")
    events = read_events(tmp_path / "cells.roi", (6, 64, 64))
    assert events.to_dict("list") == {"t": [2], "y": [22.5], "x": [11.5], "kind": ["death"]}
    outline.roitype, outline.right, outline.bottom = roifile.ROI_TYPE.RECT, 14, 26
    outline.tofile(tmp_path / "cells.roi")  # a rectangle's corners are read with the first one twice
    assert read_events(tmp_path / "cells.roi", (6, 64, 64))[["y", "x"]].values.tolist() == [[22.5, 11.5]]


def test_an_event_outside_the_movie_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("t,y,x\n3,10,200\n")
    with pytest.raises(ValueError, match="points.csv: the event t=3, y=10, x=200 lies outside the movie of 6 frames of 64 x 64"):
        read_events(tmp_path / "points.csv", (6, 64, 64))


@pytest.mark.parametrize("axes", ["ZYX", "TYX", "CYX"])
def test_labels_have_the_frames_of_the_movie_whatever_fiji_calls_them(tmp_path, axes):
    masks = np.zeros((6, 24, 32), np.uint8)
    masks[2, 5:9, 5:9] = 1
    tifffile.imwrite(tmp_path / "labels.tif", masks, imagej=True, metadata={"axes": axes})
    tifffile.imwrite(tmp_path / "movie.tif", np.random.default_rng(0).integers(0, 200, masks.shape).astype(np.uint8))
    assert np.array_equal(read_movie(tmp_path / "movie.tif", tmp_path / "labels.tif").masks, masks)


def numbered(folder, numbers, name="t{:03}.tif", value=0):
    folder.mkdir()
    for t in numbers:
        frame = np.random.default_rng(t).integers(0, 200, (24, 32)).astype(np.uint8) if not value else np.full((24, 32), value, np.uint8)
        tifffile.imwrite(folder / name.format(t), frame)
    return folder


@pytest.mark.parametrize(("frames", "labels", "says"), [
    (range(4), range(1, 5), "4 label files numbered 1 to 4, but the 4 frames are numbered 0 to 3, which may mean that "
                            "one program counts from another number, .*rename the label files"),
    (range(10, 14), range(4), "numbered 0 to 3, but the 4 frames are numbered 10 to 13, .*rename"),
    (range(6), [0, 1, 3, 4], "4 label files numbered 0 to 4, but the 6 frames .*there is a frame 2, and no label: give"),
    ([0, 1, 3, 4], range(4), "there is a frame 4, and no label and a label 2, and no frame"),
    (range(4), range(5), "there is a label 4, and no frame"),
])
def test_labels_with_other_numbers_than_the_frames_are_no_pairs(tmp_path, frames, labels, says):
    paths = numbered(tmp_path / "frames", frames), numbered(tmp_path / "labels", labels, "mask_{}.tif", 1)
    with pytest.raises(ValueError, match=says):
        read_movie(*paths, choice=Choice(gaps="allow"))


@pytest.mark.parametrize("numbers", [range(4), range(7, 11), [0, 1, 3, 4]])
def test_labels_of_the_same_numbers_are_read_with_the_same_gaps(tmp_path, numbers):
    frames = numbered(tmp_path / "frames", numbers)
    labels = numbered(tmp_path / "labels", numbers, "mask_z{:02}.tif", 1)
    assert read_movie(frames, labels, choice=Choice(gaps="allow")).masks.all()


def test_labels_without_numbers_go_in_their_order(tmp_path):
    frames = numbered(tmp_path / "frames", range(5, 9))
    tifffile.imwrite(tmp_path / "labels.tif", np.ones((4, 24, 32), np.uint8))
    assert read_movie(frames, tmp_path / "labels.tif").masks.all()
    letters = numbered(tmp_path / "letters", [1], "a.tif", 1)
    for name in "bcd":
        (letters / f"{name}.tif").write_bytes((letters / "a.tif").read_bytes())
    assert read_movie(frames, letters).masks.all()
    tifffile.imwrite(tmp_path / "frames.tif", np.random.default_rng(0).integers(0, 200, (4, 24, 32)).astype(np.uint8))
    assert read_movie(tmp_path / "frames.tif", numbered(tmp_path / "from one", range(1, 5), value=1)).masks.all()
    with pytest.raises(ValueError, match="a time point is missing"):
        read_movie(tmp_path / "frames.tif", numbered(tmp_path / "gap", [1, 2, 4, 5], value=1))


def test_points_where_no_nucleus_stands_out_are_said(folder):
    (folder / "points.csv").write_text("t,y,x\n1,3,3\n")
    assert "no nucleus stands out at 1 of its 1 points" in read_movie(folder / "stack.tif", folder / "points.csv", radius=8).source


@pytest.mark.parametrize("shape", [(4, 80, 400, 3), (4, 3, 80, 400), (4, 2, 80, 400)])
def test_labels_in_colours_or_channels_without_a_flag_are_refused_as_labels(folder, shape):
    tifffile.imwrite(folder / "masks.tif", np.ones(shape, np.uint8), photometric="minisblack")
    with pytest.raises(ValueError, match="masks.tif has .*, but labels are one grey image a frame: save them with time first") as error:
        read_movie(folder / "stack.tif", folder / "masks.tif")
    assert "`axes`" not in str(error.value)
