"""What a detector that learns from few labelled events should take for no event.

Three ways. Crops without a labelled event show any place, events that nobody labelled too; or they show frame pairs in reversed
order, half of them around a labelled event, which hold none for certain; or of these, those places come more often in which the
detector then sees an event (*hard negatives*). In all three, what lies beside a labelled event in its crop counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import torch

from tapnb.metrics.scores import with_interval
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.studies import event_few, events, tables

WAYS = {"unlabelled": "places without a label", "reversed": "reversed frame pairs", "hard": "reversed frame pairs, hard ones more often"}
"""What is taken for no event, and what tables call it. The last one is how detectors learn from few labels everywhere else."""


def steps(parameters: Mapping) -> list[tuple[str, int]]:
    """Ways and draws of the labelled events: one draw of all ways before the next."""
    return [(way, draw) for draw in range(parameters["event_negative_draws"]) for way in WAYS]


def role(way: str, draw: int) -> str:
    """Under which the run is published."""
    return f"detector with {way} negatives, draw {draw}"


def labels_of(parameters: Mapping, draw: int) -> events.Labels:
    """The labelled events of a draw."""
    return events.Labels(parameters["event_negative_labels"], draw)


def detector_run(way: str, draw: int, train: Movie, held_out: Movie, tap: runs.Run, parameters: Mapping, *, mode: str,
                 on: torch.device, command: str) -> runs.Run:
    """Train one detector, see :func:`tapnb.studies.events.detector_run`; ``way`` is one of :data:`WAYS`."""
    strategy, labels = parameters["event_negative_strategy"], labels_of(parameters, draw)
    if way == "hard":
        return event_few.few_run(strategy, labels, train, held_out, tap, parameters, mode=mode, on=on, command=command)
    settings = replace(event_few.settings(parameters, train), hard_negatives=False)
    how = {"seed": event_few.SEED, "mode": mode, "on": on, "command": command}
    if way == "reversed":
        return events.detector_run(strategy, train, tap, settings, held_out, labels=labels, **how)
    true, (learnt, checked) = events.true_events(train), events.split_pairs(train)
    known = pd.concat([events.labelled(true, learnt, labels), events.labelled(true, checked)], ignore_index=True)
    everything = replace(settings, complete=True, reversed_share=0.0)  # as if there were no other events
    return events.detector_run(strategy, replace(train, events=known), tap, everything, held_out, **how)


def points(made: Mapping[tuple[str, int], runs.Run], held_out: Movie) -> list[event_few.Point]:
    """Detectors of each way together, in the order of :data:`WAYS`; those of one draw are at the same place of each.

    Parameters
    ----------
    made : dict of Run
        By way and draw, from :func:`detector_run`.
    held_out : Movie
    """
    return [event_few.point(way, own[0].results["events"], own, held_out) for way in WAYS
            if (own := [run for (its, _), run in made.items() if its == way])]


def differences(collected: list[event_few.Point]) -> pd.DataFrame:
    """What each way brings beyond the one before it, in average precision.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``difference``, ``low``, ``high`` (95 %). Both learnt from the same labels with the same initial weights, draw by
        draw, so the differences of the draws are what varies.
    """
    rows = []
    for before, after in zip(collected, collected[1:]):
        e = event_few.paired(after, before)
        rows.append({"first": after.name, "second": before.name, "difference": e.value, "low": e.low, "high": e.high})
    return pd.DataFrame(rows, columns=["first", "second", "difference", "low", "high"])


def table(collected: list[event_few.Point], compared: pd.DataFrame) -> pd.DataFrame:
    """A row a way: average precision and what it brings, with 95 % intervals, and that of every draw."""
    gains = {r.first: tables.signed(r.difference, r.low, r.high, 3) for r in compared.itertuples()}
    rows = [{"taken for no event": WAYS[point.name], "average precision": with_interval(e.value, e.low, e.high),
             "of each draw": ", ".join(f"{value:.2f}" for value in point.average_precision.runs),
             "minus the row above": gains.get(point.name, "\u2013")} for point, e in _estimated(collected)]
    return pd.DataFrame(rows, columns=["taken for no event", "average precision", "of each draw", "minus the row above"])


def numbers(collected: list[event_few.Point], compared: pd.DataFrame) -> dict[str, dict]:
    """Average precision of every way, and what each brings beyond the one before."""
    named = {f"negatives_{point.name}": results.number(e.value, point.runs, 2, interval=(e.low, e.high))
             for point, e in _estimated(collected)}
    of = {point.name: point.runs for point in collected}
    return named | {f"negatives_{r.first}_less_{r.second}": results.number(
        r.difference, of[r.first] + of[r.second], 2, interval=(r.low, r.high)) for r in compared.itertuples()}


def _estimated(collected: list[event_few.Point]) -> list[tuple]:
    """Every point with its average precision: ``value``, ``low``, ``high``."""
    estimated = event_few.estimates(collected)
    return list(zip(collected, estimated[estimated["measure"] == "average precision"].itertuples()))
