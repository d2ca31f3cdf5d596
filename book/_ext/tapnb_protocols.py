"""Sphinx extension: ``{step-picture} clicks`` is a picture of one step of a how-to page, with a caption.

Pictures are drawn from the simulated movie when the book is built (:mod:`tapnb.figures.protocols`): its images may be
passed on, and a picture shows what this version does. Others are boxes and arrows (:mod:`tapnb.figures.diagrams`).
"""

from __future__ import annotations

import base64
import io
from functools import cache

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tapnb.figures import protocols
from tapnb.figures.diagrams import DIAGRAMS, diagram
from tapnb.movies import Movie, catalogue

MOVIE = "synthetic-24x448"  # the front page's: simulated in seconds, and kept
WIDTH = "460px"  # at most: a phone is narrower
PICTURES = ("two_stacks", "damaged_frames", "marked_pixels", "clicks", "target", "circled", "doubtful", *DIAGRAMS)


class StepPicture(SphinxDirective):
    """The picture, what it shows in words (``alt``), and the content as its caption."""

    required_arguments = 1
    has_content = True
    option_spec = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in PICTURES or "alt" not in self.options:
            raise self.error(f"{name}: give one of {', '.join(PICTURES)}, and :alt: with what it shows")
        figure = nodes.figure("", nodes.image("", uri=drawn(name), alt=self.options["alt"], width=WIDTH), classes=["tapnb-step"])
        caption = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, caption)
        if len(caption):
            figure += nodes.caption("", "", *caption[0].children)
        return [figure]


@cache
def drawn(name: str) -> str:
    """Return a picture as the address of an image that needs no file."""
    figure = diagram(name) if name in DIAGRAMS else getattr(protocols, name)(movie())
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=160)
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"


@cache
def movie() -> Movie:
    """Return the movie of all pictures."""
    return catalogue.open_movie(MOVIE)


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("step-picture", StepPicture)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
