"""What came out, movie beside movie and beside the paper: read from the run records of a profile, nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.metrics import confusion, scores
from tapnb.recognise import STRATEGIES
from tapnb.store import results
from tapnb.studies import claim_records, claims, paper, tables
from tapnb.studies.claim_records import Records
from tapnb.studies.verdicts import NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED, Verdict

FIRST = ("synthetic", "hela")
"""Movies in the order in which they are shown; others follow by name."""

PAPER = "paper"


def movies(folder: Path) -> list[str]:
    """Movies that a profile has run records of.

    Parameters
    ----------
    folder : Path
        ``results/<profile>``.
    """
    names = {path.parent.name for path in folder.glob("*/records")}
    return [*(name for name in FIRST if name in names), *sorted(names - set(FIRST))]


def read(folder: Path) -> dict[str, Records]:
    """The run records of every movie of a profile, see :func:`tapnb.studies.claim_records.read`."""
    return {movie: claim_records.read(folder / movie) for movie in movies(folder)}


def verdict_table(judged: dict[str, list[Verdict]]) -> pd.DataFrame:
    """A line a claim; by movie its verdict and the comparison that decides, with its 95 % interval.

    Parameters
    ----------
    judged : dict
        By movie, from :func:`tapnb.studies.claims.judge`.
    """
    table = {"claim": [f"{number}. {text}" for number, (text, *_) in enumerate(claims.CLAIMS, 1)]}
    table |= {movie: [f"{v.in_words}: {v.effect or v.reason}" for v in verdicts] for movie, verdicts in judged.items()}
    return pd.DataFrame(table)


def arrow(records: dict[str, Records]) -> pd.DataFrame:
    """Accuracy of the time arrow on uniform held-out crops, with 95 % intervals.

    Returns
    -------
    DataFrame
        ``source`` (a movie, or the paper), ``size`` (side of the crops in pixels), ``accuracy``, ``low``, ``high``; for
        the paper's Table 6, whose model was trained at 96 pixels, mean and spread of three draws.
    """
    spreads = {96: paper.TABLE6_SETTINGS["same"], 48: paper.TABLE6_SETTINGS["crop halved"]}
    rows = [{"source": PAPER, "size": size, "accuracy": mean, "low": mean - std, "high": mean + std}
            for size, (mean, std) in sorted(spreads.items())]
    for movie, of_movie in records.items():
        accuracies = of_movie.by_role["tap"]["results"]["accuracies"] if "tap" in of_movie.by_role else []
        for a in accuracies:
            if a["sampler"] == "uniform":
                low, high = scores.share_interval(a["right"], a["n"])
                rows.append({"source": movie, "size": a["size"], "accuracy": a["right"] / a["n"], "low": low,
                             "high": high})
    return pd.DataFrame(rows)


def strategies(records: dict[str, Records]) -> pd.DataFrame:
    """F1 and average precision of the event class by strategy.

    Returns
    -------
    DataFrame
        ``source``, ``strategy``, ``f1`` and ``std``, ``ap`` and ``ap_std``: means and standard deviations over ``n``
        runs; for the paper the F1 of the means of its Table 2, which has neither a spread nor average precision.
        ``run``: the record's name, empty for the paper.
    """
    table = paper.table2()
    theirs = 2 * table["prec 1"] * table["rec 1"] / (table["prec 1"] + table["rec 1"])
    rows = [{"source": PAPER, "strategy": name, "f1": value, "std": np.nan, "ap": np.nan, "ap_std": np.nan,
             "n": tables.PAPER_RUNS, "run": ""}
            for name, value in theirs.items()]
    for movie, of_movie in records.items():
        for name in STRATEGIES:
            if name in of_movie.by_role and name != "A0i":
                record = of_movie.by_role[name]
                per_run = pd.Series(confusion.f1(np.array(record["results"]["test"]["counts"]).sum(1)))  # of (R, T, 4)
                ranked = pd.Series(record["results"]["average_precision"], dtype=float)
                rows.append({"source": movie, "strategy": name, "f1": per_run.mean(), "std": per_run.std(),
                             "ap": ranked.mean(), "ap_std": ranked.std(), "n": len(per_run), "run": record["name"]})
    return pd.DataFrame(rows)


def strategies_table(scores_of: pd.DataFrame) -> pd.DataFrame:
    """:func:`strategies` as text: a line a strategy, a column a source and score."""
    texts = {}
    for source, own in scores_of.groupby("source", sort=False):
        for score, mean, std in (("F1", "f1", "std"), ("average precision", "ap", "ap_std")):
            if own[mean].notna().any():
                texts[f"{source}: {score}"] = pd.Series([scores.with_spread(*row) for row in zip(own[mean], own[std])],
                                                        index=own["strategy"])
    return pd.DataFrame(texts).fillna("").rename_axis("strategy").reset_index()


def numbers(judged: dict[str, list[Verdict]], scores_of: pd.DataFrame) -> dict[str, dict]:
    """How many claims came out how, and the F1 of every strategy, by movie, with the names of the runs behind them."""
    words = {REPRODUCED: "reproduced", NOT_REPRODUCED: "not_reproduced", UNDECIDED: "undecided", NOT_RUN: "not_run"}
    counted = {"claims": results.number(len(claims.CLAIMS), [], 0)}
    for movie, verdicts in judged.items():
        for verdict, key in words.items():
            of_this = [v for v in verdicts if v.verdict == verdict]
            names = dict.fromkeys(name for v in of_this for name in v.runs)
            counted[f"{movie}_{key}"] = results.number(len(of_this), [], 0) | {"runs": list(names)}
    return counted | {f"{row.source}_{row.strategy}_F1": results.number(row.f1, [], 2, row.std, row.n)
                    | {"runs": [row.run] if row.run else []} for row in scores_of.itertuples()}
