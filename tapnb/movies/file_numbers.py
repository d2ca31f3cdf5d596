"""What the numbers in a file's name stand for, and patterns that fit some names and no others.

A number counts what the letters before it say: ``t003`` time, ``ch1`` channel, ``pos2`` position, ``z05`` plane. Where a
microscope's program uses letters in its own way, the whole name says so. Dates with a time of day, and hours with
minutes, are one number.
"""

import fnmatch
import glob
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

__all__ = ["CHOSEN", "Named", "looks_like_a_date", "named", "natural_key", "parts_of_one", "pattern_for"]

CHOSEN = ("channel", "position", "plane")
"""What an option of the same name chooses."""

ROLES = {"time": ("t", "time", "tp", "timepoint", "frame", "f", "fr", "sk"),
         "channel": ("c", "ch", "channel", "w", "wavelength"),
         "position": ("p", "pos", "position", "xy", "s", "series", "site", "field", "fov", "scene", "well"),
         "plane": ("z", "plane", "slice", "depth")}
"""The last letters before a number, by what it counts."""

LAYOUTS = tuple(re.compile(layout, re.IGNORECASE) for layout in (
    # Opera and Operetta, by Harmony: row, column, field, plane, channel, and time, which they call sk.
    r"r(?P<position_row>\d+)c(?P<position_column>\d+)f(?P<position_field>\d+)p(?P<plane>\d+)-?ch(?P<channel>\d+)"
    r"(?:sk(?P<time>\d+))?",
    r"^img_(?P<time>\d{9})_.*_(?P<plane>\d{3})$",  # MicroManager: time, name of the channel, plane
    r"_[A-P]\d{1,2}_(?P<position>\d+)_\d+(?:d\d\dh\d\dm|y\d\dm\d\dd_\d\dh\d\dm)",  # Incucyte: well, image, time
))
"""Names of programs whose letters mean something else, or that put none; what a group's name begins with is the role."""

STAMP = re.compile(r"""(?<!\d)(?:
    (?P<year>(?:19|20)\d\d)[-_.y]?(?P<month>0[1-9]|1[0-2])[-_.m]?(?P<day>0[1-9]|[12]\d|3[01])d?
        (?:[-_.T\ ]?(?P<hour>[01]\d|2[0-3])
            (?:[-_.:h]?(?P<minute>[0-5]\d)m?(?:[-_.:]?(?P<second>[0-5]\d)s?)?|h(?![a-z])))?(?!\d)
    | (?:(?P<days>\d{1,4})d)?(?P<hours>\d{1,4})h
        (?:(?P<minutes>\d{1,2})m(?:(?P<seconds>\d{1,2})s)?|(?P<rest>[0-5]\d)(?![0-9a-z])))""",
                   re.VERBOSE | re.IGNORECASE)
"""A date, which may have a time of day, or hours and minutes."""

UNITS = {"day": 86400, "days": 86400, "d": 86400, "hours": 3600, "hour": 3600, "hrs": 3600, "hr": 3600, "h": 3600,
         "min": 60, "mins": 60, "minute": 60, "m": 60, "sec": 1, "secs": 1, "s": 1}
"""Seconds of what is written before a number, as in ``day1_hour08``, or after it, as in ``1d_8h``."""

FRACTION = re.compile(r"(?<![0-9.,])[0-9]{1,9}[.,][0-9]{1,6}(?![0-9]|[.,][0-9])")
"""A number with a fraction, unless it is a part of a date or of a version."""

AFTER = re.compile(r"[-_ ]?([a-z]+)(?![a-z])", re.IGNORECASE)

LONGEST = 18  # digits of a number, so that it stays below 2**63


@dataclass(frozen=True)
class Named:
    """A file's name, taken apart.

    Attributes
    ----------
    text : str
        The name in small letters without its suffix, ``#`` for each number: names of one kind have one text.
    numbers : tuple of int or Fraction
        In their order; dates and times of day in seconds. Days with hours, and hours with minutes, are one.
    roles : tuple of str
        What each counts: "time", "channel", "position", "plane", "stamp" for a date or a time of day; empty if nothing
        says so.
    """

    text: str
    numbers: tuple[int, ...]
    roles: tuple[str, ...]


def named(file, stamps=True, fractions=False) -> Named:
    """Take the name of a file apart.

    Parameters
    ----------
    file : str or pathlib.Path
    stamps : bool
        False to read digits one by one also where they are a date.
    fractions : bool
        Whether ``t0.5`` is a half, and not a time and another number; ``0.5h``, which has a unit, always is.
    """
    name = Path(file).stem
    layout = next((match for layout in LAYOUTS if (match := layout.search(name))), None)
    roles_at = {layout.start(group): group.split("_")[0] for group, value in layout.groupdict().items()
                if value is not None} if layout else {}
    numbers, roles, words, text, end, units, used = [], [], [], "", 0, [], False
    while number := re.compile("[0-9]+").search(name, end):
        between = name[end:number.start()]
        stamp = STAMP.match(name, number.start()) if stamps and name.isascii() else None
        seconds = _seconds(stamp) if stamp else None
        number = stamp if seconds is not None else number
        word = re.search(r"([a-z]*)[^a-z]*$", between.lower())[1]
        role = next((role for role, letters in ROLES.items() if word in letters), "")
        unit, of_fraction = _unit(name, number.end()), FRACTION.match(name, number.start())
        if seconds is not None:
            value, role = seconds, "stamp" if stamp["year"] is None or stamp["hour"] else ""
        elif of_fraction and (_unit(name, of_fraction.end()) in UNITS or fractions and role == "time"):
            number, role = of_fraction, role or "stamp"
            value = Fraction(number[0].replace(",", "."))
        else:
            value = int(number[0][:LONGEST])
            role = "stamp" if not role and unit in ("h", "hr", "hrs") else role
        text += between + "#"
        words.append(word)
        numbers.append(value)
        # A word between two numbers is the unit of the first, 1d08h, unless that has one before it, day1_hour08.
        before = word if word in UNITS and len(word) > 1 and not used else ""
        used = not before and unit in UNITS
        units.append(0 if seconds is not None else UNITS.get(before or unit, 0))
        roles.append(roles_at.get(number.start(), role))
        end = number.end()
    # One letter, two meanings: f is a field and w a well where time and channel have letters of their own.
    for letter, counted in (("f", "time"), ("w", "channel")):
        if any(role == counted and word != letter for role, word in zip(roles, words)):
            roles = ["position" if word == letter and role == counted else role for role, word in zip(roles, words)]
    if stamps:
        numbers, roles = _together(numbers, roles, units)
    return Named((text + name[end:]).lower(), tuple(numbers), tuple(roles))


def _unit(name: str, end: int) -> str:
    """Return the letters behind a number, in small ones."""
    after = AFTER.match(name, end)
    return after[1].lower() if after else ""


def _together(numbers: list, roles: list[str], units: list[int]) -> tuple[list, list[str]]:
    """Make one number, in seconds, of days and hours that follow each other, and of hours and minutes."""
    first = next((i for i, (one, other) in enumerate(zip(units, units[1:])) if one > other > 0
                  and {*roles[i:i + 2]} <= {"", "stamp"}), None)
    if first is None:
        return numbers, roles
    last = first + 1
    while last + 1 < len(units) and units[last] > units[last + 1] > 0 and roles[last + 1] in ("", "stamp"):
        last += 1
    seconds = sum(number * unit for number, unit in zip(numbers[first:last + 1], units[first:last + 1]))
    return [*numbers[:first], seconds, *numbers[last + 1:]], [*roles[:first], "stamp", *roles[last + 1:]]


def looks_like_a_date(file) -> bool:
    """Whether a name holds a date whose year comes last, which may begin with the day or the month."""
    return re.search(r"(?<!\d)\d{1,2}([-_.])\d{1,2}\1(?:19|20)\d\d(?!\d)", Path(file).stem) is not None


def parts_of_one(file, *columns: int) -> bool:
    """Whether numbers of a name may be parts of one time: the whole and the fraction, or one that has a unit of time.

    Parameters
    ----------
    file : str or pathlib.Path
    columns : int
        Which numbers, counted from 0, as in :class:`Named`.
    """
    name = Path(file).stem
    if len(named(file).numbers) != len(re.findall("[0-9]+", name)):
        return False  # a date is in it already
    found = [match for i, match in enumerate(re.finditer("[0-9]+", name)) if i in columns]
    whole, part = found[0], found[-1]
    words = [re.search(r"([a-z]*)[^a-z]*$", name[:match.start()].lower())[1] for match in found]
    return name[whole.end():part.start()] in (".", ",") or any(
        (word in UNITS and len(word) > 1) or _unit(name, match.end()) in set(UNITS) - {"m", "s", "d"}
        for word, match in zip(words, found))


def _seconds(stamp: re.Match) -> int | None:
    """Return a date with its time of day, or hours and minutes, as seconds; None if there is no such day."""
    if stamp["year"] is None:
        days, hours, minutes, rest, seconds = (int(stamp[part] or 0) for part in (
            "days", "hours", "minutes", "rest", "seconds"))
        return ((days * 24 + hours) * 60 + minutes + rest) * 60 + seconds
    try:
        day = datetime(*(int(stamp[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")))
    except ValueError:
        return None
    return round((day - datetime(1900, 1, 1)).total_seconds())


def natural_key(path) -> list:
    """Return a sort key that orders ``t2.tif`` before ``t10.tif``."""
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part.lower())
            for part in re.split(r"([0-9]+)", Path(path).name) if part]


def pattern_for(wanted: Sequence[Path], others: Sequence[Path]) -> str | None:
    """Return a pattern, such as ``img_*[0-9].tif``, that fits all names of some files and none of the others.

    None if no simple one does.
    """
    names, rest = [file.name for file in wanted], [file.name for file in others]
    parts = re.split(r"([0-9]+)", glob.escape(wanted[0].stem))
    digits = range(1, len(parts), 2)
    same = [re.findall("[0-9]+", file.stem) for file in wanted]
    differ = [i for i in digits if len({tuple(of_name[i // 2:i // 2 + 1]) for of_name in same}) > 1]
    for suffix in (wanted[0].suffix, ".*"):
        for opened in (digits[-1:], differ, digits):
            for number in ("*[0-9]", None):
                pattern = "".join((number or "[0-9]" * len(part)) if i in opened else part
                                  for i, part in enumerate(parts)) + suffix
                if _separates(pattern, names, rest):
                    return pattern
        start = os.path.commonprefix([file.stem for file in wanted])
        end = os.path.commonprefix([file.stem[len(start):][::-1] for file in wanted])[::-1]
        for ends in (end, end.lstrip("0123456789")):
            for starts in (start, start.rstrip("0123456789"), ""):
                pattern = f"{glob.escape(starts)}*{glob.escape(ends)}{suffix}"
                if _separates(pattern, names, rest):
                    return pattern
    return None


def _separates(pattern: str, wanted: list[str], others: list[str]) -> bool:
    return all(fnmatch.fnmatch(name, pattern) for name in wanted) and not any(
        fnmatch.fnmatch(name, pattern) for name in others)
