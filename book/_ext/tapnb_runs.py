"""Sphinx extension: how the numbers were computed, from the records under ``results/``.

``{provenance} 02_pretraining`` is a line that opens to the provenance of one notebook; ``{run-log}`` sums up the runs,
their time and their machines; ``{run-records}`` lists every run, as the target of the numbers' links.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_links import anchor, run_link
from tapnb_results import ResultDirective, Results
from tapnb_tables import scrolling, text_table

LONG = 600
"""Number of characters beyond which a list is not written out."""


class Provenance(ResultDirective):
    """How one notebook was run: a line that opens to all details."""

    def beside(self) -> list[nodes.Node]:
        """Return nothing: a page shows its own provenance only."""
        return []

    def show(self, profile: str, movie: str, name: str) -> list[nodes.Node]:
        content = json.loads(self.file(profile, movie, f"{name}.json").read_text("utf-8"))
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


KINDS = {"tap": "time-arrow trainings", "strategy": "strategies", "gradcam": "Grad-CAM statistics",
         "content": "content view", "decorrelation": "decorrelation", "calibration": "calibration",
         "criteria": "answers under one labelling", "rounding": "rounding"}
"""Kinds of runs in words, in the order of the log."""


class RunLog(Results, SphinxDirective):
    """One row per kind of run, profile and movie: number, time, device, date and commits."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        root = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results")
        rows, counted = [], set()
        for folder in sorted(root.glob("*/*")):  # a run that several profiles share is counted with the first of them
            records = [record for record in records_in(folder) if record["name"] not in counted]
            counted |= {record["name"] for record in records}
            rows += log(*folder.parts[-2:], records)
        if not rows:
            return [nodes.paragraph("", "No run has been recorded yet.")]
        header, *rows = [list(rows[0]), *(list(row.values()) for row in rows)]
        numeric = [heading in ("runs", "hours", "core hours", "sittings") for heading in header]
        return [scrolling(text_table(header, rows, numeric))]


def records_in(folder: Path) -> list[dict]:
    """Return the run records of one profile and movie."""
    return [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("records/*.json"))]


def log(profile: str, movie: str, records: list[dict]) -> list[dict[str, str]]:
    """Return the rows of the log, and below them their sum."""
    kinds = [*KINDS, *sorted({r["kind"] for r in records} - {*KINDS})]
    by_kind = [[r for r in records if r["kind"] == kind] for kind in kinds]
    groups = [(KINDS.get(group[0]["kind"], group[0]["kind"]), group) for group in by_kind if group]
    if len(groups) > 1:
        groups.append(("all", records))
    return [{
        "profile, movie": f"{profile}, {movie}", "what": what, "runs": str(len(group)),
        "hours": f"{sum(record['seconds'] for record in group) / 3600:.2f}",
        "core hours": f"{sum(record.get('cpu_seconds', math.nan) for record in group) / 3600:.2f}".replace("nan", ""),
        "sittings": str(sum(len(record["sittings"]) for record in group)),
        "on": "; ".join(sorted({record["device"] for record in group})),
        "finished": " to ".join(sorted({min(day(r) for r in group), max(day(r) for r in group)})),
        "commits": ", ".join(sorted({str(record["commit"])[:10] for record in group})),
    } for what, group in groups]


def day(record: dict) -> str:
    """Return the day on which a run finished."""
    return record["finished"][:10]


class RunRecords(Results, SphinxDirective):
    """Every run record under ``results/``, by profile and movie, each the target of its numbers' links."""

    def run(self) -> list[nodes.Node]:
        # Records come and go with the notebooks: the page is read again in every build.
        self.env.note_reread()
        root = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results")
        listing: list[nodes.Node] = []
        known: set[str] = set()
        for folder in sorted(p for p in root.glob("*/*") if any(p.glob("[0-9]*.json"))):  # detectors are no profile
            profile, movie = folder.parts[-2:]
            records = records_in(folder)
            heading = nodes.rubric("", f"Profile {profile}, movie {movie}")
            listing.append(self.target(anchor(profile, movie), heading))
            if not records:
                listing.append(nodes.paragraph("", "These notebooks name no run."))
            for record in records:
                line = details(summary(record), [field_list(record)])
                # A run that serves two profiles is listed under both; the link goes to the first.
                label = anchor(record["name"])
                listing.append(line if label in known else self.target(label, line))
                known.add(label)
        return listing or [nodes.paragraph("", "No run has been recorded yet.")]

    def target(self, label: str, node: nodes.Element) -> nodes.Element:
        """Make a node the target of a label."""
        node["ids"].append(label)
        self.env.get_domain("std").note_hyperlink_target(label, self.env.docname, label)
        return node


def summary(record: dict) -> str:
    """Return one line on a run: its name, seed and time."""
    seconds = record.get("seconds")
    took = f", {seconds:.0f} s" if isinstance(seconds, int | float) else ""
    dirty = ", with uncommitted changes" if record.get("dirty") else ""
    parameters = record.get("parameters", {})
    what = f"seed {record.get('seed')}"
    if {"strategy", "seeds"} <= parameters.keys():
        what = f"{parameters['strategy']}, seeds {plain(parameters['seeds'])}"
    return f"{record['name']}: {what}{took}, commit {str(record.get('commit'))[:10]}{dirty}"


def details(line: str, inside: list[nodes.Node]) -> nodes.container:
    """Return a line that opens to show its contents; without HTML, both are shown."""
    body = nodes.container("", *inside, classes=["tapnb-details"])
    return TapnbDetails("", body, summary=line)


class TapnbDetails(nodes.container):
    """HTML's <details>: closed until the reader opens it, without a script."""


def visit_details(translator, node: TapnbDetails) -> None:
    ids = f' id="{node["ids"][0]}"' if node["ids"] else ""
    line = translator.encode(node["summary"])
    translator.body.append(f'<details class="tapnb-provenance"{ids}><summary>{line}</summary>\n')


def depart_details(translator, node: TapnbDetails) -> None:
    translator.body.append("</details>\n")


def field(name: str, *body: nodes.Node) -> nodes.field:
    """Return one named line of a field list."""
    return nodes.field("", nodes.field_name("", name), nodes.field_body("", *body))


def field_list(values: dict) -> nodes.field_list:
    """Return a mapping as a field list, nested mappings and lists on one line each."""
    fields = nodes.field_list()
    for name, value in values.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} = {plain(v)}" for k, v in value.items())
        fields += field(name, nodes.paragraph("", plain(value)))
    return fields


def plain(value: object) -> str:
    """Return a JSON value as a person writes it; of a long table of numbers, its length."""
    if isinstance(value, list) and len(json.dumps(value)) > LONG:
        return f"{len(value)} entries, in the record"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {plain(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def setup(app: Sphinx) -> dict:
    """Register the directives and the node for details."""
    app.setup_extension("tapnb_results")
    app.add_node(TapnbDetails, html=(visit_details, depart_details))
    app.add_directive("provenance", Provenance)
    app.add_directive("run-log", RunLog)
    app.add_directive("run-records", RunRecords)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
