"""Detectors that are published: small, whole, and each with the record of the run that made it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from tapnb.detect import Detector
from tapnb.movies import built_in, catalogue, hela20
from tapnb.store.runs import Run
from tapnb.studies import events
from tapnb.workflow import find_events

CHECKOUT = Path(__file__).parents[2]
FOLDERS = sorted((CHECKOUT / "results" / "detectors").glob("*"))


def test_those_that_the_book_names_are_there():
    page = (CHECKOUT / "book" / "find-events.md").read_text("utf-8")
    assert [folder.name for folder in FOLDERS] == ["hela", "synthetic"]
    assert all(f"`{folder.name}`" in page for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_published_detector_is_small_and_its_record_says_how_good_it_is(folder, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(CHECKOUT))
    record = json.loads((folder / "record.json").read_text("utf-8"))
    assert (folder / "detector.safetensors").stat().st_size < 4 * 2**20 and not record["dirty"]
    detector, about = find_events.known_detector(folder.name, torch.device("cpu"))
    validation = record["results"]["validation"]
    assert detector.threshold == validation["threshold"] and about["its commit"] == record["commit"]
    assert f"{validation['f1']:.2f} on the {validation['true']} events of the last fifth" in about["its F1 there"]
    assert detector.kinds == tuple(record["parameters"]["detector"]["kinds"])
    values = np.concatenate([value.detach().ravel().numpy() for value in detector.head.parameters()])
    assert np.isfinite(values).all() and values.std() > 0


def test_probabilities_are_fitted_on_what_the_published_detector_found():
    """Of the simulated movie, which is here: one fit a kind, as the record and the detector's own file have it."""
    folder = CHECKOUT / "results" / "detectors" / "synthetic"
    run, (train, _) = Run(folder, json.loads((folder / "record.json").read_text("utf-8"))), catalogue.open_both("synthetic")
    checked = events.split_pairs(train)[1]
    fitted = events.calibrations(events.found(run, events.VALIDATION), events.labelled(events.true_events(train), checked), len(checked))
    kept, detector = run.results["validation"]["calibration"], Detector.load(folder / "detector.safetensors")
    assert fitted.keys() == kept.keys() == detector.calibration.keys() == {"division", "death"}
    for kind in fitted:
        assert fitted[kind] == pytest.approx(kept[kind], rel=1e-3) == detector.calibration[kind]


def test_the_page_says_rightly_how_the_published_one_stands_to_that_from_random_weights():
    of_hela = CHECKOUT / "results" / "cpu" / "hela"
    numbers = json.loads((of_hela / "14_events.json").read_text("utf-8"))["numbers"]
    c, d = (numbers[f"{strategy}_division_f1"] for strategy in "CD")
    assert c["value"] > d["value"] and c["interval"][0] < d["interval"][1], "C is higher, and the intervals overlap"
    of_c, of_d = (json.loads((of_hela / "records" / f"{number['runs'][0]}.json").read_text("utf-8")) for number in (c, d))
    published = json.loads((CHECKOUT / "results" / "detectors" / "hela" / "record.json").read_text("utf-8"))
    assert published["name"] == of_d["name"] and published["finished"] < of_c["started"], "nobody chose between the two"
    last_fifth = [record["results"]["validation"] for record in (of_c, of_d)]
    assert last_fifth[0]["average_precision"] > last_fifth[1]["average_precision"] and last_fifth[0]["f1"] < last_fifth[1]["f1"]


def test_built_in_movies_are_those_that_their_detectors_learned_from():
    learned = {folder.name: json.loads((folder / "record.json").read_text("utf-8")) for folder in FOLDERS}
    assert learned["hela"]["movies"]["train"]["name"] == f"hela-{built_in.SEQUENCES['train']}" and built_in.SEQUENCES["held-out"] == "01"
    frames = learned["hela"]["movies"]["train"]["shape"][0]
    assert learned["hela"]["results"]["frame_pairs"] == round(0.8 * frames) - events.GAP - 1 > 20, "all from the first on"
    assert f"Hela_{built_in.SEQUENCES['train']}_" in hela20.MEMBER and hela20.hela20_points()["t"].max() < 20
    assert catalogue.open_whole("synthetic").fingerprint == learned["synthetic"]["movies"]["train"]["fingerprint"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_commit_that_trained_it_is_in_the_history(folder):
    commit = json.loads((folder / "record.json").read_text("utf-8"))["commit"]
    git = subprocess.run(["git", "-C", str(CHECKOUT), "merge-base", "--is-ancestor", commit, "HEAD"], capture_output=True)
    if git.returncode == 128:
        pytest.skip("this is no checkout with its history")
    assert git.returncode == 0
