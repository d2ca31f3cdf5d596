"""Strategies on TAP features beside themselves on other pretrainings, which other profiles have published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from tapnb.dataset import EventDataset
from tapnb.heads import HeadSettings
from tapnb.metrics import intervals
from tapnb.metrics.intervals import Resampled
from tapnb.recognise import strategy_named
from tapnb.settings import restored
from tapnb.store import results, runs
from tapnb.studies import evidence, evidence_runs, tables


@dataclass(frozen=True, eq=False)
class Pretraining:
    """What strategies made of one pretraining.

    Attributes
    ----------
    profile : str
        Under which it is published.
    tap : Run
    trained : dict of list of Run
        By strategy.
    by_part : dict of dict of Resampled
        Average precision by part and strategy, see :func:`tapnb.studies.evidence.resampled`.
    """

    profile: str
    tap: runs.Run
    trained: Mapping[str, list[runs.Run]]
    by_part: Mapping[str, Mapping[str, Resampled]]


def others(profiles: Iterable[str], movie: str, own: Pretraining, data: EventDataset, other: EventDataset) -> list[Pretraining]:
    """The pretrainings of other profiles, with the strategies on TAP features of which both have trainings.

    Parameters
    ----------
    profiles : iterable of str
        Those that have published nothing of the movie are left out, which is said.
    movie : str
    own : Pretraining
    data, other : EventDataset
        As of :func:`tapnb.studies.evidence.asked`.

    Raises
    ------
    ValueError
        If they were trained on, or asked about, other pairs.
    """
    found = []
    for profile in profiles:
        if theirs := _published(profile, movie, own.trained):
            _check_same_pairs(profile, own.trained, theirs)
            asked = evidence.asked({name: evidence.all_answers(of_one) for name, of_one in theirs.items()}, data, other)
            found.append(Pretraining(profile, _tap(profile, movie), theirs, {part: evidence.resampled(one) for part, one in asked.items()}))
    return found


def _published(profile: str, movie: str, names: Iterable[str]) -> dict[str, list[runs.Run]]:
    """Runs of strategies on TAP features, of those named, that the notebook has published under a profile, if it has."""
    try:
        theirs = results.published_parameters(profile, movie, "15_evidence")
    except FileNotFoundError:
        print(f"Profile {profile!r} has published no 15_evidence of {movie}: it is left out.")
        return {}
    return {name: [runs.find(results.published_run(profile, movie, "15_evidence", evidence.role_of(name, seeds)))
                   for seeds in evidence_runs.groups(name, theirs["evidence_seeds"])]
            for name in names if name in theirs["evidence_strategies"] and strategy_named(name).features == "TAP"}


def _tap(profile: str, movie: str) -> runs.Run:
    """The pretraining that they rest on, which is not always what the other notebook has published since."""
    return runs.find(results.published_run(profile, movie, "15_evidence", "tap"))


def _check_same_pairs(profile: str, own: Mapping[str, list[runs.Run]], theirs: Mapping[str, list[runs.Run]]) -> None:
    for name, of_one in theirs.items():
        alike = [[run.record["parameters"][key] for key in ("dataset", "test_pairs", "held_out_pairs")]
                 + [restored(HeadSettings, run.record["parameters"]["training"])] for run in (*own[name], *of_one)]
        if any(of_run != alike[0] for of_run in alike):
            raise ValueError(f"{name} was trained otherwise, or trained on or asked about other pairs, in the profile {profile!r}: give both "
                             "the same parameters, or leave it out of evidence_beside")


def differences(own: Pretraining, beside: Iterable[Pretraining]) -> pd.DataFrame:
    """Every strategy minus itself on each other pretraining. Exploratory: no correction, one pretraining each.

    Returns
    -------
    DataFrame
        ``profile``, ``name``, ``part`` (of :data:`tapnb.studies.evidence.PARTS`), ``difference``, ``low``, ``high``.
    """
    rows = []
    for pretraining in beside:
        for name in pretraining.trained:
            for part, theirs in pretraining.by_part.items():
                if name in theirs and name in own.by_part[part]:
                    e = intervals.estimate(own.by_part[part][name], theirs[name])
                    rows.append({"profile": pretraining.profile, "name": name, "part": part, "difference": e.value, "low": e.low,
                                 "high": e.high})
    return pd.DataFrame(rows, columns=["profile", "name", "part", "difference", "low", "high"])


def table(compared: pd.DataFrame) -> pd.DataFrame:
    """:func:`differences` as text."""
    return pd.DataFrame({
        "minus that of profile": compared["profile"],
        "strategy": compared["name"],
        "pairs": compared["part"].map(evidence.PARTS),
        "average precision (95 %)": [tables.signed(r.difference, r.low, r.high, 3) for r in compared.itertuples()]})


def numbers(compared: pd.DataFrame, own: Pretraining, beside: Iterable[Pretraining]) -> dict[str, dict]:
    """The numbers of :func:`differences`."""
    theirs = {one.profile: one.trained for one in beside}
    return {f"{evidence.key(r.name)}_{r.part}_less_that_of_{evidence.key(r.profile)}": results.number(
        r.difference, [*own.trained[r.name], *theirs[r.profile][r.name]], 3, interval=(r.low, r.high))
        for r in compared.itertuples(index=False)}
