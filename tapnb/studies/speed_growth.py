"""How time and memory grow, and a movie larger than memory, from ``results/benchmarks.json``."""

from __future__ import annotations

import math
from statistics import median

import pandas as pd

from tapnb.store import results
from tapnb.studies.speed import GROWTH, MISSING, key_of, put, text

SUPERLINEAR = 1.1
"""An exponent above this one is called superlinear; timings on a shared machine decide no smaller difference."""


def natural(key: str, kind: dict) -> int:
    """Exponent of a cost that is proportional to what there is to do: pixels go with a side's square."""
    return {"threads": -1, "frame_size": 2 if "side" in kind["against"] else 1}.get(key, 1)


def line(kind: dict, series: str) -> pd.DataFrame:
    """Points of one series by x: ``x``, ``seconds`` (the median), ``low``, ``high``, ``memory_gb`` (NaN: none)."""
    points = sorted((p for p in kind["points"] if p["series"] == series), key=lambda p: p["x"])
    return pd.DataFrame([{"x": p["x"], "seconds": median(p["seconds"]), "low": min(p["seconds"]),
                          "high": max(p["seconds"]), "memory_gb": p.get("memory_gb") or math.nan} for p in points])


def all_series(kind: dict) -> list[str]:
    """Series of one growth, in the order in which they were measured."""
    return list(dict.fromkeys(point["series"] for point in kind["points"]))


def means(exponent: float, expected: int) -> str:
    """What an exponent of growth says, in words."""
    share = exponent / expected
    for limit, words in ((0.1, "hardly grows"), (0.9, "less than proportional"), (SUPERLINEAR, "proportional")):
        if share <= limit:
            return words
    return "superlinear"


def table(measured: dict) -> pd.DataFrame:
    """How time and memory grow: the ends of every series, its exponent, and what that means.

    Time goes with x to the power of the exponent; 1 is proportional, for the side of a frame 2.
    """
    rows = []
    for key, title in GROWTH.items():
        kind = measured["growth"].get(key)
        if not kind or not kind["points"]:
            rows.append([title, MISSING, "", "", "", ""])
            continue
        for series in all_series(kind):
            points, exponent = line(kind, series), kind.get("exponent", {}).get(series)
            first, last = points.iloc[0], points.iloc[-1]
            meaning = "" if exponent is None else means(exponent, natural(key, kind))
            if key == "threads":
                meaning = f"{text(first['seconds'] / last['seconds'])} times as fast"
            known = not points["memory_gb"].isna().any()
            memory = " to ".join(dict.fromkeys(text(end["memory_gb"]) for end in (first, last))) if known else ""
            rows.append([f"{kind['against']}, {first['x']:g} to {last['x']:g}", series,
                         f"{text(first['seconds'], 's')} to {text(last['seconds'], 's')}",
                         f"{memory}\u202fGB" if known else MISSING,
                         "" if exponent is None else f"{exponent:.2f}".replace("-", "\u2212"), meaning])
    return pd.DataFrame(rows, columns=["what grows", "series", "time", "peak memory", "exponent", "means"])


def large(measured: dict) -> pd.DataFrame:
    """The movie larger than the memory it was given: sizes, then the time of each step."""
    measurement = measured["large"]
    if not measurement:
        return pd.DataFrame([["a movie larger than memory", MISSING]], columns=["what", "measured"])
    kept = "yes" if measurement["peak_gb"] <= measurement["limit_gb"] else "**no**"
    return pd.DataFrame([["the movie", text(measurement["movie_gb"], "GB")],
                         ["memory that it may take", text(measurement["limit_gb"], "GB")],
                         ["memory that it took at most", text(measurement["peak_gb"], "GB")], ["within it", kept],
                         *([["with the pages of the mapped file", text(measurement["peak_with_mapped_gb"], "GB")]]
                           if "peak_with_mapped_gb" in measurement else []),
                         *([step["what"], _of_step(step)] for step in measurement["steps"])],
                        columns=["what", "measured"])


def _of_step(step: dict) -> str:
    """Time, and the memory of a step that has a process of its own, which no limit holds."""
    time = str(text(step["seconds"], "s"))
    return time + (f", with at most {text(step['peak_gb'], 'GB')} of its own" if "peak_gb" in step else "")


def numbers(measured: dict) -> dict[str, dict]:
    """Exponents, by kind and series and the largest of each kind, and the sizes of the large movie."""
    table: dict[str, dict] = {}
    for key, kind in measured["growth"].items():
        exponents = kind.get("exponent", {})
        for series, exponent in exponents.items():
            table[f"growth_{key}_{key_of(series)}"] = results.number(exponent, [], 2)
        if exponents:
            table[f"growth_{key}_largest"] = results.number(max(exponents.values()), [], 2)
    measurement = measured["large"]
    for part in ("movie_gb", "limit_gb", "peak_gb"):
        put(table, f"large_{part.removesuffix('_gb')}", measurement.get(part), "GB")
    put(table, "large_time", sum(step["seconds"] for step in measurement["steps"] if "peak_gb" not in step) if measurement else None, "s")
    return table
