"""Sphinx extension: beside every table a file of it, for programs.

The file of a table of results comes with its directive. A table that is written by hand gets one here, and headings that sort
it, if each of its columns has a heading; the first of several needs none, since it names the rows.
"""

from __future__ import annotations

import csv
import io
import re
from html import escape
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from tapnb_tables import scrolling, sortable

NUMBER = r"[-\u2212+]?\d[\d\u202f,]*(?:\.\d+)?(?:e[-+]?\d+)?"
QUANTITY = re.compile(
    rf"(?P<value>{NUMBER})(?: ± (?P<spread>{NUMBER}))?(?: \((?P<low>{NUMBER}) to (?P<high>{NUMBER})\))?(?: \(n = (?P<n>\d+)\))?")
"""A number as prose and tables show it, with its spread, its interval and its number of runs where there are any."""

PARTS = {"value": "", "spread": " (spread)", "low": " (low)", "high": " (high)", "n": " (n)"}
"""What each part of a number adds to the heading of its column."""

NOTHING = ("", "\u2013", "\u2014", "nan")


def csv_link(name: str, header: list[str], rows: list[list[str]]) -> nodes.raw:
    """Return a link that saves a table as a file: it holds the file, and so works from a disk, and on a page saved alone."""
    text = io.StringIO()
    columns = [column for i, heading in enumerate(header) for column in for_programs(heading, [row[i] for row in rows])]
    csv.writer(text, lineterminator="\n").writerows(zip(*columns, strict=True))
    return nodes.raw("", f'<a class="tapnb-csv" download="{escape(name)}.csv" title="Save this table as a file" '
                     f'href="data:text/csv;charset=utf-8,{quote(text.getvalue())}">CSV</a>', format="html")


def sorted_and_saved(table: nodes.table, name: str, header: list[str], rows: list[list[str]]) -> list[nodes.Node]:
    """Return a table which its headings sort, and below it the link to the file of it."""
    file = nodes.paragraph("", "", csv_link(name, header, rows), classes=["tapnb-source"])
    return [scrolling(sortable(table)), file]


def for_programs(heading: str, cells: list[str]) -> list[list[str]]:
    """Return a column as programs read it: without what is bold, and of numbers every part as a column of its own."""
    cells = [cell.strip().strip("*") for cell in cells]
    numbers = [None if cell in NOTHING else QUANTITY.fullmatch(cell) for cell in cells]
    if not any(numbers) or any(cell not in NOTHING and not number for cell, number in zip(cells, numbers, strict=True)):
        return [[heading, *cells]]
    there = [part for part in PARTS if part == "value" or any(number and number[part] for number in numbers)]
    return [[heading + PARTS[part], *(plain(number[part]) if number else "" for number in numbers)] for part in there]


def plain(number: str | None) -> str:
    """Return a number without what makes it pretty."""
    return re.sub(r"[\u202f,+]", "", number or "").replace("\u2212", "-")


class TablesByHand(SphinxPostTransform):
    """Every other table of a page is sorted by its headings, and can be saved."""

    default_priority = 900  # references have their text
    formats = ("html",)

    def run(self, **options: object) -> None:
        page = self.env.docname.rpartition("/")[2]
        tables = [table for table in self.document.findall(nodes.table) if "tapnb-table" not in table["classes"]]
        for number, table in enumerate(tables, 1):
            head = next(table.findall(nodes.thead), None)
            header, *rows = [[entry.astext().strip() for entry in row] for row in table.findall(nodes.row)]
            first, *others = header
            if not head or not all(header if len(header) < 3 else others) or {len(row) for row in rows} != {len(header)}:
                continue  # no table of data: how to do something, row by row
            table.replace_self(sorted_and_saved(table.deepcopy(), f"{page}-{number}", [first or "row", *others], rows))


def setup(app: Sphinx) -> dict:
    """Register what is done to tables that are written by hand."""
    app.setup_extension("tapnb_tables")
    app.add_post_transform(TablesByHand)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
