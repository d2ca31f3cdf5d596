"""Where the paper's text, the authors' scripts and this project differ: what each difference does, measured.

Labels and balancing are counted. A strategy is compared with itself: our side is the run that is published already,
the other side is that run with one parameter changed. How augmentation fills a crop and how features are rounded are
measured in :mod:`tapnb.studies.differences_fill` and :mod:`tapnb.studies.differences_rounding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan, sqrt

import numpy as np
import pandas as pd
import torch

from tapnb import crops, dataset
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.metrics import confusion, ranking, scores
from tapnb.metrics.scores import SCORES
from tapnb.movies import Movie
from tapnb.pretrain import PretrainSettings
from tapnb.settings import restored
from tapnb.store import runs
from tapnb.store.runs import Run
from tapnb.studies import tables
from tapnb.studies.effects import Effect, share_difference
from tapnb.studies.pretraining import tap_run
from tapnb.studies.strategies import like, predictions

OPTIONS = {"replacement": "balanced by drawing with replacement",
           "redraw_norms": "BatchNorm scales redrawn from N(0, 1)",
           "keep_trained_norms": "BatchNorm statistics of the trained network"}
"""Parameters of a strategy's run that turn the scripts' way on."""

BRIEF = ("F1", "average precision", "spread of rec 0 over runs")
"""What the table of all differences has of the effects on scores."""

SCHEDULES, SCHEDULE_EPOCHS = ("one-cycle", "cyclic"), 6
"""Epochs of the short trainings that compare learning rates: three cycles."""


def label_effects(movie: Movie, pairs: crops.CropPairs, criterion: str, threshold: int) -> list[Effect]:
    """Labels under the scripts' way of measuring an area (mask values summed, "more than") against ours.

    Parameters
    ----------
    movie : Movie
        With masks.
    pairs : CropPairs
    criterion, threshold
        See :func:`tapnb.dataset.label`.
    """
    pixels, values = (dataset.labelled_areas(movie.masks, pairs, count) for count in (False, True))
    ours = dataset.label(pixels, criterion, threshold)
    ways = {"values": ("a pixel of a death counts twice", dataset.label(values, criterion, threshold)),
            "above": (f"more than {threshold} labelled pixels, not from {threshold} on",
                      dataset.label(pixels, criterion, threshold + 1)),
            "scripts": ("both of these, as in the scripts", dataset.label(values, criterion, threshold + 1))}
    effects = []
    for key, (text, other) in ways.items():
        changed = int((ours != other).sum())
        effects.append(Effect(f"labels_{key}", text, f"positive among {len(pairs)} crop pairs", ours.sum(), other.sum(),
                              int(other.sum()) - int(ours.sum()), digits=0,
                              note=f"{changed} labels change, {100 * changed / len(pairs):.2f} %"))
    return effects


def balancing_effects(movie: Movie, settings: DatasetSettings) -> list[Effect]:
    """Distinct crop pairs in the balanced training set, drawn without and with replacement.

    Parameters
    ----------
    movie : Movie
    settings : DatasetSettings
        Measured with its ``training_pairs`` and without.
    """
    effects = []
    for key, limit in {"all": 0, "kept": settings.training_pairs}.items():
        if key == "kept" and not limit:
            continue
        drawn = [event_dataset(movie, replace(settings, training_pairs=limit, replacement=way)).parts["balanced"]
                 for way in (False, True)]
        ours, other = (len(np.unique(index)) for index in drawn)
        effects.append(Effect(f"distinct_{key}", OPTIONS["replacement"], "distinct crop pairs in the training set"
                              + (f" of at most {limit}" if limit else ""), ours, other, other - ours, digits=0,
                              note=f"of {len(drawn[0])} and {len(drawn[1])} pairs drawn"))
    return effects


def both_ways(published: Run, option: str, movie: Movie, tap: Run, *, mode: str, on: torch.device,
              command: str) -> tuple[Run, Run]:
    """A strategy our way and with one of the scripts' :data:`OPTIONS`; what is published is not trained again.

    Parameters
    ----------
    published : Run
        Of :func:`tapnb.studies.strategies.strategy_run`.
    option : str
    movie : Movie
    tap : Run
        The pretraining on which ``published`` rests.
    mode, on, command
        See :func:`tapnb.store.runs.run`.

    Returns
    -------
    ours, other : Run

    Raises
    ------
    ValueError
        If the option is unknown, or ``published`` rests on other features than those of ``tap``.
    """
    if option not in OPTIONS:
        raise ValueError(f"unknown option {option!r}; choose from {', '.join(OPTIONS)}")
    runs.check_pretraining(published, tap)
    group = "dataset" if option == "replacement" else "training"
    is_on = published.record["parameters"][group][option]
    other = like(published, movie, tap, **{group: {option: not is_on}}, mode=mode, on=on, command=command)
    return (other, published) if is_on else (published, other)


def score_effects(name: str, option: str, ours: Run, other: Run, draws: int = 2000) -> list[Effect]:
    """The four scores and F1, with 95 % intervals on the same frames, and the spread of class 0's recall over runs, without one.

    Parameters
    ----------
    name : str
        The strategy.
    option : str
        One of :data:`OPTIONS`.
    ours, other : Run
        From :func:`both_ways`: of their records only the counts are used.
    draws : int
        See :func:`tapnb.metrics.confusion.resample`.
    """
    counts = {side: tables.counts(run) for side, run in (("other", other), ("ours", ours))}
    per_run = [confusion.scores_and_f1(counts[side].sum(1)) for side in ("ours", "other")]
    effects = []
    for k, score in enumerate((*SCORES, "F1")):
        means = [values[..., k].mean(-1) for values in per_run]
        stds = [values[..., k].std(-1, ddof=1) if len(values) > 1 else nan for values in per_run]
        e = confusion.difference(counts, score, draws)
        effects.append(Effect(f"{name}_{option}_{score.replace(' ', '_')}", f"{name}: {OPTIONS[option]}", score, *means,
                              e.value, e.low, e.high, 2, *stds, len(per_run[0]), runs=(ours, other)))
    if min(map(len, per_run)) > 1:
        spreads = [values[..., 1].std(-1, ddof=1) for values in per_run]
        effects.append(Effect(f"{name}_{option}_spread", f"{name}: {OPTIONS[option]}", "spread of rec 0 over runs", *spreads,
                              spreads[1] - spreads[0], runs=(ours, other)))  # a few runs do not say how much their spread varies
    return effects


def ranking_effect(name: str, option: str, ours: Run, other: Run, t: np.ndarray, draws: int = 2000) -> Effect:
    """Average precision, which no threshold decides, by :func:`tapnb.metrics.ranking.precision_differences`.

    Parameters
    ----------
    name, option, ours, other
        See :func:`score_effects`; of the runs the predictions are used.
    t : int array
        Earlier frame of every crop pair of the dataset.
    draws : int
    """
    answers = {"ours": predictions(ours), "other": predictions(other)}
    (difference,) = ranking.precision_differences(answers, t, [("other", "ours")], draws).itertuples()
    summaries = [scores.mean_and_spread(scores.scores_per_run(of_one))["average precision"]
                 for of_one in answers.values()]
    return Effect(f"{name}_{option}_ranking", f"{name}: {OPTIONS[option]}", "average precision",
                  *(summary["mean"] for summary in summaries), difference.difference, difference.low, difference.high,
                  3, *(summary["std"] for summary in summaries), answers["ours"]["seed"].nunique(), runs=(ours, other))


def in_brief(on_scores: list[Effect]) -> list[Effect]:
    """Of the effects on scores those that the table of all differences has: :data:`BRIEF`."""
    return [effect for effect in on_scores if effect.measured in BRIEF]


def runs_by_role(published: dict[str, Run], both: dict[tuple[str, str], tuple[Run, Run]],
                 schedules: tuple[Run, ...] = (), rounded: Run | None = None) -> dict[str, Run]:
    """All runs that are compared, by the role under which they are published; a run has one role only.

    Parameters
    ----------
    published : dict of Run
        By strategy, and "tap": our side.
    both : dict
        From (strategy, option) to :func:`both_ways`.
    schedules : tuple of Run
        From :func:`schedule_runs`; empty: none.
    rounded : Run, optional
        From :func:`tapnb.studies.differences_rounding.rounding_run`.
    """
    other = {f"{name} {option}": run for (name, option), sides in both.items() for run in sides
             if run.name != published[name].name}
    other |= dict(zip(("schedule one-cycle", "schedule cyclic"), schedules))
    return published | other | ({"rounding": rounded} if rounded else {})


def runs_both_ways(both_ways_run: dict[tuple[str, str], tuple[Run, Run]]) -> pd.DataFrame:
    """Scores of every single run, our way once and each of the scripts' ways.

    Parameters
    ----------
    both_ways_run : dict
        From (strategy, option) to :func:`both_ways`.

    Returns
    -------
    DataFrame
        Columns ``strategy``, ``way``, ``seed`` and the four scores.
    """
    parts = {}
    for (name, option), (ours, other) in both_ways_run.items():
        parts |= {(name, "here"): ours, (name, OPTIONS[option]): other}
    frames = [pd.DataFrame(confusion.scores(tables.counts(run).sum(1)), columns=list(SCORES))
              .assign(strategy=name, way=way, seed=run.results["test"]["seeds"]) for (name, way), run in parts.items()]
    return pd.concat(frames, ignore_index=True)[["strategy", "way", "seed", *SCORES]]


def spread_effect(runs: int) -> Effect:
    """Standard deviation by n instead of by n - 1: an exact factor."""
    factor = sqrt((runs - 1) / runs)
    return Effect("std_factor", "standard deviation by n, not by n \u2212 1", f"every spread of {runs} runs, relative",
                  1, factor, factor - 1, digits=3, note="exact")


def schedule_runs(movie: Movie, held_out: Movie, tap: Run, pairs: int, test_pairs: int, *, mode: str,
                  on: torch.device, command: str, schedules: Sequence[str] = SCHEDULES) -> tuple[Run, ...]:
    """Two short trainings like the published one, by one cycle of the learning rate and by the scripts' many.

    Parameters
    ----------
    movie, held_out : Movie
    tap : Run
        The published training; all else is as in it.
    pairs : int
        Crop pairs of each training, in :data:`SCHEDULE_EPOCHS` epochs.
    test_pairs : int
        Held-out pairs of each kind.
    mode, on, command
        See :func:`tapnb.store.runs.run`.

    schedules : sequence of str
        Both, or one of them.

    Returns
    -------
    one_cycle, cyclic : Run
    """
    published = restored(PretrainSettings, tap.record["parameters"]["settings"])
    short = replace(published, pairs=pairs, pairs_per_epoch=max(published.batch, pairs // SCHEDULE_EPOCHS),
                    validation_pairs=1)  # their curves are not looked at
    return tuple(tap_run(movie, held_out, replace(short, schedule=schedule), test_pairs=test_pairs,
                         seed=tap.record["seed"], mode=mode, on=on, command=command) for schedule in schedules)


def schedule_effects(one_cycle: Run, cyclic: Run) -> list[Effect]:
    """Held-out accuracies of :func:`schedule_runs`, by kind and side of the crops."""
    return [Effect(f"schedule_{ours['sampler']}_{ours['size']}", "learning rate in cycles, not in one",
                   "accuracy, {} pairs {}, {} px".format(ours["n"], "drawn by change" if ours["sampler"] == "change"
                                                         else "drawn uniformly", ours["size"]),
                   ours["right"] / ours["n"], other["right"] / other["n"],
                   *share_difference(other["right"], other["n"], ours["right"], ours["n"]), runs=(one_cycle, cyclic))
            for ours, other in zip(one_cycle.results["accuracies"], cyclic.results["accuracies"])]
