"""Tables as files for programs."""

import csv
import io
from urllib.parse import unquote

import pytest

from tapnb.workflow.notebooks import CHECKOUT as ROOT


@pytest.fixture
def for_programs(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    from tapnb_csv import for_programs

    return for_programs


def saved(html, number=0):
    """The rows of the file behind a link."""
    return list(csv.reader(io.StringIO(unquote(html.select("a.tapnb-csv")[number]["href"].partition(",")[2]))))


def test_every_part_of_a_number_has_a_column(for_programs):
    assert for_programs("f1", ["**0.70 ± 0.03**", "\u2013", "0.65 ± 0.10"]) == [["f1", "0.70", "", "0.65"], ["f1 (spread)", "0.03", "", "0.10"]]
    assert for_programs("gain", ["\u22120.21 (\u22120.25 to +0.16)", "+1.5 (\u22122 to 3) (n = 5)"]) == [
        ["gain", "-0.21", "1.5"], ["gain (low)", "-0.25", "-2"], ["gain (high)", "0.16", "3"], ["gain (n)", "", "5"]]
    assert for_programs("pairs", ["14\u202f934", "2,500", "1e-3"]) == [["pairs", "14934", "2500", "1e-3"]]


def test_a_column_of_words_stays_as_it_is(for_programs):
    assert for_programs("source", ["here (2 runs)", "0.5"]) == [["source", "here (2 runs)", "0.5"]]
    assert for_programs("seen", ["2.62 to 2.85 GB", ""]) == [["seen", "2.62 to 2.85 GB", ""]]
    assert for_programs("nothing", ["\u2013"]) == [["nothing", "\u2013"]]


def test_a_table_written_by_hand_is_sorted_and_saved_like_any_other(page):
    html, warnings = page("| question | acc |\n|---|---|\n| is it? | {num}`02_try:acc` |\n| *or* not | 0.1 |\n")
    assert warnings == "" and "tapnb-sortable" in html.table["class"]
    header, first, second = saved(html)
    assert header[:2] == ["question", "acc"] and first[0] == "is it?" and float(first[1]) > 0 and second[:2] == ["or not", "0.1"]


def test_the_first_heading_may_be_empty_where_it_names_the_rows(page):
    html, _ = page("| | paper | here |\n|---|---|---|\n| runs | 10 | 5 |\n")
    assert "tapnb-sortable" in html.table["class"] and saved(html) == [["row", "paper", "here"], ["runs", "10", "5"]]


def test_a_table_of_steps_is_none_of_data(page):
    html, _ = page("| you need | |\n|---|---|\n| a cup | nothing else |\n")
    assert "tapnb-sortable" not in html.table["class"] and not html.select("a.tapnb-csv")
