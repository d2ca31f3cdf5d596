"""A camera's range is seen to end where far more pixels have one value than the values below; nowhere else."""

import numpy as np
import pytest
from toys import cells

from tapnb.movies.quality import inspect
from tapnb.movies.saturation import clipped_share


def clipped(bits, step=1, offset=0):
    """Frames whose brighter cells are cut off at the top of so many bits: all pixels are below 8000."""
    gain = 2**bits / 160
    return ((cells(8, noise=8) * gain).astype(int).clip(0, 2**bits - 1) * step - offset).clip(0, 65535)


@pytest.mark.parametrize("hot", [False, True])
@pytest.mark.parametrize("frames", [
    clipped(12), clipped(12, step=16), clipped(10), clipped(10, step=64), clipped(14), clipped(14, step=4),
    clipped(12, offset=90), clipped(16, offset=90), clipped(8), clipped(8, offset=7), (clipped(12) * 0.75).astype(int),
    clipped(12) / 4095, clipped(12) * 0.37 + 5],
    ids=["12", "12 in 16", "10", "10 in 16", "14", "14 in 16", "12, offset", "16, offset", "8", "8, offset", "rescaled",
         "to 1", "of floating point"])
def test_a_plateau_is_found_whatever_the_bits_the_offset_and_the_hot_pixels(frames, hot):
    share = np.mean(frames == frames.max(axis=(1, 2), keepdims=True), axis=(1, 2))
    assert (share > 0.02).all()
    if hot:
        frames[:, 10, 10], frames[:, 90, 33:35] = frames.max() * 1.2, frames.max() * 1.1
    quality = inspect(frames if frames.dtype.kind == "f" else frames.clip(0, 65535).astype(np.uint16))
    assert list(quality.clipped) == list(range(8)) and not quality.unusable_pairs.any()
    assert list(quality.clipped.values()) == pytest.approx(share, rel=0.01)
    assert "where bright things are cut off" in " ".join(quality.sentences())


def test_a_frame_of_which_half_is_at_the_plateau_is_saturated():
    frames = cells(8, noise=8)
    frames[3] = np.minimum(frames[3].astype(int) * 40, 4095)
    frames[:, 10, 10] = 60000
    quality = inspect(frames)
    assert quality.saturated == (3,) and np.flatnonzero(quality.unusable_pairs).tolist() == [2, 3]


@pytest.mark.parametrize("frames", [
    cells(4), *(cells(4, noise=noise) // divisor for noise in (0.5, 3, 8) for divisor in (1, 5, 12, 25, 50)),
    cells(4) // 40 * 60, 200 - cells(4).clip(0, 200), (cells(4) * 0.737).astype(int), (cells(4) * 1.37).astype(int),
    (cells(4) / cells(4).max()) ** 0.5, np.digitize(cells(4), [110, 130, 150, 200]) * 50],
    ids=lambda frames: f"{frames.dtype} to {frames.max():.0f}")
def test_few_levels_other_gains_and_inverted_movies_have_no_plateau(frames):
    dtypes = [frames.dtype] if frames.dtype.kind == "f" else [np.uint16] + [np.uint8] * int(frames.max() < 256)
    for quality in (inspect(frames.astype(dtype)) for dtype in dtypes):
        assert not quality.clipped and not quality.saturated


def test_a_bright_thing_of_one_value_below_others_is_no_plateau():
    frame = cells(1, noise=8)[0]
    frame[20:40, 20:40], frame[60:64, 60:64] = 500, 900
    assert clipped_share(frame) == 0  # 16 pixels above it are a thing, not hot
    frame[60:64, 60:64] = 100
    assert clipped_share(frame) == pytest.approx(400 / frame.size)
