"""What the book's player lays over a movie: labelled events, found ones, and Grad-CAM of both frames of some pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from tapnb import explain, pretrain
from tapnb.event_probability import by_kind, probability
from tapnb.movies import Movie
from tapnb.store.publication import FOUND
from tapnb.store.runs import Run
from tapnb.studies.event_probabilities import EVEN
from tapnb.studies.events import HELD_OUT
from tapnb.system import paths
from tapnb.system.files import read_json, replacing

FRAMES, PAIRS, SIDE = 48, 4, 256
"""Frames that are played, frame pairs with Grad-CAM, and the longer side of its maps in pixels."""

VERSION = 1
"""Of kept maps: raised when :func:`maps` gives others."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a detector found in a movie.

    Attributes
    ----------
    events : DataFrame
        ``t``, ``y``, ``x``, ``kind``, ``value``: the probability, or the score where one of the kinds has no calibration.
    measure : {"probability", "score"}
    threshold : float
        Of ``value``, from which on an event is shown at first: :data:`EVEN` of probabilities, the detector's of scores.
    """

    events: pd.DataFrame
    measure: str
    threshold: float


def stretch(movie: Movie, frames: int = FRAMES) -> range:
    """The frames that are played: those in the middle of the movie."""
    count = len(movie.frames)
    first = max(0, (count - frames) // 2)
    return range(first, min(count, first + frames))


def found(run: Run, movie: Movie) -> Found | None:
    """What a published detector found in the movie that was held out; None if it searched another one.

    Parameters
    ----------
    run : Run
        From :func:`tapnb.studies.events.detector_run`, its folder with what it found.
    movie : Movie
    """
    searched = run.record["movies"].get(HELD_OUT, {})
    if searched.get("fingerprint") != movie.fingerprint or not (run.folder / FOUND).is_file():
        return None
    table = pd.read_parquet(run.folder / FOUND)
    table = table[table["part"] == HELD_OUT].astype({"kind": str})
    judged = run.results["validation"]
    values = probability(table, by_kind(judged["calibration"], run.record["parameters"]["detector"]["kinds"]))
    if np.isnan(values).any():
        return Found(table.assign(value=table["score"]), "score", judged["threshold"] or 0.5)
    return Found(table.assign(value=values), "probability", EVEN)


def maps(tap: Run, movie: Movie, pairs: range) -> dict[str, np.ndarray]:
    """Grad-CAM of both frames of some pairs, small; kept under ``runs/``, since a large frame takes seconds.

    Parameters
    ----------
    tap : Run
        The pretraining whose network is asked.
    movie : Movie
    pairs : range
        Earlier frames of consecutive pairs.

    Returns
    -------
    dict of uint8 array, shape (n, h, w)
        "grad_cam" of the pairs' first and "second" of their second frames; 255 is what one pixel in a thousand exceeds.
    """
    name = f"{tap.name}-{movie.fingerprint}-{pairs.start}-{pairs.stop}-{VERSION}.npz"
    kept = paths.runs() / "player" / name
    if not kept.is_file():
        model, features = pretrain.load(tap.folder), {}
        every = [explain.maps(model, movie, t, kept=features) for t in pairs]
        drawn = {role: np.stack([_small(of_pair[role]) for of_pair in every]) for role in ("grad_cam", "second")}
        most = {role: max(float(np.quantile(values, 0.999)), 1e-12) for role, values in drawn.items()}
        bytes_ = {role: (255 * np.clip(values / most[role], 0, 1)).round().astype(np.uint8)
                  for role, values in drawn.items()}
        with replacing(kept) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **bytes_)
    with np.load(kept, allow_pickle=False) as content:
        return dict(content)


def _small(importance: np.ndarray) -> np.ndarray:
    """A map in means of neighbouring pixels, its longer side at most :data:`SIDE`."""
    factor = min(1.0, SIDE / max(importance.shape))
    high, wide = (max(1, round(side * factor)) for side in importance.shape)
    return np.asarray(Image.fromarray(importance).resize((wide, high), Image.Resampling.BOX))


def detector_of(movie: str, results: Path) -> Run | None:
    """The detector published for a built-in movie, with its record; None if there is none."""
    folder = results / "detectors" / movie
    return Run(folder, read_json(folder / "record.json")) if (folder / "record.json").is_file() else None
