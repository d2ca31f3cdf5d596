"""The strategies of Table 2 beside controls that need no network: trained on the same pairs, and asked about the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tapnb.dataset import DatasetSettings
from tapnb.metrics import ranking, scores
from tapnb.movies import Movie
from tapnb.settings import chosen
from tapnb.store import results, runs
from tapnb.studies import controls, tables
from tapnb.studies.evidence import key

FIRST = "A1"
"""The strategy that the paper finds best: all others, and the controls, are set against it."""


def controls_run(train: Movie, parameters: Mapping, *, mode: str, command: str) -> runs.Run:
    """The controls on the notebook's pairs, see :func:`tapnb.studies.controls.controls_run`."""
    return controls.controls_run(train, chosen(DatasetSettings, parameters), seeds=parameters["seeds"],
                                 test_pairs=parameters["test_pairs"] or None, validation_pairs=0, held_out=None, held_out_pairs=None,
                                 mode=mode, command=command)


def ranked(answers: Mapping[str, pd.DataFrame], controlled: runs.Run, t: np.ndarray) -> pd.DataFrame:
    """Average precision on the test pairs of strategies and controls, the best first, and what :data:`FIRST` has more.

    Parameters
    ----------
    answers : dict of DataFrame
        By strategy, from :func:`tapnb.studies.strategies.predictions`.
    controlled : Run
        From :func:`controls_run`.
    t : int array
        Earlier frame of every crop pair of the dataset.

    Returns
    -------
    DataFrame
        ``name``, ``control`` (whether it is one), ``runs``, ``value`` (mean over runs), ``spread`` (standard deviation over runs, NaN for a
        single one), ``difference``, ``low``, ``high`` (NaN for :data:`FIRST` itself, and where it was not trained).
    """
    every = dict(answers) | controls.answers(controlled)
    index = next(iter(answers.values())).query("part == 'test'")["pair"].unique()
    if any(not np.array_equal(table.query("part == 'test'")["pair"].unique(), index) for table in every.values()):
        raise ValueError("the controls were asked about other pairs than the strategies: run the notebook again with --mode execute")
    compared = ranking.precision_differences(every, t, [(FIRST, name) for name in every if name != FIRST])
    of_runs = {name: scores.scores_per_run(table)["average precision"] for name, table in every.items()}
    own = pd.DataFrame([{"name": name, "control": name not in answers, "runs": len(values), "value": values.mean(), "spread": values.std()}
                        for name, values in of_runs.items()])
    more = compared.rename(columns={"second": "name"})[["name", "difference", "low", "high"]]
    return own.merge(more, on="name", how="left").sort_values("value", ascending=False, ignore_index=True)


def table(found: pd.DataFrame) -> pd.DataFrame:
    """:func:`ranked` as text."""
    return pd.DataFrame({
        "": found["name"],
        "average precision": [scores.with_spread(r.value, r.spread) for r in found.itertuples()],
        f"{FIRST} minus it (95 %)": ["\u2013" if np.isnan(r.difference) else tables.signed(r.difference, r.low, r.high, 3)
                                     for r in found.itertuples()]})


def numbers(found: pd.DataFrame, trained: Mapping[str, runs.Run], controlled: runs.Run) -> dict[str, dict]:
    """The controls' average precision, and what :data:`FIRST` has more than each."""
    named = {}
    for row in found[found["control"]].to_dict("records"):
        named[f"{key(row['name'])}_average_precision"] = results.number(row["value"], [controlled], 2, row["spread"], row["runs"])
        if not np.isnan(row["difference"]):
            named[f"{FIRST}_less_{key(row['name'])}_ranking"] = results.number(
                row["difference"], [trained[FIRST], controlled], 3, interval=(row["low"], row["high"]))
    return named
