"""Sphinx extension: links from the numbers, tables and figures of the book to what made them.

A number leads to its own place on a page of numbers, see :mod:`tapnb_numbers`; a table or figure to the cell of its notebook
that makes it; a run to its line on the page Runs. The pages of a build are known only after all of them were read: until then a link is a
:class:`ResultLink`.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

EXECUTED = "book/executed"


def link(text: str, profile: str, movie: str, notebook: str, title: str, cell: str | None = None) -> ResultLink:
    """Link to an executed notebook if it is a page of this build, else to its numbers; plain text if there is neither.

    In the notebook it leads to the cell, if one is named.
    """
    return ResultLink("", nodes.Text(text), profile=profile, movie=movie, page=f"{EXECUTED}/{notebook}", cell=cell,
                      label=numbers_anchor(profile, movie, notebook), title=title)


def number_link(text: str, profile: str, movie: str, notebook: str, key: str, title: str = "") -> ResultLink:
    """Link to the place of a number, where it stands with all that it was computed from."""
    return ResultLink("", nodes.Text(text), page="", label=number_anchor(profile, movie, notebook, key), title=title)


def run_link(name: str) -> ResultLink:
    """Link to a run on the page Runs."""
    return ResultLink("", nodes.Text(name), page="", label=anchor(name), title="")


def cell_link(text: str, notebook: str, cell: str) -> ResultLink:
    """Link to a cell of an executed notebook of this build, whatever its movie; plain text if there is none."""
    return ResultLink("", nodes.Text(text), page=f"{EXECUTED}/{notebook}", cell=cell, label="", title="")


def place_link(text: str, label: str) -> ResultLink:
    """Link to a place of this book; plain text in a book that lacks it."""
    return ResultLink("", nodes.Text(text), page="", label=label, title="", optional=True)


class ResultLink(nodes.inline):
    """A link whose target is known only after all pages were read."""


def anchor(run: str) -> str:
    """Return the label of a run on the page Runs."""
    return "run-" + re.sub(r"[^a-z0-9]+", "-", run.lower()).strip("-")


def number_anchor(profile: str, movie: str, notebook: str, key: str) -> str:
    """Return the label of a number, which can be cited: it does not change while the number keeps its name."""
    return re.sub(r"[^\w-]+", "-", f"{profile}-{movie}-{notebook}-{key}", flags=re.ASCII)


def numbers_anchor(profile: str, movie: str, notebook: str) -> str:
    """Return the label of all numbers of a notebook under one profile and movie."""
    return "numbers-" + re.sub(r"[^\w-]+", "-", f"{profile}-{movie}-{notebook}", flags=re.ASCII)


def make_target(env: BuildEnvironment, label: str, node: nodes.Element) -> nodes.Element:
    """Make a node the target of a label."""
    node["ids"].append(label)
    env.get_domain("std").note_hyperlink_target(label, env.docname, label)
    return node


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn every :class:`ResultLink` into a link to a page of this build."""
    own = (app.config.tapnb_profile, app.config.tapnb_movie)
    labels = app.env.get_domain("std").anonlabels
    for node in list(doctree.findall(ResultLink)):
        is_page = node["page"] in app.env.found_docs
        if is_page and (node.get("profile"), node.get("movie")) in (own, (None, None)):
            uri = app.builder.get_relative_uri(docname, node["page"]) + (f"#{node['cell']}" if node.get("cell") else "")
        elif node["label"] in labels:
            page, place, *_ = labels[node["label"]]
            uri = f"{app.builder.get_relative_uri(docname, page)}#{place}"
        elif node["page"] or node.get("optional"):  # of a build without this notebook or place
            node.replace_self(node.children)
            continue
        else:
            logger.warning("no page of this book shows what %s comes from", node.astext(), location=node)
            continue
        title = {"reftitle": node["title"]} if node["title"] else {}
        node.replace_self(
            nodes.reference(
                "", "", *node.children, internal=True, refuri=uri, classes=["tapnb-result"], **title
            )
        )


def setup(app: Sphinx) -> dict:
    """Register the links and the function that resolves them."""
    # The table of contents shows headings before links are resolved: there a link is plain text.
    app.add_node(ResultLink, html=(lambda *_: None, lambda *_: None))
    app.connect("doctree-resolved", resolve)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
