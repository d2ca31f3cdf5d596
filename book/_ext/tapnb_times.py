"""Sphinx extension: ``{notebook-times} cpu/synthetic cpu/hela`` is a table of how long the runs of each notebook took to compute."""

from __future__ import annotations

import math
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_csv import sorted_and_saved
from tapnb_records import results_folder
from tapnb_tables import text_table

from tapnb.system.files import read_json


class NotebookTimes(SphinxDirective):
    """The table: a row for each notebook, a column for each profile and movie."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        places = self.arguments[0].split()
        folders = [results_folder(self.config, self.env) / place for place in places]
        for folder in folders:
            for file in folder.glob("[0-9]*.json"):
                self.env.note_dependency(str(file))
        header = ["notebook", *(f"{movie}, profile {profile}" for profile, movie in (place.split("/") for place in places))]
        rows = times(folders)
        table = text_table(header, rows, [False] + [True] * len(places))
        self.set_source_info(table)
        return sorted_and_saved(table, "notebook-times", header, rows)


def times(folders: list[Path]) -> list[list[str]]:
    """Return the name of every published notebook, and how long its runs took in each folder."""
    names = sorted({file.stem for folder in folders for file in folder.glob("[0-9]*.json")})
    return [[name, *(took(folder / f"{name}.json") for folder in folders)] for name in names]


def took(file: Path) -> str:
    """Return how long the runs of one published notebook took to compute."""
    seconds = read_json(file).get("provenance", {}).get("seconds") if file.is_file() else None
    return "" if seconds is None else "trains nothing" if seconds == 0 else duration(seconds)


def duration(seconds: float) -> str:
    """Return a time in the unit in which it is read most easily."""
    for limit, unit, name in ((100, 1, "s"), (6000, 60, "min"), (math.inf, 3600, "h")):
        if seconds < limit:
            break
    return f"{seconds / unit:.{1 if unit == 3600 else 0}f} {name}"


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    for extension in ("tapnb_csv", "tapnb_records"):
        app.setup_extension(extension)
    app.add_directive("notebook-times", NotebookTimes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
