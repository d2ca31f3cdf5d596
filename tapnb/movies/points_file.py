"""Tables of event points: columns t, y and x, or what napari writes of a points layer; ``kind`` if some are deaths."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.movies.event_kinds import with_kinds
from tapnb.movies.text import read_text

__all__ = ["read_points", "events_of_points"]

NAPARI = {"axis-0": "t", "axis-1": "y", "axis-2": "x"}
COUNTED = {"slice": "which Fiji counts from 1, and no column 't': write one, less 1",
           "frame": "which may count from 0 (TrackMate, trackpy) or from 1 (Fiji), and no column 't', from 0: rename it t if it "
                    "counts from 0, else write t, one less"}
"""Columns that may be time, and what to do about them."""
WANTED = "event points need the columns t, y and x, or napari's axis-0, axis-1 and axis-2"


def read_points(path, kinds: bool = True) -> pd.DataFrame:
    """Read a table of event points.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV with a header and the columns ``t`` (frame, from 0), ``y``, ``x`` (pixels from the upper left corner), or
        the points of a layer (t, y, x) as napari saves them: ``index``, ``axis-0``, ``axis-1``, ``axis-2``. A column
        ``kind`` may say "division" or "death", or 1 or 2, or what :mod:`tapnb.movies.event_kinds` knows, under other names
        too; other columns are kept. Separated by commas, semicolons, tabs or spaces; lines that begin with ``#`` are comments.
    kinds : bool
        Whether to look for a column that tells kinds; if not, columns besides the places are text.

    Returns
    -------
    pandas.DataFrame
        The table, in the order of the file, with the columns ``t``, ``y`` and ``x`` of finite numbers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a column is missing, holds values that are not numbers or below 0, a kind is neither of the two, or the points
        of one event are of two kinds.
    """
    path = Path(path).expanduser()
    header, rows, lines = _cells(path)
    points = pd.DataFrame(rows, columns=_columns(header, path))
    if points.empty:
        raise ValueError(f"{path} holds no point: {WANTED}, one point a line.")
    points = with_kinds(points, lines, path) if kinds else points
    for column in points:
        numbers = pd.to_numeric(points[column], errors="coerce")
        if column in ("t", "y", "x"):
            wrong = ~np.isfinite(numbers) | ((numbers % 1 != 0) if column == "t" else False)
            if wrong.any():
                wanted = "the number of a frame, from 0" if column == "t" else "a number: give pixels"
                raise ValueError(f"{path}: {points[column][wrong].iloc[0][:60]!r} in column {column} is not {wanted}.")
            below = numbers < (0 if column == "t" else -0.5)  # a pixel's edge
            if below.any():
                raise ValueError(f"{path}, line {lines[int(np.flatnonzero(below)[0])]}: {points[column][below].iloc[0][:60]!r} "
                                 f"in column {column} is negative: {'frames' if column == 't' else 'pixels'} count from 0.")
        if not numbers.isna().any():
            points[column] = numbers
    if "kind" in points:
        places = points[["t", "y", "x"]].astype(float).round()
        twice = points["kind"].groupby([places[axis] for axis in "tyx"]).transform("nunique") > 1
        if twice.any():
            raise ValueError(f"{path}, line {lines[int(np.flatnonzero(twice)[-1])]}: a point is a division and a death at once: leave "
                             "one of the two out.")
    return points


def events_of_points(points) -> pd.DataFrame | None:
    """Return the events that points belong to, by their column ``event``; None if there is no such column.

    Parameters
    ----------
    points : pandas.DataFrame
        As read by :func:`read_points`. Points of one number in ``event`` are one event, of a division for example a
        mother and her daughters.

    Returns
    -------
    pandas.DataFrame
        One row per event: ``t``, its last frame that has a point, ``y`` and ``x``, the middle of its points there,
        ``kind`` and ``track``, the event's number.
    """
    if "event" not in points:
        return None
    if "kind" not in points:
        points = points.assign(kind="division")
    latest = points[points["t"] == points.groupby("event")["t"].transform("max")]
    events = latest.groupby("event", as_index=False).agg({"t": "first", "y": "mean", "x": "mean", "kind": "first"})
    return events.rename(columns={"event": "track"}).astype({"t": int})[["t", "y", "x", "kind", "track"]]


def _cells(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the rows and the lines of a table, as text."""
    lines = [(number, line) for number, line in enumerate(read_text(path).splitlines(), start=1)
             if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise ValueError(f"{path} is empty: {WANTED}.")
    separator = max(",;\t", key=lines[0][1].count)
    if separator not in lines[0][1]:
        separator = " "
    reader = csv.reader((line.strip(" ") for _, line in lines), delimiter=separator, skipinitialspace=separator == " ")
    try:
        (_, header), *numbered = [(lines[reader.line_num - 1][0], [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path} is not a readable table ({error}): save it as CSV again.") from None
    rows = [row for _, row in numbered]
    for row in rows:
        if len(row) < len(header) or any(row[len(header):]):
            raise ValueError(f"{path}: the line {separator.join(row)[:60]!r} has {len(row)} cells, but the header has "
                             f"{len(header)}: separate the columns by commas, and write decimals with a point.")
    return header, [row[:len(header)] for row in rows], [number for number, _ in numbered]


def _columns(header, path: Path) -> list[str]:
    """Return the names of the columns, with t, y, x and kind among them under these names."""
    small = [name.lower() for name in header]
    if "vertex-index" in small or "shape-type" in small:
        raise ValueError(f"{path} is a shapes layer of napari: save a points layer, with one point on each cell.")
    axes = [name for name in small if re.fullmatch(r"axis-\d+", name)]
    if len(axes) not in (0, 3):
        raise ValueError(f"{path} has {len(axes)} axes: save a points layer with the three of the movie, t, y and x"
                         + ("; of a viewer with channels, take the column of the channel out and count the axes from 0."
                            if len(axes) > 3 else "."))
    known = {**NAPARI, **{name: name for name in ("t", "y", "x", "kind", "event")}}
    columns = [known.get(name, original) for name, original in zip(small, header)]
    for column in "tyx":
        if columns.count(column) != 1:
            if column == "t" and (counted := next((name for name in COUNTED if name in small), None)):
                raise ValueError(f"{path} has a column {header[small.index(counted)]!r}, {COUNTED[counted]}, and save as CSV again.")
            many = "the column {!r} twice" if column in columns else "no column {!r}"
            raise ValueError(f"{path} has {many.format(column)}: {WANTED}.")
    if len(set(columns)) < len(columns):
        raise ValueError(f"{path} has two columns of one name: give each its own.")
    return columns
