"""Every number of the book has one place, which shows it with all that it was computed from."""

import csv
import json
import re

import pytest
import yaml
from bs4 import BeautifulSoup
from made_up_results import NUMBER, RECORD
from number_links import astray

from tapnb.studies import prose
from tapnb.workflow.notebooks import CHECKOUT, names

PAGES = [*sorted((CHECKOUT / "book").glob("*.md")), *sorted((CHECKOUT / "book" / "_parts").glob("*.md"))]


def built(page, name):
    html = page.results.parents[2] / "source" / "_build" / "html" / "book" / name
    return BeautifulSoup(html.read_text("utf-8"), "html.parser")


def change(page, name="acc", **changes):
    path = page.results / "02_try.json"
    content = json.loads(path.read_text("utf-8"))
    content["numbers"][name] = NUMBER | changes
    path.write_text(json.dumps(content))


def test_a_number_has_a_place_with_what_it_was_computed_from(page):
    _, warnings = page("{num}`02_try:acc`")
    place = built(page, "numbers.html").find(id="smoke-synthetic-02_try-acc")
    assert warnings == "" and place.strong.text == "0.910 \u00b1 0.012 (n = 10)" and place.code.text == "acc"
    run = place.li.text
    assert all(fact in run for fact in (RECORD["name"], "seed 1", "0123456789", "cpu, 2 threads", "2.5 s", "2026-01-01"))
    assert place.li.a["href"] == "runs.html#run-tap-synthetic-1a2b3c4d" and "pairs = 64" in place.details.text
    assert place.select_one(".tapnb-cite").text.endswith("smoke/synthetic/02_try:acc, commit 0123456789.")


def test_a_number_of_no_run_says_when_and_by_which_code(page):
    change(page, runs=[])
    page("{num}`02_try:acc`")
    place = built(page, "numbers.html").find(id="smoke-synthetic-02_try-acc")
    assert "2026-01-01T00:00:00Z on cpu, at commit 0123456789" in place.text and not place.find("li")


def test_a_published_notebook_says_its_formula_and_the_cell(page, tmp_path):
    (page.results / "06_strategies.json").write_text((page.results / "02_try.json").read_text().replace('"acc"', '"A1_F1_half"'))
    page("{num}`06_strategies:A1_F1_half`")
    place = built(page, "numbers.html").find(id="smoke-synthetic-06_strategies-A1_F1_half")
    assert "2 \u00d7 precision \u00d7 recall / (precision + recall)" in place.text
    assert "06_strategies, the cell with \u201cf1 =\u201d" in place.text and not place.find("a", href=re.compile("executed"))


def test_every_link_leads_to_its_number_in_the_open(page, tmp_path):
    change(page, "count", text="2\u202f500", std=None)
    change(page, "share", text="21 (15 to 28)\u202f%", std=None)
    page("{num}`02_try:acc`, {value}`02_try:acc`, {value}`02_try:count`, {value}`02_try:share`, {num}`02_try:share`")
    html = tmp_path / "source" / "_build" / "html" / "book" / "page.html"
    assert not astray(html)
    html.write_text(html.read_text("utf-8").replace(">0.910<", ">0.911<"))  # the test can fail
    from number_links import read
    read.cache_clear()
    assert len(astray(html)) == 1


def test_pages_of_numbers_are_read_again_when_results_change(page):
    page("{num}`02_try:acc`")
    change(page, text="0.777")
    html, _ = page("{num}`02_try:acc`")
    assert "0.777" in html.text and "0.777" in built(page, "numbers.html").text


def test_all_numbers_are_a_file_as_well(page, tmp_path):
    page("{num}`02_try:acc`")
    with (tmp_path / "source" / "_build" / "html" / "book" / "numbers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["number"], row["value"], row["runs"]) for row in rows] == [("acc", "0.91", RECORD["name"])]


def test_every_notebook_has_a_page_of_numbers_and_it_is_in_the_book():
    toc = yaml.safe_load((CHECKOUT / "_toc.yml").read_text("utf-8"))
    (runs,) = (page for part in toc["parts"] for page in part["chapters"] if page["file"] == "book/runs")
    assert [page["file"] for page in runs["sections"]] == [f"book/numbers/{name}" for name in names()]
    for name in names():
        assert f"```{{numbers}} {name}\n```" in (CHECKOUT / "book" / "numbers" / f"{name}.md").read_text("utf-8")


def test_published_numbers_have_places_of_their_own(monkeypatch):
    monkeypatch.syspath_prepend(str(CHECKOUT / "book" / "_ext"))
    from tapnb_links import number_anchor

    places = [number_anchor(*path.parts[-3:-1], path.stem, key)
              for path in (CHECKOUT / "results").glob("*/*/[0-9]*.json") for key in json.loads(path.read_text())["numbers"]]
    assert len(places) > 1000 and len(set(map(str.lower, places))) == len(places)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_number_that_a_page_names_is_published(path):
    text = re.sub(r"^```\n.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)  # examples
    named = [name for role, name in prose.ROLE.findall(text) if role in prose.SHOWN and not name.endswith("?")]
    for name in named:
        full = name if name.count("/") == 2 else f"cpu/synthetic/{name}"
        assert prose.published(full, CHECKOUT / "results")["text"]
    assert named or path.stem not in ("findings", "what-was-found")
