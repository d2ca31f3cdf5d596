"""Plots on pages: for a phone another drawing of the same plot, and every plot and picture opens large.

A plot ``NAME.svg`` under ``results/`` may have a narrow one beside it, ``NAME_narrow.svg``, see :mod:`tapnb.figures.narrow`;
the browser takes it on a screen that is narrow. One without is moved about there, as a wide table is. ``enlarge.js`` opens a picture in a dialog, where it can be moved about.
"""

from __future__ import annotations

import posixpath
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

PHONE = "(max-width: 600px)"
"""Screens that take the narrow plot."""


class Plot(nodes.General, nodes.Element):
    """A plot: its image, and after it the narrow one if there is one."""


def plot(uri: str, narrow_uri: str | None, alt: str) -> Plot:
    """Return a plot from the addresses of its two images, of which Sphinx copies both into the book."""
    uris = [uri, narrow_uri] if narrow_uri else [uri]
    return Plot("", *(nodes.image(uri=each, alt=alt, classes=["tapnb-plot"]) for each in uris))


def visit_plot(translator, node: Plot) -> None:
    has_narrow = len(node) > 1
    translator.body.append(f'<div class="tapnb-scroll{"" if has_narrow else " tapnb-wide"}"><picture>')
    for narrow in node.children[1:]:
        file = translator.builder.images.get(narrow["uri"], narrow["uri"])
        address = posixpath.join(translator.builder.imgpath, quote(file))
        translator.body.append(f'<source media="{PHONE}" srcset="{address}">')
    del node.children[1:]


def depart_plot(translator, node: Plot) -> None:
    translator.body.append("</picture></div>\n")


def setup(app: Sphinx) -> dict:
    """Register plots and the script that enlarges them."""
    app.add_node(Plot, html=(visit_plot, depart_plot))
    app.add_js_file("enlarge.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
