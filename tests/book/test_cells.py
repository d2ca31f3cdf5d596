"""Links below tables and figures lead to the cell of the notebook that makes them."""

import json
from types import SimpleNamespace

import pytest

from tapnb.workflow.notebooks import CHECKOUT as ROOT
from tapnb.workflow.notebooks import names


@pytest.fixture
def cells(monkeypatch):
    """The extension."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    import tapnb_cells

    return tapnb_cells


def test_a_published_name_leads_to_its_variable(cells):
    call = "results.publish('02', profile, movie, {}, {}, {}, {}, {'rows': table.round(4)} | more, plots)"
    cell = "plots, other = {'rows': plot if plot else None}, {'rows': wrong}\n" + call
    assert cells.published(cell, "rows", cells.TABLES) == "table" and cells.published(cell, "rows", cells.FIGURES) == "plot"
    assert cells.published(cell, "none", cells.TABLES) is None and cells.published("table = 1", "rows", cells.TABLES) is None
    assert cells.published("results.publish('02', profile, movie)", "rows", cells.TABLES) is None


def test_every_published_table_and_figure_has_its_cell(cells):
    build = SimpleNamespace(srcdir=ROOT, note_dependency=lambda path: None)
    seen = 0
    for notebook in names():
        for suffix, argument in ((".csv", cells.TABLES), (".svg", cells.FIGURES)):
            for path in (ROOT / "results" / "cpu").glob(f"*/{notebook}_*{suffix}"):
                name = path.stem.removeprefix(f"{notebook}_")
                if name != "values" and not name.endswith("_narrow"):
                    assert cells.cell_publishing(build, notebook, name, argument), path.name
                    seen += 1
    assert seen > 50


def test_the_link_below_a_table_leads_to_the_cell(page, tmp_path):
    executed = tmp_path / "source" / "book" / "executed"
    executed.mkdir(parents=True)
    call = "results.publish('02_try', profile, movie, {}, {}, {}, {}, {'table': shown}, {'curve': line})"
    (executed / "02_try.ipynb").write_text(json.dumps({"cells": [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "outputs": [], "source": source}
        for n, source in enumerate(["shown = 1\n", "line = 2\n", call])]}))
    (executed / "02_try.md").write_text("# The page of the notebook\n")
    html, _ = page("```{result-table} 02_try_table\n```\n\n```{result-figure} 02_try_curve\n:alt: A line\n```",
                   exclude_patterns=["book/executed/*.ipynb"])
    assert [a["href"] for a in html.select("a.tapnb-result")] == ["executed/02_try.html#cell-0", "executed/02_try.html#cell-1"]
