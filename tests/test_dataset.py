"""From a movie to labelled parts."""

import numpy as np
import pytest
from toys import shrinking_discs

from tapnb import crops, dataset
from tapnb.movies import Movie


def test_the_parts_are_what_table_1_says():
    data = dataset.event_dataset(shrinking_discs(1), size=16, per_frame_pair=50)
    n = 11 * 50
    assert [len(data.parts[p]) for p in ("train", "validation", "test")] == [330, 110, 110]
    balanced = data.parts["balanced"]
    assert set(balanced) <= set(data.parts["train"])
    assert data.labels[balanced].sum() * 2 == len(balanced) == 2 * min(data.labels[data.parts["train"]].sum(),
                                                                      (~data.labels[data.parts["train"]]).sum())
    np.testing.assert_array_equal(data.labels, crops.label(data.areas))
    assert len(data.labels) == n


def test_a_limit_keeps_the_balance():
    data = dataset.event_dataset(shrinking_discs(1), size=16, per_frame_pair=50, limit=40)
    assert len(data.parts["balanced"]) == 40 and data.labels[data.parts["balanced"]].sum() == 20


def test_criteria_differ_in_their_positives():
    shares = [dataset.event_dataset(shrinking_discs(1), size=16, per_frame_pair=50, criterion=c).labels.sum()
              for c in ("any size, either", "size filter, either", "any size, both")]
    assert shares[0] > shares[1] and shares[0] > shares[2]


def test_a_movie_without_masks_is_refused():
    movie = Movie(shrinking_discs(1).frames, name="mine")
    with pytest.raises(ValueError, match="'mine' has no event masks.*give a label stack"):
        dataset.event_dataset(movie)


def test_examples_come_from_the_masks_where_there_is_no_table_of_events():
    masks = np.zeros((9, 100, 100), np.uint8)
    masks[3, 40:50, 60:70] = 1
    masks[4, 60:64, 35:39] = 2
    masks[4, 0:9, 0:9] = 1  # at the border: not shown
    movie = Movie(np.zeros(masks.shape, np.uint8) + np.uint8(5), masks)
    found = dataset.example_windows(movie)
    assert found.to_dict("records") == [{"t": 3, "y": 44.5, "x": 64.5, "kind": "division"},
                                        {"t": 4, "y": 61.5, "x": 36.5, "kind": "death"}]
    assert len(dataset.example_windows(movie, margin=49)) == 0
