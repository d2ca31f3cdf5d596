"""The plain way, ours in float32 and ours in bf16 beside each other, with the units that the processor has for them."""

from __future__ import annotations

from statistics import median

import pandas as pd

from tapnb.studies.speed import MISSING, text
from tapnb.studies.speed_peak import BFLOAT16, FLOAT32, has_units, own_precision

ROWS = ("step", "linear_heads", "resnet_heads", "frame")
"""Trainings, which are in bf16 where there are units for it, and the evaluation that all rest on, in float32 always."""

NO_UNITS = "no units"


def units(machine: dict) -> str:
    """The processor's instruction sets for vectors and matrices, as a table names them."""
    return ", ".join(machine.get("instruction_sets", [])) or MISSING


def table(measured: dict) -> pd.DataFrame:
    """Medians for one unit of what was timed, in each way, and how many times as fast as the plain way it is."""
    machine = measured["machine"]
    rows = []
    for key in ROWS:
        row = measured["rows"].get(key)
        if not row:
            continue
        sides = {**row.get("others", {}), "plain": row["plain"], own_precision(key, row, machine): row["ours"]}
        seconds = {name: median(sides[name]["seconds"]) for name in ("plain", FLOAT32, BFLOAT16) if sides.get(name)}
        none = {BFLOAT16: MISSING if has_units(machine) else NO_UNITS}
        times = [text(seconds["plain"] / seconds[name]) if name in seconds else "" for name in (FLOAT32, BFLOAT16)]
        rows.append([row["title"], row["unit"], units(machine),
                     *(text(seconds[name], "s") if name in seconds else none.get(name, MISSING)
                       for name in ("plain", FLOAT32, BFLOAT16)), *times])
    return pd.DataFrame(rows or [[MISSING] + [""] * 7], columns=[
        "what", "per", "processor", "plain", "float32", "bf16", "plain / float32", "plain / bf16"])
