"""From a movie's file to a folder with the list of its events: what `tapnb events` does.

With labels a detector is trained on the movie itself, as a run that is resumed where it was interrupted and kept; with a
detector that is there already nothing is trained; with neither, candidates are listed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import detector_training, pretrain
from tapnb.asking import all_answers
from tapnb.candidates import candidates
from tapnb.detect import KINDS, Detector, usable_pairs
from tapnb.detector_training import DetectorSettings
from tapnb.event_probability import probability
from tapnb.metrics import events as scores
from tapnb.metrics import intervals
from tapnb.metrics.scores import share_interval
from tapnb.movies import Movie, catalogue
from tapnb.movies.file_names import Choice
from tapnb.store import provenance, runs
from tapnb.studies import events as study
from tapnb.system.files import read_json
from tapnb.workflow import pretrained
from tapnb.workflow.labelled_movie import at_events, labelled, labels_in_words
from tapnb.workflow.pretrained import NOTHING

HELD_BACK = 5
"""Events in a movie's last fifth from which on it is held back, to choose a threshold and to say how good it is."""

SHOWN = 500
"""Candidates that are listed, at most."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found, and what is known of it.

    Attributes
    ----------
    movie : Movie
    choice : Choice
        Which channel, position and so on of its files.
    events : DataFrame
        ``t``, ``y``, ``x``, ``kind``, ``score``, ``probability``; the surest first.
    about : dict of str
        Where the list comes from, for whoever cites it.
    quality : dict or None
        On events held back: ``precision``, ``recall``, ``f1``, ``average precision``, each (value, low, high), and
        ``events held back``, how many. ``recall`` alone where not every event is labelled.
    detector : Detector or None
        None of candidates.
    threshold : float or None
    seen : DataFrame or None
        All that the detector sees, below the threshold too: what may be asked about.
    known : DataFrame or None
        Places (``t``, ``y``, ``x``) that a person has labelled or answered for: nobody is asked about them.
    learnt : int array or None
        Frame pairs that answers can be learned from: nobody is asked about those that are held back. None: all.
    """

    movie: Movie
    choice: Choice
    events: pd.DataFrame
    about: dict[str, str]
    quality: dict | None = None
    detector: Detector | None = None
    threshold: float | None = None
    seen: pd.DataFrame | None = None
    known: pd.DataFrame | None = None
    learnt: np.ndarray | None = None


def known_detector(model: str, on: torch.device) -> tuple[Detector, dict[str, str]]:
    """A detector that is there already: the published one of a built-in movie, or a file that a search has left.

    Returns
    -------
    detector : Detector
    about : dict of str
        What it is, and how good it was where it was tried.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is none of that name, or no such file.
    """
    path = Path(model).expanduser()
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {path}: check the path, or name a published detector, such as hela")
        return Detector.load(path, on), {"detector": str(path)}
    folder = study.published_folder(model)
    if not (folder / study.RECORD).is_file():
        there = sorted(record.parent.name for record in folder.parent.glob(f"*/{study.RECORD}"))
        raise ValueError(f"no detector of {model!r} is published; choose from {', '.join(there) or 'none yet'}, give the "
                         "file of one (.safetensors), or train one with --labels")
    record = read_json(folder / study.RECORD)
    movie, validation = record["movies"]["train"], record["results"]["validation"]
    return Detector.load(folder / study.WEIGHTS, on), {
        "detector": f"{record['name']}, trained on {record['results']['events']} events of {movie['name']}",
        "its commit": str(record["commit"]),
        "its F1 there": f"{validation['f1']:.2f} on the {validation['true']} events of the last fifth, on which its "
                        "threshold was chosen"}


def with_detector(name: str, model: str, on: torch.device, say: Callable[[str], None], *, threshold: float | None = None,
                  choices: Mapping[str, object] = NOTHING) -> Outcome:
    """Search a movie with a detector that is there already; ``threshold`` and ``choices`` as for :func:`with_labels`."""
    movie, choice = catalogue.open_whole(name, **choices), catalogue.choice_of(name, **choices)
    detector, about = known_detector(model, on)
    detector = _at(detector, threshold)
    if (zoom := detector.zoom(movie)) != 1:
        say(f"the movie has pixels of {movie.um_per_pixel:g} µm, the detector was trained on {detector.um_per_pixel:g} µm: "
            f"frames are rescaled by {zoom:.2f}")
    elif not (movie.um_per_pixel and detector.um_per_pixel):
        say("a pixel size is unknown, so frames are taken as they are: cells should be as large as in the detector's movie")
    return _searched(movie, choice, detector, about, None, say)


def with_labels(name: str, labels: str | None, on: torch.device, say: Callable[[str], None], *,
                answers: Sequence[str] = (), strategy: str = "D", features: str = "hela",
                settings: DetectorSettings = DetectorSettings(), threshold: float | None = None, seed: int = 20,
                choices: Mapping[str, object] = NOTHING, command: str = "tapnb.workflow.find_events.with_labels") -> Outcome:
    """Train a detector on a movie's own labels, then search the movie.

    Parameters
    ----------
    name, labels : str
        See :func:`tapnb.workflow.labelled_movie.open_labelled`.
    on : torch.device
    say : callable
        Takes sentences on what comes and how long it takes.
    answers : sequence of str
        Tables of places that were asked about, filled in, one a round, see :func:`tapnb.asking.all_answers`. Where they are all
        there is, not every event is labelled.
    strategy : str
        One of :data:`tapnb.studies.events.DETECTORS`.
    features : str
        See :func:`tapnb.workflow.pretrained.of_movie`.
    settings : DetectorSettings
        ``kinds`` become those that are labelled.
    threshold : float, optional
        From which score on an event is listed; by default the best on the events that are held back.
    seed : int
    choices : mapping
        Options of the movie, such as ``channel``, see :func:`tapnb.movies.catalogue.open_movie`.
    command : str
        For the training's record.
    """
    if isinstance(answers, str):
        raise ValueError(f"answers is the text {answers!r}: give a list of files, one a round")
    tap = pretrained.of_movie(name, features, say, choices)
    movie, choice = catalogue.open_whole(name, **choices), catalogue.choice_of(name, **choices)
    confirmed = negatives = None
    if answers:
        confirmed, negatives = all_answers(answers, movie.shape)
        settings = replace(settings, complete=settings.complete and labels is not None)
    movie = labelled(movie, labels, confirmed, choice)
    if negatives is not None and (at := at_events(negatives, movie.events)).any():
        say(f"{at.sum()} of the places that were answered with none lie{'s' * (at.sum() == 1)} at an event that is labelled: "
            "not learned as none")
        negatives = negatives[~at].reset_index(drop=True)
    say(labels_in_words(movie, settings.complete, confirmed))
    kinds = tuple(kind for kind in KINDS if (movie.events["kind"] == kind).any())
    settings = replace(settings, kinds=kinds)
    learnt, checked = study.split_pairs(movie)
    early, late = (movie.events[(movie.events["t"] - 1).isin(pairs)] for pairs in (learnt, checked))
    unlearnt = [kind for kind in kinds if not (early["kind"] == kind).any()]  # of a kind, were the last fifth held back
    held_back = len(late) >= HELD_BACK and not unlearnt
    if held_back:
        say(f"learning from {_counted(len(early), 'event')}; {len(late)} in the last fifth of the movie are held back to say how good "
            "it is")
    else:
        why = (f"no {unlearnt[0]} lies before the last fifth of the movie, which could be held back otherwise"
               if len(late) >= HELD_BACK else "too few lie in the last fifth of the movie to hold them back")
        every = "the only event" if len(movie.events) == 1 else f"all {len(movie.events)} events"
        say(f"learning from {every}: {why}, so nothing will be known of how good it is")
    run = study.detector_run(strategy, movie, tap, settings, negatives=negatives, held_back=held_back, seed=seed,
                             mode="execute", on=on, command=command,
                             announce=lambda: _announce(movie, tap, settings, strategy, len(checked) * held_back, on, say))
    # a kept detector has the size that the movie's pixels were given when it was trained; it learned from them unscaled
    detector, quality = replace(_at(study.detector(run, on), threshold), um_per_pixel=movie.um_per_pixel), None
    if held_back:
        true = study.labelled(study.true_events(movie, kinds), checked)
        quality = held_back_quality(study.found(run, study.VALIDATION), true, len(checked), detector.threshold)
    if not settings.complete:  # what is found beside the labelled events may well be one
        detector = replace(detector, calibration={})
        quality = quality and {name: quality[name] for name in ("recall", "events held back")}
    about = {"detector": run.name, "trained from": f"strategy {strategy}, {tap.name}",
             "labels": f"{_counted(len(movie.events), 'event')} from {' and '.join(filter(None, (labels, *answers)))}"
                       + ("" if settings.complete else "; not every event is labelled")}
    known = pd.concat([table[["t", "y", "x"]] for table in (movie.events, negatives) if table is not None], ignore_index=True)
    return replace(_searched(movie, choice, detector, about, quality, say), known=known, learnt=learnt if held_back else None)


def as_candidates(name: str, features: str, on: torch.device, say: Callable[[str], None],
                  choices: Mapping[str, object] = NOTHING) -> Outcome:
    """List where the arrow of time is strongest, for a movie without labels.

    ``features`` are as for :func:`tapnb.workflow.pretrained.model`, ``choices`` as for :func:`with_labels`.
    """
    model, model_name = pretrained.model(name, features, on, say, choices)
    movie, choice = catalogue.open_whole(name, **choices), catalogue.choice_of(name, **choices)
    pairs = usable_pairs(movie)
    start = time.perf_counter()
    candidates(model, movie, pairs[:2])
    say(f"searching {_counted(len(pairs), 'frame pair')}: about {_duration((time.perf_counter() - start) / 2 * len(pairs))}")
    table = candidates(model, movie).head(SHOWN).assign(probability=np.nan)
    return Outcome(movie, choice, table, {"places of": f"the arrow of time, {model_name}"} | _citable(movie, on),
                   threshold=1.0, seen=table)


def _at(detector: Detector, threshold: float | None) -> Detector:
    """The detector with another threshold, if there is one."""
    return detector if threshold is None else replace(detector, threshold=threshold)


def held_back_quality(found: pd.DataFrame, true: pd.DataFrame, frames: int, threshold: float) -> dict:
    """How good a detector is on events that it did not learn from: scores with 95 % intervals, see :class:`Outcome`."""
    matched = scores.matched(found, true, frames)
    at = scores.at(matched, threshold)
    quality = {"precision": (at["precision"], *share_interval(at["true"], at["found"])),
               "recall": (at["recall"], *share_interval(at["true"], len(true)))}
    for name, resampled in (("f1", scores.resampled_f1([matched], [threshold])),
                            ("average precision", scores.resampled_average_precision([matched]))):
        estimate = intervals.estimate(resampled)
        quality[name] = (estimate.value, max(estimate.low, 0.0), min(estimate.high, 1.0))
    return quality | {"events held back": len(true)}


def _searched(movie: Movie, choice: Choice, detector: Detector, about: dict[str, str], quality: dict | None,
              say: Callable[[str], None]) -> Outcome:
    pairs, on = usable_pairs(movie), next(detector.head.parameters()).device
    start = time.perf_counter()
    list(detector.maps(movie, pairs[:1]))  # two frames: those after it need one each
    say(f"searching {_counted(len(pairs), 'frame pair')}: about {_duration((time.perf_counter() - start) / 2 * len(pairs))}")
    seen = detector.find(movie)
    seen = seen.assign(probability=probability(seen, detector.calibration))
    table = seen[seen["score"] >= detector.threshold].reset_index(drop=True)
    return Outcome(movie, choice, table, about | _citable(movie, on), quality, detector, detector.threshold, seen)


def _announce(movie: Movie, tap: runs.Run, settings: DetectorSettings, strategy: str, checked: int, on: torch.device,
              say: Callable[[str], None]) -> None:
    """Say how long the training will take, from two of its steps and one frame pair."""
    features, pairs = pretrain.load(tap.folder, on).features, usable_pairs(movie)
    for steps in (1, 2):  # the first one is slower: memory is found for it
        tried = replace(settings, steps=steps, checks=1, hard_negatives=False, **study.DETECTORS[strategy])
        start = time.perf_counter()
        detector, _ = detector_training.train_detector(features, movie, movie.events, tried, on=on)
        step = (time.perf_counter() - start) / steps
    start = time.perf_counter()
    list(detector.maps(movie, pairs[:1]))
    frame = (time.perf_counter() - start) / 2
    mined = 2 * min(detector_training.SEARCHED, len(pairs)) * settings.hard_negatives
    searches = checked * (settings.checks + 1) + mined
    say(f"training {settings.steps} steps: about {_duration(step * settings.steps + frame * searches)}; Ctrl-C loses "
        f"{detector_training.KEPT} steps at most")


def _citable(movie: Movie, on: torch.device) -> dict[str, str]:
    commit, dirty = provenance.commit()
    return {"movie": f"{movie.name} ({movie.source or 'no source given'})", "fingerprint": movie.fingerprint,
            "tapnb": f"{provenance.versions()['tapnb']}, commit {commit or 'unknown'}{' with changes' if dirty else ''}",
            "device": str(on), "time": provenance.now()}


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
