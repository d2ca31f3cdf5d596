"""How long the runs of notebooks took, as a table."""

import json

import pytest

from tapnb.workflow.notebooks import CHECKOUT as ROOT

EXTENSIONS = ["myst_parser", "tapnb_runs", "tapnb_numbers", "tapnb_times"]


@pytest.mark.parametrize("seconds, shown", [(7.4, "7 s"), (99.4, "99 s"), (150, "2 min"), (5999, "100 min"), (6000, "1.7 h")])
def test_a_time_is_in_the_unit_it_is_read_in(monkeypatch, seconds, shown):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from tapnb_times import duration

    assert duration(seconds) == shown


def test_a_row_a_notebook_and_a_column_a_movie(page):
    path = page.results / "02_try.json"
    content = json.loads(path.read_text("utf-8"))
    for name, seconds in {"02_try": 16_659.6, "03_look": 0, "04_untold": None}.items():
        content["provenance"]["seconds"] = seconds
        path.with_name(f"{name}.json").write_text(json.dumps(content))
    html, warnings = page("```{notebook-times} smoke/synthetic smoke/hela\n```", extensions=EXTENSIONS)
    assert warnings == ""
    assert [[cell.text for cell in row.find_all(["th", "td"])] for row in html.select("table tr")] == [
        ["notebook", "synthetic, profile smoke", "hela, profile smoke"], ["02_try", "4.6 h", "\u2013"],
        ["03_look", "trains nothing", "\u2013"], ["04_untold", "\u2013", "\u2013"]]
    assert html.select_one("a.tapnb-csv")["download"] == "notebook-times.csv"
