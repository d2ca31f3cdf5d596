"""How long it takes from a movie's file to the report of its events, from ``results/benchmarks.json``."""

from __future__ import annotations

import pandas as pd

from tapnb.studies.speed import MISSING, limit, put, reached, text

COLUMNS = ["movie", "frames", "time", "goal", "peak memory", "goal of memory", "reached", "events listed"]


def table(measured: dict) -> pd.DataFrame:
    """Every movie on which ``tapnb events`` was timed."""
    measurement = measured["films"]
    if not measurement:
        return pd.DataFrame([["three movies", "", MISSING, *[""] * 5]], columns=COLUMNS)
    return pd.DataFrame([[film["what"], f"{film['frames']} of {film['size'][1]} \u00d7 {film['size'][0]}", text(film["seconds"], "s"),
                          _goal(film["goal_s"], "s"), text(film["peak_gb"], "GB"), _goal(film["goal_gb"], "GB"), _reached(film),
                          str(film["events"])] for film in measurement["films"]], columns=COLUMNS)


def _goal(goal: float | None, unit: str) -> str:
    return "" if goal is None else limit(goal, False, unit)


def _reached(film: dict) -> str:
    """"yes" if both goals were kept, a bold "no" if one was not, nothing where there is none."""
    kept = {reached(film["seconds"], film["goal_s"], False), reached(film["peak_gb"], film["goal_gb"], False)}
    return max(kept) if len(kept) == 1 else "**no**"


def numbers(measured: dict) -> dict[str, dict]:
    """Seconds and memory of every movie."""
    collected: dict[str, dict] = {}
    for film in measured["films"].get("films", []):
        put(collected, f"film_{film['key']}", film["seconds"], "s")
        put(collected, f"film_{film['key']}_memory", film["peak_gb"], "GB")
    return collected
