"""When each frame was recorded, by its metadata: the usual step in time, gaps, intervals that change, what is not there."""

import re

import numpy as np

__all__ = ["gaps_of", "missing_times", "time_point_of", "usual_step"]

GAP = 1.5
"""A step in time of at least that many usual ones is a gap, as in the names of files."""

SLOWER = 0.1
"""By that share of a usual step each time point may have been late whose own time is not said."""

RUN = 3
"""That many steps of one size that follow each other are an interval that was set, and no gaps."""

ALIKE = 1.25
"""Two steps that differ by less than this factor are of one size."""


def usual_step(clock: dict[int, float]) -> float | None:
    """Return the median step of a clock, from one time point to the next; None if it does not run forward.

    Parameters
    ----------
    clock : dict
        By the number of a time point, when it was recorded, in minutes.
    """
    known = sorted(clock)
    steps = [(clock[b] - clock[a]) / (b - a) for a, b in zip(known, known[1:])]
    return float(np.median(steps)) if steps and min(steps) > 0 else None


def gaps_of(clock: dict[int, float], numbers) -> tuple[np.ndarray, str]:
    """Return between which frames more time passed than usual.

    Parameters
    ----------
    clock : dict
        By the number of a time point, when it was recorded, in minutes; that of some may not be known.
    numbers : sequence of int
        Which time points the frames are, ascending, (T,).

    Returns
    -------
    gaps : numpy.ndarray
        Bool (T - 1,). Around frames whose own time is not known, all pairs are gaps of which one is.
    remark : str
        Which ones, and where the interval changes, as a clause; empty if there is nothing to say.
    """
    gaps, known = np.zeros(max(len(numbers) - 1, 0), bool), [i for i, number in enumerate(numbers) if number in clock]
    usual = usual_step({numbers[i]: clock[numbers[i]] for i in known})
    if usual is None:
        return gaps, ""
    spans = np.diff([numbers[i] for i in known])
    passed = np.diff([clock[numbers[i]] for i in known])
    intervals, changes = _intervals(passed / spans, usual)
    long = passed >= intervals * (spans + GAP - 1 + SLOWER * (spans - 1)) * (1 - 1e-9)
    for i in np.flatnonzero(long):
        gaps[known[i] : known[i + 1]] = True
    remarks = [f"its interval changes at frame {known[i]}, counted from 0, from {before:.4g} to {after:.4g} minutes: no pair "
               "is left out for that, and speeds before and after are not the same" for i, before, after in changes]
    if long.any():
        where = np.flatnonzero(long)
        listed = ", ".join(f"{known[i]} and {known[i + 1]} ({passed[i]:.4g} minutes)" for i in where[:5])
        more = f", and at {len(where) - 5} other places" if len(where) > 5 else ""
        what = "is a gap" if len(where) == 1 else "are gaps"
        than = "usual" if changes else f"the usual {usual:.4g} minutes"
        remarks.append(f"more time than {than} passed between the frames {listed}{more}, counted from "
                       f"0, so there {what} in time")
    return gaps, "; ".join(remarks)


def _intervals(steps: np.ndarray, usual: float) -> tuple[np.ndarray, list[tuple[int, float, float]]]:
    """Return the step that is usual at each step, (N,), and where it changes: the first step of the new one, old, new.

    Beside the usual step of the movie, one is usual that at least three steps in a row have. A step between two intervals
    is held against the longer one.
    """
    usual_there, runs = np.full(len(steps), usual), []
    alike = np.maximum(steps[1:], steps[:-1]) < ALIKE * np.minimum(steps[1:], steps[:-1])
    bounds = [0, *(np.flatnonzero(~alike) + 1).tolist(), len(steps)]
    for start, end in zip(bounds, bounds[1:]):
        if end - start >= RUN:
            runs.append((start, end, float(np.median(steps[start:end]))))
    changes = [(later[0], before[2], later[2]) for before, later in zip(runs, runs[1:])
               if max(before[2], later[2]) >= GAP * min(before[2], later[2])]
    if changes:
        for i in range(len(steps)):
            beside = [run[2] for run in runs if run[1] <= i][-1:] + [run[2] for run in runs if run[0] > i][:1]
            usual_there[i] = next((run[2] for run in runs if run[0] <= i < run[1]), max(beside))
    return usual_there, changes


def missing_times(promised: int, there: int, numbers=None) -> str:
    """Return the remark on time points that the metadata promise and the file lacks.

    Parameters
    ----------
    promised, there : int
        How many.
    numbers : sequence of int, optional
        Which ones are there, ascending from 0: then the remark says which are not.
    """
    lost = promised - there
    remark = f"its metadata promise {promised} time points, of which {lost} {'is' if lost == 1 else 'are'} not there"
    if numbers is None:
        return remark
    bounds = [-1, *numbers, promised]
    runs = [(a + 1, b - 1) for a, b in zip(bounds, bounds[1:]) if b > a + 1]
    listed = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs[:8])
    return f"{remark}: {listed}{' and others' if len(runs) > 8 else ''}, counted from 0"


def time_point_of(xml: str, name: str) -> int | None:
    """Return which time point a file of an OME set holds, by the metadata of the set; None if they do not say one.

    Parameters
    ----------
    xml : str
    name : str
        Of the file, without its folder.
    """
    entries = re.findall(rf'<(?:\w+:)?TiffData\b([^>]*)>\s*<(?:\w+:)?UUID\b[^>]*FileName="{re.escape(name)}"', xml)
    times = {int((re.search(r'\bFirstT="([0-9]{1,9})"', entry) or (0, 0))[1]) for entry in entries}
    return times.pop() if len(times) == 1 else None
