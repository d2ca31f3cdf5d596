"""Frames that nearly repeat the one before are suspected; slow movies, fading ones and bursts are not."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from toys import cells

from tapnb.movies.quality import inspect
from tapnb.movies.stalls import QuietChange, nearly_repeated


def compressed(frame, quality):
    file = io.BytesIO()
    Image.fromarray(frame.astype(np.uint8)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def changed(frame, rng):
    return np.clip(frame.astype(int) + rng.integers(-1, 2, frame.shape), 0, 65535)


@pytest.mark.parametrize("noise", [3, 8])
def test_a_copy_with_a_grey_level_of_noise_is_suspected_and_used(noise):
    frames, rng = cells(10, noise=noise), np.random.default_rng(1)
    assert inspect(frames).near_repeats == ()
    frames[4], frames[8] = changed(frames[3], rng), changed(frames[7], rng)
    quality = inspect(frames)
    assert quality.near_repeats == (4, 8) and not quality.unusable_pairs.any() and not quality.repeats
    assert any("frames 4, 8 are nearly the frame before" in sentence for sentence in quality.sentences())


@pytest.mark.parametrize("quality", [95, 80, 50])
def test_a_copy_before_lossy_compression_is_suspected(quality):
    frames, rng = (cells(10, 256, noise=16) // 2).clip(0, 255), np.random.default_rng(1)
    assert inspect(np.stack([compressed(frame, quality) for frame in frames])).near_repeats == ()
    frames[5] = changed(frames[4], rng).clip(0, 255)
    assert inspect(np.stack([compressed(frame, quality) for frame in frames])).near_repeats == (5,)


def test_a_slow_movie_bursts_and_a_jittering_stage_are_not_suspected():
    rng = np.random.default_rng(2)
    texture = ndimage.gaussian_filter(rng.normal(0, 1, (200, 200)), 1.5) * 600 + 2000  # as phase contrast, no place is quiet
    jitter = [np.roll(texture, rng.integers(-1, 2, 2), (0, 1)) for _ in range(40)]  # some frame pairs show none
    slow, bursts, fading = [texture] * 12, np.repeat(cells(4, 200, noise=0), 3, 0), cells(12, 200, noise=0)
    for frames in (slow, jitter, bursts, [100 + (frame - 100.0) * 0.8**t for t, frame in enumerate(fading)]):
        noise = rng.normal(0, 5, (len(frames), 200, 200))
        assert inspect((np.stack(frames) + noise).clip(0).round().astype(np.uint16)).near_repeats == ()


def test_other_findings_few_pairs_and_tiny_or_noiseless_frames_are_not_judged():
    frames = cells(10, noise=8)
    frames[3], frames[6], frames[8] = frames[2], 0, 65535
    assert inspect(frames).near_repeats == ()
    frames = cells(5, noise=8)
    frames[2] = changed(frames[1], np.random.default_rng(0))
    assert inspect(frames).near_repeats == ()
    for shape in ((9, 1, 40), (9, 2, 2), (9, 3, 3), (9, 40, 5)):
        quiet = QuietChange()
        for frame in np.full(shape, 7, np.uint8):
            quiet.add(frame)
        assert np.isnan(quiet.ratios).all() and nearly_repeated(np.array(quiet.ratios)) == ()


@pytest.mark.slow
def test_no_frame_of_hela_is_suspected_but_a_copy_is(hela):
    from tapnb.movies import catalogue
    for role in ("train", "held-out"):
        frames = catalogue.open_movie("hela", role).frames
        assert inspect(frames).near_repeats == ()
        stalled = frames[:20].copy()
        stalled[7] = changed(stalled[6], np.random.default_rng(0))
        quality = inspect(stalled)  # where much changes, so little is a repeat
        assert (*quality.repeats, *quality.near_repeats) == (7,)
