"""Scale bars, time stamps and lost blocks are found, and nothing that a microscope shows is taken for one."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from toys import cells

from tapnb.crops import sample_uniform
from tapnb.movies import Movie, catalogue
from tapnb.movies.burnt_in import find_burnt_in
from tapnb.movies.quality import inspect


def movie(frames=8, side=256, **choices):
    return cells(frames, side, **choices)


def scale_bar(frames, value):
    frames[:, 240:250, 180:240] = value


def black_box(frames, value):
    frames[:, 200:240, 180:240] = value


def time_bar(frames, value):
    for t, frame in enumerate(frames):
        frame[240:246, 20 : 24 + 20 * t] = value


def time_stamp(frames, value):
    """Digits that change, as Fiji writes them without smoothing."""
    for t, frame in enumerate(frames):
        text = Image.new("1", (80, 24))
        ImageDraw.Draw(text).text((2, 2), f"0{t // 6}:{t % 6}0 h", fill=1, font=ImageFont.load_default(size=18))
        frame[10:34, 10:90][np.array(text)] = value


@pytest.mark.parametrize("dtype, top", [("uint16", 65535), ("uint8", 255), ("float32", 1.0)])
@pytest.mark.parametrize("draw, end, rows, columns", [
    (scale_bar, 1, (240, 250), (180, 240)), (scale_bar, 0, (240, 250), (180, 240)),
    (black_box, 0, (200, 240), (180, 240)),
    (time_bar, 1, (240, 246), (20, 164)), (time_stamp, 1, (10, 34), (10, 90))])
def test_a_mark_is_left_out_of_levels_and_no_crop_is_drawn_there(dtype, top, draw, end, rows, columns):
    frames = movie().astype(dtype) if dtype != "float32" else (movie() / 1000).astype(dtype)
    bare = inspect(frames)
    assert bare.burnt_in.marks == () and bare.burnt_in.lost == {}
    draw(frames, top * end)
    quality = inspect(frames)
    (first, last, left, right), = quality.burnt_in.marks
    assert rows[0] <= first < last <= rows[1] and columns[0] <= left < right <= columns[1]
    assert quality.burnt_in.lost == {}
    assert (first, last, left, right) == (*rows, *columns) or draw is time_stamp
    assert np.abs(quality.levels - bare.levels).max() <= 0.1 * np.ptp(bare.levels)
    assert not quality.unusable_pairs.any()
    said = " ".join(quality.sentences())
    assert "burnt-in marks" in said and f"in rows {first} to {last - 1}, columns {left} to {right - 1}:" in said
    pairs = sample_uniform(frames.shape, 48, 300, np.random.default_rng(0), usable=Movie(frames).usable)
    assert not ((pairs.y < last) & (pairs.y + 48 > first) & (pairs.x < right) & (pairs.x + 48 > left)).any()


def test_a_movie_that_stalls_under_a_running_clock_repeats():
    frames = movie()
    frames[4] = frames[3]
    time_stamp(frames, 65535)
    assert inspect(frames).repeats == {4: 3}


@pytest.mark.parametrize("rows, columns, value", [
    (slice(100, 140), slice(100, 140), 0), (slice(None), slice(100, 110), 0), (slice(100, 140), slice(100, 140), 65535),
    (slice(50, 51), slice(None), 0), (slice(0, 16), slice(0, 64), 0)])
@pytest.mark.parametrize("t", [0, 3, 7])
def test_a_block_that_one_frame_has_lost_is_said_and_its_pairs_are_left_out(rows, columns, value, t):
    frames = movie()
    bare = inspect(frames).levels
    frames[t, rows, columns] = value
    quality = inspect(frames)
    assert list(quality.burnt_in.lost) == [t] and quality.burnt_in.marks == ()
    assert np.flatnonzero(quality.unusable_pairs).tolist() == [pair for pair in (t - 1, t) if 0 <= pair < 7]
    assert np.abs(quality.levels - bare).max() <= 0.1 * np.ptp(bare)
    assert f"frame {t} has a block or stripe of one value" in quality.sentences()[0]


def _squares(moves):
    frames = np.random.default_rng(0).normal(100, 5, (8, 200, 200)).clip(0)
    for t in range(8):
        frames[t, 20 + moves * t : 32 + moves * t, 30 + moves * t : 42 + moves * t] = 900
    return frames.astype(np.uint16)


def _still_discs():
    """Saturated cells that do not move, with the slope that a lens gives them."""
    pixels = np.zeros((256, 256))
    pixels[64::64, 64::64] = 1
    pixels = 2e6 * ndimage.gaussian_filter(ndimage.binary_dilation(pixels, iterations=9).astype(float), 1.5) / 100
    return (pixels + np.random.default_rng(0).normal(100, 5, (8, 256, 256))).clip(0, 4095).astype(np.uint16)


def _sharp_still_discs():
    rows, columns = np.indices((256, 256)) % 64 - 32
    frames = np.random.default_rng(0).normal(100, 5, (8, 256, 256))
    frames[:, rows**2 + columns**2 < 81] = 4095
    return frames.astype(np.uint16)


def _clumps():
    """Saturated cells with sharp ends that touch each other, and hardly move."""
    rng, frames = np.random.default_rng(1), np.random.default_rng(0).normal(100, 5, (8, 200, 200))
    places, (rows, columns) = rng.uniform(10, 190, (15, 2)), np.indices((200, 200))
    for frame in frames:
        for row, column in places + rng.normal(0, 0.3, places.shape):
            frame[(rows - row) ** 2 + (columns - column) ** 2 < 196] = 255
    return frames.astype(np.uint8)


def _rods():
    """Overexposed bacteria that hardly move: strokes with sharp ends, at any place and angle."""
    rng, frames, (rows, columns) = np.random.default_rng(5), np.zeros((6, 320, 320)), np.indices((320, 320))
    places, angles = rng.uniform(0, 320, (60, 2)), rng.uniform(0, np.pi, 60)
    for frame in frames:
        for (row, column), angle in zip(places, angles):
            near = np.s_[max(int(row) - 20, 0) : int(row) + 20, max(int(column) - 20, 0) : int(column) + 20]
            down, right = rows[near] - row, columns[near] - column
            along = np.abs(down * np.sin(angle) + right * np.cos(angle)) - 14
            frame[near] += np.hypot(np.maximum(along, 0), right * np.sin(angle) - down * np.cos(angle)) < 2
        places += rng.normal(0, 0.05, places.shape)
    light = 100 + 3000 * ndimage.gaussian_filter(np.minimum(frames, 1), (0, 0.8, 0.8))
    return (rng.poisson(light) // 2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("frames", [
    _rods(), _clumps(), np.minimum(movie().astype(int) * 2, 255).astype(np.uint8), _still_discs(), _sharp_still_discs(),
    _squares(1), _squares(13),
    movie(offset=0, noise=0), np.where(movie() < 130, 0, movie()), (movie() - 100.0).clip(0).astype(np.uint16),
    (movie().astype(float) - 100).clip(0).astype(np.uint16), movie() > 130, (movie() > 130).astype(np.uint8) * 255,
    (movie() // 60).astype(np.uint8), np.clip(movie() / 100 - 1, 0, 1).astype(np.float32)],
    ids=["rods", "clumps", "clipped", "saturated and still", "sharp discs", "squares", "fast squares", "no noise", "sparse",
         "subtracted", "clipped at the background", "bool", "two values", "few values", "up to 1"])
def test_what_a_microscope_shows_is_no_mark(frames):
    burnt_in = find_burnt_in(frames)
    assert burnt_in.marks == () and burnt_in.lost == {}


@pytest.mark.parametrize("role", ["train", "held-out"])
def test_the_simulated_movie_has_no_mark(role):
    burnt_in = find_burnt_in(catalogue.open_movie("synthetic-24x448", role).frames)
    assert burnt_in.marks == () and burnt_in.lost == {}


@pytest.mark.slow
def test_the_hela_movies_have_no_mark(hela):
    for role in catalogue.ROLES:
        burnt_in = find_burnt_in(catalogue.open_movie("hela", role).frames)
        assert burnt_in.marks == () and burnt_in.lost == {}
