"""Events by the paper's own heads: every window of a frame pair gets its answer, and places are searched in those maps.

The heads of Table 2 were trained on crops, to tell whether an event is in them, not where. A place's score is the mean of
the answers to all windows that hold it, so an event stands out where these windows overlap most: at itself. An answer is
a probability, or the margin between the logits: heads that are far too sure give many windows a probability of one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from tqdm import tqdm

from tapnb.detect import Joining, joined, of_map, usable_pairs
from tapnb.event_map import margin_maps, probabilities
from tapnb.movies import Movie
from tapnb.recognise import Recogniser
from tapnb.store import kinds, runs
from tapnb.studies import event_controls, strategies
from tapnb.studies.event_controls import MOST
from tapnb.studies.events import HELD_OUT

STRIDE = 8
"""Pixels between two windows."""


ANSWERS = ("probability", "margin")

ANY = Joining(lowest=-np.inf, most=MOST.most)
"""A margin below zero is a low score, and a score all the same."""


def found(recogniser: Recogniser, movie: Movie) -> dict[str, pd.DataFrame]:
    """What a head finds in a movie by each of :data:`ANSWERS`, as of :meth:`tapnb.detect.Detector.find`.

    It does not tell kinds apart.

    Parameters
    ----------
    recogniser : Recogniser
        With a head of :func:`tapnb.event_map.margin_maps`.
    movie : Movie
    """
    pairs, side = usable_pairs(movie), recogniser.size // STRIDE
    maps = margin_maps(recogniser.features, recogniser.head, movie, STRIDE, frame_pairs=pairs)
    peaks: dict[str, list[pd.DataFrame]] = {answer: [] for answer in ANSWERS}
    for t, margins in zip(pairs, tqdm(maps, desc="windows", unit="frame pair", total=len(pairs), leave=False)):
        for answer, of_windows in zip(ANSWERS, (probabilities(margins), margins)):
            peaks[answer].append(of_map(covered(of_windows, side)[None], t + 1, ["division"], ANY, STRIDE))
    return {answer: joined(of_answer, ANY) for answer, of_answer in peaks.items()}


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

    names = {"probability": f"windows of {name}", "margin": f"windows of {name} by margin"}

    def make(folder: Path) -> dict:
        head = strategies.recogniser(strategy, seed, on)
        of_train, of_held_out = ({names[answer]: table for answer, table in found(head, movie).items()}
                                 for movie in (train, held_out))
        return event_controls.keep(folder, train, of_train, of_held_out)

    parameters = {"windows of": strategy.name, "answers": list(ANSWERS)}
    return runs.run(kinds.EVENT_CONTROLS, {"train": train, HELD_OUT: held_out}, parameters, seed, make, mode=mode, command=command, on=on)

