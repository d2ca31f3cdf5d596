"""Trainings in bfloat16 beside the same in float32, from ``results/benchmarks.json``: within seed noise or not."""

from __future__ import annotations

import math

import pandas as pd

from tapnb.metrics.quantity import Quantity
from tapnb.store import results
from tapnb.studies.speed import MISSING, key_of, put


def outcomes(measured: dict) -> pd.DataFrame:
    """What each training came to: ``precision``, ``seed``, then loss, accuracies and minutes of training."""
    trainings, side = [], measured["precision"].get("parameters", {}).get("validation_size")
    for run in measured["precision"].get("runs", []):
        last = run["history"][-1]
        seen = {f"accuracy, {kind}, {side} pixels": last[f"{kind}_accuracy"] for kind in ("uniform", "change")}
        right = seen | {f"accuracy, {a['sampler']}, {a['size']} pixels": a["right"] / a["n"] for a in run["accuracies"]}
        trainings.append({"precision": run["precision"], "seed": run["seed"],
                          "final training loss": last["train_loss"]} | right
                         | {"minutes": last.get("minutes", math.nan)})
    return pd.DataFrame(trainings)


def table(measured: dict) -> pd.DataFrame:
    """Every training, and mean and standard deviation over seeds of either precision."""
    trainings = outcomes(measured)
    if trainings.empty:
        return pd.DataFrame([[MISSING, ""]], columns=["precision", "seed"])
    rows, columns = [], trainings.columns[2:]
    for name, group in trainings.groupby("precision", sort=False):
        rows += [[name, str(row["seed"])] + [shown(row[c], c) for c in columns] for _, row in group.iterrows()]
        if len(group) > 1:
            rows.append([f"**{name}**", "mean ± std"] + [
                over_seeds(group[c]) for c in columns])
    return pd.DataFrame(rows, columns=["precision", "seed", *columns])


def shown(value: float, column: str) -> str:
    """A loss or an accuracy with three decimals, minutes with one."""
    return f"{value:.{1 if column == 'minutes' else 3}f}".replace("-", "\u2212")


def over_seeds(values: pd.Series) -> Quantity:
    """Mean and standard deviation of a column of :func:`outcomes`."""
    mean, std = values.mean(), values.std()
    return Quantity(f"{shown(mean, values.name)} ± {shown(std, values.name)}", mean, std)


def apart(measured: dict) -> pd.DataFrame:
    """bfloat16 minus float32, seed by seed, beside the spread between seeds.

    Returns
    -------
    DataFrame
        ``measured``, ``mean`` and ``std`` of the paired differences, ``between`` (the standard deviation between
        seeds, pooled over both precisions) and ``seeds``; empty where fewer than two seeds have both.
    """
    trainings, columns = outcomes(measured), ["measured", "mean", "std", "between", "seeds"]
    by_name = {name: group.set_index("seed").drop(columns="precision") for name, group in trainings.groupby("precision")
              } if len(trainings) else {}
    if not {"float32", "bfloat16"} <= by_name.keys():
        return pd.DataFrame(columns=columns)
    ours, reference = by_name["bfloat16"].align(by_name["float32"], join="inner")
    if len(ours) < 2:
        return pd.DataFrame(columns=columns)
    by_seed = (ours - reference).drop(columns="minutes")
    between = ((ours.var() + reference.var()) / 2) ** 0.5
    return pd.DataFrame([[c, by_seed[c].mean(), by_seed[c].std(), between[c], len(ours)] for c in by_seed],
                        columns=columns)


def differences_table(measured: dict) -> pd.DataFrame:
    """:func:`apart` as text, and whether the difference of the precisions is within that of the seeds."""
    rows = [[row.measured, Quantity(f"{row.mean:+.3f} ± {row.std:.3f}".replace("-", "\u2212"), row.mean, row.std),
             f"{row.between:.3f}", "yes" if abs(row.mean) <= row.between else "**no**"]
            for row in apart(measured).itertuples()]
    return pd.DataFrame(rows or [[MISSING, "", "", ""]], columns=[
        "measured", "bfloat16 less float32, same seed", "std between seeds", "within seed noise"])


def numbers(measured: dict) -> dict[str, dict]:
    """Means of either precision, the paired differences, and the spread between seeds."""
    table: dict[str, dict] = {}
    runs, settings = outcomes(measured), measured["precision"].get("parameters", {})
    for key in ("pairs", "batch", "validation_size"):
        put(table, f"precision_{key}", settings.get(key))
    put(table, "precision_channels", settings.get("channels", [None])[0])
    for name, group in runs.groupby("precision") if len(runs) else ():
        for column in group.columns[2:]:
            table[f"{name}_{key_of(column)}"] = results.number(
                group[column].mean(), [], 1 if column == "minutes" else 3, group[column].std(), len(group))
    for row in apart(measured).itertuples():
        table[f"difference_{key_of(row.measured)}"] = results.number(row.mean, [], 3, row.std, row.seeds)
        put(table, f"between_seeds_{key_of(row.measured)}", row.between)
    return table
