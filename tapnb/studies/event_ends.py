"""Scores with unexplained track ends left out: what is found there may be a division that nobody linked.

The published rule counts it as a false alarm, so these scores stand beside those of the rule, and never instead of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tapnb.metrics import events as scores
from tapnb.metrics import intervals
from tapnb.metrics.scores import with_interval
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.studies import events

KIND = "division"
"""What may hide in the end of a track; deaths are labelled in movies without a lineage alone."""

WAYS = {"as it is": False, "track ends left out": True}


def scored(trained: Mapping[str, list[runs.Run]], held_out: Movie) -> pd.DataFrame:
    """Detectors on the held-out movie, by all that is labelled and with its unexplained track ends left out.

    Parameters
    ----------
    trained : dict of list of Run
        By strategy, from :func:`tapnb.studies.events.detector_run`.
    held_out : Movie
        With :attr:`~tapnb.movies.Movie.unexplained` places; nothing comes of one without.

    Returns
    -------
    DataFrame
        ``name``, ``measure`` ("F1", at the threshold of the training movie, or "average precision"), ``way`` (of :data:`WAYS`), ``value``,
        ``low``, ``high`` (95 %), ``runs``.
    """
    rows = []
    ends = held_out.unexplained if held_out.unexplained is not None else pd.DataFrame()
    for name, own in ((name, own) for name, own in trained.items() if own and len(ends)):
        true, frames = events.true_events(held_out, (KIND,)), len(held_out.frames) - 1
        found = [table[table["kind"] == KIND] for table in (events.found(run, events.HELD_OUT) for run in own)]
        thresholds = [events.threshold(run) for run in own]
        for way, left_out in WAYS.items():
            matched = [scores.matched(table, true, frames, ignored=ends if left_out else None) for table in found]
            for measure, resampled in (("F1", scores.resampled_f1(matched, thresholds)),
                                       ("average precision", scores.resampled_average_precision(matched))):
                e = intervals.estimate(resampled)
                rows.append({"name": name, "measure": measure, "way": way, "value": e.value, "low": max(e.low, 0.0),
                             "high": min(e.high, 1.0), "runs": own})
    return pd.DataFrame(rows, columns=["name", "measure", "way", "value", "low", "high", "runs"])


def table(found: pd.DataFrame) -> pd.DataFrame:
    """:func:`scored` as text, a row a strategy."""
    rows = [{"strategy": name} | {f"{r.measure}, {r.way}": with_interval(r.value, r.low, r.high) for r in own.itertuples()}
            for name, own in found.groupby("name", sort=False)]
    return pd.DataFrame(rows, columns=["strategy", *dict.fromkeys(found["measure"] + ", " + found["way"])])


def numbers(found: pd.DataFrame, held_out: Movie) -> dict[str, dict]:
    """Scores with the ends left out, and how many ends there are."""
    if found.empty:
        return {}
    named = {f"{r.name}_{r.measure.replace(' ', '_')}_without_ends": results.number(r.value, r.runs, 2, interval=(r.low, r.high))
             for r in found[found["way"] == "track ends left out"].itertuples(index=False)}
    return named | {"unexplained_ends": results.number(len(held_out.unexplained), [], 0)}
