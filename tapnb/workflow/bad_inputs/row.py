"""One bad input, and what is said of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tapnb.movies.catalogue import open_whole

__all__ = ["BadInput", "refusal", "said"]


@dataclass(frozen=True)
class BadInput:
    """Something that a person may well give, and that is refused in one sentence.

    Attributes
    ----------
    group : str
        What kind of input it is, the heading of a table.
    title : str
        What is given, in a few words.
    make : callable
        Makes the files in an empty folder, and returns what is asked for: a path, or whatever `ask` takes.
    says : str
        A regular expression that the sentence matches: what is wrong, or what to do.
    names : str
        The file or the value that the sentence names.
    ask : callable
        Takes what `make` returned; by default it is opened as a movie.
    """

    group: str
    title: str
    make: Callable[[Path], object]
    says: str
    names: str
    ask: Callable[[object], object] = open_whole


def refusal(row: BadInput, folder: Path) -> ValueError | FileNotFoundError:
    """Return the error with which a bad input is refused.

    Parameters
    ----------
    row : BadInput
    folder : Path
        An empty folder for its files.

    Raises
    ------
    RuntimeError
        If it is accepted. An error of any other kind is let through: it is no refusal, but a defect.
    """
    asked = row.make(folder)
    try:
        row.ask(asked)
    except (ValueError, FileNotFoundError) as error:
        return error
    raise RuntimeError(f"nothing is said of {row.title!r}")


def said(row: BadInput, folder: Path) -> str:
    """Return the sentence of :func:`refusal`, with paths seen from `folder`: the same wherever that lies."""
    return str(refusal(row, folder)).replace(f"{folder}{os.sep}", "").replace(str(folder), "this folder")
