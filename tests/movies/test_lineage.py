"""Divisions, their masks and places, from a lineage and label images."""

import numpy as np
import pandas as pd
import pytest

from tapnb.movies.ctc import read_ctc
from tapnb.movies.lineage import RIM, apart, division_events, division_masks, divisions, late, links, unexplained_ends
from tapnb.movies.lineage_file import COLUMNS, read_lineage
from tapnb.movies.stacks import read_stack

ROWS = [[1, 0, 1, 0], [2, 2, 4, 1], [3, 2, 3, 1], [4, 0, 4, 0]]


def table(rows=ROWS):
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def labels():
    """Five frames: track 1 divides into 2 and 3 between frames 1 and 2; 4 stays."""
    labels = np.zeros((5, 32, 40), np.uint16)
    labels[:2, 10:16, 10:16] = 1
    labels[2:, 10:14, 4:8] = 2
    labels[2:4, 10:14, 18:22] = 3
    labels[:, 25:30, 30:36] = 4
    return labels


def test_ends_are_unexplained_inside_the_image_alone_and_before_the_movie_ends():
    rows = [[1, 0, 2, 0], [2, 3, 5, 1], [3, 3, 5, 1], [4, 0, 1, 0], [5, 0, 3, 0], [6, 0, 5, 0]]
    labels = np.zeros((6, 80, 90), np.uint16)
    labels[:3, 30:34, 30:34] = 1  # divides
    labels[3:, 28:31, 30:34], labels[3:, 34:37, 30:34] = 2, 3  # its daughters stay to the end
    labels[:2, 10:14, 50:54] = 4  # leaves near the edge
    labels[:4, 50:55, 60:67] = 5  # is gone from frame 4 on
    labels[:, 60:64, 20:24] = 6
    ends = unexplained_ends(labels, table(rows))
    assert ends.to_dict("list") == {"t": [4], "y": [52.0], "x": [63.0], "track": [5]}
    assert min(52, 79 - 52, 63, 89 - 63) > RIM > 12
    assert unexplained_ends(labels, table(rows[:4] + rows[5:])).empty


def test_small_lineage():
    lineage = table()
    division_table = divisions(lineage)
    assert division_table.to_dict("records") == [{"mother": 1, "t": 2, "last": 1, "daughters": (2, 3)}]
    assert len(divisions(lineage[lineage.parent == 0])) == 0


@pytest.mark.parametrize("before, after, frames", [(1, 1, (1, 2)), (2, 1, (0, 1, 2)), (1, 3, (1, 2, 3, 4)),
                                                   (9, 0, (0, 1)), (0, 0, ())])
def test_small_masks(labels, before, after, frames):
    masks = division_masks(labels, table(), before, after)
    expected = np.zeros_like(masks)
    for t in frames:
        expected[t] = (labels[t] > 0) & (labels[t] < 4)
    assert masks.dtype == np.uint8 and np.array_equal(masks, expected)


def test_masks_refuse_what_does_not_fit(labels):
    lineage = table()
    with pytest.raises(ValueError, match="lasts until frame 4, but the label images end with frame 2"):
        division_masks(labels[:3], lineage)
    with pytest.raises(ValueError, match="before is -1"):
        division_masks(labels, lineage, before=-1)
    with pytest.raises(ValueError, match="give integers"):
        division_masks(labels.astype(float), lineage)


def test_small_events(labels):
    lineage = table()
    events = division_events(labels, lineage)
    assert events.to_dict("records") == [{"t": 2, "y": 11.5, "x": 12.5, "kind": "division", "track": 1}]
    labels[2:, :20] = 0  # no daughter left: the mother's place
    assert division_events(labels, lineage)[["y", "x"]].to_numpy().tolist() == [[12.5, 12.5]]


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.uint64])
def test_the_cost_follows_the_number_of_labels_and_not_their_values(labels, dtype):
    large = labels.astype(dtype) * 500_000_000
    lineage = table([[label * 500_000_000, first, last, parent * 500_000_000] for label, first, last, parent in ROWS])
    assert np.array_equal(division_masks(large, lineage), division_masks(labels, table()))
    events = division_events(large, lineage)
    assert events.drop(columns="track").equals(division_events(labels, table()).drop(columns="track"))


def test_a_label_beyond_the_type_of_the_images_is_in_none_of_them(labels):
    lineage = table([[1, 0, 1, 0], [2, 2, 4, 1], [3 + 2**16, 2, 3, 1]])
    assert set(labels[2][division_masks(labels, lineage)[2] > 0]) == {2}
    assert division_events(labels, lineage)[["y", "x"]].to_numpy().tolist() == [[11.5, 5.5]]


def test_of_late_daughters_the_frames_between_are_not_marked(labels):
    labels[2][labels[2] < 4] = 0
    lineage = table([[1, 0, 1, 0], [2, 3, 4, 1], [3, 3, 3, 1], [4, 0, 4, 0]])
    assert late(divisions(lineage))["mother"].tolist() == [1] and not len(late(divisions(table())))
    masks = division_masks(labels, lineage)
    assert masks.any(axis=(1, 2)).tolist() == [False, True, False, True, False]
    assert division_events(labels, lineage)["t"].tolist() == [3]


def test_a_single_child_is_one_cell_found_again(labels):
    lineage = table([[1, 0, 1, 0], [2, 2, 4, 1], [3, 2, 2, 1], [5, 0, 1, 0], [4, 3, 4, 5]])
    assert divisions(lineage)["mother"].tolist() == [1] and divisions(lineage, "division")["mother"].tolist() == [1, 5]
    assert links(lineage).to_dict("records") == [{"mother": 5, "t": 3, "last": 1, "daughters": (4,)}]
    for single_child, marked in (("link", False), ("division", True)):
        assert (division_masks(labels, lineage, single_child=single_child)[3] > 0).any() == marked
        assert len(division_events(labels, lineage, single_child)) == 1 + marked
    with pytest.raises(ValueError, match="single_child is 'daughter': choose 'link'"):
        divisions(lineage, "daughter")


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


def test_divisions_with_one_late_daughter_are_told_from_others():
    table = pd.DataFrame([(1, 0, 3, 0), (2, 4, 7, 1), (3, 6, 7, 1), (4, 0, 2, 0), (5, 3, 7, 4), (6, 3, 7, 4)],
                         columns=["label", "first", "last", "parent"])
    assert apart(table, divisions(table))["mother"].tolist() == [1]
