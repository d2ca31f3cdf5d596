"""Training a profile anew, apart from what is published, and comparing every number with the published one."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pandas as pd

from tapnb.movies import catalogue
from tapnb.store import results
from tapnb.studies import claim_records
from tapnb.system import paths
from tapnb.system.files import read_json, replacing
from tapnb.workflow import notebooks

VERDICTS = ("the same", "within its spread", "beyond its spread", "no spread is known")
SPREADS = 2.0
"""Standard deviations of single runs by which a mean over other runs may differ."""


def anew(profile: str, movie: str, home: Path) -> pd.DataFrame:
    """Run all notebooks in a folder of their own, from the first pixel on, and compare.

    Parameters
    ----------
    profile, movie : str
        Of what is published, and of what is run.
    home : Path
        Stands in for the project's folder: what is published is not seen, so nothing can be restored from it. A second
        call goes on where the first was stopped.

    Returns
    -------
    DataFrame
        From :func:`compare`; also kept as ``comparison-<profile>-<movie>.csv`` in ``home``.

    Raises
    ------
    FileNotFoundError
        If nothing is published under that profile and movie.
    """
    published = results.folder(profile, movie)
    measured = [paths.results() / name for name in ("benchmarks.json", "cost.json")]  # how fast a machine was
    given = [*measured, claim_records.few_labels_of(published)]
    if not any(published.glob("[0-9]*.json")):
        raise FileNotFoundError(f"nothing is published for profile {profile!r} and movie {movie!r} to compare with; "
                                f"results/ has {_published() or 'nothing'}")
    with _at_home(home, movie):
        for file in filter(Path.exists, given):  # what a notebook reads, and does not train
            copy = paths.results() / file.relative_to(published.parents[1])
            if published not in file.parents and not copy.exists():  # else it is trained here, or was
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        for done in notebooks.run("all", profile, movie, "execute"):
            print(f"{done.path.stem}  {done.seconds:.0f} s")
        others = [path.name for path in published.parent.glob("*") if path != published]
        comparison = compare(published, results.folder(profile, movie), others)
    with replacing(home / f"comparison-{profile}-{published.name}.csv") as temporary:
        comparison.to_csv(temporary, index=False)
    return comparison


def compare(published: Path, new_folder: Path, others: Iterable[str] = ()) -> pd.DataFrame:
    """Every number of one results folder beside that of another.

    A mean with a standard deviation over runs is *within its spread* if it moved by at most two of them: the runs
    differ in their seeds, and a training that another machine rounds otherwise is like another seed. A number with an
    interval is if it moved by no more than the root of both intervals' summed squares: what the test pairs leave open,
    since nobody knows the spread of a single training. A number with neither, such as a time, has no spread that is
    known. Of the tables those cells are compared that say their spread or interval.

    Parameters
    ----------
    published, new_folder : Path
        Two folders as :func:`tapnb.store.results.publish` fills them.
    others : iterable of str
        Other published movies, whose numbers notebook 13 shows as well: they are not trained anew.

    Returns
    -------
    DataFrame
        ``notebook``, ``number``, ``published`` and ``anew`` (as they are shown; empty where there is none), ``verdict``
        (one of :data:`VERDICTS`, or "missing").
    """
    rows = []
    for path in sorted(published.glob("[0-9]*.json")):
        old = read_json(path)["numbers"]
        file = new_folder / path.name
        new = read_json(file)["numbers"] if file.exists() else {}
        rows += [{"notebook": path.stem, "number": key, "published": old.get(key, {}).get("text", ""),
                  "anew": new.get(key, {}).get("text", ""), "verdict": _verdict(old.get(key), new.get(key))}
                 for key in dict.fromkeys([*old, *new]) if not key.startswith(tuple(f"{other}_" for other in others))]
    for path in sorted(published.glob("[0-9]*_values.csv")):
        old, new = _cells(path), _cells(new_folder / path.name)
        rows += [{"notebook": path.stem.removesuffix("_values"), "number": f"{table}, {row}, {column}",
                  "published": old[table, row, column]["text"],
                  "anew": new.get((table, row, column), {}).get("text", ""),
                  "verdict": _verdict(old[table, row, column], new.get((table, row, column)))}
                 for table, row, column in old if not column.startswith(tuple(f"{other}:" for other in others))]
    return pd.DataFrame(rows, columns=["notebook", "number", "published", "anew", "verdict"])


def _cells(values: Path) -> dict[tuple[str, str, str], dict]:
    """The cells that have a spread or an interval, by table, row and column, as numbers of a results file."""
    if not values.exists():
        return {}
    cells = {}
    for table, own in pd.read_csv(values).groupby("table", sort=False):
        rows = _rows(values.with_name(values.name.replace("_values", f"_{table}")), set(own["column"]))
        for cell in own.itertuples():
            spread = None if math.isnan(cell.std) else cell.std
            cells[str(table), rows[cell.row - 1], str(cell.column)] = {
                "text": cell.text, "value": cell.value, "std": spread, "interval": None if spread is not None else (cell.low, cell.high)}
    return cells


def _rows(table: Path, measured: set[str]) -> list[str]:
    """What each row of a table is called: the words before the first measured cell, since some tables are sorted by what was measured.

    Where these do not tell rows apart, as where a number of labels does, rows are in a given order.
    """
    read = pd.read_csv(table, dtype=str, keep_default_na=False)
    leading = read[list(takewhile(lambda column: column not in measured, read.columns))]
    names = [", ".join(cell.strip("*") for cell in row if re.match(r"\*?[^\W\d]", cell)) for row in leading.itertuples(index=False)]
    return names if all(names) and len(set(names)) == len(names) else [f"row {row}" for row in range(1, len(names) + 1)]


def _verdict(old: dict | None, new: dict | None) -> str:
    if old is None or new is None:
        return "missing"
    if old["text"] == new["text"]:
        return VERDICTS[0]
    if old["value"] is None or new["value"] is None:
        return "missing"
    if old["std"] is not None:
        return VERDICTS[1] if abs(old["value"] - new["value"]) <= SPREADS * old["std"] else VERDICTS[2]
    if old["interval"] is not None and new["interval"] is not None:
        half = [(high - low) / 2 for low, high in (old["interval"], new["interval"])]
        return VERDICTS[1] if abs(old["value"] - new["value"]) <= math.hypot(*half) else VERDICTS[2]
    return VERDICTS[3]


def _published() -> str:
    return ", ".join(sorted({"/".join(path.parts[-3:-1]) for path in paths.results().glob("*/*/[0-9]*.json")}))


@contextmanager
def _at_home(home: Path, movie: str) -> Iterator[None]:
    """Let ``home`` be the project's folder, for this process and the kernels that it starts; take it back after."""
    changed = {"TAPNB_HOME": str(home)}
    if movie == "hela":  # images are no results: those that are there will do
        changed["TAPNB_HELA"] = str(catalogue.hela_folder())
    before = {key: os.environ.get(key) for key in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.update({key: value})
