"""Tables of scores beside the paper's: means, spreads, the best in bold, differences with their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tapnb.metrics import confusion, intervals, scores
from tapnb.metrics.intervals import Resampled
from tapnb.metrics.quantity import Quantity
from tapnb.metrics.scores import SCORES
from tapnb.store.runs import Run

PAPER_RUNS = 10
"""Runs behind each mean and standard deviation of Tables 2 and 5."""


def p_value(p: float) -> str:
    """A p-value as text."""
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def counts(run: Run) -> np.ndarray:
    """Outcomes of a strategy's run on the test pairs, int array (R, T, 4), see :mod:`tapnb.metrics.confusion`."""
    return np.array(run.results["test"]["counts"])


def mean_scores(outcomes: np.ndarray) -> pd.DataFrame:
    """Mean and standard deviation over runs of the four scores.

    Parameters
    ----------
    outcomes : int array, shape (R, T, 4)

    Returns
    -------
    DataFrame
        Index ``mean``, ``std``; a column a score.
    """
    per_run = pd.DataFrame(confusion.scores(outcomes.sum(1)), columns=list(SCORES))
    return scores.mean_and_spread(per_run)


def minus_the_paper(outcomes: np.ndarray, paper: pd.Series) -> dict[str, Quantity]:
    """Ours minus the paper's with a 95 % interval, as text, by score.

    Both sides vary: ours by runs and frames, the paper's by its :data:`PAPER_RUNS` runs, which is all that its spread tells.

    Parameters
    ----------
    outcomes : int array, shape (R, T, 4)
    paper : Series
        A row of :func:`tapnb.studies.paper.table2`.
    """
    texts = {}
    for k, score in enumerate(SCORES):
        ours = confusion.resample({"ours": outcomes}, lambda c, k=k: confusion.scores(c)[..., k])["ours"]
        e = intervals.estimate(ours, Resampled.told(paper[score], paper[f"{score} std"], PAPER_RUNS))
        texts[score] = signed(e.value, e.low, e.high)
    return texts


def signed(value: float, low: float, high: float, digits: int = 2) -> Quantity:
    """"+0.05 (-0.01 to +0.11)", with a minus sign that is one."""
    texts = [f"{v:+.{digits}f}".replace("-", "\u2212") for v in (value, low, high)]
    return Quantity("{} ({} to {})".format(*texts), value, low=low, high=high)


def bold_best(table: pd.DataFrame, rows: np.ndarray, columns: tuple[str, ...] = SCORES) -> None:
    """Put the best cell of each column between double asterisks, in place, if it is clear of the next beyond their spreads.

    Parameters
    ----------
    table : DataFrame
    rows : array
        Labels of the rows that compete.
    columns : tuple of str
    """
    for column in columns:
        cells = table.loc[rows, column]
        ranked = sorted((row for row in rows if isinstance(cells[row], Quantity) and not np.isnan(cells[row].value)),
                        key=lambda row: -cells[row].value)
        if len(ranked) > 1 and cells[ranked[0]].clear_of(cells[ranked[1]]):
            table.loc[ranked[0], column] = cells[ranked[0]].bold


def strategies(trained_runs: dict[str, Run], reference: pd.DataFrame) -> pd.DataFrame:
    """Table 2: for every strategy our row and the paper's, the best of either in bold, see :func:`bold_best`.

    Parameters
    ----------
    trained_runs : dict of Run
        By strategy, see :func:`tapnb.studies.strategies.strategy_run`.
    reference : DataFrame
        From :func:`tapnb.studies.paper.table2`.

    Returns
    -------
    DataFrame
        Text: ``strategy``, ``source``, the four scores and the average precision.
    """
    rows = []
    for name, run in trained_runs.items():
        summary = mean_scores(counts(run))
        precision = pd.Series(run.results["average_precision"], dtype=float)
        ours = {c: scores.with_spread(*summary[c]) for c in SCORES}
        ours["average precision"] = scores.with_spread(precision.mean(), precision.std())
        rows.append({"strategy": name, "source": f"here ({len(counts(run))} runs)"} | ours)
        if name in reference.index:
            theirs = {c: scores.with_spread(*reference.loc[name, [c, f"{c} std"]]) for c in SCORES}
            rows.append({"strategy": name, "source": f"paper ({PAPER_RUNS} runs)"} | theirs)
        else:
            rows.append({"strategy": name, "source": "not in the paper"} | dict.fromkeys(SCORES, "\u2013"))
    table = pd.DataFrame(rows).fillna("")
    bold_best(table, table.index[0::2], (*SCORES, "average precision"))
    bold_best(table, table.index[table["source"].str.startswith("paper")])
    return table


def against_paper(trained_runs: dict[str, Run], reference: pd.DataFrame) -> pd.DataFrame:
    """Ours minus the paper's, with 95 % intervals, as text: ``strategy`` and the four scores.

    Strategies that the paper lacks are left out.
    """
    rows = [{"strategy": name} | minus_the_paper(counts(run), reference.loc[name])
            for name, run in trained_runs.items() if name in reference.index]
    return pd.DataFrame(rows, columns=["strategy", *SCORES])


def side_by_side(apart: pd.DataFrame, row: list, head: list) -> pd.DataFrame:
    """:func:`against_paper` with the heads beside each other: a row a group and score, a column a head.

    Parameters
    ----------
    apart : DataFrame
        From :func:`against_paper`.
    row, head : list of str
        Of every row of ``apart``: the group that it belongs to, and its head.
    """
    if apart.empty:
        return pd.DataFrame(columns=["group", "score"])
    long = apart.drop(columns="strategy").assign(group=row, head=head).melt(["group", "head"], list(SCORES), "score")
    return long.pivot_table("value", ["group", "score"], "head", "first", sort=False).fillna("").reset_index()
