"""How many of the places that one looks at first are events: by hand, and from a tiny network."""

import pandas as pd
import pytest
import torch
from toys import shrinking_discs, small_model

from tapnb import weights
from tapnb.metrics.scores import share_interval
from tapnb.store import runs
from tapnb.studies import event_candidates, event_controls, events

HOW = {"mode": "execute", "command": "tapnb run 14_events"}


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(2, side=160, frames=40, per_frame=2)  # 78 events


def made_up(folder, **found) -> runs.Run:
    """The run of controls that found just these."""
    folder.mkdir()
    pd.concat([table.assign(control=name) for name, table in found.items()], ignore_index=True).drop(columns="kind").to_parquet(
        folder / "found.parquet")
    return runs.Run(folder, {"name": folder.name, "results": {"thresholds": {"division": dict.fromkeys(found, 0.5)}}})


def test_the_first_places_are_counted_against_the_events_of_any_kind(movie, tmp_path):
    true = events.true_events(movie)
    right = true.iloc[:30].assign(score=[1 - i / 100 for i in range(30)])
    wrong = right.assign(y=500.0)  # outside the movie, as surely as the right ones
    mixed = pd.concat([right, wrong]).sort_values("score", ascending=False, kind="stable")
    twice = pd.concat([right.iloc[:5], right.iloc[:5]])  # found twice: one of both is right
    run = made_up(tmp_path / "eventcontrols-x-1", mixed=mixed, twice=twice, right=right)
    counted = event_candidates.firsts([run], movie)
    assert counted.set_index(["name", "first"])["events"].to_dict() == {
        ("right", 10): 10, ("right", 20): 20, ("right", 50): 30, ("mixed", 10): 5, ("mixed", 20): 10, ("mixed", 50): 25,
        ("twice", 10): 5, ("twice", 20): 5, ("twice", 50): 5}
    assert list(counted["name"].unique()) == ["right", "mixed", "twice"], "the most first"
    table = event_candidates.firsts_table(counted).set_index("")
    low, high = share_interval(25, 50)
    assert [str(value) for value in table.loc["mixed"]] == ["5", "10", "25", f"0.50 ({low:.2f} to {high:.2f})"]
    assert str(table.loc["right", event_candidates.SHARE]).startswith("1.00 (") and table.loc["right", "of the first 50"] == "30"
    numbers = event_candidates.numbers(counted, [run])
    assert numbers["mixed_first_20"]["value"] == 10 and numbers["mixed_first_20"]["runs"] == [run.name]


def test_who_names_no_place_has_no_share(movie, tmp_path):
    run = made_up(tmp_path / "eventcontrols-x-2", none=events.true_events(movie).head(0).assign(score=0.0))
    table = event_candidates.firsts_table(event_candidates.firsts([run], movie))
    assert table.iloc[0].tolist() == ["none", "0", "0", "0", "–"]
    assert event_candidates.firsts_table(event_candidates.firsts([], movie)).empty


@pytest.mark.trains
def test_candidates_of_a_pretraining_are_a_control(movie, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    (tmp_path / "tap").mkdir()
    torch.manual_seed(0)
    weights.save(tmp_path / "tap" / "weights.safetensors", small_model().state_dict())
    tap = runs.Run(tmp_path / "tap", {"name": "tap-x-1"})
    run = event_candidates.candidate_run(tap, shrinking_discs(1), movie, on=torch.device("cpu"), **HOW)
    assert list(run.results["thresholds"]["division"]) == [event_candidates.NAME] and run.record["parameters"] == {"tap": "tap-x-1"}
    found = event_controls.found_by(run, event_candidates.NAME, "division")
    assert len(found) > 50 and found["score"].is_monotonic_decreasing
    assert event_candidates.firsts([run], movie)["places"].tolist() == [10, 20, 50]
