"""How many labelled events a detector needs, with features from pretraining and without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from tapnb.detector_training import DetectorSettings
from tapnb.metrics import events as scores
from tapnb.metrics import intervals
from tapnb.metrics.intervals import Estimate, Resampled
from tapnb.metrics.scores import with_interval
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.studies import event_scores, events, tables

CHECKS = 2
"""How often a detector is looked at while it is trained: trainings with few labels are half as long as with all."""

SEED = 20
"""Of all of them: draws differ in what is labelled, not in the initial weights."""

ASKED = (("A", "C"), ("D", "C"))
"""How many labels does the second need to be as good as the first? C begins with random features, A and D with TAP's."""

MEASURES = ("average precision", "f1", "best")
"""What is estimated of every point, of :data:`tapnb.studies.event_scores.MEASURES`."""

STEPS = 200
"""Numbers of labels, from the fewest to the most that were tried, that an end of an interval may have."""


def settings(parameters: Mapping, movie: Movie) -> DetectorSettings:
    """How the notebook's detectors are trained from few labels."""
    return replace(event_scores.detector_settings(dict(parameters), movie), steps=parameters["event_few_steps"], checks=CHECKS)


def all_labels(parameters: Mapping) -> list[tuple[str, events.Labels]]:
    """What is to be trained: strategies, and which events are labelled. One draw of all of them before the next."""
    return [(name, events.Labels(count, draw)) for draw in range(parameters["event_few_draws"])
            for count in parameters["event_few_labels"] for name in parameters["event_few_strategies"]]


def role(name: str, labels: events.Labels) -> str:
    """Under which the run is published."""
    return f"detector {name}, {labels.events} labelled, draw {labels.draw}"


def few_run(name: str, labels: events.Labels, train: Movie, held_out: Movie, tap: runs.Run, parameters: Mapping, *, mode: str,
            on: torch.device, command: str) -> runs.Run:
    """Train one detector from few labels, see :func:`tapnb.studies.events.detector_run`."""
    return events.detector_run(name, train, tap, settings(parameters, train), held_out, labels=labels, seed=SEED, mode=mode, on=on,
                               command=command)


@dataclass(frozen=True, eq=False)
class Point:
    """Detectors of one strategy with the same number of labels, on the events of the held-out movie.

    Attributes
    ----------
    name : str
    labels : int
        Labelled events.
    runs : list of Run
        One a draw of them; with every label, one a seed.
    average_precision, f1, best : Resampled
        Average precision, F1 at the threshold that each run chose on its own movie, and F1 at the best one, of every run and under
        draws of the events.
    """

    name: str
    labels: int
    runs: list[runs.Run]
    average_precision: Resampled
    f1: Resampled
    best: Resampled


def points(few: Iterable[tuple[str, runs.Run]], whole: Mapping[str, list[runs.Run]], held_out: Movie) -> list[Point]:
    """All numbers of labels of every strategy of which there are few.

    Parameters
    ----------
    few : iterable of (str, Run)
        Strategies with their :func:`few_run`.
    whole : dict of list of Run
        The same strategies, and others, with all labels.
    held_out : Movie
    """
    grouped: dict[tuple[str, int], list[runs.Run]] = {}
    few = list(few)
    with_all = [(name, run) for name in dict.fromkeys(name for name, _ in few) for run in whole.get(name, [])]
    for name, run in few + with_all:
        grouped.setdefault((name, run.results["events"]), []).append(run)
    return [point(name, labels, own, held_out) for (name, labels), own in sorted(grouped.items())]


def point(name: str, labels: int, own: list[runs.Run], held_out: Movie) -> Point:
    """The point of some runs, on all events of the held-out movie."""
    true, frames = events.true_events(held_out), len(held_out.frames) - 1
    matched = [scores.matched(events.found(run, events.HELD_OUT), true, frames) for run in own]
    return Point(name, labels, own, scores.resampled_average_precision(matched),
                 scores.resampled_f1(matched, [events.threshold(run) for run in own]),
                 scores.resampled_f1(matched, [scores.best_threshold(m) for m in matched]))


def paired(first: Point, second: Point) -> Estimate:
    """Average precision of the first minus that of the second, draw by draw of the labels: their runs stand in the same order."""
    return intervals.estimate(intervals.paired(first.average_precision, second.average_precision))


def estimates(collected: list[Point]) -> pd.DataFrame:
    """``name``, ``labels``, ``runs``, ``measure`` (of :data:`MEASURES`), ``value``, ``low``, ``high``, ``each`` (of every run)."""
    rows = []
    for point in collected:
        for measure, resampled in zip(MEASURES, (point.average_precision, point.f1, point.best)):
            e = intervals.estimate(resampled)
            rows.append({"name": point.name, "labels": point.labels, "runs": len(point.runs), "measure": measure,
                         "value": e.value, "low": max(e.low, 0.0), "high": min(e.high, 1.0), "each": resampled.runs})
    return pd.DataFrame(rows, columns=["name", "labels", "runs", "measure", "value", "low", "high", "each"])


def table(estimated: pd.DataFrame) -> pd.DataFrame:
    """:func:`estimates` as text, a row a strategy and number of labels, with the average precision of every run."""
    titles = {measure: event_scores.MEASURES[measure] for measure in MEASURES}
    rows = []
    for (name, labels), own in estimated.groupby(["name", "labels"], sort=False):
        each = own.loc[own["measure"] == MEASURES[0], "each"].iloc[0]
        rows.append({"strategy": name, "labelled events": str(labels), "of each run": ", ".join(f"{value:.2f}" for value in each)}
                    | {titles[r.measure]: with_interval(r.value, r.low, r.high) for r in own.itertuples()})
    return pd.DataFrame(rows, columns=["strategy", "labelled events", titles[MEASURES[0]], "of each run", *list(titles.values())[1:]])


def differences(collected: Sequence, asked: Sequence[tuple[str, str]] = ASKED) -> pd.DataFrame:
    """What the first of a pair has more than the second with as many labels, in average precision.

    Parameters
    ----------
    collected : sequence of Point
        Or of anything with their ``name``, ``labels`` and ``average_precision``.
    asked : sequence of (first, second)

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``labels``, ``difference``, ``low``, ``high``, ``freedom`` (of Student's distribution). The runs of both sides are taken for independent, though they
        saw the same draws of labels: intervals may be too wide.
    """
    of = {(point.name, point.labels): point.average_precision for point in collected}
    rows = []
    for first, second in asked:
        for labels in sorted({labels for _, labels in of}):
            if (first, labels) in of and (second, labels) in of:
                e = intervals.estimate(of[first, labels], of[second, labels])
                rows.append({"first": first, "second": second, "labels": labels, "difference": e.value, "low": e.low, "high": e.high,
                             "freedom": e.freedom})
    return pd.DataFrame(rows, columns=["first", "second", "labels", "difference", "low", "high", "freedom"])


def differences_table(compared: pd.DataFrame) -> pd.DataFrame:
    """:func:`differences` as text, a row a number of labelled events."""
    text = compared.assign(pair=compared["first"] + " \u2212 " + compared["second"], text=[
        tables.signed(r.difference, r.low, r.high, 3) for r in compared.itertuples(index=False)])
    rows = [{"labelled events": str(labels)} | dict(zip(own["pair"], own["text"])) for labels, own in text.groupby("labels")]
    return pd.DataFrame(rows, columns=["labelled events", *dict.fromkeys(text["pair"])]).fillna("\u2013")


@dataclass(frozen=True)
class Needed:
    """Labels with which ``second`` has the average precision of ``first`` with ``at`` labels; 95 % interval, see :func:`needed`.

    Beyond the numbers of labels that were tried nothing is known: an end there is that number, and a bound.
    """

    first: str
    second: str
    at: int
    value: float
    low: float
    high: float
    tried: tuple[int, int]

    @property
    def text(self) -> str:
        """Such as "12 (5.1 to at least 50)", or "at least 50"."""
        return self.written(*map(_short, (self.value, self.low, self.high)))

    @property
    def saved(self) -> tuple[float, float, float]:
        """Labels that the first's pretraining saves, and their 95 % interval: those that the second needs, minus those of the first."""
        return tuple(round(labels - self.at, 9) + 0.0 for labels in (self.value, self.low, self.high))  # no noise, and no minus zero

    @property
    def saved_text(self) -> str:
        """:attr:`saved` written like :attr:`text`."""
        return self.written(*map(_short, self.saved))

    def written(self, value: str, low: str, high: str) -> str:
        """Three texts in one, with "at most" or "at least" where so many labels are an end of what was tried."""
        words = {"at most ": self.tried[0], "at least ": self.tried[1]}
        value, low, high = (next((word for word, end in words.items() if np.isclose(labels, end)), "") + text
                            for text, labels in zip((value, low, high), (self.value, self.low, self.high)))
        return value if value == low == high else f"{value} ({low} to {high})"


def _short(labels: float) -> str:
    """Two digits, or whole labels where that is more."""
    return (f"{labels:.2g}" if abs(labels) < 99.5 else f"{labels:.0f}").replace("-", "\u2212")


def needed(collected: Sequence, asked: Sequence[tuple[str, str]] = ASKED, at: int = 5) -> list[Needed]:
    """How many labels the second of a pair needs to be as good as the first with ``at`` of them.

    Read from the line through the mean average precisions of the second, over the logarithm of labels. Of detectors its last
    point, with every label, was trained for longer and with negatives from anywhere. The interval holds the numbers of labels with
    which the two are not told apart, by Student's interval of their difference. Both take it that more labels do no harm, so nothing
    is said where the line is not told to rise from its first point to its last.

    Parameters
    ----------
    collected : sequence of Point
        Or of anything with their ``name``, ``labels`` and ``average_precision``.
    asked : sequence of (first, second)
    at : int
        Labels of the first; where it has no such point nothing is said.
    """
    of: dict[str, dict[int, Resampled]] = {}
    for point in collected:
        of.setdefault(point.name, {})[point.labels] = point.average_precision
    answers = []
    for first, second in asked:
        if at in of.get(first, {}) and len(of.get(second, {})) > 1:
            own, line = of[first][at], dict(sorted(of[second].items()))
            tried = min(line), max(line)
            if intervals.estimate(line[tried[1]], line[tried[0]]).low > 0:
                value = _read(line, own.runs.mean())
                answers.append(Needed(first, second, at, value, *_not_told_apart(own, line, value), tried))
    return answers


def _read(line: Mapping[int, Resampled], wanted: float) -> float:
    """Labels from which on the line has what is wanted; an end of it where it lies wholly on one side."""
    rising = np.maximum.accumulate([one.runs.mean() for one in line.values()])
    return float(np.exp(np.interp(wanted, rising, np.log(list(line)))))


def _not_told_apart(own: Resampled, line: Mapping[int, Resampled], value: float) -> tuple[float, float]:
    """The fewest and the most labels with which the line is told to lie neither below nor above; ``value`` is among them.

    Up to the first number with which it lies above, from the last before that with which it lies below.
    """
    grid = np.geomspace(min(line), max(line), STEPS)
    told = [intervals.weighted([(-1.0, own), *_between(line, labels)]) for labels in grid]
    above = next((k for k, less in enumerate(told) if less.low > 0), STEPS)
    below = max((k for k, less in enumerate(told[:above]) if less.high < 0), default=-1)
    return float(min(grid[min(below + 1, STEPS - 1)], value)), float(max(grid[max(above - 1, 0)], value))


def _between(line: Mapping[int, Resampled], labels: float) -> list[tuple[float, Resampled]]:
    """The points of the line next to a number of labels, with their weights there."""
    tried = list(line)
    after = min(max(int(np.searchsorted(tried, labels)), 1), len(tried) - 1)
    share = float(np.clip(np.log(labels / tried[after - 1]) / np.log(tried[after] / tried[after - 1]), 0, 1))
    return [(1 - share, line[tried[after - 1]]), (share, line[tried[after]])]


def numbers(estimated: pd.DataFrame, compared: pd.DataFrame, collected: list[Point], answers: list[Needed]) -> dict[str, dict]:
    """Average precision at every number of labels, differences of equal numbers, and labels that are needed."""
    of = {(point.name, point.labels): point.runs for point in collected}
    named = {f"few_{r.name}_{r.labels}_{event_scores.key(r.measure)}": results.number(
        r.value, of[r.name, r.labels], 2, interval=(r.low, r.high)) for r in estimated.itertuples()}
    named |= {f"few_{r.first}_less_{r.second}_{r.labels}": results.number(
        r.difference, of[r.first, r.labels] + of[r.second, r.labels], 2, interval=(r.low, r.high)) for r in compared.itertuples()}
    for answer in answers:
        made_of = [run for point in collected if point.name in (answer.first, answer.second) for run in point.runs]
        pair, (saved, *saved_interval) = f"{answer.second}_for_{answer.first}_{answer.at}", answer.saved
        named[f"needed_{pair}"] = results.number(answer.value, made_of, 1, interval=(answer.low, answer.high)) | {"text": answer.text}
        named[f"saved_{pair}"] = results.number(saved, made_of, 1, interval=tuple(saved_interval)) | {"text": answer.saved_text}
    return named
