"""The table of runs: a line a run, its record below it, and the same as a file."""

import csv
import json
import shutil

from bs4 import BeautifulSoup
from made_up_results import RECORD


def runs_of(page):
    html = page.results.parents[2] / "source" / "_build" / "html" / "book" / "runs.html"
    return BeautifulSoup(html.read_text("utf-8"), "html.parser"), html.parent


def test_a_run_is_a_line_in_the_open_and_its_record_opens_below(page):
    other = page.results.parents[1] / "try" / "synthetic"
    shutil.copytree(page.results, other)  # two profiles have published the same run
    page("{num}`02_try:acc`")
    html, folder = runs_of(page)
    (line,) = html.select("tr.tapnb-run")
    texts = [cell.text for cell in line.find_all("td")]
    assert texts == [RECORD["name"], "time-arrow training", "smoke, synthetic; try, synthetic", "1", "0.0", "2026-01-01",
                     "0123456789", "cpu, 2 threads"]
    assert line["id"] == "run-tap-synthetic-1a2b3c4d" and not line.find_parent("details")
    record = line.find_next_sibling("tr")
    assert "tapnb-record" in record["class"] and record.td["colspan"] == "8" and "pairs = 64" in record.details.text
    links = {link["href"] for link in record.select("a.tapnb-result")}
    assert links == {"numbers.html#smoke-synthetic-02_try-acc", "numbers.html#try-synthetic-02_try-acc"}
    with (folder / "runs.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["run"] == RECORD["name"] and json.loads(row["parameters"]) == RECORD["parameters"]
    assert {link["href"] for link in html.select("p > a.reference")} >= {"runs.csv", "numbers.csv"}


def test_a_book_without_runs_says_so(page):
    for path in page.results.glob("records/*"):
        path.unlink()
    _, warnings = page("nothing", notebooks=[])
    assert warnings == "" and "No run has been recorded yet" in runs_of(page)[0].text
