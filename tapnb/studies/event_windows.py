"""Events by the paper's own heads: every window of a frame pair gets its answer, and places are searched in those maps.

The heads of Table 2 were trained on crops, to tell whether an event is in them, not where. A place's score is the mean of
the answers to all windows that hold it, so an event stands out where these windows overlap most: at itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from tqdm import tqdm

from tapnb.detect import joined, of_map, usable_pairs
from tapnb.event_map import event_maps
from tapnb.movies import Movie
from tapnb.recognise import Recogniser
from tapnb.store import kinds, runs
from tapnb.studies import event_controls, strategies
from tapnb.studies.event_controls import MOST
from tapnb.studies.events import HELD_OUT

STRIDE = 8
"""Pixels between two windows."""


def found(recogniser: Recogniser, movie: Movie) -> pd.DataFrame:
    """What a head finds in a movie, as of :meth:`tapnb.detect.Detector.find`; it does not tell kinds apart.

    Parameters
    ----------
    recogniser : Recogniser
        With a head of :func:`tapnb.event_map.event_maps`.
    movie : Movie
    """
    pairs = usable_pairs(movie)
    maps = event_maps(recogniser.features, recogniser.head, movie, STRIDE, frame_pairs=pairs)
    peaks = [of_map(covered(of_windows, recogniser.size // STRIDE)[None], t + 1, ["division"], MOST, STRIDE)
             for t, of_windows in zip(pairs, tqdm(maps, desc="windows", unit="frame pair", total=len(pairs), leave=False))]
    return joined(peaks, MOST)


def covered(of_windows: np.ndarray, side: int) -> np.ndarray:
    """Mean over the windows that hold a cell of the grid, (Gy, Gx) to (Gy + side - 1, Gx + side - 1).

    Parameters
    ----------
    of_windows : float array
        Cell (i, j) is the window with its corner there.
    side : int
        Of a window, in cells.
    """
    sums, windows = (ndimage.uniform_filter(np.pad(values, (0, side - 1)), side, mode="constant", origin=(side - 1) // 2)
                     for values in (of_windows, np.ones_like(of_windows)))
    return sums / windows


def window_run(strategy: runs.Run, train: Movie, held_out: Movie, *, mode: str, on: torch.device,
               command: str) -> runs.Run:
    """The head of a run of one strategy as a control, see :func:`tapnb.studies.event_controls.control_run`.

    Parameters
    ----------
    strategy : Run
        Of heads that :func:`tapnb.event_map.event_maps` takes; the first seed's is taken.
    train, held_out : Movie
        Both with events.
    mode, on, command
        See :func:`tapnb.store.runs.run`.
    """
    name, seed = strategy.record["parameters"]["strategy"], strategy.record["parameters"]["seeds"][0]

    def make(folder: Path) -> dict:
        head = strategies.recogniser(strategy, seed, on)
        of_train, of_held_out = ({f"windows of {name}": found(head, movie)} for movie in (train, held_out))
        return event_controls.keep(folder, train, of_train, of_held_out)

    return runs.run(kinds.EVENT_CONTROLS, {"train": train, HELD_OUT: held_out}, {"windows of": strategy.name}, seed, make,
                    mode=mode, command=command, on=on)

