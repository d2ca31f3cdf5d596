"""Detectors that are published: small, whole, and each with the record of the run that made it."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from tapnb.detect import Detector
from tapnb.movies import catalogue
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


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_commit_that_trained_it_is_in_the_history(folder):
    commit = json.loads((folder / "record.json").read_text("utf-8"))["commit"]
    git = subprocess.run(["git", "-C", str(CHECKOUT), "merge-base", "--is-ancestor", commit, "HEAD"], capture_output=True)
    if git.returncode == 128:
        pytest.skip("this is no checkout with its history")
    assert git.returncode == 0
