"""How many labels pretraining saves: strategies and controls from a share of the labelled events (the protocol's question 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from tapnb.dataset import EventDataset
from tapnb.event_groups import shown
from tapnb.metrics import intervals, scores
from tapnb.metrics.intervals import Resampled
from tapnb.store import results, runs
from tapnb.studies import controls, event_few, evidence
from tapnb.studies.evidence_runs import Labels
from tapnb.studies.strategies import HELD_OUT, predictions

ASKED = (("A1", "C1"), ("D1", "C1"))
"""How many labels does the second need to be as good as the first? C1 begins with random weights, A1 and D1 with TAP's."""

AGAINST_CONTROL = ("A1", "D1")
"""What is also compared with the best control, which may need fewer labels still."""

AT = 0.1
"""Share of the labels of the first at which that is asked."""

HOURS = 8.0
"""Person-hours of labelling all events of a movie, by the paper (Section 3)."""


@dataclass(frozen=True, eq=False)
class Point:
    """Trainings of one strategy, or a control, with the same share of the labels.

    Attributes
    ----------
    name : str
    labels : int
        Labelled events.
    runs : list of Run
        One a draw of these events; with all labels one a seed, or one for all seeds.
    average_precision : Resampled
        Of crop pairs of the held-out movie, of every training and under draws of that movie's events.
    """

    name: str
    labels: int
    runs: list[runs.Run]
    average_precision: Resampled


def labelled(data: EventDataset, labelled_share: float, share: float = 1.0) -> int:
    """Events of a movie that are known where ``share`` of the labelled ones is, of which there are ``labelled_share`` of all."""
    return max(1, round(labelled_share * share * (int(shown(data.movie.masks, data.pairs).max()) + 1)))


def points(trained: Sequence[tuple[str, Labels, runs.Run]], controlled: Sequence[tuple[Labels, runs.Run]], data: EventDataset,
           other: EventDataset, labelled_share: float) -> list[Point]:
    """All shares of every strategy, and of the control that is best with all labels.

    Parameters
    ----------
    trained : sequence of (str, Labels, Run)
        From :func:`tapnb.studies.evidence_runs.trained_on_few`, and with all labels from :func:`tapnb.studies.evidence_runs.trained`.
    controlled : sequence of (Labels, Run)
        From :func:`tapnb.studies.evidence_runs.controls_on_few` and :func:`tapnb.studies.evidence_runs.controls`.
    data, other : EventDataset
        Of the training movie, for the number of its events, and of the held-out one.
    labelled_share : float
        Of the training movie's events.
    """
    answers = [(name, labels.share, run, predictions(run)) for name, labels, run in trained]
    answers += [(name, labels.share, run, table) for labels, run in controlled for name, table in controls.answers(run).items()]
    if not answers:
        return []
    known = {share: labelled(data, labelled_share, share) for share in {share for _, share, *_ in answers}}
    margins: dict[tuple[str, int], list[tuple[runs.Run, np.ndarray]]] = {}
    index = None
    for name, share, run, table in answers:
        for _, asked in table[table["part"] == HELD_OUT].groupby("seed"):
            index = asked["pair"].to_numpy() if index is None else index
            if not np.array_equal(asked["pair"], index):
                raise ValueError(f"{run.name} was asked about other pairs than the others: run the notebook again with --mode execute")
            margins.setdefault((name, known[share]), []).append((run, scores.margin(asked)))
    groups = evidence.groups_of(other, index)
    drawn, most = groups.draw(), max(known.values())
    ranked = {name: np.mean([average_precision_score(groups.labels, margin) for _, margin in own])
              for (name, labels), own in margins.items() if name in controls.CONTROLS and labels == most}
    best = max(ranked, key=lambda name: ranked[name], default=None)
    return [Point(name, labels, list({run.name: run for run, _ in own}.values()),
                  intervals.resample(groups, np.stack([margin for _, margin in own]), drawn))
            for (name, labels), own in sorted(margins.items(), key=lambda item: item[0])
            if name not in controls.CONTROLS or name == best]


def estimates(collected: list[Point]) -> pd.DataFrame:
    """``name``, ``labels``, ``runs``, ``measure`` (always "average precision"), ``value``, ``low``, ``high``."""
    rows = []
    for point in collected:
        e = intervals.estimate(point.average_precision)
        rows.append({"name": point.name, "labels": point.labels, "runs": len(point.average_precision.runs), "measure": "average precision",
                     "value": e.value, "low": max(e.low, 0.0), "high": min(e.high, 1.0)})
    return pd.DataFrame(rows, columns=["name", "labels", "runs", "measure", "value", "low", "high"])


def table(estimated: pd.DataFrame) -> pd.DataFrame:
    """:func:`estimates` as text, a row a number of labelled events."""
    names = list(dict.fromkeys(estimated["name"]))
    rows = [{"labelled events": str(labels)} | {r.name: scores.with_interval(r.value, r.low, r.high) for r in own.itertuples(index=False)}
            for labels, own in estimated.groupby("labels")]
    return pd.DataFrame(rows, columns=["labelled events", *names]).fillna("–")


def differences(collected: list[Point]) -> pd.DataFrame:
    """Strategies with equal numbers of labels, minus each other and minus the control: :data:`ASKED` and :data:`AGAINST_CONTROL`.

    Returns
    -------
    DataFrame
        See :func:`tapnb.studies.event_few.differences`.
    """
    control = sorted({point.name for point in collected} & set(controls.CONTROLS))
    return event_few.differences(collected, (*ASKED, *product(AGAINST_CONTROL, control)))


def needed(collected: list[Point], at: int) -> list[event_few.Needed]:
    """Labels of the second of :data:`ASKED` for what the first has with ``at`` of them, see :func:`tapnb.studies.event_few.needed`."""
    return event_few.needed(collected, ASKED, at)


def hours_saved(one: event_few.Needed, events: int) -> tuple[float, float, float]:
    """Person-hours that the first's pretraining saves, and their 95 % interval.

    Parameters
    ----------
    one : Needed
    events : int
        Of the whole movie, which take :data:`HOURS` to label.
    """
    return tuple(HOURS * labels / events for labels in one.saved)


def numbers(estimated: pd.DataFrame, compared: pd.DataFrame, collected: list[Point], answers: list[event_few.Needed],
            events: int) -> dict[str, dict]:
    """What :func:`estimates` and :func:`differences` have, labels that are needed, and hours where all events of a movie are so many."""
    of = {(point.name, point.labels): point.runs for point in collected}
    named = {f"few_{evidence.key(r.name)}_{r.labels}": results.number(r.value, of[r.name, r.labels], 2, interval=(r.low, r.high))
             for r in estimated.itertuples()}
    named |= {f"few_{r.first}_less_{evidence.key(r.second)}_{r.labels}": results.number(
        r.difference, of[r.first, r.labels] + of[r.second, r.labels], 3, interval=(r.low, r.high))
        | ({"freedom": r.freedom} if math.isfinite(r.freedom) else {}) for r in compared.itertuples()}  # claim 12 takes several together
    for answer in answers:
        made_of = [run for point in collected if point.name in (answer.first, answer.second) for run in point.runs]
        pair = f"{answer.second}_for_{answer.first}"
        named[f"needed_{pair}"] = results.number(answer.value, made_of, 0, interval=(answer.low, answer.high)) | {"text": answer.text}
        value, low, high = hours_saved(answer, events)
        text = answer.written(*(f"{hours:.1f}".replace("-", "\u2212") for hours in (value, low, high)))
        named[f"saved_hours_{pair}"] = results.number(value, made_of, 1, interval=(low, high), unit="h") | {"text": f"{text} h"}
    return named
