"""What timed work comes to beside the processor's measured peak."""

from __future__ import annotations

from statistics import median

FLOAT32, BFLOAT16 = "float32", "bfloat16"

OURS, PLAIN = "work of ours", "work of the plain network"
"""Counted operations of a row, in GFLOP a unit."""

LEAST_SHARE = 0.4
"""Of the peak that a training step should reach where it computes on units for bf16."""


def own_precision(key: str, row: dict, machine: dict) -> str:
    """In which precision a row's own way computes: trainings on units for bf16 where there are some, frames in float32."""
    trained = "bf16" in row.get("device", "bf16") and key != "frame"
    return BFLOAT16 if has_units(machine) and trained else FLOAT32


def has_units(machine: dict) -> bool:
    """Whether the processor multiplies bf16 in hardware."""
    return machine.get("peak_gflops", {}).get(BFLOAT16) is not None


def beside(key: str, row: dict, machine: dict) -> dict[str, dict]:
    """Numbers beside a row that follow from its counted work, its times and the peak.

    Parameters
    ----------
    key : str
        Of the row.
    row, machine : dict
        Of ``results/benchmarks.json``.

    Returns
    -------
    dict of dict
        ``value``, ``unit`` and ``goal``, by what they are.
    """
    counted, dtype = row.get("also", {}), own_precision(key, row, machine)
    peak = machine.get("peak_gflops", {}).get(dtype)
    if peak is None:
        return {}
    numbers = {}
    if OURS in counted and row["plain"]:
        ratio = median(row["plain"]["seconds"]) * peak / counted[OURS]["value"]
        numbers["ratio if that work ran at the measured peak, and nothing else"] = {"value": ratio, "unit": "times", "goal": None}
    if PLAIN in counted:
        share = counted[PLAIN]["value"] / median(row["ours"]["seconds"]) / peak
        numbers[f"share of the measured peak ({dtype}), counting that work"] = {
            "value": share, "unit": "", "goal": LEAST_SHARE if dtype == BFLOAT16 else None}
    return numbers
