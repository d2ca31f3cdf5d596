"""Pixels at which a camera's range ends: the value that far more pixels have than the values below it."""

import numpy as np

from tapnb.movies.things import things

__all__ = ["clipped_share", "full_scale", "has_few_values"]

SAMPLE = 2**16  # pixels of a frame, from which values are counted
ABOVE = 0.005  # of a frame's pixels, at most, may lie above the plateau: hot pixels
CLIPPED = 0.01  # of a frame's pixels at the highest value are worth a word
NEIGHBOURS = 5  # next lower values, on average; of 12 bits in 16 these lie 16 apart
SPIKE = 4  # times as many pixels as these: a rescaled movie's values alternate between one and two of the camera's
FEW = 32  # grey levels in a movie: whether the highest is a plateau cannot be told


def clipped_share(part: np.ndarray) -> float:
    """Share of the pixels at a frame's plateau, 0 without one.

    A plateau is a value near the top that holds 1 % of the pixels or more, and far more than the next lower values
    each, with nothing above it but hot pixels. So it is found whatever the camera's bits, offset and step. One that was
    smeared, as by a flat-field correction or by interpolation, is not.
    """
    step = max(1, int(np.sqrt(part.size / SAMPLE)))
    sample = part[::step, ::step].ravel()
    rank = int((1 - ABOVE) * (sample.size - 1))
    value = np.partition(sample, rank)[rank]
    at, below = sample == value, sample[sample < value]
    if at.mean() < CLIPPED / 2 or not below.size:
        return 0.0  # quick, as in nearly every frame; a frame of one value has no plateau
    share = float(np.mean(part == value))
    _, counts = np.unique(below, return_counts=True)
    if share < CLIPPED or at.sum() < SPIKE * counts[-NEIGHBOURS:].mean() or things(part > value).any():
        return 0.0
    return share


def has_few_values(frames: np.ndarray) -> bool:
    """Whether a movie has so few grey levels that one of them always holds more pixels than the next."""
    return len(np.unique(frames[:: max(1, len(frames) // 8), ::4, ::4])) < FEW


def full_scale(dtype: np.dtype, highest: float) -> float:
    """The highest of 8, 10, 12, 14 or 16 bit that a movie reaches; of floating point its highest value."""
    if dtype.kind == "f":
        return highest
    return next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if highest < 2**bits)
