"""Scores with unexplained track ends left out, by hand."""

from dataclasses import replace

import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.store import runs
from tapnb.studies import event_ends, events


@pytest.fixture(scope="module")
def movie():
    return replace(shrinking_discs(2, side=160, frames=40, per_frame=2),
                   unexplained=pd.DataFrame({"t": [8, 20], "y": [500.0, 700.0], "x": 500.0, "track": [1, 2]}))


@pytest.fixture
def run(movie, tmp_path):
    """A detector that finds every event and, as surely, one thing at each unexplained end and one elsewhere."""
    true = events.true_events(movie)
    wrong = pd.DataFrame({"t": [9, 20, 30], "y": [502.0, 700.0, 900.0], "x": 500.0, "kind": "division"})
    found = pd.concat([true.assign(score=0.8), wrong.assign(score=0.9)], ignore_index=True)
    found.assign(part=events.HELD_OUT).to_parquet(tmp_path / "found.parquet")
    return runs.Run(tmp_path, {"name": "detector-toy-1", "results": {"validation": {"threshold": 0.5}}})


def test_what_is_found_at_an_end_is_no_false_alarm(movie, run):
    n = len(events.true_events(movie))
    scored = event_ends.scored({"D": [run], "A": []}, movie).set_index(["measure", "way"])["value"]
    assert scored["F1", "as it is"] == pytest.approx(2 * n / (2 * n + 3))
    assert scored["F1", "track ends left out"] == pytest.approx(2 * n / (2 * n + 1))
    assert scored["average precision", "track ends left out"] == pytest.approx(n / (n + 1))
    assert scored["average precision", "as it is"] == pytest.approx(n / (n + 3))
    named = event_ends.numbers(event_ends.scored({"D": [run]}, movie), movie)
    assert named["unexplained_ends"]["value"] == 2 and named["D_F1_without_ends"]["text"].startswith("0.99")
    assert event_ends.table(event_ends.scored({"D": [run]}, movie)).shape == (1, 5)


def test_of_a_movie_without_a_lineage_nothing_is_said(movie, run):
    nothing = event_ends.scored({"D": [run]}, replace(movie, unexplained=None))
    assert nothing.empty and event_ends.table(nothing).empty and event_ends.numbers(nothing, movie) == {}
