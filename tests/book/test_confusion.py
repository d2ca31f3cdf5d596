"""The confusion matrix that opens its crops: what stands on the page, and what moves in a browser."""

import json

import numpy as np
import pytest
from made_up_answers import MOVIE, write_answers

from tapnb.movies import catalogue
from tapnb.workflow.notebooks import CHECKOUT

PAGE = "```{confusion} 07_errors\n:optional:\n```"
STATIC = {"html_static_path": [str(CHECKOUT / "book" / "_static")], "html_css_files": ["tapnb.css"]}


@pytest.fixture
def answers(page, tmp_path, monkeypatch):
    """Made-up answers; the page's movie is the one they are about."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return write_answers(page.results)


def matrix_of(answers, threshold=0.0):
    margins = (answers["logit_1"] - answers["logit_0"]).to_numpy()
    return np.bincount(2 * answers["label"].to_numpy(int) + (margins > threshold), minlength=4)


def test_without_javascript_matrix_curve_and_examples_of_every_cell_are_there(page, answers):
    html, warnings = page(PAGE)
    assert warnings == ""
    [figure] = html.select("figure.tapnb-confusion")
    assert [int(cell.strong.text) for cell in figure.select("td[data-cell]")] == matrix_of(answers).tolist()
    assert [cell["data-cell"] for cell in figure.select("td[data-cell]")] == ["tn", "fp", "fn", "tp"]
    assert figure.select_one("path.tapnb-curve")["d"].startswith("M") and figure.svg["aria-label"]
    stills = figure.select(".tapnb-confusion-still img")
    assert len(stills) == (matrix_of(answers) > 0).sum() and all(still["alt"] for still in stills)
    assert figure.select_one(".tapnb-confusion-controls").has_attr("hidden")
    data = json.loads(figure.script.string)
    assert len(data["margins"]) == len(data["labels"]) == len(answers)
    assert data["thresholds"][data["half"]] == 0 and data["labels"].count("1") == answers["label"].sum()
    assert len(data["crops"]["pairs"]) == len(data["crops"]["places"])


def test_without_the_movie_the_numbers_are_there_and_a_sentence(page, answers, monkeypatch):
    monkeypatch.setattr(catalogue, "at_hand", lambda name: False)
    html, warnings = page(PAGE)
    assert warnings == ""
    [figure] = html.select("figure.tapnb-confusion")
    assert f"the images of {MOVIE} were not at hand" in figure.select_one(".tapnb-missing").text
    assert "crops" not in json.loads(figure.script.string) and not figure.select("img")


def test_where_no_answers_are_published_the_page_says_so(page):
    html, warnings = page(PAGE)
    assert warnings == "" and not html.select("figure") and "Not run yet" in html.select_one(".tapnb-missing").text
