"""What strategies trained to their end, and controls, come to at a threshold: F1, and the entries of the paper's Table 2."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from tapnb.metrics import scores, thresholds
from tapnb.studies.controls import NUMBERS
from tapnb.studies.strategies import HELD_OUT


def f1_scores(answers: dict[str, pd.DataFrame], part: str = HELD_OUT) -> pd.DataFrame:
    """F1 of the event class on a part, in every run: at the threshold that is best on validation pairs, and at one half.

    Returns
    -------
    DataFrame
        ``name``, ``seed``, ``chosen``, ``half``; controls that are one number have no probability, so no half.
    """
    rows = []
    for name, table in answers.items():
        for seed, run in table.groupby("seed"):
            validation, tested = run[run["part"] == "validation"], run[run["part"] == part]
            labels, margins = tested["label"].to_numpy(bool), scores.margin(tested)
            threshold = thresholds.best(validation["label"].to_numpy(bool), scores.margin(validation))
            rows.append({"name": name, "seed": seed, "chosen": f1_score(labels, margins >= threshold, zero_division=0.0),
                         "half": np.nan if name in NUMBERS else f1_score(labels, margins > 0, zero_division=0.0)})
    return pd.DataFrame(rows)


def f1_table(f1: pd.DataFrame, steps: dict[str, float]) -> pd.DataFrame:
    """:func:`f1_scores` as text: mean and standard deviation over runs; ``steps`` from :func:`tapnb.studies.evidence.kept_steps`."""
    rows = []
    for name, of_one in f1.groupby("name", sort=False):
        row = {"": name, "steps": f"{steps[name]:.0f}" if name in steps else "\u2013"}
        for column, title in (("chosen", "threshold of the validation pairs"), ("half", "at one half")):
            values = of_one[column]
            row[title] = "\u2013" if values.isna().any() else scores.with_spread(values.mean(), values.std())
        rows.append(row)
    return pd.DataFrame(rows)


def table2(answers: dict[str, pd.DataFrame], steps: dict[str, float], part: str,
           reference: pd.DataFrame | None = None) -> pd.DataFrame:
    """The paper's Table 2 with strategies trained to their end, and with the controls that have a probability.

    Parameters
    ----------
    answers : dict of DataFrame
        From :func:`tapnb.studies.evidence.answers_of`.
    steps : dict of float
        From :func:`tapnb.studies.evidence.kept_steps`.
    part : str
        One of :data:`tapnb.studies.evidence.PARTS` that is asked about as it is: the held-out movie, or the random test pairs.
    reference : DataFrame, optional
        From :func:`tapnb.studies.paper.table2`, whose rows then stand below ours.

    Returns
    -------
    DataFrame
        Precision and recall of both classes at a probability of one half, mean and standard deviation over runs.
    """
    rows = []
    for name, table in answers.items():
        if name in NUMBERS:
            continue
        per_run = scores.scores_per_run(table, part)
        rows.append({"": name, "steps": f"{steps[name]:.0f}" if name in steps else "\u2013"}
                    | {score: scores.with_spread(per_run[score].mean(), per_run[score].std()) for score in scores.SCORES})
        if reference is not None and name in reference.index:
            theirs = {score: scores.with_spread(*reference.loc[name, [score, f"{score} std"]]) for score in scores.SCORES}
            rows.append({"": f"{name} in the paper", "steps": "\u2013"} | theirs)
    return pd.DataFrame(rows, columns=["", "steps", *scores.SCORES])
