"""Verdicts: what a claim's measured parts add up to.

A claim is broken into parts. A part is one measured quantity with a 95 % interval and the bound on whose one
side the claim puts it. All parts beyond their bounds: *reproduced*. One of them wholly on the other side, by an
interval that is wider the more parts there are: *not reproduced*. Otherwise the claim is *not decidable at this
budget*, and the verdict says what would decide it. A verdict whose interval ends within a tenth of its width from the
bound says "barely".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from scipy import stats

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "not decidable at this budget"
NOT_RUN = "not run yet"  # no verdict: there is nothing to judge


@dataclass(frozen=True)
class Part:
    """One quantity of a claim, with its 95 % interval.

    Attributes
    ----------
    text : str
        What it is, such as "A1 − B1, F1".
    value, low, high : float
    bound : float
        What the quantity has to be above or below.
    above : bool
        On which side of the bound the claim puts it.
    more : str
        Of what more is needed for a shorter interval.
    freedom : float
        Degrees of freedom of Student's distribution that the interval was read from; infinite for a normal one.
    share : bool
        Whether it lies between 0 and 1, and an interval is shown no further.
    """

    text: str
    value: float
    low: float
    high: float
    bound: float = 0.0
    above: bool = True
    more: str = "test pairs, spread over more frames, and runs"
    freedom: float = math.inf
    share: bool = False

    @property
    def holds(self) -> bool:
        """Whether the whole interval lies on the claim's side."""
        return self.low > self.bound if self.above else self.high < self.bound

    def fails(self, among: int = 1) -> bool:
        """Whether the whole interval lies on the other side.

        One failing part is enough against a claim of several. So that chance alone does not fail one of ``among`` parts
        more often than one of one, the interval is made as much wider as Bonferroni's correction asks.
        """
        wider = stats.t.ppf(1 - 0.025 / among, self.freedom) / stats.t.ppf(0.975, self.freedom)
        if self.above:
            return self.value + wider * (self.high - self.value) < self.bound
        return self.value - wider * (self.value - self.low) > self.bound

    @property
    def barely(self) -> bool:
        """Whether one end of the interval lies within a tenth of its width from the bound: a hair."""
        return min(abs(self.low - self.bound), abs(self.high - self.bound)) < 0.1 * (self.high - self.low)

    @property
    def beyond(self) -> float:
        """How far the value lies on the claim's side of its bound, in half-widths of the interval; else below 0."""
        distance = (self.value - self.bound) * (1 if self.above else -1)
        half = (self.high - self.low) / 2
        return distance / half if half else math.copysign(math.inf, distance) if distance else 0.0

    @property
    def factor(self) -> float:
        """How many times the data would leave the bound outside the interval, the value staying what it is."""
        return self.beyond**-2 if self.beyond else float("inf")

    def __str__(self) -> str:
        low, high = (max(self.low, 0.0), min(self.high, 1.0)) if self.share else (self.low, self.high)
        ends = {low, high} - {self.bound}
        digits = next((d for d in range(3, 7) if all(round(end, d) != round(self.bound, d) for end in ends)), 3)
        numbers = [f"{v:+.{digits}f}".replace("-", "\u2212") for v in (self.value, low, high)]
        wanted = f"{'above' if self.above else 'below'} {self.bound:g}".replace("-", "\u2212")
        return f"{self.text}: {numbers[0]} ({numbers[1]} to {numbers[2]}), claimed {wanted}"


class NotEnough(Exception):
    """The records cannot decide a claim; the message says what is missing and what would decide."""


class NotRun(NotEnough):
    """There is no record that a claim could be judged by."""


@dataclass(frozen=True)
class Verdict:
    """What became of one claim on one movie; ``mark`` stands with the verdict wherever it is shown.

    ``protocol`` is what the protocol says of the same strategies, by another measure on another movie, as text; empty where it
    does not compare them.
    """

    number: int
    claim: str
    paper_itself: str
    verdict: str
    reason: str
    parts: list[Part] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    mark: str = ""
    protocol: str = ""

    @property
    def barely(self) -> bool:
        """Whether a verdict for or against the claim hangs on a hair, see :attr:`Part.barely`."""
        if self.verdict == REPRODUCED:
            return any(part.barely for part in self.parts)
        failing = [part for part in self.parts if part.fails(len(self.parts))]
        return self.verdict == NOT_REPRODUCED and all(part.barely for part in failing)

    @property
    def in_words(self) -> str:
        """The verdict, with "barely" where it hangs on a hair, and with what else is to be known of it."""
        return self.verdict + ", barely" * self.barely + (f"; {self.mark}" if self.mark else "")

    @property
    def deciding(self) -> Part | None:
        """The part that decides: the one that fails by most, is nearest to it, or holds by least; None without parts."""
        if not self.parts:
            return None
        failing = [part for part in self.parts if part.fails(len(self.parts))]
        nearest = [part for part in self.parts if not part.holds] or self.parts
        return min(failing, key=lambda part: part.beyond) if failing else max(nearest, key=lambda part: part.factor)

    @property
    def effect(self) -> str:
        """The part that decides, with its interval, as text; empty without parts."""
        return str(self.deciding or "")


def weigh(parts: list[Part]) -> tuple[str, str]:
    """The verdict that the parts of a claim add up to, and the reason in a clause."""
    if all(part.holds for part in parts):
        reason = f"all {len(parts)} comparisons hold" if len(parts) > 1 else "it holds"
        return REPRODUCED, reason
    failing = [part for part in parts if part.fails(len(parts))]
    if failing:
        return NOT_REPRODUCED, f"{len(failing)} of {len(parts)} comparisons fail"
    open_parts = [part for part in parts if not part.holds]
    last = max(open_parts, key=lambda part: part.factor)
    reason = f"{len(open_parts)} of {len(parts)} comparisons are undecided"
    if last.factor > 100:
        return UNDECIDED, f"{reason}; the closest is too near it for any budget of this kind"
    times = max(2, round(last.factor))
    return UNDECIDED, f"{reason}; if the values stay, about {times} times as many {last.more} decide"
