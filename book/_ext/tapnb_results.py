"""Sphinx extension: numbers, tables and figures from ``results/``, by name.

No measured number is typed into a page. The page names the number, and the build fails if there is none::

    {num}`02_pretraining:tap_uniform_96`            of the book's own profile and movie
    {num}`cpu/hela/02_pretraining:tap_uniform_96`   of another one; with ? at the end it may be missing
    {value}`02_pretraining:tap_uniform_96`          the value alone, without its interval or spread
    {this}`profile`  {this}`movie`

    ```{result-table} 06_strategies_table2          and {result-figure}
    ```

    ```{executed-figure} 03_grad_cam:fig-grad-cam   a picture of this build's executed notebook
    ```

A table or figure without a place is shown of the book's own profile and movie, and in further tabs of the other published
movies, if any; with several places, of each in a tab; with ``:alone:``, of the book's own alone.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from tapnb_cells import FIGURES, OWN, TABLES, cell_publishing
from tapnb_csv import csv_link
from tapnb_links import EXECUTED, link, number_link
from tapnb_plots import plot
from tapnb_tables import scrolling, sortable, text_table
from tapnb_tabs import Exhibit, ExhibitCaption, movie_tabs

from tapnb.store.results import NARROW
from tapnb.studies import prose

logger = logging.getLogger(__name__)

PUBLISHED = (("cpu", "synthetic"), ("cpu", "hela"))
"""Profiles and movies whose results are in git, and shown in every build of the book."""


class Missing(Exception):
    """A missing result; the message names the command that computes it."""


def named(config: Config, movie: str) -> str:
    """Return what a movie is called in a command: of one's own its path, where results lie under a short name."""
    return shlex.quote(config.tapnb_movie_name or movie) if movie == config.tapnb_movie else movie


def command(config: Config, profile: str, movie: str) -> str:
    """Return the command that computes the results of one profile and movie."""
    return f"make book PROFILE={profile} MOVIE={named(config, movie)}"


class Results:
    """Shared by the role and the directives: the paths of results, and reading them."""

    def place(self, text: str) -> tuple[str, str, str]:
        """Split ``[profile/movie/]name`` into its three parts."""
        options = getattr(self, "options", {})
        parts = text.strip().split("/")
        if len(parts) == 3:
            return parts[0], parts[1], parts[2]
        if len(parts) != 1:
            raise Missing(f"{text!r} is neither 'name' nor 'profile/movie/name'.")
        profile = options.get("profile", self.config.tapnb_profile)
        return profile, options.get("movie", self.config.tapnb_movie), parts[0]

    def file(self, profile: str, movie: str, name: str) -> Path:
        """Return a result's path, and read the page again when that file changes, appears or is deleted."""
        path = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results") / profile / movie / name
        self.env.note_dependency(str(path))
        if not path.is_file():
            raise Missing(
                f"results/{profile}/{movie}/{name} is not there; `{command(self.config, profile, movie)}` makes it."
            )
        return path


class Num(Results, SphinxRole):
    """One number, as its notebook wrote it, with a link to its place on a page of numbers."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.shown = prose.SHOWN[role]

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        optional = self.text.endswith("?")
        try:
            head, _, key = self.text.rstrip("?").partition(":")
            profile, movie, notebook = self.place(head)
            content = json.loads(self.file(profile, movie, f"{notebook}.json").read_text("utf-8"))
            if key not in content["numbers"]:
                known = ", ".join(sorted(content["numbers"])) or "none"
                raise Missing(
                    f"results/{profile}/{movie}/{notebook}.json has no number {key!r}; it has {known}."
                )
        except Missing as missing:
            if optional:
                return [nodes.inline("", "not run yet", classes=["tapnb-missing"])], []
            logger.warning("%s", missing, location=self.get_location(), type="tapnb", subtype="result")
            return [nodes.inline("", f"[{self.text}: missing]", classes=["tapnb-missing"])], []
        number = content["numbers"][key]
        title = f"{notebook}, profile {profile}, movie {movie}: {key}"
        runs = number.get("runs", [])
        if runs:
            title += "; " + ", ".join(runs)
        return [number_link(self.shown(number), profile, movie, notebook, key, title)], []


class This(SphinxRole):
    """The profile or the movie of this build."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        values = {"profile": self.config.tapnb_profile, "movie": self.config.tapnb_movie}
        if self.text not in values:
            logger.warning("{this} knows profile and movie, not %r", self.text, location=self.get_location())
        return [nodes.Text(values.get(self.text, self.text))], []


class ResultDirective(Results, SphinxDirective):
    """A directive that shows one file under ``results/``, of one or several movies; with ``:optional:`` it may be missing."""

    required_arguments = 1
    final_argument_whitespace = True
    suffix = ""
    option_spec = {
        "name": directives.unchanged,
        "alone": directives.flag,
        "profile": directives.unchanged,
        "movie": directives.unchanged,
        "optional": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        shown = {}
        for place in self.places():
            try:
                self.note_shown(*place)
                shown[place[:2]] = self.show(*place)
            except Missing as missing:
                if "optional" not in self.options:
                    logger.warning("%s", missing, location=self.get_location(), type="tapnb", subtype="result")
                line = nodes.paragraph("", "Not run yet: ", classes=["tapnb-missing"])
                line += nodes.literal("", command(self.config, *place[:2]))
                shown[place[:2]] = [line]
        return self.together(movie_tabs(shown, self.options.get("name")))

    def places(self) -> list[tuple[str, str, str]]:
        """Return what is shown: the places that are named; if none is, the book's own and other published movies."""
        named = [self.place(argument) for argument in self.arguments[0].split()]
        if "/" in self.arguments[0] or {"profile", "movie", "alone"} & self.options.keys():
            return named
        own, = named
        return [own, *(place for place in ((*published, own[2]) for published in PUBLISHED) if self.is_other(place, own))]

    def is_other(self, place: tuple[str, str, str], own: tuple[str, str, str]) -> bool:
        """Return whether a published result is there, of its movie, and not the same as the book's own."""
        try:
            if place == own or not self.has_movie(*place):
                return False
            file = self.result_file(*place).read_bytes()
        except Missing:
            return False
        try:
            return file != self.result_file(*own).read_bytes()
        except Missing:
            return True

    def note_shown(self, profile: str, movie: str, name: str) -> None:
        """Note that this page shows a result, and warn if it does so twice."""
        before = self.env.temp_data.setdefault("tapnb-shown", set())
        key = (self.name, profile, movie, name)
        if key in before:
            logger.warning("%s of %s/%s is shown twice on this page; :alone: leaves other movies out", name, profile, movie,
                           location=self.get_location(), type="tapnb", subtype="twice")
        before.add(key)

    def has_movie(self, profile: str, movie: str, name: str) -> bool:
        """Return whether a result depends on the movie; others, such as a benchmark, are the same for all movies."""
        stamp = json.loads(self.file(profile, movie, f"{self.notebook_of(profile, movie, name)}.json").read_text("utf-8")).get("provenance", {})
        return bool(stamp.get("movies"))

    def notebook_of(self, profile: str, movie: str, name: str) -> str:
        """Return the notebook of the result ``name``: the longest name of one with results that it begins with."""
        folder = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results") / profile / movie
        return max((p.stem for p in folder.glob("[0-9]*.json") if name.startswith(p.stem)), key=len, default=name)

    def result_file(self, profile: str, movie: str, name: str) -> Path:
        """Return the path of the file that is shown."""
        return self.file(profile, movie, name + self.suffix)

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        """Return the nodes of one result."""
        raise NotImplementedError

    def together(self, shown: nodes.container) -> list[nodes.Node]:
        """Return all that is shown, with what all of it shares, such as a caption."""
        return [shown]

    def source(self, profile: str, movie: str, name: str) -> nodes.Node:
        """Return the small link under a table or figure to the cell of its notebook that makes it."""
        stem = self.notebook_of(profile, movie, name)
        argument = {".csv": TABLES, ".svg": FIGURES}.get(self.suffix)
        cell = cell_publishing(self.env, stem, name.removeprefix(f"{stem}_"), argument) if argument else None
        line = nodes.paragraph("", "", classes=["tapnb-source"])
        line += link(
            f"{stem}, profile {profile}, movie {movie}", profile, movie, stem, "The notebook that made this", cell
        )
        return line


class ResultTable(ResultDirective):
    """A CSV file as a table, cells unchanged, its first row the header."""

    suffix = ".csv"
    option_spec = ResultDirective.option_spec | {"caption": directives.unchanged_required}

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        path = self.result_file(profile, movie, name)
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        # Columns of numbers are aligned by their digits.
        numeric = [all(re.match(r"^(\*\*)?[-−+]?\d|^$|^[–—-]$", row[i]) for row in rows) for i in range(len(header))]
        table = sortable(text_table(header, rows, numeric))
        self.set_source_info(table)
        line = self.source(profile, movie, name)
        line += [nodes.Text(" \u00b7 "), csv_link(f"{profile}-{movie}-{name}", header, rows)]
        return [scrolling(table), line]

    def together(self, shown: nodes.container) -> list[nodes.Node]:
        exhibit = Exhibit("", classes=["tapnb-exhibit"])
        if "caption" in self.options:
            inline, _ = self.parse_inline(self.options["caption"])
            exhibit += ExhibitCaption(self.options["caption"], "", *inline)
        exhibit += shown
        self.add_name(exhibit)
        self.set_source_info(exhibit)
        return [exhibit]


class ResultFigure(ResultDirective):
    """A plot with its required ``:alt:`` text; the content is the caption."""

    has_content = True
    suffix = ".svg"
    option_spec = ResultDirective.option_spec | {"alt": directives.unchanged}

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        alt = self.options.get("alt", "").strip()
        if not alt:
            raise self.error(f"the figure {name} needs :alt:, what it shows to someone who cannot see it")
        path = self.result_file(profile, movie, name)
        narrow = path.with_name(name + NARROW + self.suffix)
        self.env.note_dependency(str(narrow))
        uris = ["/" + os.path.relpath(file, self.env.srcdir).replace(os.sep, "/") for file in (path, narrow)]
        return [plot(uris[0], uris[1] if narrow.is_file() else None, alt), self.source(profile, movie, name)]

    def together(self, shown: nodes.container) -> list[nodes.Node]:
        figure = nodes.figure("", shown, align="default", classes=["tapnb-exhibit"])
        if self.content:
            holder = nodes.Element()
            self.state.nested_parse(self.content, self.content_offset, holder)
            first, *rest = holder.children
            figure += nodes.caption(first.rawsource, "", *first.children)
            if rest:
                figure += nodes.legend("", *rest)
        self.add_name(figure)
        self.set_source_info(figure)
        return [figure]


class ExecutedFigure(SphinxDirective):
    """A named picture of an executed notebook of this build, with its alt text and caption.

    Pictures of a movie are never stored under ``results/``; they exist only where the notebook was run.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        notebook, _, name = self.arguments[0].partition(":")
        executed = Path(self.env.srcdir) / EXECUTED
        source = executed / f"{notebook}.ipynb"
        self.env.note_dependency(str(source))
        cells = json.loads(source.read_text("utf-8"))["cells"] if source.is_file() else []
        drawing = [cell for cell in cells if cell["metadata"].get("mystnb", {}).get("figure", {}).get("name") == name]
        if not drawing:
            raise self.error(f"no cell of {notebook} names its figure {name!r}")
        if not (executed / notebook / f"{name}.png").is_file():
            text = "This picture is in the executed notebook only where the movie was at hand."
            return [nodes.paragraph("", text, classes=["tapnb-missing"])]
        uri = f"/{EXECUTED}/{notebook}/{name}.png"
        shown = drawing[0]["metadata"]["mystnb"]
        figure = nodes.figure("", plot(uri, None, shown["image"]["alt"]), align="default")
        inline, _ = self.parse_inline(shown["figure"]["caption"])
        figure += nodes.caption("", "", *inline)
        self.set_source_info(figure)
        line = nodes.paragraph("", "", classes=["tapnb-source"])
        profile, movie = self.config.tapnb_profile, self.config.tapnb_movie
        text = f"{notebook}, profile {profile}, movie {movie}"
        cell = drawing[0].get("id", "")
        line += link(text, profile, movie, notebook, "The notebook that drew this", cell if OWN.fullmatch(cell) else None)
        return [figure, line]


class SmokeWarning(Results, SphinxDirective):
    """A warning beside the numbers of a build with the profile smoke, which only tests."""

    def run(self) -> list[nodes.Node]:
        if self.config.tapnb_profile != "smoke":
            return []
        text = (
            "These numbers come from the profile smoke: a few minutes of computing that show that everything works. "
            "They say nothing about the method, whichever way they fall."
        )
        return [nodes.warning("", nodes.paragraph("", text))]


def setup(app: Sphinx) -> dict:
    """Register the role, the directives and their configuration from the environment."""
    app.setup_extension("tapnb_links")
    for extension in ("tapnb_cells", "tapnb_csv", "tapnb_plots", "tapnb_tabs"):
        app.setup_extension(extension)
    app.add_config_value("tapnb_profile", os.environ.get("TAPNB_BOOK_PROFILE", "smoke"), "env")
    app.add_config_value("tapnb_movie", os.environ.get("TAPNB_BOOK_MOVIE", "synthetic"), "env")
    app.add_config_value("tapnb_movie_name", os.environ.get("TAPNB_BOOK_MOVIE_NAME", ""), "env")
    home = os.environ.get("TAPNB_HOME")
    app.add_config_value("tapnb_results", str(Path(home) / "results") if home else "", "env")
    for role in prose.SHOWN:
        app.add_role(role, Num(role))
    app.add_role("this", This())
    app.add_directive("result-table", ResultTable)
    app.add_directive("smoke-warning", SmokeWarning)
    app.add_directive("result-figure", ResultFigure)
    app.add_directive("executed-figure", ExecutedFigure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
