"""Pixels that are no movie, or from which nothing can be learned."""

import numpy as np

from tapnb.movies.catalogue import open_movie, open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import FRAMES, pixels, stack

__all__ = ["ROWS"]

GROUP = "Pixels"


def _not_a_number() -> np.ndarray:
    frames = pixels(FRAMES, dtype="float32")
    frames[2, 3, 4] = np.nan
    return frames


def _hot_pixels() -> np.ndarray:
    """Black frames, and in each one pixel that a camera made up."""
    frames = np.zeros((FRAMES, 24, 32), np.uint16)
    frames[np.arange(FRAMES), 5, np.arange(FRAMES)] = 3000
    return frames


def _looked_at(path: object) -> object:
    """Ask as `tapnb data` does."""
    return open_whole(path).quality


def _usable(path: object) -> object:
    """Ask as a training does."""
    return open_whole(path).usable


ROWS = (
    BadInput(GROUP, "a single image", stack("stack.tif", pixels()), r"one frame of shape \(24, 32\): .*at least 2",
             "stack.tif"),
    BadInput(GROUP, "a movie in colours",
             stack("stack.tif", np.moveaxis(pixels(FRAMES, 3, dtype="uint8"), 1, -1), photometric="rgb"),
             r"in grey: save one channel and one plane, no RGB", "stack.tif"),
    BadInput(GROUP, "a pixel that is not a number", stack("stack.tif", _not_a_number()),
             r"NaN or infinite pixels in frame 2: replace", "stack.tif"),
    BadInput(GROUP, "32-bit whole numbers", stack("stack.tif", pixels(FRAMES, dtype="uint32")),
             r"dtype uint32, expected uint8, uint16 or floating point: convert", "stack.tif"),
    BadInput(GROUP, "complex numbers", stack("stack.tif", pixels(FRAMES, dtype="complex64")),
             r"dtype complex64, expected", "stack.tif"),
    BadInput(GROUP, "a movie without any light", stack("stack.tif", np.zeros((FRAMES, 24, 32), np.uint16)),
             r"No frame pair .* can be used.*`tapnb data`", "'stack'", _usable),
    BadInput(GROUP, "black frames with hot pixels", stack("stack.tif", _hot_pixels()), r"No frame pair .* can be used",
             "'stack'", _usable),
    BadInput(GROUP, "values too large to calculate with", stack("stack.tif", pixels(FRAMES, dtype="float64") * 1e300),
             r"up to .*e\+302 in frame 0, too large .*: divide", "'stack'", _looked_at),
    BadInput(GROUP, "values that differ by a billionth", stack("stack.tif", 0.5 + pixels(FRAMES, dtype="float64") * 1e-11),
             r"varies by .* around 0\.5 in frame 0, .* cannot tell apart: subtract .*multiply", "'stack'", _looked_at),
    BadInput(GROUP, "one image again and again", stack("stack.tif", np.stack([pixels()] * FRAMES)),
             r"no two consecutive frames show something new", "'stack'", _usable),
    BadInput(GROUP, "a movie too narrow to hold out a part of it", stack("stack.tif", pixels(FRAMES, size=(96, 200))),
             r"200 pixels wide, too narrow .*held_out", "stack", open_movie),
)
