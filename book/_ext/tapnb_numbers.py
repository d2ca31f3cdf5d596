"""Sphinx extension: the place of every number, with its formula, what it was computed from, and how to cite it.

``{numbers} 06_strategies`` lists the numbers of one notebook under every profile and movie that has it. Each can be linked
and cited as ``#<profile>-<movie>-<notebook>-<key>``; every number on a page of the book leads there.
"""

from __future__ import annotations

import csv
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from tapnb_cells import cell_making
from tapnb_links import EXECUTED, cell_link, make_target, number_anchor, numbers_anchor, run_link
from tapnb_records import details, dirty, facts, field_list, number_files, plain, records_by_name, results_folder

from tapnb.studies import prose
from tapnb.studies.meanings import meaning
from tapnb.system.files import read_json

FEW = 3
"""Runs of which a number's place shows the parameters; those of more are on the page Runs."""


class Numbers(SphinxDirective):
    """The numbers of one notebook, by profile and movie."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        notebook = self.arguments[0]
        root = results_folder(self.config, self.env)
        self.env.metadata[self.env.docname].setdefault("tapnb-results", {})[notebook] = state(root, notebook)
        records = records_by_name(root)
        sections = [self.section(read_json(path), *path.parts[-3:-1], notebook, records)
                    for path in number_files(root) if path.stem == notebook]
        return sections or [nodes.paragraph("", "This notebook has published no number yet.")]

    def section(self, content: dict, profile: str, movie: str, notebook: str, records: dict[str, dict]) -> nodes.section:
        """Return the numbers of one profile and movie under a heading."""
        title = f"Profile {profile}, movie {movie}"
        section = nodes.section("", nodes.title("", title), names=[f"{notebook}-{profile}-{movie}"])
        make_target(self.env, numbers_anchor(profile, movie, notebook), section)
        stamp = content.get("provenance", {})
        section += nodes.paragraph("", f"Computed by the notebook {notebook}{computed(stamp)}.")
        section += details("Parameters and versions of the notebook", [field_list(
            {name: stamp[name] for name in ("movies", "parameters", "versions") if stamp.get(name)})])
        for key, number in content["numbers"].items():
            section += self.number(number, (profile, movie, notebook, key), stamp, records)
        return section

    def number(self, number: dict, name: tuple[str, str, str, str], stamp: dict, records: dict[str, dict]) -> nodes.Node:
        """Return the place of one number."""
        profile, movie, notebook, key = name
        place = nodes.container("", classes=["tapnb-number-place"])
        make_target(self.env, number_anchor(*name), place)
        place += nodes.paragraph("", "", nodes.strong("", prose.with_spread(number)), nodes.Text(" "),
                                 nodes.literal("", key), classes=["tapnb-number-value"])
        said, made = meaning(notebook, key), nodes.paragraph("", "Made in ")
        if said:
            place += nodes.paragraph("", said.words)
        cell = cell_making(self.env, notebook, said.variable) if said else None
        made += (cell_link(f"{notebook}, the cell with \u201c{said.variable} =\u201d", notebook, cell) if cell
                 else nodes.Text(notebook))
        own = (self.config.tapnb_profile, self.config.tapnb_movie)
        if cell and (profile, movie) != own and f"{EXECUTED}/{notebook}" in self.env.found_docs:
            made += nodes.Text(" (this book shows it for {1}, profile {0})".format(*own))
        made += nodes.Text(f"{computed(stamp)}." if not number.get("runs") else ", from:")
        place += made
        if number.get("runs"):
            place += nodes.bullet_list("", *(run_item(run, records.get(run)) for run in number["runs"]))
        if 0 < len(number.get("runs", [])) <= FEW:
            place += details("Parameters", parameters(number["runs"], records))
        place += nodes.paragraph("", "", nodes.inline("", citation(self.config.html_title, name, number, stamp)),
                                 classes=["tapnb-cite"])
        return place


def state(root: Path, notebook: str) -> str:
    """Return what the numbers of a notebook depend on, and when it changed: results come and go with the notebooks."""
    paths = [path for path in number_files(root) if path.stem == notebook]
    paths += [path for folder in {path.parent for path in paths} for path in folder.glob("records/*.json")]
    return repr(sorted((str(path), path.stat().st_mtime_ns) for path in paths))


def outdated(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Return the pages of numbers whose results are others than when they were read."""
    root, pages = results_folder(app.config, env), []
    for page, metadata in env.metadata.items():
        notebooks = metadata.get("tapnb-results", {})
        if any(state(root, notebook) != before for notebook, before in notebooks.items()):
            pages.append(page)
    return pages


def computed(stamp: dict) -> str:
    """Return when a notebook computed its numbers, by which code and on what, as the end of a sentence."""
    on = f" on {'; '.join(stamp['device'])}" if stamp.get("device") else ""
    return f", {stamp.get('made', 'at an unknown time')}{on}, at commit {commit_of(stamp)}"


def commit_of(stamp: dict) -> str:
    """Return the short name of a commit, and whether the code differed from it."""
    return (stamp.get("commit") or "unknown")[:10] + dirty(stamp)


def run_item(name: str, record: dict | None) -> nodes.list_item:
    """Return a run as a line: its link and the facts of its record."""
    if record is None:  # of a profile whose records are not here
        return nodes.list_item("", nodes.paragraph("", name))
    return nodes.list_item("", nodes.paragraph("", "", run_link(name), nodes.Text(": " + "; ".join(facts(record)))))


def parameters(names: list[str], records: dict[str, dict]) -> list[nodes.paragraph]:
    """Return the parameters of some runs, a paragraph each: a page has hundreds of them, and every node costs time."""
    return [nodes.paragraph("", f"{name}: " + "; ".join(
        f"{key} = {plain(value)}" for key, value in records.get(name, {}).get("parameters", {}).items())) for name in names]


def citation(title: str, name: tuple[str, str, str, str], number: dict, stamp: dict) -> str:
    """Return a number as a line to be cited: value and spread, this book, its name, the commit."""
    profile, movie, notebook, key = name
    return (f"{prose.with_spread(number)}. {title}, {profile}/{movie}/{notebook}:{key}, commit {commit_of(stamp)}.")


def write_csv(app: Sphinx, error: Exception | None) -> None:
    """Write all numbers as a table beside the page Runs, ``book/numbers.csv``."""
    if error or app.builder.format != "html":
        return
    rows = []
    for path in number_files(results_folder(app.config, app.env)):
        content, (profile, movie) = read_json(path), path.parts[-3:-1]
        for key, number in content["numbers"].items():
            low, high = number.get("interval") or ("", "")
            said = meaning(path.stem, key)
            rows.append([profile, movie, path.stem, key, number.get("value"), number.get("std"), low, high, number.get("n"),
                         prose.with_spread(number), said.words if said else "", " ".join(number.get("runs", [])),
                         content.get("provenance", {}).get("commit")])
    target = Path(app.outdir) / "book" / "numbers.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["profile", "movie", "notebook", "number", "value", "std", "low", "high", "n", "text",
                                     "meaning", "runs", "commit"], *rows])


def setup(app: Sphinx) -> dict:
    """Register the directive, its style and script, and the table of all numbers."""
    for extension in ("tapnb_links", "tapnb_cells", "tapnb_records"):
        app.setup_extension(extension)
    app.add_directive("numbers", Numbers)
    app.connect("env-get-outdated", outdated)
    app.connect("build-finished", write_csv)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
