"""A cell of a table that people and programs read: text that still knows its value, spread and interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number as a table shows it. It is no ``str``, of which pandas would keep the letters alone.

    Attributes
    ----------
    text : str
        Such as "0.71 ± 0.03".
    value, std, low, high : float
        NaN where there is none: a spread over runs, the ends of a 95 % interval.
    """

    text: str
    value: float
    std: float = nan
    low: float = nan
    high: float = nan

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        """Whether the same is shown; a cell equals its text."""
        return self.text == str(other) if isinstance(other, (str, Quantity)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def clear_of(self, other: Quantity) -> bool:
        """Whether this is above another number beyond the spread of both: their intervals, else one deviation each way.

        A number without a spread is clear of none.
        """
        lowest = self.value - self.std if isnan(self.low) else self.low
        highest = other.value + other.std if isnan(other.high) else other.high
        return lowest > highest

    @property
    def bold(self) -> Quantity:
        """The same between double asterisks, as the best of a column is shown."""
        return replace(self, text=f"**{self.text}**")
