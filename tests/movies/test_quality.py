"""What in a movie cannot be learned from is found; ordinary movies are what they were."""

import hashlib

import numpy as np
import pytest
from toys import cells

from tapnb.movies import BOUND, Movie, catalogue, normalise
from tapnb.movies.quality import frame_name, gap_sentence, inspect


@pytest.mark.parametrize("role", ["train", "held-out"])
def test_levels_of_an_ordinary_movie_are_plain_percentiles_to_the_bit(role):
    movie = catalogue.open_movie("synthetic-24x448", role)
    plain = np.array([np.percentile(frame[::8, ::8], (1, 99.8)) for frame in movie.frames], np.float32)
    assert (movie.levels == plain).all() and movie.usable is None and movie.quality.sentences() == []


@pytest.mark.slow
def test_levels_of_the_published_movies_are_what_they_were(hela):
    for name, digits in (("synthetic", "461569710e60d087"), ("hela", "746eeafe67eb05e0")):
        levels = catalogue.open_movie(name).levels
        assert levels.dtype == np.float32 and hashlib.sha256(levels.tobytes()).hexdigest()[:16] == digits, name


def test_frames_that_repeat_are_black_or_saturated_are_named_and_left_out():
    frames = cells()
    frames[3], frames[6], frames[8] = frames[2], 0, 65535
    quality = inspect(frames)
    assert quality.repeats == {3: 2} and 6 in quality.empty
    assert np.flatnonzero(quality.unusable_pairs).tolist() == [2, 5, 6, 7, 8]
    said = " ".join(quality.sentences())
    assert "frame 3 repeats the frame before" in said and "of 9 frame pairs are left out" in said


def test_one_pair_and_two_frames_are_counted_in_words_that_fit():
    frames = cells()
    frames[9] = frames[8]
    frames[:2, :, :1] = 0
    said = " ".join(inspect(frames).sentences())
    assert "in all 1 of 9 frame pairs is left out" in said and "frames 0 and 1 have a border" in said


def test_a_border_that_was_never_imaged_is_left_out_of_levels():
    frames = cells()
    bare = inspect(frames).levels
    for t in range(10):
        frames[t, :, : 3 * t] = 0
    quality = inspect(frames)
    assert quality.bordered.tolist() == [False] + [True] * 9
    assert all(quality.imaged[t, 2] >= 3 * t for t in range(10))
    assert np.abs(quality.levels[:, 0] - bare[:, 0]).max() < 10  # grey levels; with the border the black level is 0


def test_a_sparse_movie_has_levels_that_make_sense():
    frames = np.zeros((6, 128, 128), np.uint16)
    for t in range(6):
        frames[t, 20 + t : 24 + t, 30:34] = 4000
    movie = Movie(frames)
    pixels = normalise(movie.frames, movie.levels)
    assert np.abs(pixels).max() <= BOUND and pixels.max() > 0.5
    assert movie.quality.sparse


def test_hot_pixels_are_clipped_at_the_bound():
    frames = cells()
    frames = (frames / 20).astype(np.uint16)
    frames[:, 41, 41] = 65535
    movie = Movie(frames)
    assert normalise(movie.frames, movie.levels).max() == BOUND


def test_a_movie_without_any_usable_pair_is_refused_when_it_is_drawn_from():
    movie = Movie(np.zeros((4, 64, 64), np.uint8) + 7)
    with pytest.raises(ValueError, match="No frame pair of 'movie' can be used"):
        movie.usable


def spots(frames=6, background=0.0, noise=None):
    """Two small squares that move; without noise the rest is of one value."""
    pixels = np.zeros((frames, 300, 300)) if noise is None else noise
    for t in range(frames):
        pixels[t, 20 + t : 27 + t, 30:37] = 900
        pixels[t, 120 + t : 127 + t, 90:97] = 950
    return pixels + background


@pytest.mark.parametrize("frames", [
    spots().astype(np.uint16), spots(background=100).astype(np.uint16), (spots() / 1000).astype(np.float32),
    (250 - spots() / 4).astype(np.uint8),
    spots(noise=np.random.default_rng(0).integers(0, 2, (6, 300, 300)).astype(float)).astype(np.uint16),
    spots(noise=np.random.default_rng(0).random((6, 300, 300)) * 1e-9).astype(np.float32)],
    ids=["zero", "offset", "up to 1", "dark on white", "noise of one grey level", "noise near zero"])
def test_percentiles_that_miss_the_cells_are_replaced(frames):
    movie = Movie(frames)
    pixels = normalise(movie.frames, movie.levels)
    assert movie.quality.sparse == tuple(range(6)) and not movie.quality.unusable_pairs.any()
    assert np.ptp(pixels) == pytest.approx(1, abs=0.1)  # from the background to the cells


def test_percentiles_that_hardly_meet_the_cells_keep_the_bound_and_their_contrast():
    frames = spots()[:, :210, :210].astype(np.uint16)  # 0.22 % of the pixels, as many as the percentile leaves out
    frames[:, 8:16, 8:16] = 700
    for movie in (Movie(frames), Movie(frames[:, :, :170]), Movie(frames[:, :190, :150])):
        pixels = normalise(movie.frames, movie.levels)
        assert (pixels.max((1, 2)) > 0.9).all() and pixels.max() < 3


def test_a_frame_with_little_in_it_is_not_stretched_to_white():
    frames = spots().astype(np.uint16)
    frames[2], frames[4] = 0, 0
    frames[4, 3:6, 3:6] = 5
    movie = Movie(frames)
    assert movie.quality.empty == (2,) and normalise(frames[4], movie.levels[4]).max() < 0.01


def test_a_closed_shutter_is_black_although_there_is_noise():
    frames = cells(noise=8)
    frames[6] = np.random.default_rng(1).normal(100, 8, frames[6].shape)
    quality = inspect(frames)
    assert quality.empty == (6,) and np.flatnonzero(quality.unusable_pairs).tolist() == [5, 6]
    only_noise = np.random.default_rng(1).normal(100, 8, (5, 128, 128)).astype(np.uint16)
    assert inspect(only_noise).empty == ()  # no worse than the others


def test_a_frame_out_of_its_place_and_one_sent_twice_with_a_pixel_changed():
    frames = cells()
    frames[4], frames[8] = frames[2], frames[7]
    frames[8, 0, 0] += 1
    quality = inspect(frames)
    assert quality.repeats == {4: 2, 8: 7} and np.flatnonzero(quality.unusable_pairs).tolist() == [3, 4, 7]
    assert any("frame 4 is frame 2 once more" in sentence for sentence in quality.sentences())


def test_fading_and_clipped_frames_are_used():
    fading = np.stack([100 + (frame - 100.0) * 0.7**t for t, frame in enumerate(cells(12))]).astype(np.uint16)
    assert not inspect(fading).unusable_pairs.any()
    clipped = inspect((cells() - 60).clip(0, 150).astype(np.uint16) * 27)
    assert not clipped.unusable_pairs.any()
    bright = np.minimum(cells().astype(int) * 2, 255).astype(np.uint8)
    quality = inspect(bright)
    assert not quality.unusable_pairs.any() and "where bright things are cut off" in quality.sentences()[0]


def with_hot_pixels(frame, count, value, seed=0):
    frame = frame.copy()
    frame.flat[np.random.default_rng(seed).choice(frame.size, count, replace=False)] = value
    return frame


@pytest.mark.parametrize("level", [0, 100])
@pytest.mark.parametrize("count, value", [(1, 101), (1, 65535), (5, 900), (20, 4000)])
def test_a_flat_frame_is_flat_whatever_its_hot_pixels(level, count, value):
    frames = cells(noise=8)
    frames[3] = with_hot_pixels(np.full_like(frames[3], level), count, value)
    frames[6] = level
    frames[6, 40], frames[6, :, 70], frames[6, 90:93, 20], frames[6, 91, 19:22] = value, value, value, value  # defects
    quality = inspect(frames)
    assert quality.empty == (3, 6) and quality.sparse == ()
    assert np.flatnonzero(quality.unusable_pairs).tolist() == [2, 3, 5, 6]
    assert "show nothing" in " ".join(quality.sentences())


def test_a_closed_shutter_is_black_although_there_are_hot_pixels():
    frames = cells(noise=8)
    dark = np.random.default_rng(1).normal(100, 8, frames[6].shape).astype(np.uint16)
    frames[6] = with_hot_pixels(dark, 20, 65535)
    frames[6, 64, 63:66] = frames[6, 63:66, 64] = 65535  # light bleeds from one pixel into its neighbours
    quality = inspect(frames)
    assert quality.empty == (6,) and quality.levels[6, 1] < 150  # although one of them is an 8th pixel


@pytest.mark.parametrize("hot", [1, 5, 20])
@pytest.mark.parametrize("cells", [1, 2])
def test_a_movie_of_hot_pixels_shows_nothing_and_one_of_small_cells_does(hot, cells):
    black = np.stack([with_hot_pixels(np.zeros((128, 128), np.uint16), hot, 3000, seed) for seed in range(6)])
    quality = inspect(black)
    assert quality.empty == tuple(range(6)) and quality.unusable_pairs.all()
    for t in range(6):
        black[t, 60 + t : 65 + t, 40:45] = 500  # 25 pixels
        if cells == 2:
            black[t, 100:106, 20 + 2 * t : 24 + 2 * t] = 500
    movie = Movie(black)
    assert not movie.quality.empty and not movie.quality.unusable_pairs.any()
    assert (movie.levels == (0, 500)).all()  # of the cells, not of the hot pixels


@pytest.mark.parametrize("change, what", [
    (lambda frames: frames * 1e300, "too large to calculate with"), (lambda frames: -frames * 1e29, "too large"),
    (lambda frames: 0.5 + frames * 1e-12, "cannot tell apart"), (lambda frames: frames * 1e-11, "cannot tell apart"),
    (lambda frames: frames * 1e-320, "cannot tell apart"), (lambda frames: 1e12 + frames, "cannot tell apart")],
    ids=["1e300", "-1e29", "around 0.5", "near 0", "subnormal", "far from 0"])
def test_values_that_float32_cannot_hold_or_tell_apart_are_refused(change, what):
    frames = change(cells(4).astype(np.float64))
    frames[2] = frames[0, 0, 0]  # a flat frame is no excuse
    with pytest.raises(ValueError, match=f"the movie 'mine' .* in frame 0.*{what}.*such as 0 to 65535"):
        Movie(frames, name="mine").levels


@pytest.mark.parametrize("change", [lambda frames: frames * 1e25, lambda frames: 1 + frames * 1e-4,
                                    lambda frames: frames * 1e-7, lambda frames: (frames / 65535).astype(np.float16)],
                         ids=["large", "near 1", "small", "half precision"])
def test_values_that_float32_can_hold_keep_their_contrast(change):
    movie = Movie(change(cells(4).astype(np.float64)))
    pixels = normalise(movie.frames, movie.levels)
    assert np.isfinite(pixels).all() and np.abs(pixels).max() < 3 and np.ptp(pixels) > 1


def test_missing_time_points_are_counted_where_the_names_of_files_tell_them():
    gaps = np.array([False, True, False, True])
    assert gap_sentence(gaps, (10, 12, 18, 20, 24)) == (
        "3 time points are missing, 2 between frame 1 (file 12) and frame 2 (file 18), 1 between frame 3 (file 20) and "
        "frame 4 (file 24): no crop pair is drawn across a gap")
    assert gap_sentence(gaps[:3], (0, 1, 3, 4)).startswith(
        "1 time point is missing, between frame 1 (file 1) and frame 2 (file 3): no crop pair is drawn across the gap")
    assert gap_sentence(np.array([False, True, False, False]), (900, 930, 1030, 1100, 1130)).startswith("1 time point is missing")
    assert gap_sentence(gaps).startswith("at least 2 time points are missing, between frame 1 and frame 2, between ")
    many = gap_sentence(np.ones(7, bool))
    assert many.startswith("at least 7 ") and many.count("between") == 5 and ", ...: no crop" in many


def test_a_frame_has_its_files_number_where_that_is_another():
    assert frame_name(1, (10, 11)) == "frame 1 (file 11)"
    assert frame_name(1, (0, 1)) == frame_name(1) == "frame 1"
