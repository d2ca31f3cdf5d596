"""Strategies on TAP features beside themselves on another pretraining, which another profile has published."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tapnb.dataset import EventDataset
from tapnb.metrics import intervals
from tapnb.metrics.intervals import Resampled
from tapnb.recognise import strategy_named
from tapnb.store import results, runs
from tapnb.studies import evidence, evidence_runs, tables


def published(profile: str, movie: str, names: Iterable[str]) -> dict[str, list[runs.Run]]:
    """Runs of strategies on TAP features, of those named, that the notebook has published under another profile, if it has."""
    try:
        theirs = results.published_parameters(profile, movie, "15_evidence") if profile else {"evidence_strategies": []}
    except FileNotFoundError:
        return {}
    return {name: [runs.find(results.published_run(profile, movie, "15_evidence", evidence.role_of(name, seeds)))
                   for seeds in evidence_runs.groups(name, theirs["evidence_seeds"])]
            for name in names if name in theirs["evidence_strategies"] and strategy_named(name).features == "TAP"}


def differences(by_part: dict[str, dict[str, Resampled]], own: dict[str, list[runs.Run]], others: dict[str, list[runs.Run]],
                data: EventDataset, other: EventDataset) -> pd.DataFrame:
    """Every strategy minus itself on another pretraining. Exploratory: no correction, one pretraining each.

    Parameters
    ----------
    by_part : dict of dict of Resampled
        By part, from :func:`tapnb.studies.evidence.resampled`.
    own : dict of list of Run
        What was resampled, by strategy.
    others : dict of list of Run
        From :func:`published`.
    data, other : EventDataset
        As of :func:`tapnb.studies.evidence.asked`.

    Returns
    -------
    DataFrame
        ``name``, ``part`` (of :data:`tapnb.studies.evidence.PARTS`), ``difference``, ``low``, ``high``.

    Raises
    ------
    ValueError
        If the others were trained on, or asked about, other pairs.
    """
    rows: list[dict] = []
    for name, of_one in others.items():
        pairs = [[run.record["parameters"][key] for key in ("dataset", "test_pairs", "held_out_pairs")] for run in (*own[name], *of_one)]
        if any(of_run != pairs[0] for of_run in pairs):
            raise ValueError(f"{name} was trained on or asked about other pairs in the other profile: give both the same "
                             "parameters, or leave evidence_beside empty")
        for part, theirs in evidence.asked({name: evidence.all_answers(of_one)}, data, other).items():
            if name in by_part[part]:
                e = intervals.estimate(by_part[part][name], evidence.resampled(theirs)[name])
                rows.append({"name": name, "part": part, "difference": e.value, "low": e.low, "high": e.high})
    return pd.DataFrame(rows, columns=["name", "part", "difference", "low", "high"])


def table(compared: pd.DataFrame, profile: str) -> pd.DataFrame:
    """:func:`differences` as text."""
    return pd.DataFrame({
        "strategy": compared["name"],
        "pairs": compared["part"].map(evidence.PARTS),
        f"average precision minus that of {profile} (95 %)": [tables.signed(r.difference, r.low, r.high, 3) for r in compared.itertuples()]})


def numbers(compared: pd.DataFrame, own: dict[str, list[runs.Run]], others: dict[str, list[runs.Run]],
            profile: str) -> dict[str, dict]:
    """The numbers of :func:`differences`."""
    return {f"{evidence.key(r.name)}_{r.part}_less_that_of_{evidence.key(profile)}": results.number(
        r.difference, [*own[r.name], *others[r.name]], 3, interval=(r.low, r.high)) for r in compared.itertuples(index=False)}
