"""How much memory each notebook takes, from ``results/benchmarks.json``."""

from __future__ import annotations

import pandas as pd

from tapnb.studies.speed import MISSING, limit, put, reached, text


def table(measured: dict) -> pd.DataFrame:
    """The peak of every notebook's kernel in the published profile, the largest first."""
    measurement = measured["memory"]
    if not measurement:
        return pd.DataFrame([["notebooks of the published profile", MISSING, "", ""]],
                            columns=["notebook", "peak memory", "goal", "reached"])
    goal = measurement["goal_gb"]
    kept = sorted(measurement["notebooks"], key=lambda notebook: -notebook["peak_gb"])
    return pd.DataFrame([[notebook["notebook"], text(notebook["peak_gb"], "GB"), limit(goal, False, "GB"),
                          reached(notebook["peak_gb"], goal, at_least=False)] for notebook in kept],
                        columns=["notebook", "peak memory", "goal", "reached"])


def numbers(measured: dict) -> dict[str, dict]:
    """The largest and the median peak of all notebooks, and the goal."""
    collected: dict[str, dict] = {}
    if measured["memory"]:
        peaks = pd.Series([notebook["peak_gb"] for notebook in measured["memory"]["notebooks"]])
        for name, value in (("most", peaks.max()), ("median", peaks.median()), ("goal", measured["memory"]["goal_gb"])):
            put(collected, f"memory_{name}", float(value), "GB")
    return collected
