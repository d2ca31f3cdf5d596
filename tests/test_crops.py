"""Crop pairs: sampling, labels by summed-area tables, criteria, splits, balance, gathering."""

import warnings

import numpy as np
import pytest
import torch

from tapnb import crops
from tapnb.movies import normalise


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
    areas = crops.labelled_areas(masks, pairs, count_values)
    for i, (t, y, x) in enumerate(zip(pairs.t, pairs.y, pairs.x)):
        windows = masks[t : t + 2, y : y + 16, x : x + 16]
        expected = windows.sum((1, 2)) if count_values else (windows > 0).sum((1, 2))
        np.testing.assert_array_equal(areas[i], expected)


def test_labelled_areas_ignore_the_shown_order():
    rng = np.random.default_rng(2)
    masks = random_masks(rng)
    pairs = crops.sample_uniform(masks.shape, 16, 50, rng)
    flipped = crops.CropPairs(pairs.t, pairs.y, pairs.x, ~pairs.flip, pairs.size)
    np.testing.assert_array_equal(crops.labelled_areas(masks, pairs), crops.labelled_areas(masks, flipped))


def test_criteria_on_hand_made_masks():
    """The four rows of the paper's Table 4: edge in both, centre in the first, edge in the first, centre in both."""
    masks = np.zeros((8, 48, 48), np.uint8)
    masks[0, :2, :10] = masks[1, :2, :12] = 1  # 20 and 24 pixels at the edge
    masks[2, 20:30, 20:30] = 2  # 100 pixels, then nothing
    masks[4, :3, :13] = 1  # 39 pixels, one too few
    masks[6, 20:28, 20:25] = masks[7, 10:20, 10:20] = 1  # exactly 40, and 100
    t = np.array([0, 2, 4, 6])
    zeros = np.zeros(4, int)
    areas = crops.labelled_areas(masks, crops.CropPairs(t, zeros, zeros, np.zeros(4, bool), 48))
    np.testing.assert_array_equal(areas, [[20, 24], [100, 0], [39, 0], [40, 100]])
    np.testing.assert_array_equal(crops.label(areas, "any size, both"), [1, 0, 0, 1])
    np.testing.assert_array_equal(crops.label(areas, "any size, either"), [1, 1, 1, 1])
    np.testing.assert_array_equal(crops.label(areas, "size filter, either"), [0, 1, 0, 1])


def test_unknown_criterion_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="unknown labelling criterion 'both'.*any size, either"):
        crops.label(np.zeros((1, 2), int), "both")


def test_the_papers_dataset_has_as_many_crops_in_every_frame_pair():
    pairs = crops.sample_per_frame_pair((96, 1024, 1024), 48, 1000, seed=25)
    assert len(pairs) == 95_000
    np.testing.assert_array_equal(np.bincount(pairs.t), np.full(95, 1000))
    assert pairs.y.min() == 0 and pairs.y.max() == 1024 - 48  # the last place that fits is drawn, too
    assert 0.49 < pairs.flip.mean() < 0.51


def test_sampling_is_a_function_of_the_seed():
    first, again, other = (crops.sample_per_frame_pair((9, 90, 90), 48, 20, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.y, again.y)
    assert (first.y != other.y).any()


@pytest.mark.parametrize("shape, size, words", [((1, 90, 90), 48, "two consecutive"), ((5, 40, 90), 48, "at most 40")])
def test_windows_that_do_not_fit_are_refused(shape, size, words):
    with pytest.raises(ValueError, match=words):
        crops.sample_uniform(shape, size, 3, np.random.default_rng(0))


def test_change_weights_are_the_mean_change_of_each_window():
    rng = np.random.default_rng(3)
    frames = rng.integers(0, 200, (3, 64, 72)).astype(np.uint8)
    levels = np.array([[0, 200], [5, 190], [0, 180]], np.float32)
    weights = crops.change_weights(frames, levels, 17, power=2, stride=8)
    change = np.abs(normalise(frames[1], levels[1]) - normalise(frames[0], levels[0]))
    mean = np.array([[change[y : y + 17, x : x + 17].mean() for x in range(0, 56, 8)] for y in range(0, 48, 8)])
    expected = np.clip(mean - np.percentile(mean, 10), 0, None) ** 2
    np.testing.assert_allclose(weights[0], expected / expected.sum(), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(weights.sum((1, 2)), 1, rtol=1e-5)


def test_a_still_movie_is_sampled_uniformly():
    frames = np.full((3, 60, 60), 7, np.uint8)
    weights = crops.change_weights(frames, np.tile(np.float32([0, 10]), (3, 1)), 16)
    np.testing.assert_allclose(weights, weights[0, 0, 0])


def test_sampling_by_change_finds_the_place_that_changes():
    frames = np.full((4, 200, 200), 50, np.uint8)
    frames[2, 100:120, 60:80] = 200
    levels = np.tile(np.float32([0, 255]), (4, 1))
    weights = crops.change_weights(frames, levels, 32)
    pairs = crops.sample_by_change(weights, frames.shape, 32, 4000, np.random.default_rng(0), uniform_share=0.25)
    touches = (pairs.y < 120) & (pairs.y + 32 > 100) & (pairs.x < 80) & (pairs.x + 32 > 60)
    changing = np.isin(pairs.t, (1, 2))
    assert touches[changing].mean() > 0.75  # the others are the uniform quarter
    assert 0.62 < changing.mean() < 0.71  # every frame pair gets its third


def test_split_is_a_partition_in_the_papers_shares():
    parts = crops.split_random(95_000, seed=25)
    assert {name: len(index) for name, index in parts.items()} == {"train": 57_000, "validation": 19_000,
                                                                 "test": 19_000}
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(95_000))


def test_balance_keeps_every_positive_once_and_as_many_negatives():
    labels = np.arange(1000) % 10 == 0
    index = np.arange(0, 900)
    chosen = crops.balance(labels, index, seed=1)
    assert len(chosen) == len(np.unique(chosen)) == 180
    assert labels[chosen].sum() == 90
    assert chosen.max() < 900


def test_balance_with_replacement_draws_as_many_pairs_as_there_were():
    labels = np.arange(1000) % 10 == 0
    chosen = crops.balance(labels, np.arange(1000), seed=1, replacement=True)
    assert len(chosen) == 1000 and labels[chosen].sum() == 500 and len(np.unique(chosen)) < 1000


def test_balance_says_which_class_is_missing():
    with pytest.raises(ValueError, match="none of the 10 training pairs is positive"):
        crops.balance(np.zeros(10, bool), np.arange(10))


@pytest.mark.parametrize("dtype, top", [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1), (np.float64, 1)])
def test_gather_equals_slicing_and_normalising(dtype, top):
    rng = np.random.default_rng(4)
    frames = (rng.random((5, 50, 60)) * top).astype(dtype)
    levels = np.stack([np.linspace(0, 0.2, 5) * top, np.linspace(0.6, 0.9, 5) * top], 1).astype(np.float32)
    pairs = crops.sample_uniform(frames.shape, 20, 40, rng)
    batch = crops.gather(crops.as_tensor(frames), levels, pairs)
    assert batch.shape == (40, 2, 20, 20) and batch.dtype == torch.float32
    for i in range(40):
        order = [1, 0] if pairs.flip[i] else [0, 1]
        for place, frame in enumerate(pairs.t[i] + order):
            window = frames[frame, pairs.y[i] : pairs.y[i] + 20, pairs.x[i] : pairs.x[i] + 20]
            np.testing.assert_array_equal(batch[i, place], normalise(window.astype(np.float32), levels[frame]))


def test_gather_survives_a_constant_frame():
    frames = np.full((2, 20, 20), 9, np.uint8)
    pairs = crops.sample_uniform(frames.shape, 10, 4, np.random.default_rng(0))
    assert torch.isfinite(crops.gather(crops.as_tensor(frames), np.full((2, 2), 9, np.float32), pairs)).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_frames_are_not_copied_nor_is_torch_heard_of_read_only_ones(dtype):
    frames = (np.random.default_rng(5).random((4, 30, 40)) * 60000).astype(dtype)
    frames.flags.writeable = False
    torch.set_warn_always(True)  # and not once a process, which would hide it here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tensors = [(view, crops.as_tensor(view)) for view in (frames, frames[:, :, 7:33])]
    finally:
        torch.set_warn_always(False)
    for view, tensor in tensors:
        assert np.shares_memory(tensor.numpy(), frames) and tensor.shape == view.shape


def test_a_mirrored_movie_is_gathered():
    rng = np.random.default_rng(6)
    frames = rng.integers(0, 65535, (3, 20, 20)).astype(np.uint16)[:, ::-1]
    levels, pairs = np.tile(np.float32([0, 9]), (3, 1)), crops.sample_uniform(frames.shape, 8, 9, rng)
    mirrored, plain = (crops.gather(crops.as_tensor(f), levels, pairs) for f in (frames, frames.copy()))
    assert torch.equal(mirrored, plain)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_windows_are_the_same_on_the_cpu_and_elsewhere(dtype):
    rng = np.random.default_rng(7)
    windows = crops.as_tensor((rng.random((4, 30, 40)) * 65535).astype(dtype)).unfold(1, 9, 1).unfold(2, 9, 1)
    where = rng.integers(0, 4, (50, 2)), rng.integers(0, 22, (50, 1)), rng.integers(0, 32, (50, 1))
    elsewhere, here = crops._pick(windows, [torch.from_numpy(a) for a in where]), crops._pick_rows(windows, where)
    assert here.dtype == torch.float32 and here.shape == (50, 2, 9, 9) and torch.equal(here, elsewhere)
