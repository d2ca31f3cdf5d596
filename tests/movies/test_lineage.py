import shutil

import numpy as np
import pandas as pd
import pytest
import tifffile

from tapnb.movies.lineage import (
    ctc_sequences,
    division_events,
    division_masks,
    divisions,
    links,
    read_ctc,
    read_lineage,
)
from tapnb.movies.stacks import read_stack

TABLE = "1 0 1 0\n2 2 4 1\n3 2 3 1\n4 0 4 0\n"


@pytest.fixture
def table(tmp_path):
    """Write a lineage table and return its path."""

    def write(text):
        (tmp_path / "man_track.txt").write_text(text)
        return tmp_path / "man_track.txt"

    return write


@pytest.fixture
def labels():
    """Five frames: track 1 divides into 2 and 3 between frames 1 and 2; 4 stays."""
    labels = np.zeros((5, 32, 40), np.uint16)
    labels[:2, 10:16, 10:16] = 1
    labels[2:, 10:14, 4:8] = 2
    labels[2:4, 10:14, 18:22] = 3
    labels[:, 25:30, 30:36] = 4
    return labels


@pytest.fixture
def ctc(tmp_path, labels):
    """A folder in challenge layout, with sequences 01 and 02 of five frames."""
    for sequence in ("01", "02"):
        for folder, name in ((sequence, "t"), (f"{sequence}_ST/SEG", "man_seg"),
                             (f"{sequence}_GT/TRA", "man_track")):
            (tmp_path / "ctc" / folder).mkdir(parents=True)
            for t, image in enumerate(labels):
                image = image * 7 if name == "t" else image
                tifffile.imwrite(tmp_path / "ctc" / folder / f"{name}{t:03d}.tif", image)
        (tmp_path / "ctc" / f"{sequence}_GT/TRA/man_track.txt").write_text(TABLE)
    return tmp_path / "ctc"


def test_small_lineage(table):
    lineage = read_lineage(table(TABLE))
    assert lineage.columns.tolist() == ["label", "first", "last", "parent"]
    assert lineage.to_numpy().tolist() == [[1, 0, 1, 0], [2, 2, 4, 1], [3, 2, 3, 1], [4, 0, 4, 0]]
    division_table = divisions(lineage)
    assert division_table.to_dict("records") == [{"mother": 1, "t": 2, "last": 1, "daughters": (2, 3)}]
    assert len(divisions(lineage[lineage.parent == 0])) == 0


@pytest.mark.parametrize("text, words", [
    ("", "is empty"),
    ("1 0 1\n", "line 1 is '1 0 1': expected four whole numbers"),
    ("1 0 1 0\n2 0 x 0\n", "line 2"),
    ("1 0 1.5 0\n", "four whole numbers"),
    ("1 0 -1 0\n", "four whole numbers"),
    ("0 0 1 0\n", "label 0 cannot name a track, 0 is the background"),
    ("1 0 1 0\n1 2 3 0\n", "label 1 cannot name a track, it is used twice"),
    ("1 3 1 0\n", "track 1 ends in frame 1, before its first frame 3"),
    ("1 0 1 9\n", "parent 9, which is not in the table"),
    ("1 0 2 0\n2 2 3 1\n", "a mother ends before her daughters begin"),
])
def test_refused_lineages(table, text, words):
    path = table(text)
    with pytest.raises(ValueError, match=words) as error:
        read_lineage(path)
    assert str(path) in str(error.value)


def test_missing_lineage(tmp_path):
    with pytest.raises(FileNotFoundError, match="no lineage table"):
        read_lineage(tmp_path / "man_track.txt")


@pytest.mark.parametrize("before, after, frames", [(1, 1, (1, 2)), (2, 1, (0, 1, 2)), (1, 3, (1, 2, 3, 4)),
                                                   (9, 0, (0, 1)), (0, 0, ())])
def test_small_masks(table, labels, before, after, frames):
    masks = division_masks(labels, read_lineage(table(TABLE)), before, after)
    expected = np.zeros_like(masks)
    for t in frames:
        expected[t] = (labels[t] > 0) & (labels[t] < 4)
    assert masks.dtype == np.uint8 and np.array_equal(masks, expected)


def test_masks_refuse_what_does_not_fit(table, labels):
    lineage = read_lineage(table(TABLE))
    with pytest.raises(ValueError, match="lasts until frame 4, but the label images end with frame 2"):
        division_masks(labels[:3], lineage)
    with pytest.raises(ValueError, match="before is -1"):
        division_masks(labels, lineage, before=-1)
    with pytest.raises(ValueError, match="give integers"):
        division_masks(labels.astype(float), lineage)


def test_small_events(table, labels):
    lineage = read_lineage(table(TABLE))
    events = division_events(labels, lineage)
    assert events.to_dict("records") == [{"t": 2, "y": 11.5, "x": 12.5, "kind": "division", "track": 1}]
    labels[2:, :20] = 0  # no daughter left: the mother's place
    assert division_events(labels, lineage)[["y", "x"]].to_numpy().tolist() == [[12.5, 12.5]]


def test_read_ctc(ctc, labels):
    assert ctc_sequences(ctc) == ["01", "02"]
    movie = read_ctc(ctc, 2, minutes_per_frame=30, um_per_pixel=0.645)
    assert np.array_equal(movie.frames, labels * 7) and movie.frames.dtype == np.uint16
    assert movie.masks.sum() == 36 + 32 and len(movie.events) == 1
    assert movie.name == "ctc-02" and movie.minutes_per_frame == 30 and movie.um_per_pixel == 0.645
    assert "whole cells" in movie.source
    assert read_ctc(ctc, "02").minutes_per_frame is None


def test_read_ctc_falls_back_to_markers(ctc):
    shutil.rmtree(ctc / "02_ST")
    assert "tracking markers" in read_ctc(ctc, "02").source
    for file in (ctc / "02_GT" / "TRA").glob("*.tif"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="no label images"):
        read_ctc(ctc, "02")


def test_read_ctc_refuses(ctc):
    with pytest.raises(FileNotFoundError, match="no sequence 03"):
        read_ctc(ctc, 3)
    for file in ("t003.tif", "t004.tif"):
        (ctc / "02" / file).unlink()
    with pytest.raises(ValueError, match="both need the same frames"):
        read_ctc(ctc, "02")


def test_a_single_child_is_one_cell_found_again(table, labels):
    lineage = read_lineage(table("1 0 1 0\n2 2 4 1\n3 2 2 1\n5 0 1 0\n4 3 4 5\n"))
    assert divisions(lineage)["mother"].tolist() == [1] and divisions(lineage, "division")["mother"].tolist() == [1, 5]
    assert links(lineage).to_dict("records") == [{"mother": 5, "t": 3, "last": 1, "daughters": (4,)}]
    for single_child, marked in (("link", False), ("division", True)):
        assert (division_masks(labels, lineage, single_child=single_child)[3] > 0).any() == marked
        assert len(division_events(labels, lineage, single_child)) == 1 + marked
    with pytest.raises(ValueError, match="single_child is 'daughter': choose 'link'"):
        divisions(lineage, "daughter")


def test_read_ctc_says_how_many_links_there_are(ctc):
    (ctc / "02_GT/TRA/man_track.txt").write_text("1 0 1 0\n2 2 4 1\n3 2 3 1\n5 0 1 0\n4 3 4 5\n")
    assert "table (1 track with a single daughter linked, not divided), masks" in read_ctc(ctc, "02").source
    again = read_ctc(ctc, "02", single_child="division")
    assert "(1 track with a single daughter counted as divisions)" in again.source and len(again.events) == 2
    assert "single" not in read_ctc(ctc, "01").source


@pytest.mark.parametrize("sequence, single_child, count, daughters", [
    ("01", "link", 94, {2: 94}),
    ("02", "link", 209, {2: 208, 3: 1}),
    ("02", "division", 212, {2: 208, 1: 3, 3: 1}),
])
def test_hela_divisions(hela, sequence, single_child, count, daughters):
    lineage = read_lineage(hela / f"{sequence}_GT" / "TRA" / "man_track.txt")
    division_table = divisions(lineage, single_child)
    assert len(division_table) == count
    if single_child == "division":
        assert count == lineage.parent[lineage.parent > 0].nunique()
    assert division_table.daughters.map(len).value_counts().to_dict() == daughters


@pytest.mark.parametrize("sequence", ["01", "02"])
def test_hela_masks_are_the_label_pixels(hela, sequence):
    lineage = np.loadtxt(hela / f"{sequence}_GT" / "TRA" / "man_track.txt", dtype=int)
    labels = read_stack(hela / f"{sequence}_ST" / "SEG")
    movie = read_ctc(hela, sequence, single_child="division")
    parents = np.unique(lineage[lineage[:, 3] > 0, 3])
    for t in (0, 1, 17, 50, 91):  # brute force, pixel by pixel of the table
        mothers = [label for label, _, last, _ in lineage if last == t and label in parents]
        daughters = [label for label, first, _, parent in lineage if first == t and parent > 0]
        assert np.array_equal(movie.masks[t] > 0, np.isin(labels[t], mothers + daughters))
    events = pd.DataFrame(movie.events)
    assert len(events) == len(parents) and set(events.track) == set(parents)
    rows = {label: (first, last) for label, first, last, _ in lineage}
    for event in events.itertuples():
        assert (movie.masks[rows[event.track][1]][labels[rows[event.track][1]] == event.track] == 1).all()
    assert 0.0005 < (movie.masks > 0).mean() < 0.005
