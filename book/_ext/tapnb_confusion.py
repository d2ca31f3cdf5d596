"""Sphinx extension: ``{confusion} 07_errors`` is the confusion matrix of a run of A1, to be moved and opened.

A slider moves the threshold, and with it the matrix, the point on the precision-recall curve and the crop pairs of the
cell that is open; ``confusion.js`` does that. Without JavaScript and on paper there are the matrix at a probability of
one half, the curve, and a few pairs of every cell. Crops are cut out of the movie when the book is built: where it is
not at hand the rest works, and a sentence says so.
"""

from __future__ import annotations

import base64
import io
import json
from html import escape

import numpy as np
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from tapnb_results import Missing, ResultDirective

from tapnb.figures import errors_crops as pictures
from tapnb.metrics.confusion import OUTCOMES
from tapnb.movies import Movie, catalogue
from tapnb.store.publication import PREDICTIONS
from tapnb.store.runs import Run
from tapnb.studies import errors_crops
from tapnb.system.files import read_json

NAMES = {"tn": "true negatives", "fp": "false positives", "fn": "false negatives", "tp": "true positives"}
MEANINGS = {"tn": "no event, none called", "fp": "no event, one called", "fn": "an event, none called",
            "tp": "an event, called so"}
STILL = 6
"""Pairs of every cell in the still picture."""

WIDE, HIGH = 220, 180
"""Of the curve's axes, in units of the drawing."""

HTML = """<figure class="tapnb-confusion" aria-label="{title}">
<div class="tapnb-confusion-views">
<table>
<caption>{caption}</caption>
<thead><tr><td></td><th scope="col">no event called</th><th scope="col">event called</th></tr></thead>
<tbody>
<tr><th scope="row">no event</th>{tn}{fp}</tr>
<tr><th scope="row">event</th>{fn}{tp}</tr>
</tbody>
</table>
<svg viewBox="-46 -12 {view_wide} {view_high}" role="img"
aria-label="Precision of events against their recall over all thresholds; a point marks the threshold of the matrix.">
<path class="tapnb-axes" d="M0 0 V{high} H{wide}"/>
<g class="tapnb-ticks">{ticks}</g>
<path class="tapnb-curve" d="{path}"/>
<circle r="6" cx="{cx:.1f}" cy="{cy:.1f}"/>
<text x="{middle}" y="{below}" text-anchor="middle">recall</text>
<text transform="rotate(-90)" x="-{half_high}" y="-34" text-anchor="middle">precision</text>
</svg>
</div>
<div class="tapnb-confusion-controls" hidden>
<label>Threshold <input type="range" min="0" max="{last}" value="{half}" step="1"></label>
{presets}
<p class="tapnb-confusion-said" role="status"></p>
</div>
{crops}
<figcaption>{under}</figcaption>
<script type="application/json">{data}</script>
</figure>"""

CROPS = """<div class="tapnb-confusion-crops" hidden>
<p class="tapnb-confusion-open"></p>
<div class="tapnb-confusion-list" tabindex="0" role="region" aria-label="crop pairs of the open cell"><ul></ul></div>
<img class="tapnb-confusion-sheet" alt="" hidden src="data:image/webp;base64,{sheet}">
</div>
<div class="tapnb-confusion-still">
{still}
</div>"""

NOT_HERE = "The crops themselves are not in this book: the images of {movie} were not at hand when it was built."


class Confusion(ResultDirective):
    """The matrix of one profile and movie, and in tabs those of the other published movies."""

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        file = self.file(profile, movie, f"{name}.json")
        content = read_json(file)
        run_name = content["runs"].get("A1", "")
        record, files = file.parent / "records" / f"{run_name}.json", file.parent / "files" / run_name
        if not record.is_file() or not (files / PREDICTIONS).is_file():
            raise Missing(f"the answers of A1 are not under results/{profile}/{movie}.")
        run = Run(files, read_json(record))
        answers = errors_crops.answers(run, content["provenance"]["parameters"].get("run_seed", 0))
        html = figure(answers, run, self.opened(content), str(content["movie"]))
        return [nodes.raw("", html, format="html"), self.source(profile, movie, name)]

    def opened(self, content: dict) -> Movie | None:
        """Return the movie for training of a notebook's results; None if it is not at hand."""
        name = content["movie"]
        try:
            return catalogue.open_movie(name) if catalogue.at_hand(name) else None
        except (FileNotFoundError, ValueError):
            return None  # the file of a movie of one's own has moved since


def figure(answers: errors_crops.Answers, run: Run, movie: Movie | None, name: str) -> str:
    """Return the figure as HTML; without a movie no crops are in it."""
    values, half, chosen = errors_crops.positions(answers)
    curve = errors_crops.curve(answers, values)
    counts = dict(zip(OUTCOMES, errors_crops.counts(answers, values[half]).tolist(), strict=True))
    shown = errors_crops.shown(answers)
    data = {"margins": answers.margins.tolist(),
            "labels": "".join(map(str, answers.labels.astype(int))),
            "thresholds": values.tolist(), "half": half, "chosen": chosen,
            "names": NAMES, "wide": WIDE, "high": HIGH}
    crops = f'<p class="tapnb-missing">{escape(NOT_HERE.format(movie=name))}</p>'
    if movie is not None:
        places, size = errors_crops.places(run, movie, answers.pairs[shown])
        sheet = pictures.sheet(movie, places, size)
        data |= {"crops": {"pairs": shown.tolist(), "places": places.tolist(), "size": size, "gap": pictures.GAP,
                           "columns": pictures.COLUMNS}}
        crops = CROPS.format(sheet=_encoded(sheet), still=stills(answers, shown, sheet, size))
    cells = {key: f'<td data-cell="{key}" class="tapnb-{"right" if key in ("tn", "tp") else "wrong"}">'
                  f"{NAMES[key]}<br><strong>{counts[key]}</strong></td>" for key in OUTCOMES}
    steps = np.union1d(values, answers.margins[answers.labels] - 1e-6)  # of recall, every one
    known = ~np.isnan(curve[half])
    recall, precision = np.where(known, curve[half], 0)
    presets = '<button type="button" data-position="half">probability one half</button>'
    if chosen is not None:
        presets += ' <button type="button" data-position="chosen">chosen on validation pairs</button>'
    tested = f"{len(answers.labels)} test pairs of {escape(name)}"
    return HTML.format(
        **cells, title=f"Confusion matrix of one run of A1 on {escape(name)}", wide=WIDE, high=HIGH,
        view_wide=WIDE + 62, view_high=HIGH + 60, middle=WIDE // 2, half_high=HIGH // 2, below=HIGH + 40,
        ticks=_ticks(),
        path=pictures.path(errors_crops.curve(answers, steps), WIDE, HIGH), cx=WIDE * recall,
        cy=HIGH * (1 - precision), last=len(values) - 1, half=half, presets=presets, crops=crops,
        caption=f"{tested} at a probability of one half",
        under=f"One run of A1 (seed {answers.seed}) on its test pairs of {escape(name)}"
              + (f"; crops of {len(shown)} of them, half evenly by rank, half mistakes." if movie is not None else "."),
        data=json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def stills(answers: errors_crops.Answers, shown: np.ndarray, sheet: Image.Image, size: int) -> str:
    """Return a row of pairs of every cell, for paper and for browsers without JavaScript: evenly from the surest on."""
    outcome = 2 * answers.labels[shown] + (answers.margins[shown] > 0)
    wide, rows = 2 * size + pictures.GAP, []
    for value, key in enumerate(OUTCOMES):
        own = np.flatnonzero(outcome == value)
        own = own[np.argsort(-abs(answers.margins[shown[own]]), kind="stable")]
        if not len(own):
            continue
        own = own[np.unique(np.linspace(0, len(own) - 1, STILL).round().astype(int))]
        row = Image.new("L", (len(own) * (wide + 6) - 6, size), 255)
        for i, tile in enumerate(own):
            top, left = tile // pictures.COLUMNS * size, tile % pictures.COLUMNS * wide
            row.paste(sheet.crop((left, top, left + wide, top + size)), (i * (wide + 6), 0))
        rows.append(f"<p>{NAMES[key].capitalize()} ({MEANINGS[key]})<br>"
                    f'<img src="data:image/webp;base64,{_encoded(row)}" '
                    f'alt="{len(own)} crop pairs, {MEANINGS[key]}: frame t on the left, t + 1 on the right" '
                    f'width="{row.width}" height="{row.height}"></p>')
    return "\n".join(rows)


def _ticks() -> str:
    """Return the numbers at the axes."""
    marks = []
    for share in (0, 0.5, 1):
        marks.append(f'<text x="{WIDE * share:g}" y="{HIGH + 18}" text-anchor="middle">{share:g}</text>')
        marks.append(f'<text x="-7" y="{HIGH * (1 - share) + 5:g}" text-anchor="end">{share:g}</text>')
    return "".join(marks)


def _encoded(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=80)
    return base64.b64encode(file.getvalue()).decode()


def setup(app: Sphinx) -> dict:
    """Register the directive, its script and its style."""
    app.setup_extension("tapnb_results")
    app.add_directive("confusion", Confusion)
    app.add_js_file("confusion.js", loading_method="defer")
    app.add_css_file("seeing.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
