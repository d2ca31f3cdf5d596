"""What in a movie cannot be learned from is found; ordinary movies are what they were."""

import numpy as np
import pytest
from scipy import ndimage

from tapnb.movies import BOUND, Movie, catalogue, normalise
from tapnb.movies.quality import inspect


def cells(frames=10, side=128, offset=100, noise=3.0):
    """Blobs that move on a background with a camera's offset and noise."""
    rng = np.random.default_rng(0)
    place, pixels = rng.uniform(10, side - 10, (12, 2)), np.zeros((frames, side, side))
    for t in range(frames):
        place = np.clip(place + rng.normal(0, 2, place.shape), 6, side - 7)
        pixels[t][tuple(place.astype(int).T)] = 1
        pixels[t] = offset + 20000 * ndimage.gaussian_filter(pixels[t], 5) + rng.normal(0, noise, (side, side))
    return pixels.clip(0, 60000).astype(np.uint16)


@pytest.mark.parametrize("role", ["train", "held-out"])
def test_levels_of_an_ordinary_movie_are_plain_percentiles_to_the_bit(role):
    movie = catalogue.open_movie("synthetic-24x448", role)
    plain = np.array([np.percentile(frame[::8, ::8], (1, 99.8)) for frame in movie.frames], np.float32)
    assert (movie.levels == plain).all() and movie.usable is None and movie.quality.sentences() == []


def test_frames_that_repeat_are_black_or_saturated_are_named_and_left_out():
    frames = cells()
    frames[3], frames[6], frames[8] = frames[2], 0, 65535
    quality = inspect(frames)
    assert quality.repeats == {3: 2} and 6 in quality.empty
    assert np.flatnonzero(quality.unusable_pairs).tolist() == [2, 5, 6, 7, 8]
    said = " ".join(quality.sentences())
    assert "frame 3 repeats the frame before" in said and "of 9 frame pairs are left out" in said


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
