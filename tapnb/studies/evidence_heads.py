"""What the head matters: linear heads trained to their end, beside ResNet heads and beside each other.

Exploratory: the protocol asks about ResNet heads alone, so nothing here is corrected for several comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Resampled
from tapnb.store import results, runs
from tapnb.studies import evidence, tables
from tapnb.studies.strategies import HELD_OUT

COMPARISONS = (("A1", "A0"), ("B1", "B0"), ("C1", "C0"), ("D1", "D0"), ("A0", "B0"), ("A0", "C0"), ("D0", "A0"), ("D0", "C0"))
"""First the same features under both heads, then other features under the linear head."""

ASKED = (HELD_OUT, "test")
"""The parts that are compared: the protocol's, and the paper's."""


def differences(by_part: Mapping[str, Mapping[str, Resampled]]) -> pd.DataFrame:
    """The comparisons that the runs at hand allow.

    Parameters
    ----------
    by_part : dict of dict of Resampled
        By part and strategy, from :func:`tapnb.studies.evidence.resampled`.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``part`` (of :data:`ASKED`), ``difference`` in average precision, ``low``, ``high``.
    """
    rows = []
    for first, second in COMPARISONS:
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
        rows.append({"average precision (95 %)": f"{first} \u2212 {second}"}
                    | {evidence.PARTS[part]: of_part.get(part, "\u2013") for part in ASKED})
    return pd.DataFrame(rows, columns=["average precision (95 %)", *(evidence.PARTS[part] for part in ASKED)])


def numbers(compared: pd.DataFrame, trained_runs: Mapping[str, list[runs.Run]]) -> dict[str, dict]:
    """The numbers of :func:`differences`."""
    return {f"{r.first}_less_{r.second}_{r.part}": results.number(
        r.difference, [*trained_runs[r.first], *trained_runs[r.second]], 3, interval=(r.low, r.high))
        for r in compared.itertuples(index=False)}
