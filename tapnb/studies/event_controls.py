"""Events that are found without learning anything: what a detector has to beat.

Each control is a map of a frame pair, searched for its highest points like a detector's (:mod:`tapnb.detect`). Of a run on
two movies it takes its threshold from the first, all of it, since nothing else is learnt there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.feature import blob_log
from tqdm import tqdm

from tapnb.detect import COLUMNS, STRIDE, Joining, joined, of_map, usable_pairs
from tapnb.metrics import events as scores
from tapnb.movies import Movie, normalise
from tapnb.store import kinds, runs
from tapnb.store.publication import FOUND
from tapnb.studies.events import HELD_OUT, true_events
from tapnb.system.files import replacing

SIGMA = 6.0
"""Pixels: the Gaussian of a detector's target, and the size of a nucleus."""

SIGMAS = {"min_sigma": 4, "max_sigma": 8, "num_sigma": 3}
"""Of the blobs."""

MOST = Joining(lowest=0.0, most=50)

HIGHEST = 1e6
"""Above every score: the threshold where no event is found, in a record that holds no infinite number."""


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
    pairs = usable_pairs(movie) if frame_pairs is None else frame_pairs
    for t in tqdm(pairs, desc="controls", unit="frame pair", leave=False):
        before, after = (normalise(movie.frames[frame], movie.levels[frame]) for frame in (t, t + 1))
        for name, control in CONTROLS.items():
            peaks[name].append(control(before, after, t + 1, kind))
    return {name: joined(of_control, MOST) for name, of_control in peaks.items()}


def control_run(train: Movie, held_out: Movie, *, mode: str, command: str) -> runs.Run:
    """All controls on two movies, with the threshold that is best on the first for each kind of event.

    Its folder keeps what they found in the second (:func:`found_by`), its record the thresholds.

    Parameters
    ----------
    train, held_out : Movie
        Both with events.
    mode, command
        See :func:`tapnb.store.runs.run`.
    """
    def make(folder: Path) -> dict:
        return keep(folder, train, found(train), found(held_out))

    return runs.run(kinds.EVENT_CONTROLS, {"train": train, HELD_OUT: held_out}, {"controls": list(CONTROLS)}, 0, make,
                    mode=mode, command=command)


def keep(folder: Path, train: Movie, of_train: dict[str, pd.DataFrame], of_held_out: dict[str, pd.DataFrame]) -> dict:
    """Keep what controls found in the held-out movie, and return the thresholds that are best on the training movie.

    Parameters
    ----------
    folder : Path
        Of a run.
    train : Movie
    of_train, of_held_out : dict of DataFrame
        What each control found, as of :func:`found`; the kind that they call it does not count.

    Returns
    -------
    dict
        ``thresholds``, by kind and control.
    """
    with replacing(folder / FOUND) as temporary:
        pd.concat([table.assign(control=name) for name, table in of_held_out.items()], ignore_index=True).drop(
            columns="kind").astype({"control": "category", "t": "int32"}).to_parquet(temporary, index=False)
    return {"thresholds": {kind: {name: min(scores.best_threshold(scores.matched(
        table.assign(kind=kind), of_kind, len(train.frames) - 1)), HIGHEST) for name, table in of_train.items()}
        for kind, of_kind in true_events(train).groupby("kind")}}


def found_by(run: runs.Run, name: str, kind: str) -> pd.DataFrame:
    """What one control of a :func:`control_run` found in the held-out movie, as events of some kind; the surest first."""
    table = pd.read_parquet(run.folder / FOUND)
    return table[table["control"] == name].assign(kind=kind)[COLUMNS].reset_index(drop=True)
