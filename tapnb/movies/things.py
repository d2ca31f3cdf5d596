"""Things in a frame, as told from hot pixels, dead pixels and defect lines of a camera."""

import numpy as np
from scipy import ndimage

__all__ = ["flat_value", "things"]

SQUARE = 2  # pixels: hot pixels and defect lines hold no square of 2 x 2, nor does one that bleeds into its neighbours
SMALLEST = 6  # pixels: hot pixels by chance beside each other are fewer
HOT = 0.02  # of a frame's pixels: no camera has more hot pixels


def things(mask: np.ndarray) -> np.ndarray:
    """The part of a mask (Y, X) that is no hot pixel and no defect line: at least 6 pixels, without what is 1 pixel thin."""
    labels, count = ndimage.label(ndimage.binary_opening(mask, np.ones((SQUARE, SQUARE), bool)), np.ones((3, 3)))
    large = np.bincount(labels.ravel(), minlength=count + 1) >= SMALLEST
    large[0] = False
    return large[labels]


def flat_value(part: np.ndarray, stride: int) -> float | None:
    """The value of a frame that has no other but in hot and dead pixels; None if it has other things."""
    sample = part[::stride, ::stride]
    middle = np.partition(sample, sample.size // 2, axis=None)[sample.size // 2]
    if np.mean(sample == middle) < 0.5:
        return None  # quick, as nearly always
    others = part != middle
    return None if others.mean() > HOT or things(others).any() else float(middle)
