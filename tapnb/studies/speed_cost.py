"""What the paper's protocol costs on one core, two, many, or a GPU, from ``results/cost.json``.

Core hours are extrapolated: operations are counted, and how many a core does a second was measured with the published runs.
Hours on several cores end with the longest chain of runs that wait for one another, each on one core; only the pretraining is
shared by all cores. Minutes on a GPU are an estimate from a data sheet.
"""

from __future__ import annotations

import pandas as pd

from tapnb.studies.speed import MISSING, put
from tapnb.system import paths
from tapnb.system.files import read_json

CORES = (1, 2, 64)

SHARED = "tap"
"""The run that several processes share (`torchrun`), taken as if nothing were lost by that."""

WATTS = {"core": 8.0, "H100": 1000.0}
"""Assumptions: a core with its share of memory and cooling; an H100 with its share of the machine around it."""

GROUPS = {"tap": "pretraining", "06_strategies": "strategies of Table 2", "15_evidence": "heads trained to their end",
          "08_criteria": "labelling criteria", "10_limitations": "a head blind to time", "11_differences": "differences",
          "05_decorrelation": "forms of the decorrelation", "14_events": "detectors of events, with all labels and with few"}
"""What is one line of the table: a run, or all of a notebook."""


def read() -> list[dict]:
    """Every run that was counted; none where nothing was."""
    path = paths.results() / "cost.json"
    return read_json(path)["rows"] if path.is_file() else []


def by_group(rows: list[dict]) -> pd.DataFrame:
    """Sums by movie and kind of run, most important first, and all together.

    Returns
    -------
    DataFrame
        ``movie``, ``kind``, ``runs``, ``pflop``, ``core_hours``, ``hours_2`` and so on for :data:`CORES`, ``fused``, ``apart``,
        ``gflop_a_core``.
    """
    table = pd.DataFrame(rows, columns=["movie", "run", "notebook", "pflop", "core_hours", "fused", "apart", "needs"])
    table["kind"] = [GROUPS.get(run, GROUPS.get(notebook, notebook)) for run, notebook in zip(table["run"], table["notebook"])]
    summed = []
    for movie, own in table.groupby("movie", sort=False):
        groups = [*own.groupby("kind", sort=False), ("everything", own)]
        summed += [{"movie": movie, "kind": kind, "runs": len(group)}
                   | group[["pflop", "core_hours", "fused", "apart"]].sum().to_dict()
                   | {f"hours_{n}": hours_on(group, n) for n in CORES} for kind, group in groups]
    sums = pd.DataFrame(summed, columns=["movie", "kind", "runs", "pflop", "core_hours", "fused", "apart",
                                         *(f"hours_{n}" for n in CORES)])
    return sums.assign(gflop_a_core=sums["pflop"] * 1e6 / (sums["core_hours"] * 3600))


def hours_on(group: pd.DataFrame, cores: int) -> float:
    """Hours of some runs of one movie on so many cores: the sum shared, but never less than their longest chain."""
    alone = group["run"] == SHARED
    shared = group.loc[alone, "core_hours"].sum() / cores
    ends: dict[str, float] = {}
    for row in group[~alone].itertuples():  # in the order in which they can be made
        needed = row.needs if isinstance(row.needs, list) else []
        ends[row.run] = row.core_hours + max((ends.get(title, 0.0) for title in needed), default=0.0)
    return shared + max(group.loc[~alone, "core_hours"].sum() / cores, max(ends.values(), default=0.0))


def table(rows: list[dict]) -> pd.DataFrame:
    """:func:`by_group` as text: hours by number of cores, minutes on a GPU, and energy of both."""
    if not rows:
        return pd.DataFrame([[MISSING]], columns=["what the paper's protocol costs"])
    sums = by_group(rows)
    shown = sums[["movie", "kind"]].rename(columns={"kind": "runs of"})
    shown["PFLOP"] = sums["pflop"].map("{:.1f}".format)
    for n in CORES:
        shown[f"hours, {n} core{'s' * (n > 1)}"] = sums[f"hours_{n}"].map(_hours)
    shown["GFLOP/s a core, measured"] = sums["gflop_a_core"].map("{:.0f}".format)
    shown["kWh, cores"] = (sums["core_hours"] * WATTS["core"] / 1000).map("{:.1f}".format)
    shown["minutes, H100 (estimate)"] = [f"{low:.1f} to {high:.1f}" for low, high in zip(sums["fused"], sums["apart"])]
    shown["kWh, H100 (estimate)"] = [f"{low:.2f} to {high:.2f}" for low, high in zip(
        *(sums[minutes] / 60 * WATTS["H100"] / 1000 for minutes in ("fused", "apart")))]
    return shown


def _hours(hours: float) -> str:
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}"


def numbers(rows: list[dict]) -> dict[str, dict]:
    """Totals of each movie: arithmetic, hours of one core and of 64, minutes on a GPU."""
    named: dict[str, dict] = {}
    sums = by_group(rows)
    for row in sums[sums["kind"] == "everything"].itertuples():
        put(named, f"cost_{row.movie}_work", row.pflop, "PFLOP")
        put(named, f"cost_{row.movie}_core", row.core_hours, "h")
        put(named, f"cost_{row.movie}_64_cores", row.hours_64, "h")
        put(named, f"cost_{row.movie}_gpu", row.apart, "min")
        put(named, f"cost_{row.movie}_gpu_fused", row.fused, "min")
    first = sums[sums["kind"].isin((GROUPS["tap"], GROUPS["06_strategies"]))]
    for movie, own in first.groupby("movie", sort=False):
        put(named, f"cost_{movie}_first_gpu", own["apart"].sum(), "min")
        put(named, f"cost_{movie}_first_gpu_fused", own["fused"].sum(), "min")
    for row in sums[sums["kind"] == "pretraining"].itertuples():
        put(named, f"cost_{row.movie}_pretraining_core", row.core_hours, "h")
        put(named, f"cost_{row.movie}_pretraining_gpu", row.apart, "min")
        put(named, f"cost_{row.movie}_pretraining_gpu_fused", row.fused, "min")
    return named
