"""Events that are found without learning anything: what a detector has to beat.

Each control is a map of a frame pair, searched for its highest points like a detector's (:mod:`tapnb.detect`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.feature import blob_log

from tapnb.detect import COLUMNS, STRIDE, Joining, joined, of_map, usable_pairs
from tapnb.movies import Movie, normalise

SIGMA = 6.0
"""Pixels: the Gaussian of a detector's target, and the size of a nucleus."""

SIGMAS = {"min_sigma": 4, "max_sigma": 8, "num_sigma": 3}
"""Of the blobs."""

MOST = Joining(lowest=0.0, most=50)


def _blurred(before: np.ndarray, after: np.ndarray, t: int, kind: str) -> pd.DataFrame:
    height = ndimage.gaussian_filter(np.abs(after - before), SIGMA)[::STRIDE, ::STRIDE]
    return of_map(height[None], t, [kind], MOST)


def _blobs(picture: np.ndarray, t: int, kind: str) -> pd.DataFrame:
    """Blobs of a picture, scored by the response at the scale that fits each best."""
    found = blob_log(picture, threshold=0.02, exclude_border=False, **SIGMAS)
    y, x, sigma = found.T if len(found) else np.zeros((3, 0))
    response = np.zeros(len(found))
    for scale in np.unique(sigma):
        at = sigma == scale
        heights = -ndimage.gaussian_laplace(picture, scale) * scale**2
        response[at] = heights[y[at].astype(int), x[at].astype(int)]
    table = pd.DataFrame({"t": t, "y": y, "x": x, "kind": kind, "score": response}, columns=COLUMNS)
    return table.nlargest(MOST.most, "score")


CONTROLS: dict[str, Callable[[np.ndarray, np.ndarray, int, str], pd.DataFrame]] = {
    "blurred difference": _blurred,
    "blobs of the difference": lambda before, after, t, kind: _blobs(np.abs(after - before), t, kind),
    "brightest blobs": lambda before, after, t, kind: _blobs(after, t, kind),
}
"""By name: the highest points of normalised frames ``t - 1`` and ``t``."""


def found(movie: Movie, frame_pairs: np.ndarray | None = None, kind: str = "division") -> dict[str, pd.DataFrame]:
    """What each control finds in a movie, as of :meth:`tapnb.detect.Detector.find`.

    Parameters
    ----------
    movie : Movie
    frame_pairs : int array, optional
        By default all in which there is something to see.
    kind : str
        What to call it: no control tells kinds apart.
    """
    peaks: dict[str, list[pd.DataFrame]] = {name: [] for name in CONTROLS}
    for t in usable_pairs(movie) if frame_pairs is None else frame_pairs:
        before, after = (normalise(movie.frames[frame], movie.levels[frame]) for frame in (t, t + 1))
        for name, control in CONTROLS.items():
            peaks[name].append(control(before, after, t + 1, kind))
    return {name: joined(of_control, MOST) for name, of_control in peaks.items()}
