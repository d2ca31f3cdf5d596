"""Crop pairs: sampling and gathering."""

import dataclasses
import hashlib
import warnings

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb import crops
from tapnb.movies import Movie, normalise

DRAWN = ["c96c3aa02564", "f4cbb112978e", "ae7ab8887aad"]  # what published runs were drawn with


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


def test_no_pair_is_drawn_that_cannot_be_used():
    plain = shrinking_discs(1, frames=9)
    unusable = np.zeros(8, bool)
    unusable[[2, 5]] = True
    usable = dataclasses.replace(plain, unusable_pairs=unusable).usable
    weights = crops.change_weights(plain.frames, plain.levels, 16, usable=usable)
    assert weights.sum((1, 2)) == pytest.approx(1.0 * ~unusable, abs=1e-5)
    for pairs in drawn(plain, 16, usable):
        assert sorted(set(pairs.t)) == np.flatnonzero(~unusable).tolist()


def drawn(movie, size, usable):
    rng = np.random.default_rng(0)
    weights = crops.change_weights(movie.frames, movie.levels, size, usable=usable)
    return (crops.sample_uniform(movie.shape, size, 400, rng, usable),
            crops.sample_per_frame_pair(movie.shape, size, 50, usable=usable),
            crops.sample_by_change(weights, movie.shape, size, 400, rng, 0.3, usable=usable))


def test_no_window_is_drawn_where_there_is_nothing_to_see():
    """A black frame, one that repeats, a border that grows by the drift, and a place that does not change at all."""
    frames = shrinking_discs(1, frames=12, side=120).frames.copy()
    frames[4] = 0
    for t in range(1, 12):
        frames[t, :, : 2 * t] = 0
    frames[8] = frames[7]
    frames[1, 60:, 60:] = frames[0, 60:, 60:]
    usable = Movie(frames).usable
    assert usable.t.tolist() == [0, 1, 2, 5, 6, 8, 9, 10]
    for pairs in drawn(Movie(frames), 24, usable):
        assert len(pairs) in (400, 8 * 50) and set(pairs.t) == set(usable.t.tolist())
        for t, y, x in zip(pairs.t, pairs.y, pairs.x):
            before, after = frames[t : t + 2, y : y + 24, x : x + 24]
            assert x >= 2 * (t + 1) and (before != after).any()


def test_a_movie_in_which_no_window_shows_anything_is_refused():
    frames = shrinking_discs(1, frames=4, side=64).frames.copy()
    frames[:, :, :20] = 0
    with pytest.raises(ValueError, match="no window of 48 px shows anything new in any frame pair"):
        crops.sample_per_frame_pair(frames.shape, 48, 10, usable=Movie(frames).usable)


def test_pairs_of_frames_without_any_place_go_to_other_frames():
    frames = shrinking_discs(1, frames=8, side=90).frames.copy()
    frames[3, :, :50] = 0  # what is left of frame pairs 2 and 3 is narrower than a crop
    usable = Movie(frames).usable
    for pairs in drawn(Movie(frames), 48, usable):
        assert len(pairs) in (400, 7 * 50) and set(pairs.t) == {0, 1, 4, 5, 6}
        assert pairs.x.max() <= 90 - 48 and pairs.y.max() <= 90 - 48


def test_a_border_that_moves_does_not_draw_crops_by_its_change():
    """The border changes by all its brightness: by far the most in the movie, and no event."""
    movie = shrinking_discs(2, frames=6, side=160)
    frames = movie.frames.copy()
    for t in range(6):
        frames[t, :, : 4 * t] = 0
    usable = Movie(frames).usable
    weights = crops.change_weights(frames, movie.levels, 24, usable=usable)
    plain = crops.change_weights(movie.frames, movie.levels, 24)
    for t in range(5):
        first = -(-int(usable.quality.imaged[t + 1, 2]) // 8)
        assert weights[t, :, :first].sum() == 0
        inside = plain[t, :, first:] / plain[t, :, first:].sum()
        assert np.corrcoef(weights[t, :, first:].ravel(), inside.ravel())[0, 1] > 0.9


def test_a_movie_without_such_pairs_is_drawn_from_as_ever():
    def digest(pairs):
        return hashlib.sha256(np.stack([pairs.t, pairs.y, pairs.x, pairs.flip]).astype("<i8").tobytes()).hexdigest()[:12]

    movie = shrinking_discs(1, frames=9)
    weights = crops.change_weights(movie.frames, movie.levels, 16)
    assert [digest(crops.sample_uniform(movie.shape, 16, 400, np.random.default_rng(0))),
            digest(crops.sample_per_frame_pair(movie.shape, 16, 50)),
            digest(crops.sample_by_change(weights, movie.shape, 16, 400, np.random.default_rng(0)))] == DRAWN
