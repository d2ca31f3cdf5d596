"""Candidates, which need no label: how many of those that one looks at first are events.

What a biologist without labels gets from :func:`tapnb.candidates.candidates`, held against the labels of a movie that the
network has not seen. They stand beside the controls, which need no label for their order either, and like them take a
threshold from the training movie.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import torch

from tapnb import pretrain
from tapnb.candidates import candidates
from tapnb.metrics import events as scores
from tapnb.metrics.scores import share_interval, with_interval
from tapnb.movies import Movie
from tapnb.store import kinds, results, runs
from tapnb.studies import event_controls, events
from tapnb.studies.evidence import key

NAME = "candidates"

FIRST = (10, 20, 50)
"""How many one may look at."""

SHARE = f"share of the first {FIRST[-1]}"


def candidate_run(tap: runs.Run, train: Movie, held_out: Movie, *, mode: str, on: torch.device, command: str) -> runs.Run:
    """The candidates of a pretraining on two movies as a control, see :func:`tapnb.studies.event_controls.control_run`.

    Parameters
    ----------
    tap : Run
        The pretraining whose answers are followed back to places.
    train, held_out : Movie
        Both with events.
    mode, on, command
        See :func:`tapnb.store.runs.run`.
    """
    def make(folder: Path) -> dict:
        model = pretrain.load(tap.folder, on)
        return event_controls.keep(folder, train, {NAME: candidates(model, train)}, {NAME: candidates(model, held_out)})

    return runs.run(kinds.EVENT_CONTROLS, {"train": train, events.HELD_OUT: held_out}, {"tap": tap.name}, 0, make, mode=mode,
                    on=on, command=command)


def firsts(controlled: Iterable[runs.Run], held_out: Movie) -> pd.DataFrame:
    """How many of the first places that each control names are events of whatever kind.

    A place is right as everywhere on these events: :func:`tapnb.metrics.events.match`, one to one.

    Parameters
    ----------
    controlled : iterable of Run
        Such as :func:`candidate_run` and :func:`tapnb.studies.event_controls.control_run`.
    held_out : Movie

    Returns
    -------
    DataFrame
        ``name``, ``first`` (of :data:`FIRST`), ``places`` (fewer if there are no more), ``events``, ``run`` (its name); whoever
        names most events comes first.
    """
    kind = "event"
    true, rows = events.true_events(held_out).assign(kind=kind), []
    for run in controlled:
        for name in dict.fromkeys(name for of_kind in run.results["thresholds"].values() for name in of_kind):
            matched = scores.matched(event_controls.found_by(run, name, kind), true, len(held_out.frames) - 1)
            rows += [{"name": name, "first": first, "places": len(matched.event[:first]),
                      "events": int((matched.event[:first] >= 0).sum()), "run": run.name} for first in FIRST]
    table = pd.DataFrame(rows, columns=["name", "first", "places", "events", "run"])
    most = table[table["first"] == FIRST[-1]].set_index("name")["events"]
    return table.sort_values("name", key=lambda names: -names.map(most), kind="stable").reset_index(drop=True)


def firsts_table(counted: pd.DataFrame) -> pd.DataFrame:
    """:func:`firsts` as text, a row a control."""
    rows = [{"": name} | {f"of the first {r.first}": str(r.events) for r in own.itertuples()} | {SHARE: _share(own.iloc[-1])}
            for name, own in counted.groupby("name", sort=False)]
    return pd.DataFrame(rows, columns=["", *(f"of the first {first}" for first in FIRST), SHARE])


def _share(last: pd.Series) -> str:
    if not last["places"]:
        return "–"
    return with_interval(last["events"] / last["places"], *share_interval(int(last["events"]), int(last["places"])))


def numbers(counted: pd.DataFrame, controlled: Iterable[runs.Run]) -> dict[str, dict]:
    """How many of the first places are events, by control."""
    made_by = {run.name: run for run in controlled}
    return {f"{key(r.name)}_first_{r.first}": results.number(r.events, [made_by[r.run]], 0) for r in counted.itertuples()}
