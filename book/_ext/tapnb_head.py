"""Sphinx extension: what stands below the title of a page of prose.

How long it takes to read, and, if a notebook made what it shows, the command that makes that again and how long its runs
took. The notebook is the one that the page's ``{provenance}`` names.
"""

from __future__ import annotations

import math
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from tapnb_records import TapnbDetails, results_folder
from tapnb_results import named as called
from tapnb_times import duration

from tapnb.system.files import read_json

WORDS_A_MINUTE = 200
"""Of prose with numbers in it, in a language that is not the reader's first."""

SHORT = 150
"""Words below which a page says nothing of the time that it takes."""

LOOKED_UP = ("index", "api", "runs", "references")
"""Pages that nobody reads from top to bottom, and the front page, whose first screen is its own."""

NOTEBOOK = re.compile(r"^```\{provenance\} (\S+)$", re.MULTILINE)


def add_head(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Write the line below the title of a page directly in ``book/``; the pages below it are lists."""
    folder, _, name = page.partition("/")
    if doctree is None or folder != "book" or "/" in name or name in LOOKED_UP:
        return
    words = count_words(doctree)
    if words < SHORT:
        return
    parts = [f"{math.ceil(words / WORDS_A_MINUTE)} min to read"]
    named = NOTEBOOK.search(Path(app.env.doc2path(page)).read_text("utf-8"))
    if named:
        *place, notebook = named[1].split("/")
        profile, movie = place or (app.config.tapnb_profile, app.config.tapnb_movie)
        parts.append(f"made again by <code>tapnb run {escape(notebook)} --profile {escape(profile)} --movie {escape(called(app.config, movie))}</code>")
        made = results_folder(app.config, app.env) / profile / movie / f"{notebook}.json"
        if made.is_file():
            parts.append(computing(read_json(made).get("provenance", {}).get("seconds")))
    line = f'<p class="tapnb-head">{", ".join(filter(None, parts))}</p>'
    context["body"] = context.get("body", "").replace("</h1>", f"</h1>\n{line}", 1)


def count_words(doctree: nodes.document) -> int:
    """Return the number of words that are read one after the other: no tables and their links, no code, nothing folded away."""
    read = (nodes.paragraph, nodes.caption)
    apart = (nodes.table, TapnbDetails)

    def inside(node: nodes.Node) -> bool:
        while node is not None and not isinstance(node, apart):
            node = node.parent
        return node is not None

    return sum(len(node.astext().split()) for node in doctree.findall(lambda node: isinstance(node, read))
               if not inside(node) and "tapnb-source" not in node["classes"])


def computing(seconds: float | None) -> str:
    """Return how long the runs behind a page took, as the end of a sentence; nothing where that is not known."""
    if seconds is None:
        return ""
    return f"whose runs took {duration(seconds)} to compute" if seconds else "which trains nothing"


def setup(app: Sphinx) -> dict:
    """Register what is done to every page."""
    app.setup_extension("tapnb_records")
    app.connect("html-page-context", add_head)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
