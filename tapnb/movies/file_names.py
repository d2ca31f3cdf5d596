"""Which files of a folder are a movie, and in which order: time comes from the numbers in their names.

A name is text with numbers in it. Numbers that differ from file to file stand for time, channel, position or plane, by
the letters before them (``t003``, ``ch1``, ``pos2``); the only one that differs is time. What the names leave open is
asked in one sentence that names the option, and nothing is guessed.
"""

import fnmatch
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Choice", "Series", "in_time", "natural_key"]

ROLES = {"time": ("t", "time", "tp", "timepoint", "frame", "f", "fr"),
         "channel": ("c", "ch", "channel", "w", "wavelength"),
         "position": ("p", "pos", "position", "xy", "s", "series", "site", "field", "fov", "scene", "well"),
         "plane": ("z", "plane", "slice", "depth")}
"""The last letters before a number, by what it counts."""

LONGEST = 18  # digits of a number, so that it stays below 2**63


@dataclass(frozen=True)
class Choice:
    """What decides where a movie's files leave something open.

    Attributes
    ----------
    channel, position, plane : int, optional
        Which one, as numbered in the names, or from 0 in a file; planes also "max", the brightest value over all in a file.
    axes : str, optional
        What the axes of a file are, such as "TYX", where the file says otherwise.
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


@dataclass(frozen=True)
class Series:
    """Files in the order of time.

    Attributes
    ----------
    files : tuple of Path
    times : tuple of int
        The number of each, as its name says it; from 0 where names hold none.
    """

    files: tuple[Path, ...]
    times: tuple[int, ...]

    @property
    def gaps(self) -> np.ndarray:
        """Between which files time points are missing, bool (N - 1,)."""
        steps = np.diff(self.times)
        return steps > steps.min(initial=1 if not len(steps) else steps.max())


def natural_key(path) -> list:
    """Return a sort key that orders ``t2.tif`` before ``t10.tif``."""
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part.lower())
            for part in re.split(r"([0-9]+)", Path(path).name) if part]


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
    kinds = Counter(_text(file) for file in files)
    if len(kinds) > 1:
        if not any(_numbers(file) for file in files) or max(kinds.values()) == 1:
            return Series(tuple(files), tuple(range(len(files))))  # names without time: the order of their letters
        examples = [next(file.name for file in files if _text(file) == kind) for kind in kinds]
        seen = " and ".join(f"{n} like {name}" for name, n in zip(examples[:3], kinds.values()))
        raise ValueError(f"{folder} holds files of {len(kinds)} kinds, {seen}{', ...' if len(kinds) > 3 else ''}: say "
                         f"which are the frames with `pattern`, such as {_pattern(files, examples[0])!r}.")
    return _by_numbers(folder, files, choice)


def _by_numbers(folder, files, choice: Choice) -> Series:
    """The same for files whose names differ in numbers only."""
    roles = _roles(files[0])
    numbers = np.array([_numbers(file) for file in files], dtype=np.int64).reshape(len(files), len(roles))
    varying = [i for i in range(len(roles)) if len(set(numbers[:, i])) > 1]
    for role in ("channel", "position", "plane"):
        wanted = getattr(choice, role)
        columns = [i for i in varying if roles[i] == role]
        if wanted is not None and columns:
            kept = (numbers[:, columns] == wanted).all(1)
            if not kept.any():
                there = ", ".join(map(str, sorted(set(numbers[:, columns[0]]))))
                raise ValueError(f"{folder} has no {role} {wanted}, only {there}: choose one of these with `{role}`.")
            files, numbers = [file for file, keep in zip(files, kept) if keep], numbers[kept]
            varying = [i for i in range(len(roles)) if len(set(numbers[:, i])) > 1]
    time = _time(varying, roles, numbers)
    others = [i for i in varying if i != time and not _tells(numbers[:, time], numbers[:, i])] if time is not None else varying
    if others:
        raise ValueError(f"{folder}: {_question(files, numbers, roles, others[0], time)}")
    times = numbers[:, time] if time is not None else np.arange(len(files))
    order = np.argsort(times, kind="stable")
    ordered = Series(tuple(files[i] for i in order), tuple(times[order].tolist()))
    if choice.gaps != "allow" and ordered.gaps.any():
        i = int(np.flatnonzero(ordered.gaps)[0])
        missing = int((np.diff(times[order])[ordered.gaps] // np.diff(times[order]).min() - 1).sum())
        raise ValueError(f"{folder}: between {ordered.files[i].name} and {ordered.files[i + 1].name} a time point is "
                         f"missing ({missing} in all): add {'it' if missing == 1 else 'them'}, or set `gaps: allow`, and no "
                         "crop pair is drawn across a gap.")
    return ordered


def _time(varying: list[int], roles: list[str], numbers: np.ndarray) -> int | None:
    """Return the column of the number that counts time, or None if nothing says so."""
    named = [i for i in varying if roles[i] == "time"]
    if named:
        return named[0]
    unnamed = [i for i in varying if roles[i] in ("", "plane")]
    return unnamed[0] if len(varying) == 1 and unnamed else (
        next((i for i in varying if roles[i] == ""), None) if sum(roles[i] == "" for i in varying) == 1 else None)


def _tells(times: np.ndarray, other: np.ndarray) -> bool:
    """Whether another number follows from time, as one that counts minutes does."""
    pairs = set(zip(times.tolist(), other.tolist()))
    return len(pairs) == len(set(times.tolist())) == len(times)


def _question(files, numbers: np.ndarray, roles: list[str], column: int, time: int | None) -> str:
    """Say what besides time differs, and which option decides."""
    values = sorted(set(numbers[:, column].tolist()))
    listed = ", ".join(map(str, values[:5])) + (", ..." if len(values) > 5 else "")
    role = roles[column]
    if role in ("channel", "position", "plane"):
        frames = "" if time is None else f" of {len(set(numbers[:, time].tolist()))} time points"
        return (f"the names tell {len(values)} {role}s ({listed}){frames}, as in {files[0].name}: choose one with "
                f"`{role}`, such as {values[0]}.")
    return (f"two numbers differ from file to file, as in {files[0].name} and {files[-1].name}, and neither is called time: "
            "write t before the one that counts frames, or choose the files with `pattern`.")


def _text(file: Path) -> str:
    """Return a name without its numbers and its suffix."""
    return re.sub(r"[0-9]+", "#", file.stem).lower()


def _numbers(file: Path) -> list[int]:
    return [int(digits[:LONGEST]) for digits in re.findall(r"[0-9]+", file.stem)]


def _roles(file: Path) -> list[str]:
    """Return what each number in a name counts, by the letters before it; empty if they do not say."""
    before = [re.search(r"([a-z]*)[^a-z]*$", text.lower())[1] for text in re.split(r"[0-9]+", file.stem)[:-1]]
    return [next((role for role, words in ROLES.items() if letters in words), "") for letters in before]


def _pattern(files, example: str) -> str:
    """Return a pattern that fits the names of one kind: its last number left open, and the name ends as it does."""
    start, _, end = re.match(r"(.*?)([0-9]+)([^0-9]*)$", example).groups() if re.search(r"[0-9]", example) else (
        example, "", "")
    return f"{start}*[0-9]{end}"
