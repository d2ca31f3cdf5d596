"""Detectors of events in the plan for a borrowed GPU: named as their notebook names them, and what they compute."""

import importlib.util
from types import SimpleNamespace

import pytest
import torch
from toys import shrinking_discs

from benchmarks import gpu_detectors, gpu_plan
from tapnb.detector_training import DetectorSettings

SETTINGS = DetectorSettings(steps=10, batch=4, checks=2)


def test_runs_have_the_names_of_the_notebooks_roles():
    values = {"event_strategies": ["C"], "event_seeds": [20, 40], "event_few_strategies": ["A"], "event_few_labels": [1, 5],
              "event_few_draws": 1}
    place = SimpleNamespace(parameters=lambda notebook: values)
    assert [task.title for task in gpu_detectors.tasks(place)] == [
        "detector C, seed 20", "detector C, seed 40", "detector A, 1 labelled, draw 0", "detector A, 5 labelled, draw 0"]


def test_trained_features_cost_a_backward_pass_and_fixed_ones_do_not():
    trained, fixed = (gpu_detectors.work(name, SETTINGS, (64, 64), searched=30) for name in ("D", "A"))
    assert trained.parts[0].pairs == fixed.parts[0].pairs == 40 and trained.stretch == 20
    searching = [sum(part.flop for part in work.parts if part.name in ("features of frames", "scores")) for work in (trained, fixed)]
    assert searching[0] == searching[1] > 0
    assert trained.flop - searching[0] > 2 * (fixed.flop - searching[1])
    larger = gpu_detectors.work("A", SETTINGS, (128, 64), searched=30)
    assert larger.parts[-1].pairs == 2 * fixed.parts[-1].pairs


@pytest.mark.parametrize("missing", ["skimage", "sklearn"])
def test_without_what_only_they_need_the_plan_goes_on_without_them(missing, monkeypatch):
    movie = shrinking_discs(1, frames=6, side=160, per_frame=1)
    place = gpu_plan.Place("smoke", "synthetic", movie, movie, (movie, movie), torch.device("cpu"))
    assert [task for task in gpu_plan.tasks(place) if task.title.startswith("detector")]
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == missing else found(name, *more))
    assert not [task for task in gpu_plan.tasks(place) if task.title.startswith("detector")]
