"""Sphinx extension: ``{time-arrow}`` is a dividing cell, played forwards and backwards, and the reader guesses which is which.

The page holds the six frames as one still picture; ``time_arrow.js`` makes two films of it. Without JavaScript, in print, or
for a reader who wants no motion, the still says the same.
"""

from __future__ import annotations

import base64
import io

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tapnb.figures import time_arrow
from tapnb.movies import catalogue

MOVIE = "synthetic-24x448"  # its images may be passed on, and it is simulated in seconds

ALT = ("Six frames of one simulated cell, earliest on the left: spread out, rounded up, with its chromosomes in a plate, then two "
       "daughters that move apart.")

HTML = """<figure class="tapnb-arrow">
<div class="tapnb-arrow-game" hidden>
<p id="tapnb-arrow-question"><strong>One of these two films runs backwards. Which one runs forwards?</strong></p>
<div class="tapnb-arrow-films" role="group" aria-labelledby="tapnb-arrow-question">
<button type="button"><canvas width="{side}" height="{side}" role="img" aria-label="a film of six frames"></canvas>the left one</button>
<button type="button"><canvas width="{side}" height="{side}" role="img" aria-label="a film of six frames"></canvas>the right one</button>
</div>
<p><button type="button" class="tapnb-arrow-pause">Pause</button> <span role="status"></span></p>
</div>
<img class="tapnb-arrow-still" src="data:image/png;base64,{png}" width="{width}" height="{height}" alt="{alt}">
<figcaption>A cell divides (simulated; {frames} frames, {side} pixels wide). Whoever can tell which way time runs has seen the
division, and nobody had to label it.</figcaption>
</figure>"""


class TimeArrow(SphinxDirective):
    """The still picture, with what the script needs."""

    def run(self) -> list[nodes.Node]:
        movie, _ = catalogue.open_both(MOVIE)
        pixels = time_arrow.strip(movie, time_arrow.calmest_division(movie))
        png = io.BytesIO()
        Image.fromarray(pixels).save(png, "PNG", optimize=True)
        html = HTML.format(png=base64.b64encode(png.getvalue()).decode(), alt=ALT, width=pixels.shape[1],
                           height=pixels.shape[0], side=time_arrow.SIDE, frames=time_arrow.FRAMES)
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> dict:
    """Register the directive and its script."""
    app.add_directive("time-arrow", TimeArrow)
    app.add_js_file("time_arrow.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
