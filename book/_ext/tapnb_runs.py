"""Sphinx extension: how the numbers were computed, from the records under ``results/``.

``{provenance} 02_pretraining`` is a line that opens to the provenance of one notebook; ``{run-log}`` sums up the runs,
their time and their machines; ``{run-records}`` is the table of all runs, each with its record and its numbers.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_csv import sorted_and_saved
from tapnb_links import anchor, make_target, number_link, run_link
from tapnb_records import (KINDS, details, dirty, field, field_list, movie_folders, number_files, records_in,
                           results_folder, seeds, what)
from tapnb_results import ResultDirective, Results
from tapnb_tables import scrolling, sortable, text_table

from tapnb.studies import prose
from tapnb.system.files import read_json


class Provenance(ResultDirective):
    """How one notebook was run: a line that opens to all details."""

    suffix = ".json"

    def places(self) -> list[tuple[str, str, str]]:
        """Return one place: a page shows its own provenance only."""
        return [self.place(self.arguments[0])]

    def together(self, shown: nodes.container) -> list[nodes.Node]:
        return shown.children

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        content = json.loads(self.result_file(profile, movie, name).read_text("utf-8"))
        stamp = content.get("provenance", {})
        commit = (stamp.get("commit") or "no commit")[:10] + (", changed since" if stamp.get("dirty") else "")
        summary = f"{name}: profile {profile}, movie {movie}, {commit}"
        fields = {k: v for k, v in stamp.items() if k not in ("commit", "dirty")}
        inside = field_list({"commit": commit} | fields)
        if content.get("runs"):
            links = nodes.paragraph()
            for role, run in content["runs"].items():
                links += [nodes.Text(f"{role}: "), run_link(run)]
                links += nodes.Text("; ")
            links.pop()
            inside += field("runs", links)
        return [details(summary, [inside])]


PLURALS = {"tap": "time-arrow trainings", "strategy": "strategies"}
"""Kinds of runs as the log counts them, where one word does not serve for one and for many."""


class RunLog(Results, SphinxDirective):
    """One row per kind of run, profile and movie: number, time, device, date and commits."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        root = results_folder(self.config, self.env)
        rows, counted = [], set()
        for folder in sorted(root.glob("*/*")):  # a run that several profiles share is counted with the first of them
            records = [record for record in records_in(folder) if record["name"] not in counted]
            counted |= {record["name"] for record in records}
            rows += log(*folder.parts[-2:], records)
        if not rows:
            return [nodes.paragraph("", "No run has been recorded yet.")]
        header, *rows = [list(rows[0]), *(list(row.values()) for row in rows)]
        numeric = [heading in ("runs", "hours", "core hours", "sittings") for heading in header]
        return sorted_and_saved(text_table(header, rows, numeric), "what-ran", header, rows)


def log(profile: str, movie: str, records: list[dict]) -> list[dict[str, str]]:
    """Return the rows of the log, and below them their sum."""
    kinds = [*KINDS, *sorted({r["kind"] for r in records} - {*KINDS})]
    by_kind = [[r for r in records if r["kind"] == kind] for kind in kinds]
    named = PLURALS | {kind: KINDS.get(kind, kind) for kind in kinds if kind not in PLURALS}
    groups = [(named[group[0]["kind"]], group) for group in by_kind if group]
    if len(groups) > 1:
        groups.append(("all", records))
    return [{
        "profile, movie": f"{profile}, {movie}", "what": kind, "runs": str(len(group)),
        "hours": f"{sum(record['seconds'] for record in group) / 3600:.2f}",
        "core hours": f"{sum(record.get('cpu_seconds', math.nan) for record in group) / 3600:.2f}".replace("nan", ""),
        "sittings": str(sum(len(record["sittings"]) for record in group)),
        "on": "; ".join(sorted({record["device"] for record in group})),
        "finished": " to ".join(sorted({min(day(r) for r in group), max(day(r) for r in group)})),
        "commits": ", ".join(sorted({str(record["commit"])[:10] for record in group})),
    } for kind, group in groups]


def day(record: dict) -> str:
    """Return the day on which a run finished."""
    return record["finished"][:10]


COLUMNS = ("run", "what", "profile, movie", "seed", "minutes", "finished", "commit", "device")
NUMERIC = ("minutes",)


def run_rows(root: Path) -> list[tuple[dict, list[str]]]:
    """Return every run once: its record, and the texts of its line in the table, see :data:`COLUMNS`."""
    by_name: dict[str, tuple[dict, list[str]]] = {}
    for folder in movie_folders(root):
        for record in records_in(folder):
            by_name.setdefault(record["name"], (record, []))[1].append(", ".join(folder.parts[-2:]))
    rows = []
    for record, places in by_name.values():
        seconds = record.get("seconds")
        minutes = f"{seconds / 60:.1f}" if isinstance(seconds, int | float) else ""
        rows.append((record, [record["name"], what(record), "; ".join(places), seeds(record), minutes,
                              str(record.get("finished"))[:10], str(record.get("commit"))[:10] + dirty(record),
                              str(record.get("device"))]))
    return rows


class RunRecords(SphinxDirective):
    """The table of all runs: a line each, which is the target of links, and below it the record and its numbers.

    The script beside it sorts and searches; without it the whole table stands there.
    """

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # records come and go with the notebooks
        root = results_folder(self.config, self.env)
        rows = run_rows(root)
        if not rows:
            return [nodes.paragraph("", "No run has been recorded yet.")]
        numbers = numbers_by_run(root)
        table = sortable(text_table(list(COLUMNS), [texts for _, texts in rows], [column in NUMERIC for column in COLUMNS]))
        table["classes"].append("tapnb-runs")
        body = table[-1][-1]
        for line, (record, _) in zip(list(body), rows, strict=True):
            line["classes"].append("tapnb-run")
            make_target(self.env, anchor(record["name"]), line)
            below = nodes.entry("", self.record(record, numbers.get(record["name"], {})), morecols=len(COLUMNS) - 1)
            body.insert(body.index(line) + 1, nodes.row("", below, classes=["tapnb-record"]))
        return [self.files(), scrolling(table)]

    def files(self) -> nodes.paragraph:
        """Return the line that links the tables as files."""
        line = nodes.paragraph("", "The same as files: ")
        line += nodes.reference("", "runs.csv", refuri="runs.csv", internal=True)
        line += [nodes.Text(", and all numbers: "), nodes.reference("", "numbers.csv", refuri="numbers.csv", internal=True)]
        return line

    def record(self, record: dict, numbers: dict[tuple[str, str, str], list[nodes.Node]]) -> nodes.Node:
        """Return the record of a run, which opens, with the numbers that were computed from it."""
        listed = nodes.field_list()
        for (profile, movie, notebook), links in numbers.items():
            line = nodes.paragraph("", "", *[part for link in links for part in (nodes.Text("; "), link)][1:])
            listed += field(f"{notebook} ({profile}, {movie})", line)
        listed += field_list(record).children
        return details(f"Record and {sum(map(len, numbers.values()))} numbers", [listed])


def numbers_by_run(root: Path) -> dict[str, dict[tuple[str, str, str], list[nodes.Node]]]:
    """Return, by run and by profile, movie and notebook, links to the numbers computed from it, each with its value."""
    by_run: dict[str, dict[tuple[str, str, str], list[nodes.Node]]] = {}
    for path in number_files(root):
        place = (*path.parts[-3:-1], path.stem)
        for key, number in read_json(path)["numbers"].items():
            for run in number.get("runs", []):
                link = number_link(f"{key}: {prose.with_spread(number)}", *place, key)
                by_run.setdefault(run, {}).setdefault(place, []).append(link)
    return by_run


def write_csv(app: Sphinx, error: Exception | None) -> None:
    """Write the table of runs, with all of their parameters, as ``book/runs.csv``."""
    if error or app.builder.format != "html":
        return
    target = Path(app.outdir) / "book" / "runs.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*COLUMNS, "parameters"], *(
            [*texts, json.dumps(record.get("parameters", {}), sort_keys=True)]
            for record, texts in run_rows(results_folder(app.config, app.env)))])


def setup(app: Sphinx) -> dict:
    """Register the directives and the table of runs as a file."""
    for extension in ("tapnb_results", "tapnb_records"):
        app.setup_extension(extension)
    app.add_directive("provenance", Provenance)
    app.add_directive("run-log", RunLog)
    app.add_directive("run-records", RunRecords)
    app.connect("build-finished", write_csv)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
