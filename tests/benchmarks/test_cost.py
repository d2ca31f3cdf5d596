"""The cost of the paper's protocol: whose speed a run is taken to have."""

from types import SimpleNamespace

import pytest

from benchmarks import cost

SPEEDS = {"tap": ("tap-1", 4e10), "A1": ("strategy-1", 6e10), "A0": ("strategy-0", 5e9), "C1": ("strategy-2", 7e10),
          "detector A, seed 20": ("detector-1", 3e10), "detector D, seed 20": ("detector-2", 4e10)}


@pytest.mark.parametrize(("title", "like"), [
    ("A1", "A1"), ("A1 to its end", "A1"), ("A0 any size, both", "A0"), ("D1 to its end", "C1"), ("D0", "A0"), ("B1", "A1"),
    ("detector D, seed 40", "detector D, seed 20"), ("detector C, 5 labelled, draw 2", "detector A, seed 20"),
    ("A0i", "tap"), ("schedules", "tap")])
def test_a_run_has_its_own_speed_or_that_of_its_kind(title, like):
    assert cost._like(title, SPEEDS) == like


def test_hours_are_operations_by_the_measured_speed(monkeypatch):
    work = SimpleNamespace(flop=7.2e15, arithmetic_seconds=60.0, seconds=180.0)
    task = SimpleNamespace(title="A1 to its end", notebook="15_evidence", needs=("tap",), work=lambda: work)
    monkeypatch.setattr(cost.gpu_plan, "tasks", lambda place: [task])
    monkeypatch.setattr(cost.Place, "opened", lambda *_: None)
    monkeypatch.setattr(cost, "_speed", lambda *_: SPEEDS["A1"])
    (row,) = cost.measure("synthetic")
    assert row["core_hours"] == pytest.approx(7.2e15 / 6e10 / 3600) and row["like"] == "strategy-1"
    assert (row["pflop"], row["fused"], row["apart"]) == (pytest.approx(7.2), 1.0, 3.0)
