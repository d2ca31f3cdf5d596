"""The lineage table of a tracked movie, ``man_track.txt``, as trackers and spreadsheets write it.

One track a line: label, first frame, last frame, label of the parent. Read besides are byte order marks, UTF-16,
commas, semicolons or tabs between the numbers, a header, comments after ``#``, and -1 or the own label for "no parent".
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.movies.text import read_text

__all__ = ["read_lineage", "COLUMNS"]

COLUMNS = ["label", "first", "last", "parent"]
NAMES = {"label": "label l id track trackid cell cellid",
         "first": "first begin b start tbegin tstart firstframe startframe",
         "last": "last end e stop tend lastframe endframe",
         "parent": "parent p parentid parenttrack parenttrackid mother"}
"""What the columns are called in a header, without signs and in small letters."""
WANTED = "expected four whole numbers, label, first frame, last frame, parent"
NUMBER = re.compile(r"\d{1,18}(?:\.0+)?", re.ASCII)  # below 2**63; a program that keeps floats writes 1.0


def read_lineage(path) -> pd.DataFrame:
    """Read a lineage table ``man_track.txt``.

    Parameters
    ----------
    path : str or pathlib.Path
        Text file with one track a line: label, first frame, last frame, label of the parent (0 or -1: none). A header
        may name the columns in another order. Where no track has 0 or -1 for a parent, a track's own label says that
        it has none, as in btrack.

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``first``, ``last``, ``parent`` (``int64``, 0: none), in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a line is not four whole numbers, a label comes twice, a track ends before it begins, or a
        parent is not in the table, is the track itself, or does not end before its daughter begins.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no lineage table {path}: give the man_track.txt of the sequence.")
    order, rows = range(4), []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        words = re.split(r"\s*[,;\t]\s*" if re.search(r"[,;\t]", line) else r"\s+", line)
        if not rows and order == range(4) and not re.search(r"\d", line):
            order = _order(words, f"{path}, line {number}")
            continue
        rows.append(_row(words, order, f"{path}, line {number} is {line[:60]!r}"))
    if not rows:
        raise ValueError(f"{path} is empty: expected one track a line, "
                         "label, first frame, last frame, parent.")
    lineage = pd.DataFrame(rows, columns=COLUMNS, dtype=np.int64)
    if not (lineage["parent"] == 0).any():  # every track needs something there: these say "itself"
        lineage.loc[lineage["parent"] == lineage["label"], "parent"] = 0
    _check_lineage(lineage, path)
    return lineage


def _order(words, where: str) -> list[int]:
    """Return which columns of a table with this header are label, first, last and parent."""
    plain = [re.sub(r"[\W_]", "", word).lower() for word in words]
    order = [next((i for i, word in enumerate(plain) if word in names.split()), None) for names in NAMES.values()]
    if None in order:
        raise ValueError(f"{where} is the header {' '.join(words)[:60]!r}, which does not say what is "
                         f"{COLUMNS[order.index(None)]}: name the columns label, first, last and parent.")
    return order


def _row(words, order, where: str) -> list[int]:
    """Return label, first, last and parent of one line; -1 for a parent becomes 0."""
    if len(words) != 4 if order == range(4) else len(words) <= max(order):
        raise ValueError(f"{where}: {WANTED}.")
    chosen = [words[i] for i in order]
    if re.fullmatch(r"-1(\.0+)?", chosen[3]):
        chosen[3] = "0"
    if below := next((column for column, word in zip(COLUMNS, chosen) if re.fullmatch(r"-\d+(\.0+)?", word)), None):
        raise ValueError(f"{where}, whose {below} is negative: frames count from 0 and labels from 1, and a track without a "
                         "parent has 0 or -1 there.")
    if not all(NUMBER.fullmatch(word) for word in chosen):
        raise ValueError(f"{where}: {WANTED}.")
    return [int(word.partition(".")[0]) for word in chosen]


def _check_lineage(lineage: pd.DataFrame, path: Path) -> None:
    """Raise a ValueError for the first track that contradicts itself or its parent."""
    last = {}
    for row in lineage.itertuples():
        if row.label == 0 or row.label in last:
            why = "0 is the background" if row.label == 0 else "it is used twice"
            raise ValueError(f"{path}: label {row.label} cannot name a track, {why}: "
                             "give each track its own label.")
        if row.last < row.first:
            raise ValueError(f"{path}: track {row.label} ends in frame {row.last}, before its first frame "
                             f"{row.first}: correct the line.")
        last[row.label] = row.last
    for row in lineage[lineage.parent > 0].itertuples():
        if row.parent == row.label:
            raise ValueError(f"{path}: track {row.label} is its own parent: write 0 for a track without one.")
        if row.parent not in last:
            raise ValueError(f"{path}: track {row.label} has parent {row.parent}, "
                             "which is not in the table: add it, or write 0.")
        if last[row.parent] >= row.first:
            raise ValueError(f"{path}: track {row.label} begins in frame {row.first}, but its parent "
                             f"{row.parent} lasts until frame {last[row.parent]}: "
                             "a mother ends before her daughters begin.")
