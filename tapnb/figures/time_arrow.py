"""One division in a few frames: the picture with which the book begins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tapnb.movies import Movie, normalise

FRAMES, SIDE, BEFORE = 6, 64, 3
"""Frames of the strip, side of its crops in pixels, and frames before the daughters' first."""


def calmest_division(movie: Movie) -> pd.Series:
    """The division whose cell crawls least, of those with enough frames and pixels around them.

    Parameters
    ----------
    movie : Movie
        A simulated one: its events say how far their cells move.

    Raises
    ------
    ValueError
        If there is none.
    """
    events, (frames, height, width) = movie.events, movie.shape
    around = SIDE // 2
    shown = events[(events["kind"] == "division") & events["t"].between(BEFORE, frames - FRAMES + BEFORE)
                   & events["y"].between(around, height - around - 1) & events["x"].between(around, width - around - 1)]
    if shown.empty:
        raise ValueError(f"the movie {movie.name!r} has no division with {FRAMES} frames and {SIDE} pixels around it")
    return shown.loc[shown["moves"].idxmin()]


def strip(movie: Movie, event: pd.Series) -> np.ndarray:
    """Crops around an event side by side in the order of time, uint8 (:data:`SIDE`, :data:`FRAMES` * :data:`SIDE`).

    Parameters
    ----------
    movie : Movie
    event : Series
        ``t``, ``y``, ``x``, as of :func:`calmest_division`.
    """
    first, top, left = int(event["t"]) - BEFORE, *(round(event[axis]) - SIDE // 2 for axis in "yx")
    crops = [normalise(movie.frames[t], movie.levels[t])[top : top + SIDE, left : left + SIDE]
             for t in range(first, first + FRAMES)]
    return (np.clip(np.hstack(crops), 0, 1) * 255).round().astype(np.uint8)
