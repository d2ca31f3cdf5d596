"""The notebooks of the paper through papermill, with the smoke profile made smaller still."""

import json
import re

import nbformat
import pandas as pd
import pytest
import tifffile
from made_up_results import measurements
from toys import shrinking_discs

from tapnb.metrics.scores import SCORES
from tapnb.store import results, runs
from tapnb.studies import controls
from tapnb.system.files import write_json
from tapnb.workflow import notebooks

MOVIE = "synthetic-12x256"
SMALLER = dict(tap_pairs=64, tap_pairs_per_epoch=32, tap_validation_pairs=10, tap_test_pairs=10,
               recipe_pairs=16, crops_per_frame_pair=40, seeds=[20, 40], linear_epochs=1,
               resnet_epochs=1, training_pairs=16, test_pairs=12, frame_pairs=2, content_pairs=2, decorrelation_sizes=[16, 24],
               decorrelation_pairs=2, channel_pairs=6, ablation_pairs=48, ablation_test_pairs=6, schedule_pairs=32,
               schedule_test_pairs=5, rounding_pairs=8, fill_draws=20,
               event_strategies=["A", "C"], event_steps=4, event_pictures=2, event_few_labels=[3], event_few_steps=4,
               evidence_strategies=["A0", "C0"], evidence_training_pairs=16, evidence_batch=8, evidence_patience=1,
               evidence_test_pairs=80, evidence_validation_pairs=80, evidence_held_out_pairs=80)

PRETRAINING = {name: value for name, value in SMALLER.items() if name.startswith(("tap", "recipe"))}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which all notebooks have run."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(folder))
        write_json(folder / "results" / "benchmarks.json", measurements())
        list(notebooks.run("all", "smoke", MOVIE, "execute", SMALLER))
        yield folder


def published(home, name):
    return json.loads((home / "results" / "smoke" / MOVIE / f"{name}.json").read_text())


def test_every_notebook_ran_to_its_end(home):
    for name in notebooks.names():
        executed = nbformat.read(home / "runs" / "notebooks" / "smoke" / MOVIE / f"{name}.ipynb", as_version=4)
        assert not executed.metadata["papermill"].get("exception")
        assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code" and cell.source)
        made = published(home, name)["provenance"]
        assert made["parameters"]["mode"] == "execute" and made["versions"]["torch"]
        if name in ("12_speed", "13_findings"):  # open no movie
            assert not made["movies"]
        else:
            assert set(made["movies"]) == {"train", "held-out"}
        assert made["parameters"]["movie"] == MOVIE


def test_the_numbers_are_those_of_the_runs(home, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(home))
    numbers = published(home, "02_pretraining")["numbers"]
    run = runs.find(published(home, "02_pretraining")["runs"]["tap"])
    counted = {(a["sampler"], a["size"]): a["right"] / a["n"] for a in run.results["accuracies"]}
    assert numbers["tap_uniform_48"]["value"] == counted["uniform", 48]
    assert numbers["tap_change_96"]["value"] == counted["change", 96]
    assert numbers["tap_pairs"]["value"] == 64 and run.record["parameters"]["settings"]["pairs"] == 64
    assert (run.folder / "weights.safetensors").exists()


def test_table_2_has_our_row_and_the_papers_for_every_strategy(home):
    table = pd.read_csv(home / "results" / "smoke" / MOVIE / "06_strategies_table2.csv")
    assert table["strategy"].tolist() == [name for name in ("A0", "A1", "B0", "B1", "C0", "C1", "D1") for _ in range(2)]
    assert table["source"].iloc[-1] == "not in the paper"
    a1 = table[(table["strategy"] == "A1") & table["source"].str.startswith("paper")].iloc[0]
    assert a1[list(SCORES)].tolist() == ["0.98 ± 0.00", "0.94 ± 0.01", "**0.70 ± 0.03**", "0.89 ± 0.03"]  # bold: beyond the spread
    per_run = pd.read_csv(home / "results" / "smoke" / MOVIE / "06_strategies_runs.csv")
    numbers = published(home, "06_strategies")["numbers"]
    assert numbers["A1_rec_1"]["value"] == pytest.approx(per_run.query("strategy == 'A1'")["rec 1"].mean(), abs=1e-6)
    assert numbers["A1_rec_1"]["n"] == 2


def test_strategies_and_controls_are_asked_about_the_held_out_movie(home):
    folder = home / "results" / "smoke" / MOVIE
    ranked = pd.read_csv(folder / "15_evidence_ranking.csv")
    assert set(ranked.iloc[:, 0]) == {"A0", "C0", *controls.CONTROLS}
    assert pd.read_csv(folder / "15_evidence_primary.csv").empty  # none of the two is in a primary comparison
    made = published(home, "15_evidence")
    assert sum("to its end" in role for role in made["runs"]) == 3  # A0's seeds are one run, C0's two
    assert set(made["numbers"]["A0_held-out"]["runs"]) == {made["runs"]["A0 to its end, 20 40"]}


def test_table_5_is_set_beside_the_papers(home):
    folder = home / "results" / "smoke" / MOVIE
    tried = pd.read_csv(folder / "08_criteria_table5.csv")["criterion"].unique()
    apart = pd.read_csv(folder / "08_criteria_against_paper.csv")
    assert len(tried) and apart.groupby("criterion", sort=False).size().to_dict() == dict.fromkeys(tried, 4)
    assert apart[["linear", "ResNet"]].apply(lambda column: column.str.contains(" to ")).all(axis=None)


def test_the_scripts_way_of_decorrelating_is_a_parameter(home, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(home))
    names = {"tap_floor": 1e-10, "recipe_pairs": 0, "profile": "floor"}
    list(notebooks.run("02_pretraining", "smoke", MOVIE, "execute", PRETRAINING | names))
    made = json.loads((home / "results" / "floor" / MOVIE / "02_pretraining.json").read_text())["runs"]["tap"]
    assert runs.find(made).record["parameters"]["settings"]["floor"] == 1e-10


def test_no_picture_of_the_movie_is_among_the_results(home):
    plots = {p.name for p in (home / "results" / "smoke").rglob("*.svg")}
    wide = {name for name in plots if not name.endswith("_narrow.svg")}
    assert wide - {name.replace("_narrow", "") for name in plots - wide} == {"06_strategies_resnet_head.svg"}  # a flow chart
    assert wide == {
        "01_data_over_time.svg", "02_pretraining_curves.svg", "02_pretraining_recipes.svg", "03_grad_cam_touching.svg",
        "04_content_view_accuracy.svg", "05_decorrelation_channels.svg", "05_decorrelation_saturation.svg",
        "05_decorrelation_terms.svg", "06_strategies_resnet_head.svg", "06_strategies_table2.svg", "07_errors_confusion.svg",
        "07_errors_figure3.svg", "07_errors_figure4.svg", "07_errors_rates.svg", "08_criteria_table5.svg",
        "09_calibration_paper_form.svg", "09_calibration_reliability.svg", "10_limitations_kinds.svg",
        "11_differences_scores.svg", "11_differences_spread.svg", "12_speed_growth.svg", "12_speed_precision.svg",
        "12_speed_ratios.svg", "13_findings_forest.svg", "13_findings_overview.svg",
        "14_events_answers.svg", "14_events_few.svg", "14_events_free_response.svg", "14_events_scores.svg", "15_evidence_average_precisions.svg",
        "15_evidence_curves.svg", "15_evidence_few.svg"}
    for plot in (home / "results").rglob("*.svg"):
        assert "<image" not in plot.read_text("utf-8")


def test_restoring_shows_the_same_numbers_and_trains_nothing(home, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(home))
    before = published(home, "02_pretraining")["numbers"]
    records = {p: p.stat().st_mtime_ns for p in (home / "runs").rglob("record.json")}
    list(notebooks.run("02_pretraining", "smoke", MOVIE, "restore", PRETRAINING))
    assert published(home, "02_pretraining")["numbers"] == before
    assert {p: p.stat().st_mtime_ns for p in (home / "runs").rglob("record.json")} == records


def test_restoring_what_was_never_made_fails_with_the_command(home, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(home))
    with pytest.raises(notebooks.NotebookError, match="tapnb run 02_pretraining --profile smoke"):
        list(notebooks.run("02_pretraining", "smoke", MOVIE, "restore", PRETRAINING | {"tap_seed": 99}))
    assert not any(json.loads(p.read_text())["seed"] == 99 for p in (home / "runs" / "tap").rglob("record.json"))


def test_your_own_stack_and_labels_go_through_the_same_notebook(tmp_path, monkeypatch):
    movie = shrinking_discs(1, frames=8, side=400, per_frame=20)
    tifffile.imwrite(tmp_path / "My stack.tif", movie.frames)
    tifffile.imwrite(tmp_path / "labels.tif", movie.masks)
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    (tmp_path / "movie.yaml").write_text("frames: My stack.tif\nlabels: labels.tif\n")
    own = str(tmp_path / "movie.yaml")
    (done,) = notebooks.run("01_data", "smoke", own, "execute", {"crops_per_frame_pair": 30})
    assert re.fullmatch("movie-[0-9a-f]{6}", done.path.parent.name)
    numbers = json.loads((results.folder("smoke", own) / "01_data.json").read_text())["numbers"]
    assert numbers["crop_pairs"]["value"] == 7 * 30 and numbers["positive_share"]["value"] > 0
    with pytest.raises(notebooks.NotebookError, match="has no event masks"):
        list(notebooks.run("01_data", "smoke", str(tmp_path / "My stack.tif"), "execute", {}))
