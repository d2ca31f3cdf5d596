"""Sphinx extension: ``{movie-player} 02_pretraining`` plays the movie that a notebook's network was not trained on.

Frames, labelled events, events that the published detector found, and Grad-CAM of both frames of some pairs;
``player.js`` and the script of the report of events (``tapnb/figures/movie_player.js``) play them. Pictures are made
when the book is built, from the movie: where it is not at hand, a sentence stands there.
"""

from __future__ import annotations

from importlib.resources import files

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from tapnb_results import Missing, ResultDirective

from tapnb.figures import movie_player as figures
from tapnb.movies import Movie, catalogue
from tapnb.pretrain import WEIGHTS
from tapnb.store.runs import Run
from tapnb.studies import events, movie_player
from tapnb.system.files import read_json

NOT_HERE = "The movie {movie} cannot be played here: its images were not at hand when this book was built."

CAPTION = ("{movie}, the held-out movie: frames {first} to {last} of {count}, reduced. Colours: "
           "blue for divisions, orange for deaths. A mark is full in its event's frame and dashed in those beside it.")


class MoviePlayer(ResultDirective):
    """The player of one profile and movie, and in tabs those of the other published movies."""

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        file = self.file(profile, movie, f"{name}.json")
        content = read_json(file)
        run_name = content["runs"].get("tap", "")
        record, folder = file.parent / "records" / f"{run_name}.json", file.parent / "files" / run_name
        if not record.is_file() or not (folder / WEIGHTS).is_file():
            raise Missing(f"the trained network is not under results/{profile}/{movie}.")
        held_out = opened(content["movie"])
        if held_out is None:
            return [nodes.paragraph("", NOT_HERE.format(movie=content["movie"]), classes=["tapnb-missing"])]
        detector = movie_player.detector_of(movie, file.parents[2])
        html = played(held_out, Run(folder, read_json(record)), detector, f"{profile}-{movie}")
        return [nodes.raw("", html, format="html"), self.source(profile, movie, name)]


def opened(name: str) -> Movie | None:
    """Return the held-out movie of that name; None if it is not at hand."""
    try:
        return catalogue.open_movie(name, "held-out") if catalogue.at_hand(name) else None
    except (FileNotFoundError, ValueError):
        return None  # the file of a movie of one's own has moved since


def played(movie: Movie, tap: Run, detector: Run | None, name: str) -> str:
    """Return the player as HTML."""
    frames = movie_player.stretch(movie)
    middle, pairs = frames[len(frames) // 2], min(movie_player.PAIRS, len(frames) - 1)
    of_maps = range(middle - pairs // 2, middle - pairs // 2 + pairs)
    found = detector and movie_player.found(detector, movie)
    layers = figures.Layers(events.true_events(movie), found.events if found else None, found.measure if found else "",
                            found.threshold if found else 0.0, of_maps, movie_player.maps(tap, movie, of_maps))
    caption = CAPTION.format(movie=movie.name, first=frames.start, last=frames[-1], count=len(movie.frames))
    return figures.player(movie, frames, layers, name, caption)


def add_script(app: Sphinx, config: Config) -> None:
    """Put the script that the report of events shares beside those of the book."""
    config.html_static_path.append(str(files("tapnb.figures").joinpath("movie_player.js")))


def setup(app: Sphinx) -> dict:
    """Register the directive, its scripts and its style."""
    app.setup_extension("tapnb_results")
    app.add_directive("movie-player", MoviePlayer)
    app.connect("config-inited", add_script)
    app.add_js_file("movie_player.js", loading_method="defer")
    app.add_js_file("player.js", loading_method="defer")
    app.add_css_file("seeing.css")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
