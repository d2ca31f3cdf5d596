"""Measurements as tables and numbers: hand-worked ratios, parts that are missing, and the notebook that shows them."""

import json
import math
import re
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from made_up_results import measured_row, measurements

from tapnb.studies import speed, speed_growth, speed_precision
from tapnb.system.files import write_json
from tapnb.workflow import notebooks

NOTHING = {"machine": {}, "rows": {}, "growth": {}, "large": {}, "memory": {}, "films": {}, "precision": {}}


@pytest.fixture
def measured(tmp_path):
    write_json(tmp_path / "benchmarks.json", measurements())
    return speed.read(tmp_path / "benchmarks.json")


def plain(text):
    """Text with ordinary spaces."""
    return str(text).replace("\u202f", " ")


def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="no measurements in .*benchmarks.json; `make bench` makes them"):
        speed.read(tmp_path / "benchmarks.json")


@pytest.mark.parametrize("damage", [
    lambda text: text[: len(text) // 2],
    lambda text: "[1, 2]",
    lambda text: json.dumps(json.loads(text) | {"rows": {"step": {"title": "a step"}}}),
    lambda text: re.sub(r'"seconds": \[.+?\]', '"seconds": []', text, count=1),
    lambda text: text.replace('"train_loss"', '"loss"'),
    lambda text: text.replace('"limit_gb"', '"limit"'),
    lambda text: text.replace('"goal_gb"', '"goal"'),
])
def test_a_damaged_file_is_an_error_in_one_sentence(tmp_path, damage):
    path = tmp_path / "benchmarks.json"
    write_json(path, measurements())
    damaged = damage(path.read_text("utf-8"))
    assert damaged != path.read_text("utf-8")
    path.write_text(damaged, "utf-8")
    with pytest.raises(ValueError, match="is damaged .*; `make bench` makes it again"):
        speed.read(path)


def test_the_measurements_of_this_home_come_before_the_published_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    own = tmp_path / "results" / "benchmarks.json"
    write_json(own, measurements())
    assert speed.find() == own
    assert speed.find("elsewhere.json").name == "elsewhere.json"
    monkeypatch.delenv("TAPNB_HOME")
    assert speed.find() == notebooks.CHECKOUT / "results" / "benchmarks.json"


@pytest.mark.parametrize(("value", "unit", "said"), [
    (0.0000215, "s", "21.5 µs"), (0.0123, "s", "12.3 ms"), (1.871, "s", "1.87 s"), (119.4, "s", "119 s"),
    (600, "s", "10 min"), (5432.1, "s", "90.5 min"), (10800, "s", "3 h"), (0.0, "s", "0 µs"), (2.5, "GB", "2.50 GB"),
    (45117.3, "", "45 117"), (-0.0123, "", "−0.0123"), (2, "", "2")])
def test_units_are_chosen_to_be_read(value, unit, said):
    assert plain(speed.text(value, unit)) == said


def test_ratios_are_those_of_the_medians_with_the_extremes_of_the_pairs(measured):
    step = speed.ratios(measured).set_index("row").loc["step"]
    assert step["ratio"] == pytest.approx(0.2 / 0.05)  # medians 0.2 and 0.05
    assert step["low"] == pytest.approx(0.2 / 0.05) and step["high"] == pytest.approx(0.19 / 0.04)
    assert set(speed.ratios(measured)["row"]) == {"step", "event_map"}  # an import has no plain way


def test_a_row_says_what_was_measured_and_whether_its_goal_was_reached(measured):
    table = speed.rows(measured).map(plain).set_index("what")
    assert table.loc["TAP training step"].tolist() == [
        "pair", "200 ms", "50 ms", "4 (4 to 4.75)", "≥ 6", "**no**"]
    assert table.loc["event map of a whole movie", ["plain", "here", "reached"]].tolist() == ["5 min", "6 s", "yes"]
    assert table.loc["First import tapnb"].tolist() == ["start", "", "600 ms", "", "≤ 1 s", "yes"]
    assert table.loc["training step on a CUDA device", "here"] == "not measured"
    assert len(table) == len(speed.ROWS)
    assert list(measured["rows"]) == ["step", "event_map", "import"]  # not by the alphabet


def test_a_goal_is_reached_at_the_goal_itself():
    at = measured_row("a step", "pair", [6.0] * 5, [1.0] * 5, 6)
    assert speed.rows(NOTHING | {"rows": {"step": at}})["reached"][0] == "yes"
    below = measured_row("a step", "pair", [5.9] * 5, [1.0] * 5, 6)
    assert speed.rows(NOTHING | {"rows": {"step": below}})["reached"][0] == "**no**"
    without = measured_row("a step", "pair", [5.9] * 5, [1.0] * 5, None)
    assert speed.rows(NOTHING | {"rows": {"step": without}}).loc[0, ["goal", "reached"]].tolist() == ["", ""]


def test_what_else_was_measured_has_goals_of_either_direction(measured):
    table = speed.also(measured).map(plain).set_index("what")
    assert table.loc["share of the measured peak", ["value", "goal", "reached"]].tolist() == ["42 %", "≥ 40 %", "yes"]
    assert table.loc["share of a training step"].tolist() == ["TAP training step", "6 %", "≤ 5 %", "**no**"]
    assert "difference of the two maps" not in table.index
    measured["rows"]["event_map"]["also"] = {}
    assert speed.also(measured).set_index("what").loc["difference of the two maps", "value"] == "not measured"


def test_missed_goals_are_listed(measured):
    table = speed.missed(measured).map(plain)
    assert table["what"].tolist() == ["TAP training step", "TAP training step: share of a training step"]
    assert table["measured"].tolist() == ["4 (4 to 4.75)", "6 %"]
    assert speed.missed(NOTHING)["what"].tolist() == ["none of those measured"]


def test_both_sides_are_described_and_the_machine(measured):
    sides = speed.sides(measured).map(plain).set_index("what")
    assert sides.loc["TAP training step"].tolist() == ["the plain way", "the fast way", "2.50 GB", "2.50 GB", "5, 5"]
    machine = speed.machine(measured).map(plain).set_index("machine")["found"]
    assert machine["instruction sets"] == "avx2, avx512_bf16" and machine["memory"] == "15.6 GB"
    assert machine["peak, float32"] == "347 GFLOP/s" and machine["GPU"] == "none"
    assert machine["peak, bfloat16"] == "no hardware for it"
    assert sides.loc["First import tapnb", "here"] == "the fast way"
    assert speed.as_prose("`tapnb --help`").replace("\u2060", "") == "tapnb --help"
    assert "--" not in speed.as_prose("`tapnb --help`")
    origins = speed.origins(measured).set_index("part")
    assert origins.loc["TAP training step", ["commit", "took"]].map(plain).tolist() == ["0123456789", "90 s"]
    assert {"growth with frames", "precision", "a movie larger than memory"} <= set(origins.index)


@pytest.mark.parametrize(("exponent", "expected", "said"), [
    (0.05, 1, "hardly grows"), (0.5, 1, "less than proportional"), (1.0, 1, "proportional"), (1.1, 1, "proportional"),
    (1.11, 1, "superlinear"), (2.0, 2, "proportional"), (2.3, 2, "superlinear"), (1.0, 2, "less than proportional")])
def test_an_exponent_is_put_into_words(exponent, expected, said):
    assert speed_growth.means(exponent, expected) == said


def test_growth_has_the_ends_of_every_series(measured):
    table = speed_growth.table(measured).map(plain).set_index(["what grows", "series"])
    assert table.loc[("frames of the movie, 1 to 4", "event map")].tolist() == [
        "300 ms to 1.20 s", "0.501 to 0.504 GB", "1.00", "proportional"]
    assert table.loc[("side of the frame (pixels), 1 to 4", "reading"), "means"] == "proportional"  # 2, for a side
    assert table.loc[("seeds, 1 to 4", "reading"), "means"] == "less than proportional"
    assert table.loc[("threads, 1 to 4", "reading"), ["exponent", "means"]].tolist() == ["−1.00", "4 times as fast"]
    measured["growth"]["frame_size"]["against"] = "pixels of the frame"
    assert "superlinear" in speed_growth.table(measured)["means"].tolist()


def test_the_large_movie_stays_within_its_memory_or_not(measured):
    assert speed_growth.large(measured).map(plain)["measured"].tolist() == [
        "4.10 GB", "2 GB", "1.25 GB", "yes", "30 s", "10 min"]
    measured["large"] |= {"peak_gb": 2.5, "peak_with_mapped_gb": 3.5}
    assert speed_growth.large(measured).map(plain)["measured"][3:5].tolist() == ["**no**", "3.50 GB"]


def test_precisions_are_compared_seed_by_seed(measured):
    table = speed_precision.table(measured).set_index(["precision", "seed"])
    assert table.loc[("float32", "2")].tolist() == ["0.440", "0.650", "0.800", "0.840", "1.5"]
    assert table.loc[("**bfloat16**", "mean ± std"), "accuracy, change, 48 pixels"] == "0.850 ± 0.020"
    apart = speed_precision.apart(measured).set_index("measured")
    accuracy = apart.loc["accuracy, change, 48 pixels"]
    assert accuracy["mean"] == pytest.approx(0.01) and accuracy["std"] == pytest.approx(0, abs=1e-12)
    assert accuracy["between"] == pytest.approx(0.02) and accuracy["seeds"] == 3  # of 0.82, 0.84, 0.86
    text = speed_precision.differences_table(measured).set_index("measured")
    assert text.loc["accuracy, change, 48 pixels"].tolist() == ["+0.010 ± 0.000", "0.020", "yes"]
    for run in measured["precision"]["runs"]:
        if run["precision"] == "bfloat16":
            run["accuracies"][0]["right"] -= 100
    text = speed_precision.differences_table(measured).set_index("measured")
    assert text.loc["accuracy, change, 48 pixels"].tolist() == ["−0.090 ± 0.000", "0.020", "**no**"]


def test_only_seeds_of_both_precisions_are_compared(measured):
    measured["precision"]["runs"] = [run for run in measured["precision"]["runs"]
                                     if run["precision"] == "float32" or run["seed"] == 2]
    assert speed_precision.differences_table(measured)["measured"].tolist() == ["not measured"]
    assert len(speed_precision.table(measured)) == 5  # three seeds, their mean, and one


def test_numbers_are_those_of_the_tables(measured):
    numbers = speed.numbers(measured) | speed_growth.numbers(measured) | speed_precision.numbers(measured)
    expected = {"step_ratio": 4.0, "step_ours": 0.05, "step_ours_rate": 20.0, "step_plain_memory": 2.5, "step_goal": 6,
                "step_share_of_the_measured_peak": 42.0, "growth_frames_largest": 1.0, "large_peak": 1.25,
                "difference_accuracy_change_48_pixels": 0.01, "ratio_goals": 2, "ratio_goals_reached": 1,
                "other_goals": 3, "other_goals_reached": 2, "peak_float32": 347.0, "step_days_of_the_paper": 1.1574}
    assert {key: numbers[key]["value"] for key in expected} == pytest.approx(expected, rel=1e-4)
    assert plain(numbers["step_ours"]["text"]) == "50 ms" and plain(numbers["large_time"]["text"]) == "10.5 min"
    spread = numbers["float32_accuracy_change_48_pixels"]
    assert spread["text"] == "0.840 ± 0.020" and spread["n"] == 3
    assert "event_map_ours_rate" not in numbers and "import_ratio" not in numbers and "peak_bfloat16" not in numbers
    assert all(math.isfinite(number["value"]) and not number["runs"] for number in numbers.values())


def test_what_was_not_measured_is_said_and_no_error(tmp_path):
    (tmp_path / "benchmarks.json").write_text('{"machine": {"processor": "a processor"}, "precision": null}')
    nothing = speed.read(tmp_path / "benchmarks.json")
    for table in (speed.rows, speed.sides, speed.also, speed.machine, speed.origins, speed_growth.table,
                  speed_growth.large, speed_precision.table, speed_precision.differences_table):
        assert (table(nothing) == "not measured").any(axis=None), table
    assert (speed.rows(nothing)["here"] == "not measured").all()
    numbers = speed.numbers(nothing) | speed_growth.numbers(nothing) | speed_precision.numbers(nothing)
    assert {key: number["value"] for key, number in numbers.items()} == {
        "ratio_goals": 0, "ratio_goals_reached": 0, "other_goals": 0, "other_goals_reached": 0}


def test_reading_measurements_needs_no_torch():
    code = "import sys; from tapnb.studies import speed, speed_growth, speed_precision; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=notebooks.CHECKOUT, capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("whole", [True, False])
def test_the_notebook_shows_what_there_is(tmp_path, monkeypatch, whole):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    write_json(tmp_path / "mine.json", measurements() if whole else {"rows": {"step": measurements()["rows"]["step"]}})
    list(notebooks.run("12_speed", "smoke", "synthetic", "restore", {"benchmarks": str(tmp_path / "mine.json")}))
    folder = tmp_path / "results" / "smoke" / "synthetic"
    content = json.loads((folder / "12_speed.json").read_text("utf-8"))
    assert content["numbers"]["step_ratio"]["value"] == pytest.approx(4) and not content["runs"]
    assert content["provenance"]["movies"] == {}
    assert {p.name for p in folder.glob("*.svg")} == {
        f"12_speed_{name}{end}.svg" for name in ("growth", "precision", "ratios") for end in ("", "_narrow")}
    assert len(pd.read_csv(folder / "12_speed_rows.csv")) == len(speed.ROWS)
    growth = (folder / "12_speed_growth.csv").read_text("utf-8")
    assert ("proportional" in growth) is whole and ("not measured" in growth) is not whole
    executed = nbformat.read(next((tmp_path / "runs").rglob("12_speed.ipynb")), as_version=4)
    pictures = [cell for cell in executed.cells if "mystnb" in cell.metadata]
    assert len(pictures) == 3
    assert all(any("image/png" in o.get("data", {}) for o in cell.outputs) for cell in pictures)
