"""Which files of a folder are a movie, and in which order: time comes from the numbers in their names.

A name is text with numbers in it. Numbers that differ from file to file stand for time, channel, position or plane, see
:mod:`tapnb.movies.file_numbers`; the only one that differs, and that is not said to be another, is time. What the names
leave open is asked in one sentence that names the option, and nothing is guessed.
"""

import fnmatch
import math
import string
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tapnb.movies.clocks import check_clock, of_day, seconds_of
from tapnb.movies.file_numbers import CHOSEN, Named, looks_like_a_date, named, natural_key, parts_of_one, pattern_for
from tapnb.movies.kinds_of_names import question_of_kinds
from tapnb.movies.steps import gaps_between, usual_between

__all__ = ["Choice", "Series", "in_time", "natural_key"]


@dataclass(frozen=True)
class Choice:
    """What decides where a movie's files leave something open.

    Attributes
    ----------
    channel, position, plane : int, optional
        Which one, as numbered in the names, or from 0 in a file; planes also "max", the brightest value over all in a file.
    axes : str, optional
        What the axes of a file are, such as "TYX", where the file says otherwise. Of a folder: that the only number that
        differs in the names is time, whatever it is called.
    pattern : str, optional
        Names to take, such as ``img_*.tif``.
    gaps : {"refuse", "allow"}
        Whether time points may be missing. No crop pair is then drawn across a gap.
    lone : str, optional
        What an only axis beside Y and X is, whatever the file calls it: "T" of labels, which have the shape of the frames,
        and which Fiji saves as planes.
    """

    channel: int | None = None
    position: int | None = None
    plane: int | str | None = None
    pattern: str | None = None
    gaps: str = "refuse"
    axes: str | None = None
    lone: str | None = None

    @property
    def one_of_several(self) -> bool:
        """Whether the movie is one channel or plane of a stack that has more: there a position in the stack is no frame."""
        return self.channel is not None or self.plane is not None


@dataclass(frozen=True)
class Series:
    """Files in the order of time.

    Attributes
    ----------
    files : tuple of Path
    times : tuple of int
        The number of each, as its name says it; from 0 where names hold none. Fractions are counted in the largest part
        that all are multiples of: 0.0, 0.5 and 1.0 are 0, 1 and 2.
    numbered : bool
        Whether the names hold it.
    seconds : tuple of int, optional
        What the numbers are since midnight, where they are times of day, as 0930.
    """

    files: tuple
    times: tuple[int, ...]
    numbered: bool = True
    seconds: tuple[int, ...] | None = None

    @property
    def gaps(self) -> np.ndarray:
        """Between which files time points are missing, bool (N - 1,)."""
        return gaps_between(self.seconds or self.times)

    @property
    def counted(self) -> tuple[int, ...]:
        """The time point of each file, from 0, if the usual step of the numbers is one."""
        steps = np.diff(self.seconds or self.times)
        ones = np.maximum(np.rint(steps / usual_between(self.seconds or self.times)), 1) if len(steps) else steps
        return (0, *np.cumsum(ones, dtype=np.int64).tolist())


def in_time(folder, files, choice=Choice()) -> Series:
    """Order the files of a folder in time.

    Parameters
    ----------
    folder : pathlib.Path
        For messages.
    files : sequence of pathlib.Path
        At least one.
    choice : Choice

    Raises
    ------
    ValueError
        If the names are of several kinds, hold more than time, or a time point is missing; the message says what was
        seen and which option decides.
    """
    files = sorted(files, key=natural_key)
    if odd := next((file.name for file in files if not file.name.isprintable()), None):
        raise ValueError(f"{folder} holds a file named {odd[:60]!r}: take the characters out of its name that cannot be "
                         "printed.")
    if choice.pattern is not None:
        files = [file for file in files if fnmatch.fnmatch(file.name, choice.pattern)]
        if not files:
            raise ValueError(f"{folder} holds no image named like {choice.pattern!r}: check `pattern`.")
    names = _taken_apart(files)
    if len({name.text for name in names}) == 1:
        return _by_numbers(folder, files, names, choice)
    if "".join(file.stem.lower() for file in files) in string.ascii_lowercase and all(len(file.stem) == 1 for file in files):
        return Series(tuple(files), tuple(range(len(files))), False)  # a, b, c
    raise ValueError(f"{folder} holds {question_of_kinds(files, names)}")


def _taken_apart(files) -> list[Named]:
    """Return the names, with dates in them where that says more: 20240101_0001 is a date and a counter as well."""
    halves = [named(file, fractions=True) for file in files]
    if len({name.text for name in halves}) == 1 and any(isinstance(one, Fraction) for name in halves for one in name.numbers):
        differing = [column for column in zip(*(name.numbers for name in halves)) if len(set(column)) > 1]
        ordered = [sorted(column) for column in differing]
        if len(ordered) == 1 and len({after - before for before, after in zip(ordered[0], ordered[0][1:])}) == 1:
            return halves  # t0.0, t0.5, t1.0: they count
    plain, dated = ([named(file, stamps) for file in files] for stamps in (False, True))
    kinds_of_plain, kinds_of_dated = (len({name.text for name in names}) for names in (plain, dated))
    if kinds_of_plain == 1:
        differing = [column for column in zip(*(name.numbers for name in plain)) if len(set(column)) > 1]
        if len(differing) == 1 and len(set(np.diff(sorted(differing[0])).tolist())) == 1:
            return plain  # it counts
    return dated if kinds_of_dated <= kinds_of_plain else plain


def _by_numbers(folder, files, names: list[Named], choice: Choice) -> Series:
    """The same for files whose names differ in numbers only."""
    roles = names[0].roles
    numbers = _whole([name.numbers for name in names]).reshape(len(files), len(roles))
    for role in CHOSEN:
        kept = _chosen(folder, numbers, roles, role, getattr(choice, role))
        files, numbers = [file for file, keep in zip(files, kept) if keep], numbers[kept]
    varying = [i for i in range(len(roles)) if len(set(numbers[:, i])) > 1]
    time, only_time = _time(varying, roles, numbers), choice.lone == "T" or (choice.axes or "").upper() == "TYX"
    if time is None and len(varying) == 1 and only_time:
        time = varying[0]
    if time is not None and len(varying) == 1 and roles[time] not in CHOSEN and not only_time:
        check_clock(folder, files)
    if others := [i for i in varying if i != time and not _follows(numbers, roles, varying, i, time)]:
        raise ValueError(f"{folder}: {_question(files, numbers, roles, others, time)}")
    times = numbers[:, time] if time is not None else np.arange(len(files))
    order = np.argsort(times, kind="stable")
    _check_once(folder, [files[i] for i in order], times[order] if time is not None else None)
    in_order = tuple(files[i] for i in order)
    ordered = Series(in_order, tuple(times[order].tolist()), time is not None, of_day(in_order, times[order].tolist()))
    if choice.gaps != "allow" and ordered.gaps.any():
        i, missing = int(np.flatnonzero(ordered.gaps)[0]), int((np.diff(ordered.counted)[ordered.gaps] - 1).sum())
        raise ValueError(f"{folder}: between {ordered.files[i].name} and {ordered.files[i + 1].name} a time point is "
                         f"missing ({missing} in all): add {'it' if missing == 1 else 'them'}, or set `gaps: allow`, and no "
                         f"crop pair is drawn across a gap{_or_a_clock(ordered)}.")
    return ordered


def _or_a_clock(series: Series) -> str:
    """Return the advice on numbers that may be times of day, but are not written as such; empty if they are no such."""
    if series.seconds or not seconds_of(series.times):
        return ""
    return "; or, if these are times of day, write all with as many digits, as in 0930"


def _whole(numbers) -> np.ndarray:
    """Return the numbers of all names as int64 (files, numbers), fractions counted in halves, tenths or what they need."""
    columns = [[number * math.lcm(*(Fraction(one).denominator for one in column)) for number in column]
               for column in zip(*numbers)]
    return np.array(columns, dtype=np.int64).T


def _chosen(folder, numbers: np.ndarray, roles, role: str, wanted) -> np.ndarray:
    """Return which files are of the channel, position or plane that is asked for, bool (files,)."""
    columns = [i for i, of_column in enumerate(roles) if of_column == role]
    columns = [i for i in columns if len(set(numbers[:, i])) > 1] or columns[:1]
    if wanted is None or not columns:
        return np.ones(len(numbers), bool)
    there = sorted(set(map(tuple, numbers[:, columns].tolist())))
    if any(len(set(numbers[:, i])) < len(there) for i in columns):
        raise ValueError(f"{folder}: several numbers in the names tell the {role}, such as "
                         f"{' and '.join(map(str, there[0]))}: choose the files with `pattern` instead of `{role}`.")
    if wanted == "max" and len(there) == 1:
        return np.ones(len(numbers), bool)  # of the planes in each file
    kept = numbers[:, columns[0]] == (-1 if wanted == "max" else wanted)
    if not kept.any():
        raise ValueError(f"{folder} has no {role} {wanted}, only {', '.join(str(one[0]) for one in there)}: choose one of "
                         f"these with `{role}`.")
    return kept


def _time(varying: list[int], roles, numbers: np.ndarray) -> int | None:
    """Return the column of the number that counts time, or None if nothing says so."""
    if said := [i for i in varying if roles[i] == "time"]:
        return said[0]
    unnamed, stamps = ([i for i in varying if roles[i] == role] for role in ("", "stamp"))
    # A counter beside a clock is time, unless it tells something else and begins anew.
    if len(unnamed) == 1 and (not stamps or len(set(numbers[:, unnamed[0]])) == len(numbers)):
        return unnamed[0]
    return stamps[0] if stamps else None


def _follows(numbers: np.ndarray, roles, varying: list[int], column: int, time: int | None) -> bool:
    """Whether a number says nothing beside time, as one that counts minutes; a channel, a position and a plane always do.

    One that goes on with time does so, together with those before it (hours, then minutes); one that comes again and
    again, as that of a channel would, does not.
    """
    if time is None or roles[column] in CHOSEN or len(set(numbers[:, time])) < len(numbers):
        return False
    in_order = numbers[np.argsort(numbers[:, time])]
    before = [i for i in varying if i <= column and i != time and roles[i] not in CHOSEN]
    rows = list(map(tuple, in_order[:, before].tolist()))
    return rows == sorted(rows) or len(set(numbers[:, column])) == len(numbers)


def _question(files, numbers: np.ndarray, roles, others: list[int], time: int | None) -> str:
    """Say what besides time differs, and which option decides."""
    column = next((i for i in others if roles[i] in CHOSEN), others[0])
    values, role = sorted(set(numbers[:, column].tolist())), roles[column]
    listed = ", ".join(map(str, values[:5])) + (", ..." if len(values) > 5 else "")
    if role in CHOSEN and time is None and len(others) == 1:
        return (f"the names tell {len(values)} {role}s ({listed}), as in {files[0].name}, and no time: choose one with "
                f"`{role}` if there are more time points, or set `axes: TYX` if the {role}s are the time points.")
    if role in CHOSEN:
        frames = "" if time is None else f" of {len(set(numbers[:, time].tolist()))} time points"
        return (f"the names tell {len(values)} {role}s ({listed}){frames}, as in {files[0].name}: choose one with "
                f"`{role}`, such as {values[0]}.")
    two = f"two numbers differ from file to file, as in {files[0].name} and {files[-1].name}, and "
    if any(looks_like_a_date(file) for file in files):
        return two + "of their date the largest does not come first, which tells no order: number the frames, as in t000.tif."
    if time is None:
        return (two + "neither is called time: number the frames, as in t000.tif, or choose the files with "
                f"`pattern`{_one_of_each(files, numbers, others)}.")
    of_first = numbers[:, column] == values[0]
    pattern = pattern_for([file for file, one in zip(files, of_first) if one],
                          [file for file, one in zip(files, of_first) if not one])
    if parts_of_one(files[0], column, time):
        return two + ("the one that is not called time may be a part of it: number the frames, as in t000.tif, or choose the "
                      "files with `pattern`.")
    return (two + f"the one that is not time comes again ({listed}), as that of a channel or a position would: choose the "
            "files with `pattern`" + (f", such as {pattern!r}." if pattern else "."))


def _one_of_each(files, numbers: np.ndarray, columns: list[int]) -> str:
    """Return the patterns that leave one of two numbers, as a clause; empty if there are no simple ones."""
    if len(columns) != 2 or parts_of_one(files[0], *columns):
        return ""
    patterns = []
    for column in columns:
        first = numbers[:, column] == numbers[0, column]
        patterns.append(pattern_for([file for file, one in zip(files, first) if one],
                                    [file for file, one in zip(files, first) if not one]))
    return "" if None in patterns else (f", such as {patterns[0]!r} if the second one counts frames, "
                                        f"{patterns[1]!r} if the first")


def _check_once(folder, files, times: np.ndarray | None) -> None:
    """Raise a ValueError if two files are of one time point."""
    keys = [file.stem.lower() for file in files] if times is None else times.tolist()
    seen = {}
    for file, key in zip(files, keys):
        if key in seen:
            raise ValueError(f"{folder} has two files of one time point, {seen[key].name} and {file.name}: keep one, or "
                             "choose the files with `pattern`.")
        seen[key] = file
