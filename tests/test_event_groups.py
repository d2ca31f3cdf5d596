import numpy as np

from tapnb import event_groups
from tapnb.crops import CropPairs
from tapnb.event_groups import components, shown


def movie():
    """Two events: a mother in frame 1 with two daughters in frame 2, and a far cell in frame 4."""
    masks = np.zeros((6, 60, 60), np.uint8)
    masks[1, 20:26, 20:26] = 1
    masks[2, 20:24, 10:14] = masks[2, 20:24, 30:34] = 1  # six pixels from the mother's place on either side
    masks[4, 50:54, 50:54] = 2
    return masks


def test_a_mother_and_her_daughters_are_one_event_and_a_far_cell_another():
    pixels, event = components(movie())
    assert len(pixels) == 36 + 32 + 16
    assert [len(set(event[pixels[:, 0] == t])) for t in (1, 2, 4)] == [1, 1, 1]
    assert set(event[pixels[:, 0] <= 2]) == {0} and set(event[pixels[:, 0] == 4]) == {1}


def test_what_lies_farther_apart_than_twice_the_reach_is_not_joined():
    assert len(set(components(movie(), reach=1)[1])) == 4


def test_a_pair_shows_the_event_of_which_it_holds_most_pixels():
    t, y, x = np.array([0, 1, 2, 3, 4, 3, 0]), np.array([16, 16, 16, 40, 40, 0, 0]), np.array([16, 4, 4, 40, 40, 0, 40])
    pairs = CropPairs(t, y, x, np.zeros(7, bool), 20)
    assert shown(movie(), pairs).tolist() == [0, 0, 0, 1, 1, -1, -1]


def test_a_pair_that_touches_two_events_shows_the_larger_part():
    masks = np.zeros((3, 40, 40), np.uint8)
    masks[0, 2:5, 2:5], masks[1, 30:36, 30:36] = 1, 1
    pairs = CropPairs(np.zeros(2, int), np.array([0, 0]), np.array([0, 0]), np.zeros(2, bool), 40)
    event = components(masks)[1]
    assert set(shown(masks, pairs)) == {event[-1]}


def test_a_movie_without_labels_shows_nothing():
    pairs = CropPairs(np.zeros(3, int), np.zeros(3, int), np.zeros(3, int), np.zeros(3, bool), 8)
    assert shown(np.zeros((2, 10, 10), np.uint8), pairs).tolist() == [-1, -1, -1]


def test_masks_become_events_where_nobody_listed_them():
    masks = np.zeros((8, 40, 60), np.uint8)
    masks[2, 10:14, 10:14] = 1  # a mother
    masks[3, 8:10, 10:14] = masks[3, 14:16, 10:14] = 1  # her daughters
    masks[5, 30:32, 50:52] = 1  # marked in one frame
    masks[4:7, 20:24, 30:34] = 2  # a cell that dies
    table = event_groups.events_of_masks(masks)
    assert table.to_dict("list") == {"t": [3, 4, 5], "y": [11.5, 21.5, 30.5], "x": [11.5, 31.5, 50.5],
                                     "kind": ["division", "death", "division"]}
    assert event_groups.events_of_masks(masks * 0).empty
