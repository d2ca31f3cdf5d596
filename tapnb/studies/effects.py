"""What a difference between two ways of doing something comes to: one form, one table, one set of numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan

import pandas as pd

from tapnb.metrics import scores
from tapnb.metrics.quantity import Quantity
from tapnb.store import results
from tapnb.store.runs import Run
from tapnb.studies import tables


@dataclass(frozen=True)
class Effect:
    """One quantity under our way and under the other.

    Attributes
    ----------
    key : str
        Name of its number in the book.
    difference, measured : str
        What differs, and the quantity with its unit.
    ours, other : float
        NaN where only the effect has a meaning.
    effect : float
        The other way minus ours, unless ``measured`` says otherwise.
    low, high : float
        95 % interval of the effect; NaN where it is exact, or a few runs do not give one.
    digits : int
        Decimals shown.
    ours_std, other_std : float
        Standard deviations over ``repetitions`` runs.
    repetitions : int
    note : str
        Shown behind the effect.
    runs : tuple of Run
        What it was computed from.
    """

    key: str
    difference: str
    measured: str
    ours: float
    other: float
    effect: float
    low: float = nan
    high: float = nan
    digits: int = 2
    ours_std: float = nan
    other_std: float = nan
    repetitions: int = 1
    note: str = ""
    runs: tuple[Run, ...] = ()


def table(effects: list[Effect]) -> pd.DataFrame:
    """One row an effect, as text: difference, measured, here, the other way, effect with its 95 % interval."""
    return pd.DataFrame([{"difference": e.difference, "measured": e.measured,
                          "here": _value(e.ours, e.ours_std, e.digits),
                          "the other way": _value(e.other, e.other_std, e.digits),
                          "effect (95 %)": _noted(_change(e), e.note)} for e in effects])


def numbers(effects: list[Effect]) -> dict[str, dict]:
    """Every effect as a number of the book, under its key; our side and the other's end in "_ours" and "_other"."""
    table = {}
    for e in effects:
        interval = None if isnan(e.low) else (e.low, e.high)
        table[e.key] = results.number(e.effect, list(e.runs), e.digits, interval=interval)
        for side, value, std in (("ours", e.ours, e.ours_std), ("other", e.other, e.other_std)):
            if not isnan(value):
                table[f"{e.key}_{side}"] = results.number(value, list(e.runs), e.digits, std, e.repetitions)
    return table


def share_difference(right: int, n: int, other_right: int, other_n: int) -> tuple[float, float, float]:
    """Difference of two shares with its 95 % interval after Newcombe, made of Wilson's two (his method 10).

    The shares count as independent. Those of two models on the same pairs mostly rise and fall together, and then
    the interval is too wide rather than too narrow.

    Returns
    -------
    difference, low, high : float
    """
    return (right / n - other_right / other_n, *scores.difference_interval(right, n, other_right, other_n))


def _noted(change: Quantity, note: str) -> Quantity:
    """A change with its note behind it."""
    return replace(change, text=f"{change}; {note}") if note else change


def _change(e: Effect) -> Quantity:
    if isnan(e.ours):  # the quantity is a change itself and has no sign
        interval = "" if isnan(e.low) else f" ({e.low:.{e.digits}f} to {e.high:.{e.digits}f})"
        return Quantity(f"{e.effect:.{e.digits}f}{interval}", e.effect, low=e.low, high=e.high)
    if isnan(e.low):
        return Quantity(f"{e.effect:+.{e.digits}f}".replace("-", "\u2212"), e.effect)
    return tables.signed(e.effect, e.low, e.high, e.digits)


def _value(value: float, std: float, digits: int) -> Quantity | str:
    return "" if isnan(value) else scores.with_spread(value, std, digits)
