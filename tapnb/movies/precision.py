"""Grey levels that 32-bit floating point, in which networks calculate, cannot hold or cannot tell apart."""

import numpy as np

__all__ = ["check_contrast", "check_size"]

LARGEST = 1e30  # a square root's worth below the largest float32, so that differences and sums stay finite
STEPS = 64  # grey levels at least between the black and the white one
EPSILON = float(np.finfo(np.float32).eps)


def check_size(frames: np.ndarray, where: str) -> None:
    """Raise a ValueError if a movie (T, Y, X) holds values beyond 1e30; NaN and infinite ones are refused before."""
    for t, frame in enumerate(frames if frames.dtype.kind == "f" else ()):
        largest = max(abs(float(frame.min())), abs(float(frame.max())))
        if largest > LARGEST:
            raise ValueError(f"{where} holds values up to {largest:.3g} in frame {t}, too large to calculate with: "
                             "divide all frames by one number, so that they are grey levels such as 0 to 65535.")


def check_contrast(levels: np.ndarray, shown: np.ndarray, smallest: float, where: str) -> None:
    """Raise a ValueError if most frames of a floating point movie span so little that rounding swallows it.

    Parameters
    ----------
    levels : float32 array, shape (T, 2)
        Black and white level of every frame.
    shown : bool array, shape (T,)
        Frames that are not of one value.
    smallest : float
        Smallest distance between both levels, in grey levels.
    where : str
        Name of the movie.
    """
    low, high = levels[shown].astype(np.float64).T
    lost = high - low < np.maximum(smallest, STEPS * EPSILON * np.maximum(np.abs(low), np.abs(high)))
    if 2 * lost.sum() > len(lost):
        t = np.flatnonzero(lost)[0]
        raise ValueError(f"{where} varies by {high[t] - low[t]:.1g} around {low[t]:.3g} in frame "
                         f"{np.flatnonzero(shown)[t]}, which 32-bit floating point cannot tell apart: subtract the lowest "
                         "value from all frames and multiply them, so that they are grey levels such as 0 to 65535.")
