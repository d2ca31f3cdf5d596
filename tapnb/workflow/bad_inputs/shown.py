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


def _usable(path: object) -> object:
    """Ask as a training does."""
    return open_whole(path).usable


ROWS = (
    BadInput(GROUP, "a single image", stack("stack.tif", pixels()), r"one frame of shape \(24, 32\): .*at least 2",
             "stack.tif"),
    BadInput(GROUP, "a movie in colours",
             stack("stack.tif", pixels(FRAMES, dtype="uint8")[..., None].repeat(3, -1), photometric="rgb"),
             r"in grey: save one channel and one plane, no RGB", "stack.tif"),
    BadInput(GROUP, "a pixel that is not a number", stack("stack.tif", _not_a_number()),
             r"NaN or infinite pixels in frame 2: replace", "stack.tif"),
    BadInput(GROUP, "32-bit whole numbers", stack("stack.tif", pixels(FRAMES, dtype="uint32")),
             r"dtype uint32, expected uint8, uint16 or floating point: convert", "stack.tif"),
    BadInput(GROUP, "complex numbers", stack("stack.tif", pixels(FRAMES, dtype="complex64")),
             r"dtype complex64, expected", "stack.tif"),
    BadInput(GROUP, "a movie without any light", stack("stack.tif", np.zeros((FRAMES, 24, 32), np.uint16)),
             r"No frame pair .* can be used.*`tapnb data`", "'stack'", _usable),
    BadInput(GROUP, "one image again and again", stack("stack.tif", np.stack([pixels()] * FRAMES)),
             r"no two consecutive frames show something new", "'stack'", _usable),
    BadInput(GROUP, "a movie too narrow to hold out a part of it", stack("stack.tif", pixels(FRAMES, size=(96, 200))),
             r"200 pixels wide, too narrow .*held_out", "stack", open_movie),
)
