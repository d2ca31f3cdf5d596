"""From a movie to labelled parts: areas by summed-area tables, criteria, splits, balance."""

import numpy as np
import pytest
from toys import shrinking_discs

from tapnb import crops, dataset, event_groups
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.movies import Movie


def settings(**changes) -> DatasetSettings:
    return DatasetSettings(crop_size=16, crops_per_frame_pair=50, **changes)


def test_the_parts_are_what_table_1_says():
    data = dataset.event_dataset(shrinking_discs(1), settings())
    n = 11 * 50
    assert [len(data.parts[p]) for p in ("train", "validation", "test")] == [330, 110, 110]
    balanced = data.parts["balanced"]
    assert set(balanced) <= set(data.parts["train"])
    assert data.labels[balanced].sum() * 2 == len(balanced) == 2 * min(data.labels[data.parts["train"]].sum(),
                                                                      (~data.labels[data.parts["train"]]).sum())
    np.testing.assert_array_equal(data.labels, dataset.label(data.areas))
    assert len(data.labels) == n


def test_a_limit_keeps_the_balance():
    data = dataset.event_dataset(shrinking_discs(1), settings(training_pairs=40))
    assert len(data.parts["balanced"]) == 40 and data.labels[data.parts["balanced"]].sum() == 20


def test_criteria_differ_in_their_positives():
    shares = [dataset.event_dataset(shrinking_discs(1), settings(criterion=c)).labels.sum()
              for c in ("any size, either", "size filter, either", "any size, both")]
    assert shares[0] > shares[1] and shares[0] > shares[2]


def test_a_movie_without_masks_is_refused():
    movie = Movie(shrinking_discs(1).frames, name="mine")
    with pytest.raises(ValueError, match="'mine' has no event masks.*give labels"):
        dataset.event_dataset(movie)


@pytest.mark.parametrize("change, words", [({"criterion": "both"}, "unknown labelling criterion 'both'.*any size"),
                                           ({"split": "leaky"}, "unknown split 'leaky'; choose one of 'random'")])
def test_settings_that_do_not_exist_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        DatasetSettings(**change)


def test_images_are_the_pixels_of_the_pairs():
    movie = shrinking_discs(1)
    data = dataset.event_dataset(movie, settings())
    index = data.parts["test"][:7]
    expected = crops.gather(crops.as_tensor(movie.frames), movie.levels, data.pairs[index])
    assert expected.shape == (7, 2, 16, 16)
    np.testing.assert_array_equal(data.images(index), expected)


def random_masks(rng, shape=(7, 60, 70)):
    """Sparse masks with values 0, 1, 2, one frame of them empty."""
    masks = rng.choice(np.array([0, 1, 2], np.uint8), shape, p=[0.9, 0.06, 0.04])
    masks[3] = 0
    return masks


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("count_values", [False, True])
def test_labelled_areas_equal_a_brute_force_count(count_values, sparse):
    rng = np.random.default_rng(1)
    masks = random_masks(rng)
    if sparse:  # most rows and columns without a label, the first and last ones with
        masks[:, 1:20] = masks[:, 22:59] = masks[:, :, 2:40] = masks[:, :, 44:69] = 0
    pairs = crops.sample_uniform(masks.shape, 16, 300, rng)
    areas = dataset.labelled_areas(masks, pairs, count_values)
    for i, (t, y, x) in enumerate(zip(pairs.t, pairs.y, pairs.x)):
        windows = masks[t : t + 2, y : y + 16, x : x + 16]
        expected = windows.sum((1, 2)) if count_values else (windows > 0).sum((1, 2))
        np.testing.assert_array_equal(areas[i], expected)


def test_labelled_areas_ignore_the_shown_order():
    rng = np.random.default_rng(2)
    masks = random_masks(rng)
    pairs = crops.sample_uniform(masks.shape, 16, 50, rng)
    flipped = crops.CropPairs(pairs.t, pairs.y, pairs.x, ~pairs.flip, pairs.size)
    np.testing.assert_array_equal(dataset.labelled_areas(masks, pairs), dataset.labelled_areas(masks, flipped))


def test_criteria_on_hand_made_masks():
    """The four rows of the paper's Table 4: edge in both, centre in the first, edge in the first, centre in both."""
    masks = np.zeros((8, 48, 48), np.uint8)
    masks[0, :2, :10] = masks[1, :2, :12] = 1  # 20 and 24 pixels at the edge
    masks[2, 20:30, 20:30] = 2  # 100 pixels, then nothing
    masks[4, :3, :13] = 1  # 39 pixels, one too few
    masks[6, 20:28, 20:25] = masks[7, 10:20, 10:20] = 1  # exactly 40, and 100
    t = np.array([0, 2, 4, 6])
    zeros = np.zeros(4, int)
    areas = dataset.labelled_areas(masks, crops.CropPairs(t, zeros, zeros, np.zeros(4, bool), 48))
    np.testing.assert_array_equal(areas, [[20, 24], [100, 0], [39, 0], [40, 100]])
    np.testing.assert_array_equal(dataset.label(areas, "any size, both"), [1, 0, 0, 1])
    np.testing.assert_array_equal(dataset.label(areas, "any size, either"), [1, 1, 1, 1])
    np.testing.assert_array_equal(dataset.label(areas, "size filter, either"), [0, 1, 0, 1])


def test_unknown_criterion_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown labelling criterion 'both'.*any size, either"):
        dataset.label(np.zeros((1, 2), int), "both")


def test_split_is_a_partition_in_the_papers_shares():
    parts = dataset.split_random(crops.sample_per_frame_pair((96, 1024, 1024)), seed=25)
    assert {name: len(index) for name, index in parts.items()} == {"train": 57_000, "validation": 19_000,
                                                                 "test": 19_000}
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(95_000))


def test_balance_keeps_every_positive_once_and_as_many_negatives():
    labels = np.arange(1000) % 10 == 0
    index = np.arange(0, 900)
    chosen = dataset.balance(labels, index, seed=1)
    assert len(chosen) == len(np.unique(chosen)) == 180
    assert labels[chosen].sum() == 90
    assert chosen.max() < 900


def test_balance_with_replacement_draws_as_many_pairs_as_there_were():
    labels = np.arange(1000) % 10 == 0
    chosen = dataset.balance(labels, np.arange(1000), seed=1, replacement=True)
    assert len(chosen) == 1000 and labels[chosen].sum() == 500 and len(np.unique(chosen)) < 1000


def test_balance_says_which_class_is_missing():
    with pytest.raises(ValueError, match="none of the 10 training pairs is positive"):
        dataset.balance(np.zeros(10, bool), np.arange(10))


def test_a_split_in_time_leaves_a_gap_and_shares_no_frame():
    pairs = crops.sample_per_frame_pair((41, 60, 60), 16, 20)
    parts = dataset.split_time(pairs)
    spans = {name: (pairs.t[index].min(), pairs.t[index].max()) for name, index in parts.items()}
    assert spans == {"train": (0, 20), "validation": (24, 28), "test": (32, 39)}
    assert len(np.unique(np.concatenate(list(parts.values())))) == sum(map(len, parts.values()))


@pytest.mark.parametrize("frames", [12, 19])
def test_a_movie_that_is_too_short_to_be_split_in_time_is_refused(frames):
    with pytest.raises(ValueError, match=f"a movie of {frames} frames has no frame pair for validation: give a movie of 20 frames or more"):
        dataset.split_time(crops.sample_per_frame_pair((frames, 60, 60), 16, 20))
    assert all(map(len, dataset.split_time(crops.sample_per_frame_pair((20, 60, 60), 16, 20)).values()))


def test_only_crops_of_labelled_events_are_trained_on_and_more_labels_hold_the_fewer():
    movie = shrinking_discs(1, frames=20, side=400, per_frame=2)
    shown = event_groups.shown(movie.masks, event_dataset(movie, DatasetSettings(crop_size=16)).pairs)

    def events(share, part="train", draw=0):
        data = event_dataset(movie, DatasetSettings(crop_size=16, labelled_share=share, label_draw=draw))
        assert (shown[data.parts["test"]] >= 0).sum() == (shown[event_dataset(
            movie, DatasetSettings(crop_size=16)).parts["test"]] >= 0).sum()  # tests are about all events
        return set(shown[data.parts[part]]) - {-1}

    everything = shown.max() + 1
    few, half = events(0.1), events(0.5)
    assert len(few) == round(0.1 * everything) and len(half) == round(0.5 * everything) and few < half
    assert events(0.1, "validation") <= few and events(0.1, draw=1) != few


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_an_impossible_share_of_labels_is_refused(share):
    with pytest.raises(ValueError, match="share of labelled events"):
        DatasetSettings(labelled_share=share)
