"""Events as files that napari, Fiji and our own readers take."""

import zipfile

import numpy as np
import pandas as pd
import pytest
import roifile

from tapnb.movies.event_files import COLUMNS, FIJI, NAPARI, TABLE, write_events
from tapnb.movies.points_file import read_points
from tapnb.movies.rois import read_rois

EVENTS = pd.DataFrame(
    [(12, 100.25, 7.5, "division", 3.5, 0.934), (0, 0.0, 1023.75, "death", 2.25, 0.5),
     (12, 40.0, 30.0, "division", 2.0, 0.934), (91, 3.25, 4.0, "division", -1.0, 0.01)], columns=COLUMNS)
PLACES = ["t", "y", "x", "kind"]


def same(table, events=EVENTS):
    return table[PLACES].to_numpy().tolist() == events[PLACES].to_numpy().tolist()


def test_every_file_comes_back_as_the_same_events(tmp_path):
    write_events(tmp_path / "new" / "folder", EVENTS)
    folder = tmp_path / "new" / "folder"
    assert sorted(path.name for path in folder.iterdir()) == sorted([TABLE, NAPARI, FIJI])  # and nothing temporary
    pd.testing.assert_frame_equal(pd.read_csv(folder / TABLE), EVENTS)
    assert same(read_points(folder / TABLE)) and same(read_points(folder / NAPARI))
    points, outlines = read_rois(folder / FIJI)
    assert same(points) and not outlines
    write_events(folder, EVENTS, one_of_several=True)
    assert same(read_rois(folder / FIJI, several=True)[0])


def test_napari_finds_its_own_columns(tmp_path):
    write_events(tmp_path, EVENTS)
    assert (tmp_path / NAPARI).read_text().splitlines()[:2] == [
        "index,axis-0,axis-1,axis-2,kind,score,probability", "0,12,100.25,7.5,division,3.5,0.934"]


@pytest.mark.parametrize("one_of_several", [False, True])
def test_fiji_sees_names_positions_and_colours(tmp_path, one_of_several):
    """Of a time beside a position Fiji takes the time alone, and shows the ROI in all frames of a plain stack."""
    write_events(tmp_path, EVENTS, one_of_several)
    with zipfile.ZipFile(tmp_path / FIJI) as archive:
        members = archive.namelist()
        rois = [roifile.ImagejRoi.frombytes(archive.read(member)) for member in members]
    assert members == ["division 0.93 t12.roi", "death 0.50 t0.roi", "division 0.93 t12 (2).roi",
                       "division 0.01 t91.roi"]
    assert [roi.name + ".roi" for roi in rois] == members
    assert [(roi.position, roi.t_position)[one_of_several] for roi in rois] == [13, 1, 13, 92]
    assert {((roi.t_position, roi.position)[one_of_several], roi.c_position, roi.z_position) for roi in rois} == {(0, 0, 0)}
    assert rois[0].stroke_color != rois[1].stroke_color and rois[0].stroke_color == rois[2].stroke_color


def test_without_a_probability_an_event_is_named_after_its_score(tmp_path):
    write_events(tmp_path, EVENTS.assign(probability=np.nan))
    assert zipfile.ZipFile(tmp_path / FIJI).namelist()[0] == "division 3.50 t12.roi"
    assert same(read_points(tmp_path / TABLE)) and same(read_points(tmp_path / NAPARI))
    assert pd.read_csv(tmp_path / TABLE)["probability"].isna().all()


def test_candidates_are_no_labels_until_someone_has_looked(tmp_path):
    write_events(tmp_path, EVENTS.assign(kind="candidate"))
    with pytest.raises(ValueError, match="'candidate' in column kind is neither 'division'"):
        read_points(tmp_path / NAPARI)
    assert zipfile.ZipFile(tmp_path / FIJI).namelist()[0] == "candidate 0.93 t12.roi"


def test_an_empty_list_leaves_headers_and_no_archive_of_an_earlier_list(tmp_path):
    write_events(tmp_path, EVENTS)
    write_events(tmp_path, EVENTS.iloc[:0])
    assert (tmp_path / TABLE).read_text() == "t,y,x,kind,score,probability\n"
    assert (tmp_path / NAPARI).read_text() == "index,axis-0,axis-1,axis-2,kind,score,probability\n"
    assert not (tmp_path / FIJI).exists()


def test_a_list_that_cannot_be_written_leaves_the_earlier_files(tmp_path, monkeypatch):
    write_events(tmp_path, EVENTS)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space"):
        write_events(tmp_path, EVENTS.iloc[:1])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
