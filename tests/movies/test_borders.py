"""A border that was never imaged is told from a black background."""

import numpy as np
import pytest
from scipy import ndimage
from toys import cells

from tapnb.movies.borders import imaged_part
from tapnb.movies.quality import inspect


def shifted(frames, down, right, fill, **options):
    """Frames as a drift correction leaves them: each shifted further, and filled where nothing was imaged."""
    return np.stack([ndimage.shift(frame.astype(float), (down * t, right * t), order=1, cval=fill, **options)
                     for t, frame in enumerate(frames)])


@pytest.mark.parametrize("down, right, fill, dtype", [
    (0, 4, 0, np.uint16), (-3, 0, 0, np.uint16), (2.3, 1.7, 0, np.uint16), (-2, -3, 65535, np.uint16),
    (0, -4, 103, np.uint16), (3, 0, -1, np.float32), (1, 1, 0, np.uint8)])
def test_fill_of_any_value_at_any_edge_is_a_border(down, right, fill, dtype):
    frames = cells(6, 160, noise=8) // (2 if dtype == np.uint8 else 1)
    quality = inspect(shifted(frames, down, right, fill).astype(dtype))
    assert quality.bordered.tolist() == [False] + [True] * 5 and not quality.unusable_pairs.any()
    for t, (top, bottom, left, end) in enumerate(quality.imaged):
        edges = (top, down * t), (160 - bottom, -down * t), (left, right * t), (160 - end, -right * t)
        for border, lost in edges:  # at most a few lines more than were lost
            assert max(lost, 0) <= border <= max(lost, 0) + 2 + (lost > 0)
    ordinary = inspect(frames).levels
    spread = (ordinary[:, 1] - ordinary[:, 0])[:, None]
    assert (np.abs(quality.levels - ordinary) < 0.15 * spread).all()


def test_a_rotation_leaves_a_border():
    turned = np.stack([ndimage.rotate(frame.astype(float), 2.0 * t, reshape=False, order=1)
                       for t, frame in enumerate(cells(4, 256, noise=8))]).astype(np.uint16)
    boxes = [imaged_part(frame) for frame in turned]
    assert boxes[0] == (0, 256, 0, 256)
    for frame, (top, bottom, left, right) in zip(turned[1:], boxes[1:]):
        assert frame[top:bottom, left:right].min() > 0 and bottom - top > 200 and right - left > 200


def test_an_edge_that_is_continued_is_a_border():
    continued = shifted(cells(4, noise=8), 0, 3, 0, mode="nearest").astype(np.uint16)
    assert [imaged_part(frame)[2] for frame in continued] == [0, 4, 7, 10]


SIDES = [((1, 0), (0, 0)), ((0, 1), (0, 0)), ((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 0), (1, 0)), ((0, 1), (1, 0))]


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "mean", "median", "maximum"])
@pytest.mark.parametrize("sides", SIDES, ids=["top", "bottom", "left", "right", "top and left", "bottom and left"])
def test_copied_pixels_at_any_edge_are_a_border(mode, sides):
    frames = cells(6, noise=8)
    for t, frame in enumerate(frames):
        padded = np.pad(frame, [(first * 4 * t, last * 4 * t) for first, last in sides], mode=mode)
        frames[t] = padded[: 128 if sides[0][0] else None, : 128 if sides[1][0] else None][-128:, -128:]
    quality = inspect(frames)
    assert quality.bordered.tolist() == [False] + [True] * 5
    for t, (top, bottom, left, right) in enumerate(quality.imaged):
        lost = np.array([first for axis in sides for first in axis]) * 4 * t
        assert (abs(np.array([top, 128 - bottom, left, 128 - right]) - lost) <= 1).all()


@pytest.mark.parametrize("mode", ["nearest", "mirror", "reflect"])
@pytest.mark.parametrize("order", [0, 1, 3])
def test_a_shift_by_whole_pixels_that_copies_some_leaves_a_border(mode, order):
    frames = np.stack([ndimage.shift(frame, (2 * t, -3 * t), order=order, mode=mode)
                       for t, frame in enumerate(cells(5, noise=8))])
    assert inspect(frames).bordered.tolist() == [False] + [True] * 4


@pytest.mark.parametrize("depth", [50, 63, 80])
def test_a_deep_mirror_is_a_border_and_what_is_symmetric_by_itself_is_none(depth):
    frame = cells(1, noise=8)[0]
    mirrored = np.pad(frame, ((depth, 0), (0, 0)), mode="reflect")[:128]
    assert imaged_part(mirrored) == ((depth, 128, 0, 128) if depth < 64 else (0, depth + 1, 0, 128))
    symmetric = 9000 * np.exp(-np.hypot(*np.mgrid[-depth : 128 - depth, -50:78]) / 60)
    assert imaged_part(symmetric.astype(np.uint16)) == (0, 128, 0, 128)


@pytest.mark.parametrize("down, right", [(0, 4), (0, -4), (-2, 0), (2, 3)])
@pytest.mark.parametrize("subtracted, noise", [(120, 8), (110, 8), (103, 3)])
def test_a_border_of_the_background_s_own_value_is_found_by_its_growth(down, right, subtracted, noise):
    inside = (cells(8, 256, noise=noise).astype(int) - subtracted).clip(0, None)
    assert not inspect(inside.astype(np.uint16)).bordered.any()
    frames = shifted(inside, down, right, 0).astype(np.uint16)
    for movie in (frames, frames[::-1]):  # a correction to the first frame, or to the last
        quality = inspect(movie)
        assert quality.bordered.sum() == 7
        edges = quality.imaged[-1 if movie is frames else 0]
        for border, lost in zip((edges[0], 256 - edges[1], edges[2], 256 - edges[3]), (down, -down, right, -right)):
            assert max(7 * lost, 0) <= border <= max(7 * lost, 0) + 8


@pytest.mark.parametrize("move, shrink", [(1, 0), (-2, 0), (0, 2)])
def test_a_thing_that_moves_or_shrinks_on_black_leaves_no_border(move, shrink):
    rows, columns = np.mgrid[:128, :128]
    noise = np.random.default_rng(0).integers(200, 255, (8, 128, 128))
    frames = np.stack([np.where(np.hypot(rows - 64, columns - 64 - move * t) < 30 - shrink * t, noise[t], 0)
                       for t in range(8)]).astype(np.uint8)
    assert not inspect(frames).bordered.any()


@pytest.mark.parametrize("black", [
    lambda frames: np.where(frames > 130, frames, 0),
    lambda frames: np.clip(frames.astype(int) - 100, 0, None),
    lambda frames: np.where(np.hypot(*np.mgrid[:128, :128]) < 15, 0, frames),
    lambda frames: np.where(np.hypot(*np.mgrid[-64:64, -64:64]) < 15, frames, 0),
    lambda frames: frames * 0], ids=["all but the cells", "the median subtracted", "a corner", "all but a disc", "all"])
def test_a_black_background_is_no_border(black):
    for frame in black(cells(2)).astype(np.uint16):
        assert imaged_part(frame) == (0, 128, 0, 128)
