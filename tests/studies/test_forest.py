"""The claims as distances from their bounds, by hand."""

import json

import pytest

from tapnb import figures
from tapnb.studies import claims, forest
from tapnb.studies.verdicts import NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED, Part, Verdict

NUMBERS = {"A1_less_A0_ranking": {"value": 0.3, "interval": [0.2, 0.4]},
           "B1_less_B0_ranking": {"value": 0.1, "interval": [-0.1, 0.3]}}


def verdict(number, name, *parts):
    return Verdict(number, "a claim", "", name, "too few runs", list(parts))


@pytest.fixture
def effects():
    judged = {"one": [verdict(4, UNDECIDED, Part("A1 − A0, F1", 0.1, -0.1, 0.3)), verdict(6, REPRODUCED, Part(
        "share missed", 0.15, 0.12, 0.18, 0.2, above=False)), verdict(12, NOT_RUN)],
        "two": [verdict(8, NOT_REPRODUCED, Part("ECE", -0.9, -1.0, -0.8))]}
    return forest.rows(judged, {"one": NUMBERS, "two": {}})


def test_every_claim_has_a_short_name():
    assert len(forest.SHORT) == len(claims.CLAIMS) and set(forest.RANKED) <= set(range(1, len(claims.CLAIMS) + 1))


def test_effects_are_distances_towards_the_claims_side(effects):
    own = effects[(effects["number"] == 6)].iloc[0]  # below 0.2 is claimed
    assert (own["value"], own["low"], own["high"]) == pytest.approx((0.05, 0.02, 0.08))
    assert effects[effects["number"] == 12]["value"].isna().all()
    assert effects[effects["number"] == 12]["compared"].tolist() == ["too few runs"]


def test_the_weakest_ranking_stands_beside_the_papers_measure(effects):
    own = effects[effects["number"] == 4]
    assert own["measure"].tolist() == [forest.PAPERS, forest.PRIMARY]
    assert own["compared"].tolist() == ["A1 − A0, F1", "B1 − B0"] and own["low"].tolist() == [-0.1, -0.1]


def test_numbers_of_a_movie_without_strategies_are_none(tmp_path):
    assert forest.ranking_numbers(tmp_path) == {}
    (tmp_path / "06_strategies.json").write_text(json.dumps({"numbers": NUMBERS}))
    assert forest.ranking_numbers(tmp_path) == NUMBERS


def test_a_panel_a_movie_with_a_mark_by_the_verdict(effects):
    first, second = figures.forest(effects).axes
    assert [axes.get_title("left") for axes in (first, second)] == ["one", "two"]
    marks = {(line.get_marker(), line.get_markerfacecolor()) for line in first.lines if line.get_marker() not in ("", "None")}
    assert {mark for mark, _ in marks} == {"o", "D"} and "white" in {fill for _, fill in marks}
    assert [text.get_text() for text in first.texts] == ["no experiment"]
    beyond = {line.get_marker() for line in second.lines}
    assert "<" in beyond and "s" not in beyond  # it lies outside, to the left


def test_nothing_at_all_is_drawn_as_an_empty_panel():
    assert len(figures.forest(forest.rows({}, {})).axes) == 1
