"""Times of day in files' names, which begin anew at midnight: sorted, the night before comes after the morning."""

import re
from pathlib import Path

import numpy as np

from tapnb.movies.steps import gaps_between

__all__ = ["DAY", "check_clock", "of_day", "seconds_of"]

DAY = 24 * 60 * 60
"""Seconds."""

CLOCK = re.compile(r"(?<![0-9])([01]\d|2[0-3])h(?:([0-5]\d)(?:m(?:in)?(?:([0-5]\d)s)?)?)?(?![0-9a-z])", re.IGNORECASE)
"""A time of day: its hour has two digits, while hours since a movie's start are mostly written with as many as they need."""

BARE = re.compile(r"(?<![0-9])([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?![0-9])")
"""The same without a letter, which may be a counter as well."""

DATE = re.compile(r"(?<![0-9])(?:19|20)\d\d[-_.y]?(?:0[1-9]|1[0-2])[-_.m]?(?:0[1-9]|[12]\d|3[01])(?![0-9])", re.IGNORECASE)


def check_clock(folder, files) -> None:
    """Raise a ValueError if times of day, which alone tell the order, may have passed midnight.

    Parameters
    ----------
    folder : pathlib.Path
        For the message.
    files : sequence of pathlib.Path
        Those of one movie. Nothing is asked if they are named otherwise, if their dates differ, or if the clock stood still
        for longest between the last and the first of a day, as that of a recording within a day does.
    """
    names = [Path(file).stem for file in files]
    dates = {tuple(DATE.findall(name)) for name in names}
    bare = not any(map(CLOCK.search, names))
    clocks = [(BARE if bare else CLOCK).findall(name) for name in names]
    if len(names) < 2 or any(len(found) != 1 for found in clocks) or len(dates) > 1 or any(map(_counts_days, names)):
        return
    seconds = np.sort([(int(hour) * 60 + int(minute or 0)) * 60 + int(second or 0) for (hour, minute, second), in clocks])
    steps = np.diff(seconds)
    longest, over_night = int(steps.max()), int(DAY - seconds[-1] + seconds[0])
    if bare and {*steps[steps < longest].tolist(), over_night} != {over_night}:
        return  # a counter: times of day would go on over midnight in steps of one size
    if bare and len({*np.diff(sorted(int("".join(clock)) for clock, in clocks)).tolist()}) == 1:
        return  # 0000, 1000, 2000 count as well
    dated = bool(dates.pop())
    whole_day = longest == over_night and len(seconds) > 2 and not dated
    if longest > over_night or whole_day:
        what = "the clock passes midnight" if longest > over_night else "the clock goes round a whole day"
        date = "each frame's own date into the names, which hold that of the start only" if dated else "the date into the names"
        raise ValueError(f"{folder}: {what}, as in {files[0].name} and {files[-1].name}: number the files, as in t000.tif, or "
                         f"put {date}, or, if times count from the first frame, set `axes: TYX`.")


def seconds_of(times) -> tuple[int, ...] | None:
    """Return numbers such as 930 or 93000, ascending, as seconds since midnight; None if they rather count.

    They are times of day if all are valid ones, and fewer would be missing than of numbers that count: 0950 is followed by
    1000, without a gap.

    Parameters
    ----------
    times : sequence of int
        At least one.
    """
    with_seconds = max(times) > 2359
    fields = [(t // 10000, t // 100 % 100, t % 100) if with_seconds else (t // 100, t % 100, 0) for t in times]
    if min(times) < 0 or any(hour > 23 or minute > 59 or second > 59 for hour, minute, second in fields):
        return None
    seconds = tuple((hour * 60 + minute) * 60 + second for hour, minute, second in fields)
    return seconds if gaps_between(seconds).sum() < gaps_between(times).sum() else None


def of_day(files, times) -> tuple[int, ...] | None:
    """Return the same of the numbers in files' names, which are times of day only if all have four digits, or all six.

    Parameters
    ----------
    files : sequence of pathlib.Path
    times : sequence of int
        The number of each that tells its time, ascending.
    """
    lengths = [{len(digits) for digits in re.findall("[0-9]+", Path(file).stem) if int(digits[:18]) == t}
               for file, t in zip(files, times)]
    return seconds_of(times) if set.intersection(*lengths) & {4, 6} else None


def _counts_days(name: str) -> bool:
    """Whether days are counted before the hours."""
    return re.search(r"[0-9]d[-_ ]?[0-9]|day[-_ ]?[0-9]", name, re.IGNORECASE) is not None
