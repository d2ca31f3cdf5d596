"""Writing files so that nothing half-written is ever read, and saying which file cannot be read."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BROKEN = ".broken"
"""What is added to the name of a file that was set aside."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` if the block ends without an error.

    What was written is on the disk before the new name is: after a power cut there is the old file or the new one, and
    none that is empty or full of zeros.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON with sorted keys, a list of numbers on one line, whole or not at all.

    Raises
    ------
    ValueError
        If it holds a number that JSON does not know; the message names the file and the key. Where there is no value,
        None stands.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tapnb.system.files import read_json, write_json
    >>> write_json(Path("record.json"), {"seed": 20})
    >>> read_json(Path("record.json"))
    {'seed': 20}
    """
    try:
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except ValueError:
        key, number = next(_not_finite(value), ("", None))
        if number is None:
            raise  # something else that is no JSON
        raise ValueError(f"{path} is not written: {key} is {number}, which is no result; find out where it comes from, "
                         "or keep None where there is no value") from None
    text = re.sub(r"\[\n[\s\d.,eE+-]+\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", "utf-8")


def read_json(path: Path) -> object:
    """Read a JSON file.

    Raises
    ------
    ValueError
        If it is empty, cut, or something else; the message names the file.
    """
    content = path.read_bytes()
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):  # of which those of JSON and of UTF-8 are kinds
        raise ValueError(f"{path} {emptiness(content) or 'is cut, or no JSON file'}: put back a copy of it, or delete "
                         "it and make it again") from None


def emptiness(content: bytes) -> str | None:
    """What a file of such a content is, "is empty" or "holds nothing but zeros"; None if it holds something."""
    if not content:
        return "is empty"
    return None if content.strip(b"\0") else "holds nothing but zeros"


def said(error: Exception) -> str:
    """What an error of another package says, on one line, and no longer than is read."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def set_aside(path: Path, why: str) -> Path:
    """Rename a file that cannot be used to ``<name>.broken``, say so, and return its new path.

    Parameters
    ----------
    path : Path
    why : str
        What is wrong with it, a sentence that names the file.
    """
    asides = (path.with_name(f"{path.name}{BROKEN}{n}") for n in ("", *range(2, 1000)))
    aside = next(aside for aside in asides if not aside.exists())
    path.rename(aside)
    print(f"{why}; it is set aside as {aside.name} and made again.", file=sys.stderr)
    return aside


def _flush_folder(folder: Path) -> None:
    """Make a new name in a folder last; Windows opens no folder and needs none of it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:  # some network disks cannot
        pass
    finally:
        os.close(handle)


def _not_finite(value: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Every number of a value that is not finite, with the keys that lead to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _not_finite(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield from _not_finite(part, f"{key}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield key or "the value", value
