"""The plain way, ours in float32 and ours in bf16 beside each other, with the units that the processor has for them."""

from __future__ import annotations

from statistics import median

import pandas as pd

from tapnb.studies.speed import MISSING, text

ROWS = ("step", "linear_heads", "resnet_heads", "frame")
"""Trainings, which are in bf16 where there are units for it, and the evaluation that all rest on, in float32 always."""

FLOAT32, BFLOAT16 = "float32", "bfloat16"
NO_UNITS = "no units"


def units(machine: dict) -> str:
    """The processor's instruction sets for vectors and matrices, as a table names them."""
    return ", ".join(machine.get("instruction_sets", [])) or MISSING


def table(measured: dict) -> pd.DataFrame:
    """Medians for one unit of what was timed, in each way, and how many times as fast as the plain way it is."""
    has_units = measured["machine"].get("peak_gflops", {}).get(BFLOAT16) is not None
    rows = []
    for key in ROWS:
        row = measured["rows"].get(key)
        if not row:
            continue
        own = BFLOAT16 if has_units and "bf16" in row.get("device", "bf16") and key != "frame" else FLOAT32
        sides = {**row.get("others", {}), "plain": row["plain"], own: row["ours"]}
        seconds = {name: median(sides[name]["seconds"]) for name in ("plain", FLOAT32, BFLOAT16) if sides.get(name)}
        none = {BFLOAT16: MISSING if has_units else NO_UNITS}
        times = [text(seconds["plain"] / seconds[name]) if name in seconds else "" for name in (FLOAT32, BFLOAT16)]
        rows.append([row["title"], row["unit"], units(measured["machine"]),
                     *(text(seconds[name], "s") if name in seconds else none.get(name, MISSING)
                       for name in ("plain", FLOAT32, BFLOAT16)), *times])
    return pd.DataFrame(rows or [[MISSING] + [""] * 7], columns=[
        "what", "per", "processor", "plain", "float32", "bf16", "plain / float32", "plain / bf16"])
