"""Tables of text, for all directives of this book."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docutils import nodes
from sphinx.application import Sphinx


def text_table(header: list[str], rows: list[list[str]], numeric: list[bool], widths: Sequence[int] = ()) -> nodes.table:
    """Return a table of plain text cells, see :func:`table_row`.

    ``numeric`` marks the columns that are aligned by their digits and not wrapped; ``widths`` are relative, by default
    1. An empty cell shows a dash, so that it does not look forgotten.
    """
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths or [1] * len(header)),
                         cols=len(header))
    filled = (table_row([cell or "\u2013" for cell in row], numeric) for row in rows)
    group += [nodes.thead("", table_row(header, numeric)), nodes.tbody("", *filled)]
    return nodes.table("", group, classes=["tapnb-table"])


def sortable(table: nodes.table) -> nodes.table:
    """Return a table of results, which its headings sort."""
    table["classes"].append("tapnb-sortable")
    return table


def scrolling(table: nodes.table) -> nodes.container:
    """Return a table in a box that scrolls if the page is too narrow."""
    return nodes.container("", table, classes=["tapnb-scroll"])


def table_row(cells: list[str], numeric: list[bool]) -> nodes.row:
    """Return one row of plain text cells; one between double asterisks is bold."""
    row = nodes.row()
    for cell, number in zip(cells, numeric, strict=True):
        bold = re.fullmatch(r"\*\*(.+)\*\*", cell)
        text = nodes.paragraph("", "", nodes.strong("", bold[1])) if bold else nodes.paragraph("", cell)
        row += nodes.entry("", text, classes=["tapnb-number"] if number else [])
    return row


def setup(app: Sphinx) -> dict:
    """Register the script that sorts."""
    app.add_js_file("tables.js", loading_method="defer")
    app.add_js_file("wide.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
