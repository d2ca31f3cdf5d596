"""Comparisons beyond the protocol's seven: linear heads, and A1 against the other controls.

Exploratory: nothing here is corrected for several comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Resampled
from tapnb.store import results, runs
from tapnb.studies import evidence, tables
from tapnb.studies.strategies import HELD_OUT

HEADS = (("A1", "A0"), ("B1", "B0"), ("C1", "C0"), ("D1", "D0"))
"""Both heads on features of the same kind: the very same ones in A and B; in C and D each head trains them with it."""

LINEAR = (("A0", "B0"), ("A0", "C0"), ("D0", "A0"), ("D0", "C0"), ("A0", "largest |difference|"), ("A0", "extra trees"))
"""Other features under the linear head, and what needs none."""

CONTROLS = tuple(("A1", name) for name in ("logistic regression", "mean |difference|", "brightest pixel"))
"""The controls that the protocol does not name."""

ASKED = (HELD_OUT, "test")
"""The parts that are compared: the protocol's, and the paper's."""


def differences(by_part: Mapping[str, Mapping[str, Resampled]]) -> pd.DataFrame:
    """The comparisons that the runs at hand allow.

    Parameters
    ----------
    by_part : dict of dict of Resampled
        By part, and strategy or control, from :func:`tapnb.studies.evidence.resampled`.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``part`` (of :data:`ASKED`), ``difference`` in average precision, ``low``, ``high`` (95 %).
    """
    rows = []
    for first, second in HEADS + LINEAR + CONTROLS:
        for part in ASKED:
            if {first, second} <= by_part[part].keys():
                e = intervals.estimate(by_part[part][first], by_part[part][second])
                rows.append({"first": first, "second": second, "part": part, "difference": e.value, "low": e.low, "high": e.high})
    return pd.DataFrame(rows, columns=["first", "second", "part", "difference", "low", "high"])


def table(compared: pd.DataFrame) -> pd.DataFrame:
    """:func:`differences` as text, a row a comparison and a column a part."""
    rows = []
    for (first, second), own in compared.groupby(["first", "second"], sort=False):
        of_part = {r.part: tables.signed(r.difference, r.low, r.high, 3) for r in own.itertuples()}
        rows.append({"comparison": f"{first} \u2212 {second}"} | {evidence.PARTS[part]: of_part.get(part, "\u2013") for part in ASKED})
    return pd.DataFrame(rows, columns=["comparison", *(evidence.PARTS[part] for part in ASKED)])


def numbers(compared: pd.DataFrame, trained_runs: Mapping[str, list[runs.Run]], controlled: runs.Run) -> dict[str, dict]:
    """The numbers of :func:`differences`."""
    return {f"{r.first}_less_{evidence.key(r.second)}_{r.part}": results.number(
        r.difference, [*trained_runs[r.first], *trained_runs.get(r.second, [controlled])], 3, interval=(r.low, r.high))
        for r in compared.itertuples(index=False)}
