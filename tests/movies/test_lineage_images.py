"""A lineage table and its label images that contradict each other: what is lost is said, and what is most of it refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tapnb.movies.lineage_images import check_agreement, disagreements, frames_of_labels

TABLE = [(1, 0, 3, 0), (2, 4, 7, 1), (3, 4, 7, 1), (9, 0, 7, 0)]


def lineage(*rows):
    return pd.DataFrame(rows, columns=["label", "first", "last", "parent"])


@pytest.fixture
def labels():
    """Eight frames: track 1 divides into 2 and 3 between frames 3 and 4; 9 stays."""
    labels = np.zeros((8, 24, 32), np.uint16)
    labels[:4, 4:10, 4:10], labels[4:, 4:8, 2:6], labels[4:, 4:8, 8:12], labels[:, 15:20, 20:26] = 1, 2, 3, 9
    return labels


def said(labels, table, single_child="link", numbers=range(10, 18)):
    frames = frames_of_labels(labels)
    check_agreement(frames, table, Path("man_track.txt"), Path("TRA"))
    return "; ".join(disagreements(frames, table, numbers, single_child))


def without(labels, *places):
    for t, label in places:
        labels[t][labels[t] == label] = 0
    return labels


def test_a_table_that_agrees_is_not_spoken_of(labels):
    assert frames_of_labels(labels) == {1: [0, 1, 2, 3], 9: list(range(8)), 2: [4, 5, 6, 7], 3: [4, 5, 6, 7]}
    assert said(labels, lineage(*TABLE)) == ""
    assert said(without(labels, (2, 1), (6, 9), (7, 3)), lineage(*TABLE)) == ""  # far from the division: a cell was lost
    # A track in frames that neither frames nor images have: it begins after it ends.
    assert said(labels, lineage(*TABLE, (12, 5, 4, 0))) == ""


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint64"])
def test_labels_without_a_line_are_said(labels, dtype):
    labels = labels.astype(dtype)
    assert said(labels, lineage(*TABLE[:2], TABLE[3])) == "1 label is in the images and not in the table: label 3 in frame 14"
    assert said(labels, lineage(TABLE[0], TABLE[3])) == ("2 labels are in the images and not in the table, such as label 2 in "
                                                         "frame 14")


def test_a_division_that_the_images_lack_is_said(labels):
    mother, daughter = without(labels.copy(), (3, 1)), without(labels.copy(), (4, 3))
    assert said(mother, lineage(*TABLE)) == "1 division is marked in part or not at all: track 1 has no pixel in frame 13"
    assert said(daughter, lineage(*TABLE)) == "1 division is marked in part or not at all: track 3 has no pixel in frame 14"
    linked = lineage(*TABLE[:2], (3, 4, 7, 0), TABLE[3])
    assert said(mother, linked) == ""
    assert "1 division is marked in part" in said(mother, linked, "division")


def test_pixels_outside_a_tracks_frames_are_said(labels):
    labels[4, 20:22, :3] = 1
    assert said(labels, lineage(*TABLE)) == "1 track has pixels outside its frames: track 1 in frame 14"


def test_a_table_of_which_most_contradicts_the_images_is_refused(labels):
    early = lineage((1, 0, 2, 0), (2, 3, 7, 1), (3, 3, 7, 1), TABLE[3])
    with pytest.raises(ValueError, match="Most tracks of man_track.txt, such as 1, begin or end in other frames than their labels in TRA"):
        said(labels, early)
    erased = without(labels.copy(), *((t, label) for t in range(8) for label in (1, 2, 3)))
    with pytest.raises(ValueError, match="or have no pixel there: give the table and the label images of one tracking"):
        said(erased, lineage(*TABLE))
    with pytest.raises(ValueError, match="Most labels of TRA, such as 1, are not in man_track.txt"):
        said(labels, lineage(TABLE[3]))
