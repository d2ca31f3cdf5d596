"""Detectors of events as runs: trained on one movie, tried on another, with every event that they find kept."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import pretrain
from tapnb.detect import COLUMNS, KINDS, Detector, rescaling, usable_pairs
from tapnb.detector_training import DetectorSettings, train_detector
from tapnb.event_groups import events_of_masks
from tapnb.event_probability import by_kind, margin
from tapnb.metrics import calibration
from tapnb.metrics import events as scores
from tapnb.models import CHANNELS
from tapnb.movies import Movie
from tapnb.store import kinds, runs
from tapnb.store.publication import FOUND
from tapnb.system import paths
from tapnb.system.files import replacing, write_json

WEIGHTS, RECORD = "detector.safetensors", "record.json"
"""What a run leaves in its folder besides the events that it found, and its record."""

DETECTORS = {"A": {"features": "TAP", "trained": False}, "B": {"features": "random", "trained": False},
             "C": {"features": "random", "trained": True}, "D": {"features": "TAP", "trained": True}}
"""The book's strategies, with a detector for a head: settings by name."""

VALIDATION, HELD_OUT = "validation", "held-out"

LEAST = 5
"""True events, and false ones, that the calibration of a kind needs."""

GAP = 3
"""Frames between those that are learnt from and those of the last fifth."""


@dataclass(frozen=True)
class Labels:
    """Which of the training movie's events have a label.

    Attributes
    ----------
    events : int
        So many of those to learn from, drawn at random; 0: all.
    draw : int
        Which ones.
    """

    events: int = 0
    draw: int = 0


def true_events(movie: Movie, wanted: tuple[str, ...] = KINDS) -> pd.DataFrame:
    """The labelled events of a movie: ``t``, ``y``, ``x``, ``kind``, in the order of time.

    Where only masks are known, pixels that touch in space and time are one event.

    Raises
    ------
    ValueError
        If the movie has neither a list of events nor masks.
    """
    if movie.events is None and movie.masks is None:
        raise ValueError(f"the movie {movie.name!r} has no labelled events: give them as points, one an event")
    events = events_of_masks(movie.masks) if movie.events is None else movie.events
    table = events[events["kind"].isin(wanted) & (events["t"] > 0)]
    return table[["t", "y", "x", "kind"]].sort_values(["t", "y", "x"], ignore_index=True)


def split_pairs(movie: Movie) -> tuple[np.ndarray, np.ndarray]:
    """Frame pairs to learn from, and those of the movie's last fifth, on which steps and threshold are chosen."""
    last_fifth = round(0.8 * len(movie.frames))
    pairs = usable_pairs(movie)
    return pairs[pairs + 1 < last_fifth - GAP], pairs[pairs >= last_fifth]


def labelled(events: pd.DataFrame, pairs: np.ndarray, labels: Labels = Labels()) -> pd.DataFrame:
    """The events of some frame pairs, or as many of them as have a label.

    Raises
    ------
    ValueError
        If there are fewer.
    """
    there = events[(events["t"] - 1).isin(pairs)]
    if not labels.events:
        return there
    if labels.events > len(there):
        raise ValueError(f"{labels.events} labelled events were asked for, but {len(there)} lie in the frames to learn "
                         "from: ask for fewer, or 0 for all")
    return there.iloc[np.sort(np.random.default_rng([25, labels.draw]).permutation(len(there))[: labels.events])]


def detector_run(name: str, movie: Movie, tap: runs.Run, settings: DetectorSettings, held_out: Movie | None = None,
                 *, labels: Labels = Labels(), negatives: pd.DataFrame | None = None, held_back: bool = True,
                 seed: int = 20, mode: str, on: torch.device, command: str,
                 announce: Callable[[], None] = lambda: None) -> runs.Run:
    """Train one detector and let it search the last fifth of its movie and another movie.

    Its folder keeps the detector (:func:`detector`) and what it found (:func:`found`); its record how the training went
    and how many events it learnt from.

    Parameters
    ----------
    name : str
        One of :data:`DETECTORS`.
    movie : Movie
    tap : Run
        The pretraining whose features are used, or whose architecture the random ones copy.
    settings : DetectorSettings
        ``features`` and ``trained`` are the strategy's, and with few labels nothing is ``complete``.
    held_out : Movie, optional
    labels : Labels
    negatives : DataFrame, optional
        Places that are known to hold no event: ``t``, ``y``, ``x``.
    held_back : bool
        Whether the movie's last fifth is for judging only; if not, the detector learns from all of it. Without a labelled event there
        the last detector is kept.
    seed : int
    mode, on, command
        See :func:`tapnb.store.runs.run`.
    announce : callable
        Called before a training, and not where the run is there already.
    """
    if name not in DETECTORS:
        raise ValueError(f"unknown strategy {name!r}; choose from {', '.join(DETECTORS)}")
    settings = replace(settings, **DETECTORS[name], complete=settings.complete and not labels.events)

    def make(folder: Path) -> dict:
        announce()
        tap_features = pretrain.load(tap.folder, on).features
        learnt, checked = split_pairs(movie) if held_back else (usable_pairs(movie), np.zeros(0, int))
        own = true_events(movie, settings.kinds)
        of_last_fifth, training = labelled(own, checked), labelled(own, learnt, labels)

        def check(detector: Detector) -> float:
            found = detector.find(movie, checked, progress=False)
            return scores.average_precision(scores.matched(found, of_last_fifth, len(checked)))

        checkpoint = folder / "checkpoint.pt"
        best, course = train_detector(tap_features, movie, training, settings, negatives=negatives, frame_pairs=learnt,
                                      seed=seed, check=check if len(of_last_fifth) else None, on=on, checkpoint=checkpoint)
        best.save(folder / WEIGHTS)
        best = Detector.load(folder / WEIGHTS, on)  # what is kept is what is judged
        tables = {VALIDATION: best.find(movie, checked)} | ({HELD_OUT: best.find(held_out)} if held_out else {})
        with replacing(folder / FOUND) as temporary:
            pd.concat([table.assign(part=part) for part, table in tables.items()], ignore_index=True).astype(
                {"part": "category", "kind": "category", "t": "int32"}).to_parquet(temporary, index=False)
        checkpoint.unlink(missing_ok=True)
        return {"course": course, "events": len(training), "frame_pairs": len(learnt),
                "validation": judged(tables[VALIDATION], of_last_fifth, len(checked))}

    key = {"strategy": name, "detector": settings, "labels": asdict(labels), "events": digest(true_events(movie))}
    if negatives is not None:
        key["negatives"] = digest(negatives)
    if not held_back:
        key["held_back"] = False
    if DETECTORS[name]["features"] == "TAP":
        key["tap"] = tap.name
    elif (channels := tap.record["parameters"]["settings"]["channels"]) != list(CHANNELS):
        key["channels"] = channels  # random features are of the pretraining's architecture
    if held_out and (zoom := rescaling(held_out.um_per_pixel, movie.um_per_pixel)) != 1:
        key["zoom"] = round(zoom, 3)  # what it finds depends on it, and pixel sizes are in no fingerprint
    movies = {"train": movie} | ({"held-out": held_out} if held_out else {})
    return runs.run(kinds.DETECTOR, movies, key, seed, make, mode=mode, command=command, on=on)


def judged(table: pd.DataFrame, true: pd.DataFrame, frames: int) -> dict:
    """What the events found in the last fifth say: the threshold, how good it is there, and what scores are worth.

    Returns
    -------
    dict
        ``threshold`` (of the best F1), ``precision``, ``recall``, ``f1`` at it, ``average_precision``, ``true`` (how many
        events there are), and the ``calibration`` of :func:`tapnb.event_probability.probability`. Threshold and scores are
        None where no event is found; a kind has no calibration where there are fewer than :data:`LEAST` true or false ones.
    """
    judgement = {"true": len(true), "threshold": None, "average_precision": None, "calibration": {}}
    if not frames:  # nothing was held back
        return judgement
    matched = scores.matched(table, true, frames)
    hit = matched.event >= 0
    if hit.any():
        threshold = scores.best_threshold(matched)
        at = scores.at(matched, threshold)
        judgement |= {"threshold": threshold, "average_precision": scores.average_precision(matched)}
        judgement |= {name: at[name] for name in ("precision", "recall", "f1")}
    return judgement | {"calibration": calibrations(table, true, frames)}


def calibrations(table: pd.DataFrame, true: pd.DataFrame, frames: int) -> dict[str, tuple[float, float]]:
    """What a score means, fitted for every kind apart on labelled events that were held back, see :func:`judged`."""
    fitted = {}
    for kind, own in table.groupby("kind", observed=True):
        matched = scores.matched(own.reset_index(drop=True), true[true["kind"] == kind].reset_index(drop=True), frames)
        hit = matched.event >= 0
        if min(hit.sum(), (~hit).sum()) >= LEAST:
            fitted[str(kind)] = calibration.scale_and_offset(margin(matched.scores), hit)
    return fitted


def digest(events: pd.DataFrame) -> str:
    """Eight digits that stand for a list of events, to a tenth of a pixel."""
    text = events.round({"y": 1, "x": 1}).to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def found(run: runs.Run, part: str) -> pd.DataFrame:
    """What a :func:`detector_run` found in one part, "validation" or "held-out"; the surest first."""
    table = pd.read_parquet(run.folder / FOUND)
    return table[table["part"] == part][COLUMNS].astype({"kind": str}).reset_index(drop=True)


def threshold(run: runs.Run) -> float:
    """The best threshold on the last fifth of a :func:`detector_run`'s own movie; infinite where nothing was found there."""
    chosen = run.results["validation"]["threshold"]
    return np.inf if chosen is None else chosen


def detector(run: runs.Run, on: torch.device | str = "cpu") -> Detector:
    """The detector of a :func:`detector_run`, fit to be taken to another movie."""
    judgement, loaded = run.results["validation"], Detector.load(run.folder / WEIGHTS, on)
    return replace(loaded, threshold=judgement["threshold"] or loaded.threshold,
                   calibration=by_kind(judgement["calibration"], loaded.kinds))


def published_folder(movie: str) -> Path:
    """Where the detector that was trained on a built-in movie is published."""
    return paths.results() / "detectors" / movie


def publish_detector(run: runs.Run, movie: str) -> Path:
    """Publish a run's detector, with its record and what it found, as the one of a built-in movie.

    That is what `tapnb events --model` takes, and what the book's player shows.
    """
    target = published_folder(movie)
    detector(run).save(target / WEIGHTS)
    with replacing(target / FOUND) as temporary:
        shutil.copyfile(run.folder / FOUND, temporary)
    write_json(target / RECORD, run.record)
    return target
