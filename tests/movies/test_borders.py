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
    assert [imaged_part(frame)[2] for frame in continued] == [0, 3, 6, 9]


@pytest.mark.parametrize("black", [
    lambda frames: np.where(frames > 130, frames, 0),
    lambda frames: np.clip(frames.astype(int) - 100, 0, None),
    lambda frames: np.where(np.hypot(*np.mgrid[:128, :128]) < 15, 0, frames),
    lambda frames: np.where(np.hypot(*np.mgrid[-64:64, -64:64]) < 15, frames, 0),
    lambda frames: frames * 0], ids=["all but the cells", "the median subtracted", "a corner", "all but a disc", "all"])
def test_a_black_background_is_no_border(black):
    for frame in black(cells(2)).astype(np.uint16):
        assert imaged_part(frame) == (0, 128, 0, 128)
