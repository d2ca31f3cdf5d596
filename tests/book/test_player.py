"""The player of a movie: what stands on the page before any script runs."""

import json

import pytest
from made_up_answers import MOVIE, write_detector, write_network

from tapnb.movies import catalogue
from tapnb.workflow.notebooks import CHECKOUT

PAGE = "```{movie-player} 02_pretraining\n:optional:\n```"


@pytest.fixture
def results(page, tmp_path, monkeypatch):
    """A made-up network, for the page's movie."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    write_network(page.results)
    return page.results.parents[1]


def test_without_javascript_the_middle_frame_and_its_marks_are_there(page, results):
    write_detector(results)
    html, warnings = page(PAGE)
    assert warnings == ""
    [figure] = html.select("figure.tapnb-player")
    assert figure.select_one("img.tapnb-frame")["alt"] == "Frame 4 of the movie"
    assert figure.select_one("img.tapnb-frame")["src"].startswith("data:image/webp")
    assert figure.select_one(".tapnb-player-controls").has_attr("hidden")
    data = json.loads(figure.script.string)
    assert len(data["frames"]) == 8 and {event["layer"] for event in data["events"]} == {"labelled", "found"}
    marked = [event for event in data["events"] if event["t"] == 4 and event.get("value", 1) >= 0.5]
    assert len(figure.select("svg circle, svg rect")) == len(marked)
    assert sorted(data["heat"]["grad_cam"]) == ["2", "3", "4", "5"]
    assert sorted(data["heat"]["second"]) == ["3", "4", "5", "6"]


def test_without_a_detector_there_are_labelled_events_alone(page, results):
    html, warnings = page(PAGE)
    assert warnings == "" and not html.select("[data-layer=found]") and html.select("[data-layer=labelled]")


def test_without_the_movie_or_the_network_a_sentence_stands_there(page, results, monkeypatch):
    monkeypatch.setattr(catalogue, "at_hand", lambda name: False)
    html, warnings = page(PAGE)
    assert warnings == "" and f"The movie {MOVIE} cannot be played here" in html.select_one(".tapnb-missing").text
    next(results.rglob("weights.safetensors")).unlink()
    html, warnings = page(PAGE + "\n")
    assert warnings == "" and "Not run yet" in html.select_one(".tapnb-missing").text


def test_the_script_that_the_report_of_events_shares_comes_along(page, results, tmp_path):
    page(PAGE, html_static_path=[str(CHECKOUT / "book" / "_static")])
    static = tmp_path / "source" / "_build" / "html" / "_static"
    script = CHECKOUT / "tapnb" / "figures" / "movie_player.js"
    assert (static / script.name).read_bytes() == script.read_bytes()
