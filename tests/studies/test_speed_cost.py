"""The cost of the paper's protocol, by hand."""

import json

import pytest

from tapnb.studies import speed_cost


def row(run, notebook, pflop, core_hours, fused, apart, movie="synthetic"):
    return {"movie": movie, "run": run, "notebook": notebook, "pflop": pflop, "core_hours": core_hours, "fused": fused,
            "apart": apart, "like": "tap-synthetic-00000000", "gflop_a_core": 50.0}


ROWS = [row("tap", "02_pretraining", 36.0, 200.0, 6.0, 12.0), row("A1", "06_strategies", 3.6, 10.0, 1.0, 2.0),
        row("C1", "06_strategies", 7.2, 30.0, 2.0, 4.0), row("tap", "02_pretraining", 18.0, 100.0, 3.0, 6.0, "hela")]


def test_runs_are_summed_by_kind_and_movie():
    sums = speed_cost.by_group(ROWS).set_index(["movie", "kind"])
    assert sums.loc[("synthetic", "strategies of Table 2"), ["runs", "pflop", "core_hours"]].tolist() == pytest.approx([2, 10.8, 40])
    assert sums.loc[("synthetic", "everything"), ["runs", "core_hours", "apart"]].tolist() == pytest.approx([3, 240, 18])
    assert sums.loc[("hela", "everything"), "gflop_a_core"] == pytest.approx(18e6 / 360000)


def test_hours_fall_with_cores_and_energy_does_not():
    table = speed_cost.table(ROWS)
    first = table.iloc[0]
    assert [first[f"hours, {n}"] for n in ("1 core", "2 cores", "64 cores")] == ["200", "100", "3.1"]
    assert first["kWh, cores"] == "1.6" and first["minutes, H100 (estimate)"] == "6.0 to 12.0"
    assert first["kWh, H100 (estimate)"] == "0.10 to 0.20"


def test_cores_end_no_sooner_than_the_longest_chain():
    waits = [dict(of, needs=needs) for of, needs in zip(ROWS[:3], ([], ["tap"], ["tap", "A1"]))]
    (hours,) = speed_cost.by_group(waits).query("kind == 'everything'")["hours_64"]
    assert hours == pytest.approx(200 / 64 + 10 + 30)  # pretraining on all cores, then C1 after A1
    (hours,) = speed_cost.by_group(waits).query("kind == 'everything'")["hours_1"]
    assert hours == pytest.approx(240)
    (hours,) = speed_cost.by_group(ROWS).query("kind == 'strategies of Table 2'")["hours_64"]
    assert hours == pytest.approx(30)


def test_totals_are_numbers():
    named = speed_cost.numbers(ROWS)
    assert named["cost_synthetic_core"]["value"] == 240 and named["cost_hela_gpu"]["value"] == 6
    assert named["cost_synthetic_pretraining_core"]["value"] == 200
    assert named["cost_synthetic_first_gpu"]["value"] == 12 + 2 + 4 and named["cost_hela_first_gpu_fused"]["value"] == 3


def test_what_was_not_counted_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    assert speed_cost.read() == [] and speed_cost.table([]).iloc[0, 0] == "not measured" and speed_cost.numbers([]) == {}
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "cost.json").write_text(json.dumps({"rows": ROWS}))
    assert speed_cost.read() == ROWS
