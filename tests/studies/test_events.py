"""Detectors as runs: which events they learn from, and what is known of them afterwards."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from tapnb.detector_training import DetectorSettings
from tapnb.event_probability import probability
from tapnb.metrics import events as scores
from tapnb.models import CHANNELS
from tapnb.store.runs import Run
from tapnb.studies import events

SETTINGS = DetectorSettings(steps=40, batch=8, crop_size=32, sigma=3.0, checks=2, rate=3e-3)
HOW = {"mode": "execute", "command": "tapnb events discs", "on": torch.device("cpu")}


@pytest.fixture(scope="module")
def movies():
    return [shrinking_discs(seed, frames=26) for seed in (1, 2)]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def tap(home, movies, pretrained):
    return pretrained(movies[0])


@pytest.fixture(scope="module")
def run(tap, movies):
    return events.detector_run("D", movies[0], tap, SETTINGS, movies[1], **HOW)


def test_the_last_fifth_is_kept_apart(movies):
    learnt, checked = events.split_pairs(movies[0])
    assert learnt.max() + 1 < 21 - events.GAP and checked.tolist() == [21, 22, 23, 24]


def test_events_of_other_kinds_and_of_the_first_frame_are_none(movies):
    table = pd.DataFrame({"t": [0, 4, 2], "y": 1.0, "x": 1.0, "kind": ["division", "division", "debris"]})
    assert events.true_events(replace(movies[0], events=table))["t"].tolist() == [4]
    with pytest.raises(ValueError, match="'discs 1' has no labelled events"):
        events.true_events(replace(movies[0], events=None, masks=None))


def test_where_only_masks_are_known_what_touches_is_one_event(movies):
    of_masks = events.true_events(replace(movies[0], events=None))
    assert 0 < len(of_masks) <= len(movies[0].events) and set(of_masks["kind"]) == {"division"}


def test_few_labels_are_drawn_of_those_to_learn_from(movies):
    learnt, _ = events.split_pairs(movies[0])
    true = events.true_events(movies[0])
    draws = [events.labelled(true, learnt, events.Labels(5, draw)) for draw in range(3)]
    assert all(len(draw) == 5 and (draw["t"] - 1).isin(learnt).all() for draw in draws)
    assert not draws[0].equals(draws[1])
    with pytest.raises(ValueError, match="500 labelled events were asked for, but 51 lie"):
        events.labelled(true, learnt, events.Labels(500))


@pytest.mark.trains
def test_a_run_keeps_its_detector_and_what_it_found(run, movies):
    assert run.results["events"] == 51 and len(run.results["course"]) == 2
    detector = events.detector(run)
    held_out = events.found(run, "held-out")
    again = detector.find(movies[1], progress=False)
    assert len(held_out) == len(again) > 0
    np.testing.assert_allclose(held_out["score"], again["score"], atol=1e-6)
    assert detector.threshold == run.results["validation"]["threshold"]
    assert (events.found(run, "validation")["t"] >= 22).all()


@pytest.mark.trains
def test_the_threshold_is_that_of_the_last_fifth(run, movies):
    _, checked = events.split_pairs(movies[0])
    true = events.labelled(events.true_events(movies[0]), checked)
    matched = scores.matched(events.found(run, "validation"), true, len(checked))
    validation = run.results["validation"]
    assert validation["true"] == len(true) and validation["threshold"] == scores.best_threshold(matched)
    assert validation["f1"] == max(scores.curve(matched)["f1"])


@pytest.mark.trains
def test_with_nothing_held_back_nothing_is_known(tap, movies):
    run = events.detector_run("A", movies[0], tap, replace(SETTINGS, steps=2, checks=1), held_back=False, **HOW)
    assert run.results["events"] == len(events.true_events(movies[0])) > 51
    assert run.results["validation"] == {"true": 0, "threshold": None, "average_precision": None, "calibration": {}}
    assert events.detector(run).threshold == 0.5 and events.found(run, "validation").empty


@pytest.mark.trains
def test_an_event_more_is_another_run(tap, movies):
    quick = replace(SETTINGS, steps=1, checks=1)
    names = {events.detector_run("B", movie, tap, quick, held_back=False, **HOW).name for movie in (
        movies[0], replace(movies[0], events=movies[0].events.iloc[1:]))}
    assert len(names) == 2


def test_pixel_sizes_that_differ_are_another_run(tap, movies, monkeypatch):
    keys = []
    monkeypatch.setattr(events.runs, "run", lambda kind, movies, key, *rest, **how: keys.append(key))
    for size in (None, 0.52, 1.0):
        events.detector_run("D", replace(movies[0], um_per_pixel=0.5), tap, SETTINGS, replace(movies[1], um_per_pixel=size), **HOW)
    assert [key.get("zoom") for key in keys] == [None, None, 2.0]


def test_random_features_of_another_architecture_are_another_run(tap, movies):
    short = replace(SETTINGS, steps=1, checks=1, hard_negatives=False)
    of_paper = deepcopy(tap.record)
    of_paper["parameters"]["settings"]["channels"] = list(CHANNELS)
    names = {events.detector_run("B", movies[0], Run(tap.folder, record), short, **HOW).name for record in (tap.record, of_paper)}
    assert len(names) == 2


def test_a_training_is_announced_before_it_and_not_where_it_is_done(tap, movies):
    said, short = [], replace(SETTINGS, steps=2, checks=1, hard_negatives=False)
    for _ in range(2):
        events.detector_run("A", movies[0], tap, short, announce=lambda: said.append("a while"), **HOW)
    assert said == ["a while"]


def test_scores_become_probabilities_where_enough_was_found():
    rng = np.random.default_rng(0)
    true = pd.DataFrame({"t": np.arange(40), "y": 50.0, "x": 50.0, "kind": "division"})
    sure = true.assign(score=rng.uniform(0.4, 1, 40))
    false = true.assign(y=200.0, score=rng.uniform(0, 0.6, 40))
    judgement = events.judged(pd.concat([sure, false]), true, 40)
    scale, _ = judgement["calibration"]["division"]
    assert scale > 0 and judgement["average_precision"] > 0.9
    assert events.judged(sure, true, 40)["calibration"] == {}  # nothing false
    assert events.judged(false, true, 40)["threshold"] is None  # nothing true


def test_every_kind_has_a_calibration_of_its_own():
    rng = np.random.default_rng(0)
    true = pd.DataFrame({"t": np.arange(80), "y": 50.0, "x": 50.0, "kind": ["division", "death"] * 40})
    found = true.assign(score=rng.uniform(0.6, 1, 80))
    of_nothing = found[found["kind"] == "death"].assign(y=200.0)  # as many as there are deaths, as sure
    fitted = events.calibrations(pd.concat([found, of_nothing, found[:10].assign(y=300.0, score=0.1)]), true, 80)
    found["probability"] = probability(found, fitted)
    expected = found.groupby("kind")["probability"].mean()
    assert expected["division"] > 0.9 and 0.4 < expected["death"] < 0.6
    assert list(events.calibrations(found[found["kind"] == "division"], true, 80)) == [], "nothing false"


def test_an_unknown_strategy_is_refused(tap, movies):
    with pytest.raises(ValueError, match="unknown strategy 'E'; choose from A, B, C, D"):
        events.detector_run("E", movies[0], tap, SETTINGS, **HOW)
