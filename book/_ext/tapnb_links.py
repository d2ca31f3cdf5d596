"""Sphinx extension: links from the numbers, tables and figures of the book to their notebooks and runs.

The pages of a build are known only after all of them were read: until then a link is a :class:`ResultLink`.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

EXECUTED = "book/executed"


def link(text: str, profile: str, movie: str, notebook: str, title: str, run: str | None = None) -> ResultLink:
    """Link to an executed notebook if it is a page of this build, else to the run, or its movie, on the page Runs."""
    return ResultLink(
        "",
        nodes.Text(text),
        profile=profile,
        movie=movie,
        page=f"{EXECUTED}/{notebook}",
        label=anchor(run) if run else anchor(profile, movie),
        title=title,
    )


def run_link(name: str) -> ResultLink:
    """Link to a run on the page Runs."""
    return ResultLink("", nodes.Text(name), page="", label=anchor(name), title="")


class ResultLink(nodes.inline):
    """A link whose target is known only after all pages were read."""


def anchor(*parts: str) -> str:
    """Return the label of a run, or of a profile and movie, on the page Runs."""
    return "run-" + re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn every :class:`ResultLink` into a link to a page of this build."""
    own = (app.config.tapnb_profile, app.config.tapnb_movie)
    for node in list(doctree.findall(ResultLink)):
        if (node.get("profile"), node.get("movie")) == own and node["page"] in app.env.found_docs:
            uri = app.builder.get_relative_uri(docname, node["page"])
        elif node["label"] in app.env.get_domain("std").anonlabels:
            page, place, *_ = app.env.get_domain("std").anonlabels[node["label"]]
            uri = f"{app.builder.get_relative_uri(docname, page)}#{place}"
        else:
            logger.warning("no page of this book shows the runs of %s", node.astext(), location=node)
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
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
