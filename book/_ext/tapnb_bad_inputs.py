"""Sphinx extension: ``{bad-inputs}`` is a table per kind of input, of what is given and what tapnb says of it.

The files are made and read when the book is built, so that the page says what this version says.
"""

from __future__ import annotations

import tempfile
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_tables import scrolling, text_table

from tapnb.workflow import bad_inputs


class BadInputs(SphinxDirective):
    """The tables, each below the name of its kind."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # what is said depends on nearly every module
        header, content = ["what is given", "what tapnb says"], []
        for group, rows in groupby(answers(), key=lambda row: row[0]):
            table = text_table(header, [row[1:] for row in rows], [False, False], (2, 5))
            table["support_smartquotes"] = False  # word for word
            content += [nodes.rubric("", group), scrolling(table)]
        return content


def answers() -> list[list[str]]:
    """Return kind, title and sentence of every bad input."""
    rows = []
    for row in bad_inputs.BAD_INPUTS:
        with tempfile.TemporaryDirectory() as folder:
            rows.append([row.group, row.title, bad_inputs.said(row, Path(folder))])
    return rows


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("bad-inputs", BadInputs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
