"""A book of one page, beside those of its numbers and runs."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from made_up_results import write_results
from sphinx.testing.util import SphinxTestApp

from tapnb.workflow.notebooks import CHECKOUT as ROOT


@pytest.fixture
def page(tmp_path, monkeypatch):
    """Return a function that builds a page and returns its HTML and the warnings."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    results = tmp_path / "results" / "smoke" / "synthetic"
    write_results(results, "02_try", ["acc"], ["02_try_table"], ["02_try_curve"])
    source = tmp_path / "source"

    def build(text, notebooks=None, **config):
        (source / "book").mkdir(parents=True, exist_ok=True)
        (source / "conf.py").write_text("extensions = ['myst_parser', 'tapnb_claims', 'tapnb_numbers', 'tapnb_profiles', 'tapnb_bad_inputs', 'tapnb_confusion', 'tapnb_player', 'tapnb_report']\nnumfig = True\n")
        (source / "index.md").write_text("# Front\n\n```{toctree}\nbook/page\nbook/runs\nbook/numbers\n```\n")
        (source / "book" / "runs.md").write_text("# Runs\n\n```{run-records}\n```\n")
        if notebooks is None:
            root = Path(config.get("tapnb_results", tmp_path / "results"))
            notebooks = dict.fromkeys(path.stem for path in sorted(root.glob("*/*/[0-9]*.json")))
        shown = "\n".join(f"```{{numbers}} {name}\n```\n" for name in notebooks)
        (source / "book" / "numbers.md").write_text(f"# Numbers\n\n{shown}")
        (source / "book" / "page.md").write_text(f"# Page\n\n{text}\n")
        defaults = {
            "tapnb_results": str(tmp_path / "results"),
            "tapnb_profile": "smoke",
            "tapnb_movie": "synthetic",
        }
        app = SphinxTestApp("html", srcdir=source, confoverrides=defaults | config)
        try:
            app.build()
            html = (Path(app.outdir) / "book" / "page.html").read_text("utf-8")
            return BeautifulSoup(html, "html.parser"), re.sub(r"\x1b\[[\d;]*m", "", app.warning.getvalue())
        finally:
            app.cleanup()

    build.results = results
    return build
