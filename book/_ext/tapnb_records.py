"""Run records under ``results/``, and how they are shown: for the pages of numbers, of runs and of claims."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from tapnb.system.files import read_json

LONG = 600
"""Number of characters beyond which a list is not written out."""

KINDS = {"tap": "time-arrow training", "strategy": "strategy", "gradcam": "Grad-CAM statistics",
         "content": "content view", "decorrelation": "decorrelation", "calibration": "calibration",
         "criteria": "answers under one labelling", "rounding": "rounding", "detector": "detector",
         "controls": "controls", "eventcontrols": "controls of events"}
"""Kinds of runs in words."""


def results_folder(config: Config, env: BuildEnvironment) -> Path:
    """Return the folder ``results`` of this build."""
    return Path(config.tapnb_results or Path(env.srcdir) / "results")


def number_files(root: Path) -> list[Path]:
    """Return the files of numbers, ``<profile>/<movie>/<notebook>.json``."""
    return sorted(root.glob("*/*/[0-9]*.json"))


def movie_folders(root: Path) -> list[Path]:
    """Return the folders of one profile and movie each: those with numbers, which the published detectors have none of."""
    return list(dict.fromkeys(path.parent for path in number_files(root)))


def records_in(folder: Path) -> list[dict]:
    """Return the run records of one profile and movie."""
    return [_record(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("records/*.json"))]


@lru_cache(maxsize=500)
def _record(path: Path, changed: int) -> dict:
    """Return a record as it was when it was ``changed`` last: every page of numbers asks for all of them."""
    return read_json(path)


def records_by_name(root: Path) -> dict[str, dict]:
    """Return every run record once; several profiles may have published the same run."""
    return {record["name"]: record for folder in movie_folders(root) for record in records_in(folder)}


def seeds(record: dict) -> str:
    """Return the seed of a run, or the seeds of a strategy's repetitions."""
    return plain(record.get("parameters", {}).get("seeds") or record.get("seed"))


def what(record: dict) -> str:
    """Return the kind of a run in words, with the strategy that it trains."""
    kind = KINDS.get(record["kind"], record["kind"])
    strategy = record.get("parameters", {}).get("strategy")
    return f"{kind} {strategy}" if isinstance(strategy, str) else kind


def dirty(stamp: dict) -> str:
    """Return a remark where the code was not the commit's."""
    return ", with uncommitted changes" if stamp.get("dirty") else ""


def duration(seconds: object) -> str:
    """Return a time in seconds or minutes."""
    if not isinstance(seconds, int | float):
        return "time unknown"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def facts(record: dict) -> list[str]:
    """Return what a person asks first of a run: what it is, seed, commit, device, time."""
    several = "seeds" if "," in seeds(record) else "seed"
    return [what(record), f"{several} {seeds(record)}", f"commit {str(record.get('commit'))[:10]}{dirty(record)}",
            str(record.get("device")), duration(record.get("seconds")), f"finished {record.get('finished')}"]


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
            # Records of 0.1.0 say "tapnb = not installed" of a checkout; their commit tells which code that was.
            value = ", ".join(f"{k} = {plain(v)}" for k, v in value.items() if v != "not installed")
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
    """Register the node for details, and the style and script of numbers and runs."""
    app.add_node(TapnbDetails, html=(visit_details, depart_details))
    app.add_css_file("tapnb-records.css")
    app.add_js_file("tapnb-records.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
