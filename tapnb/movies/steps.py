"""Steps between numbers that count time: the usual one, and which are gaps."""

import numpy as np

__all__ = ["gaps_between", "usual_between"]

GAP = 1.5
"""A step of at least that many usual ones is a gap."""


def usual_between(times) -> float:
    """Return the step from one time point to the next, if a few are missing.

    Numbers that count have a smallest step, of which all others are multiples. Seconds, as a clock wrote them, jitter: of
    those it is the step in the middle, unless most points are missing.

    Parameters
    ----------
    times : sequence of int
        At least two, ascending.
    """
    steps = np.diff(times)
    smallest = steps.min()
    if smallest > 0 and not (steps % smallest).any():
        return smallest
    middle = np.sort(steps)[(len(steps) - 1) // 2]
    short = np.sort(steps[steps <= middle / 1.75])
    return short[(len(short) - 1) // 2] if len(short) else middle


def gaps_between(times) -> np.ndarray:
    """Return between which numbers, ascending, others are missing, bool (N - 1,)."""
    steps = np.diff(times)
    return steps >= GAP * usual_between(times) if len(steps) else steps > 0
