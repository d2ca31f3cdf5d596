"""Sphinx extension: ``{event-report} synthetic`` links the report of what the published detector finds in the held-out movie.

It is the report that `tapnb events` writes, made with the page, from the movie and the published list: nothing is searched.
Where the movie is not at hand, a sentence stands there.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_player import opened

from tapnb.event_probability import by_kind, probability
from tapnb.figures.event_report import report
from tapnb.movies import Movie
from tapnb.store.publication import FOUND
from tapnb.store.runs import Run
from tapnb.studies import events, movie_player
from tapnb.system.files import replacing

FOLDER = "event-reports"
"""Beside the pages of the book."""

SAID = "Open a report: what the published detector finds in {movie}"
NOT_HERE = "No report is shown: the published detector of {movie}, or the movie that it searched, is not at hand."


class ReportLink(nodes.General, nodes.Element):
    """A link to a report, which is made when the page is written."""


class EventReport(SphinxDirective):
    """A link to the report of one built-in movie."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        movie = self.arguments[0]
        results = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results")
        detector = movie_player.detector_of(movie, results)
        searched = detector and opened(movie)
        if searched is None or movie_player.found(detector, searched) is None:
            return [nodes.paragraph("", NOT_HERE.format(movie=movie), classes=["tapnb-missing"])]
        for file in ("record.json", FOUND):
            self.env.note_dependency(str(detector.folder / file))
        return [ReportLink("", movie=movie, searched=searched.name, results=str(results))]


def written(detector: Run, movie: Movie) -> str:
    """Return the report of what a published detector found in a movie that was held out from it."""
    found = events.found(detector, events.HELD_OUT)
    listed: pd.DataFrame = found[found["score"] >= events.threshold(detector)].reset_index(drop=True)
    calibration = by_kind(detector.results["validation"]["calibration"], detector.record["parameters"]["detector"]["kinds"])
    trained_on = detector.record["movies"]["train"]["name"]
    about = {"detector": f"{detector.name}, trained on {detector.results['events']} events of {trained_on}",
             "its commit": str(detector.record["commit"]),
             "movie": f"{movie.name} ({movie.source or 'no source given'})", "fingerprint": movie.fingerprint}
    return report(movie, listed.assign(probability=probability(listed, calibration)), about)


def visit_link(translator, node: ReportLink) -> None:
    file = Path(translator.builder.outdir) / FOLDER / f"{node['movie']}.html"
    detector, searched = movie_player.detector_of(node["movie"], Path(node["results"])), opened(node["movie"])
    with replacing(file) as temporary:
        temporary.write_text(written(detector, searched), "utf-8")
    address = translator.builder.get_relative_uri(translator.builder.current_docname, f"{FOLDER}/{node['movie']}")
    translator.body.append(f'<p><a class="reference internal" href="{address}">{SAID.format(movie=node["searched"])}</a></p>\n')


def leave_link(translator, node: ReportLink) -> None:
    """Nothing is left to close."""


def setup(app: Sphinx) -> dict:
    """Register the directive and its link."""
    app.setup_extension("tapnb_player")
    app.add_directive("event-report", EventReport)
    app.add_node(ReportLink, html=(visit_link, leave_link))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
