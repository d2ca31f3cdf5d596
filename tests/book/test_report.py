"""The link to a report of events: the report that `tapnb events` writes, of the published list."""

import json

import pytest
from bs4 import BeautifulSoup
from made_up_answers import MOVIE, write_detector

from tapnb.movies import catalogue

PAGE = f"```{{event-report}} {MOVIE}\n```"


@pytest.fixture
def results(page, tmp_path, monkeypatch):
    """Where the page's results lie; movies go elsewhere."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return page.results.parents[1]


def test_the_report_behind_the_link_lists_what_the_published_detector_found(page, results, tmp_path):
    found = write_detector(results, name=MOVIE)
    html, warnings = page(PAGE)
    assert warnings == ""
    [link] = html.find_all("a", string=lambda text: text and text.startswith("Open a report"))
    address = (tmp_path / "source" / "_build" / "html" / "book" / link["href"]).resolve()
    report = BeautifulSoup(address.read_text("utf-8"), "html.parser")
    shown = json.loads(report.select_one("script#data").string)["events"]
    assert len(shown) == len(found) and {event["kind"] for event in shown} == set(found["kind"])  # the false one is below the threshold
    assert all(event["value"] == pytest.approx(0.9) for event in shown)  # a probability: the made-up calibration leaves it as it is
    assert "detector-x-0a1b2c3d" in report.select_one("table.about").text


def test_without_the_movie_or_its_detector_a_sentence_stands_there(page, results, monkeypatch):
    html, warnings = page(PAGE)
    assert warnings == "" and "No report is shown" in html.select_one(".tapnb-missing").text
    write_detector(results, name=MOVIE)
    record = results / "detectors" / MOVIE / "record.json"
    searched = record.read_text()
    record.write_text(searched.replace(catalogue.open_movie(MOVIE, "held-out").fingerprint, "another"))  # of another movie
    html, warnings = page(PAGE + "\n")
    assert warnings == "" and "No report is shown" in html.select_one(".tapnb-missing").text
    record.write_text(searched)
    monkeypatch.setattr(catalogue, "at_hand", lambda name: False)
    html, warnings = page(PAGE + "\n")
    assert warnings == "" and "No report is shown" in html.select_one(".tapnb-missing").text
