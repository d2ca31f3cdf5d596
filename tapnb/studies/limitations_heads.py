"""Does a head that cannot tell the order of the frames recognise events better? (Section 5)

The paper expects so, since an event is one whichever frame comes first, and reports that it does not. Its ResNet head
averages over the two frames and is time-invariant as published (Figure 7); so the linear head is compared here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from tapnb.metrics import confusion, scores
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.store.runs import Run
from tapnb.studies import tables
from tapnb.studies.strategies import like


def invariant_run(movie: Movie, plain: Run, mode: str, on: torch.device, command: str) -> Run:
    """Strategy A0i with exactly the crops, features, epochs and seeds of a run of A0.

    Parameters
    ----------
    movie : Movie
        The one that A0 was trained on.
    plain : Run
        Of A0, from :func:`tapnb.studies.strategies.strategy_run`.
    mode, on, command
        See :func:`tapnb.studies.strategies.strategy_run`.
    """
    tap = runs.find(runs.pretraining_of(plain.record))
    return like(plain, movie, tap, strategy="A0i", mode=mode, on=on, command=command)


def invariant_minus_plain(plain: Run, invariant: Run) -> pd.DataFrame:
    """What a time-invariant linear head changes: A0i minus A0, on the same crops, features and seeds.

    Parameters
    ----------
    plain, invariant : Run
        From :func:`tapnb.studies.strategies.strategy_run`.

    Returns
    -------
    DataFrame
        Index: :data:`tapnb.metrics.scores.SCORES` and "F1"; ``plain``, ``plain_std``, ``invariant``, ``invariant_std``
        (mean and standard deviation over runs), ``difference``, and its 95 % interval ``low``, ``high``, for which the same
        frames are drawn for both (:func:`tapnb.metrics.confusion.difference`).
    """
    counts = {"invariant": tables.counts(invariant), "plain": tables.counts(plain)}
    per_run = {name: confusion.scores_and_f1(c.sum(axis=1)) for name, c in counts.items()}  # (R, 5)
    summary = pd.DataFrame(index=pd.Index([*scores.SCORES, "F1"], name="score"))
    for name in ("plain", "invariant"):
        values = per_run[name]
        summary[name] = values.mean(axis=0)
        summary[f"{name}_std"] = values.std(axis=0, ddof=1) if len(values) > 1 else np.nan
    differences = [confusion.difference(counts, score) for score in summary.index]
    for part, values in (("difference", "value"), ("low", "low"), ("high", "high")):
        summary[part] = [getattr(e, values) for e in differences]
    return summary


def in_text(summary: pd.DataFrame, plain: Run, invariant: Run) -> pd.DataFrame:
    """:func:`invariant_minus_plain` as a table: one row a score, the two heads and their difference side by side."""
    heads = {"plain": f"A0, plain ({len(tables.counts(plain))} runs)",
             "invariant": f"A0i, invariant ({len(tables.counts(invariant))} runs)"}
    return pd.DataFrame([
        {"score": score} | {head: scores.with_spread(row[name], row[f"{name}_std"]) for name, head in heads.items()}
        | {"A0i \u2212 A0 (95 %)": tables.signed(row["difference"], row["low"], row["high"])}
        for score, row in summary.iterrows()])


def numbers(heads: pd.DataFrame, plain: Run, invariant: Run) -> dict[str, dict]:
    """The scores of :func:`invariant_minus_plain` and their differences as numbers of the book."""
    table = {}
    for score, row in heads.iterrows():
        key = str(score).replace(" ", "_")
        for name, column, run in (("A0", "plain", plain), ("A0i", "invariant", invariant)):
            table[f"{name}_{key}"] = results.number(row[column], [run], 2, row[f"{column}_std"],
                                                    len(tables.counts(run)))
        table[f"difference_{key}"] = results.number(row["difference"], [plain, invariant], 3,
                                                    interval=(row["low"], row["high"]))
    return table
