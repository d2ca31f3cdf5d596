"""How many labels pretraining saves: toy trainings from a share of the labels, and answers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import average_precision_score
from toys import shrinking_discs

from tapnb import event_groups
from tapnb.dataset import event_dataset
from tapnb.metrics import scores
from tapnb.metrics.intervals import Resampled
from tapnb.studies import controls, event_few, evidence_few, evidence_runs
from tapnb.studies.evidence_runs import Labels
from tapnb.studies.strategies import predictions

PARAMETERS = {"crop_size": 16, "crops_per_frame_pair": 60, "evidence_training_pairs": 100, "evidence_labelled_share": 0.6,
              "evidence_batch": 20, "evidence_patience": 1, "evidence_seeds": [20, 40], "evidence_test_pairs": 80,
              "evidence_validation_pairs": 60, "evidence_held_out_pairs": 80, "evidence_label_shares": [0.5],
              "evidence_label_draws": 3, "evidence_label_steps": 7}
WAY = {"mode": "execute", "command": ""}


@pytest.fixture(scope="module")
def movies():
    return tuple(shrinking_discs(seed, frames=24, side=120, per_frame=1) for seed in (1, 2))  # far enough apart to be many events


@pytest.fixture(scope="module")
def made(movies, pretrained, tmp_path_factory):
    """One strategy and the controls, with half of the labels in three draws, and with all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        tap = pretrained(movies[0])
        shares, on = evidence_runs.few_labels(PARAMETERS), torch.device("cpu")
        (whole,) = evidence_runs.trained("A0", *movies, tap, PARAMETERS, on=on, **WAY)
        yield ([("A0", labels, evidence_runs.trained_on_few("A0", labels, *movies, tap, PARAMETERS, on=on, **WAY))
                for labels in shares] + [("A0", evidence_runs.ALL, whole)],
               [(labels, evidence_runs.controls_on_few(labels, *movies, PARAMETERS, **WAY)) for labels in shares]
               + [(evidence_runs.ALL, evidence_runs.controls(*movies, PARAMETERS, **WAY))])


@pytest.fixture(scope="module")
def collected(movies, made):
    data = event_dataset(movies[0], evidence_runs.dataset_settings(PARAMETERS))
    return evidence_few.points(*made, data, evidence_runs.held_out_dataset(movies[1], PARAMETERS), 0.6)


def test_one_draw_of_all_shares_comes_before_the_next():
    shares = {"evidence_label_shares": [0.25, 0.5]}
    assert evidence_runs.few_labels(PARAMETERS | shares) == [Labels(share, draw) for draw in (1, 2, 3) for share in (0.25, 0.5)]
    assert evidence_runs.role_of_few("A1", Labels(0.05, 2)) == "A1, 5 % of labels, draw 2"
    assert evidence_runs.few_labels(PARAMETERS | {"evidence_label_shares": []}) == []
    with pytest.raises(ValueError, match="evidence_label_shares has 1: give shares above 0 and below 1"):
        evidence_runs.few_labels(PARAMETERS | {"evidence_label_shares": [0.5, 1.0]})


@pytest.mark.trains
def test_each_draw_has_its_events_and_a_seed_and_is_asked_about_the_held_out_movie_alone(made):
    for name, labels, run in (one for one in made[0] if one[1] != evidence_runs.ALL):
        parameters = run.record["parameters"]
        assert parameters["dataset"]["labelled_share"] == pytest.approx(0.6 * labels.share)
        assert parameters["dataset"]["label_draw"] == labels.draw and parameters["seeds"] == [{1: 20, 2: 40, 3: 20}[labels.draw]]
        assert run.results["curves"][0][0]["steps"] == 7 > run.results["training_pairs"] / 20, "an epoch has at least so many"
    for *_, run in (one for of_kind in made for one in of_kind if one[-2] != evidence_runs.ALL):
        table = predictions(run)
        assert set(table["part"]) == {"held-out"} and table["pair"].nunique() == 80


def test_a_larger_share_holds_the_events_of_a_smaller(movies):
    known = {}
    for share in (0.25, 0.5, 1.0):
        data = event_dataset(movies[0], evidence_runs.fewer_labels(Labels(share, 2), PARAMETERS))
        event = event_groups.shown(movies[0].masks, data.pairs)[data.parts["train"]]
        known[share] = set(event[event >= 0])
    assert known[0.25] < known[0.5] < known[1.0]


@pytest.mark.trains
def test_a_point_is_the_average_precision_of_its_draws(movies, made, collected):
    data = event_dataset(movies[0], evidence_runs.dataset_settings(PARAMETERS))
    events = len(set(event_groups.shown(movies[0].masks, data.pairs)) - {-1})
    assert sorted({point.labels for point in collected}) == [round(0.3 * events), round(0.6 * events)]
    for point in (point for point in collected if point.name == "A0"):
        share, trainings = (0.5, 3) if point.labels == round(0.3 * events) else (1.0, 2)  # draws, or seeds of one run
        own = [table for _, labels, run in made[0] if labels.share == share for _, table in predictions(run).groupby("seed")]
        own = [table[table["part"] == "held-out"] for table in own]
        expected = [average_precision_score(table["label"].astype(bool), scores.margin(table)) for table in own]
        assert point.average_precision.runs == pytest.approx(expected) and len(expected) == trainings
        assert len(point.runs) == (3 if share < 1 else 1)


@pytest.mark.trains
def test_the_control_is_the_one_that_is_best_with_all_labels(made, collected):
    (control,) = {point.name for point in collected} - {"A0"}
    (whole,) = (controls.answers(run) for labels, run in made[1] if labels.share == 1.0)
    held_out = {name: table[table["part"] == "held-out"] for name, table in whole.items()}
    means = {name: np.mean([average_precision_score(one["label"].astype(bool), scores.margin(one)) for _, one in table.groupby("seed")])
             for name, table in held_out.items()}
    assert means[control] == pytest.approx(max(means.values()))
    estimated = evidence_few.estimates(collected)
    assert evidence_few.table(estimated).shape == (2, 3)
    assert estimated.set_index(["name", "labels"])["runs"]["A0"].tolist() == [3, 2]  # draws, then seeds
    assert {f"few_A0_{point.labels}" for point in collected} <= evidence_few.numbers(estimated, evidence_few.differences(collected), collected, [], 10).keys()


@pytest.mark.trains
def test_answers_about_other_pairs_are_refused(movies, made):
    data, other = (event_dataset(movie, evidence_runs.dataset_settings(PARAMETERS)) for movie in movies)
    fewer = evidence_runs.controls_on_few(Labels(0.5, 1), *movies, PARAMETERS | {"evidence_held_out_pairs": 70}, **WAY)
    with pytest.raises(ValueError, match="was asked about other pairs than the others"):
        evidence_few.points(made[0], [(Labels(0.5, 1), fewer)], data, other, 0.6)


def point(name, labels, *means):
    """A point of which every draw of events gives the runs' own values."""
    resampled = Resampled(np.array(means), np.tile(means, (200, 1)), 50)
    return evidence_few.Point(name, labels, [], resampled)


def test_labels_that_are_needed_and_hours_that_are_saved():
    line = {10: 0.3, 40: 0.5, 100: 0.7}
    by_hand = [point("A1", 10, 0.5, 0.5), point("A1", 100, 0.6, 0.6), point("D1", 100, 0.7, 0.7),
               *(point("C1", labels, value, value) for labels, value in line.items())]
    (one,) = evidence_few.needed(by_hand, 10)
    assert evidence_few.needed(by_hand, 12) == [], "asked only where it was tried"
    assert (one.first, one.second, one.at, one.value) == ("A1", "C1", 10, pytest.approx(40))
    assert evidence_few.hours_saved(one, 100) == pytest.approx((2.4, 2.4, 2.4))  # 30 of 100 labels, of eight hours
    named = evidence_few.numbers(evidence_few.estimates(by_hand), evidence_few.differences(by_hand), by_hand, [one], 100)
    assert named["saved_hours_C1_for_A1"]["text"] == "2.4 h" and named["needed_C1_for_A1"]["value"] == pytest.approx(40)


def test_differences_are_of_equal_numbers_of_labels():
    by_hand = [point("A1", 10, 0.5, 0.6), point("C1", 10, 0.2, 0.2), point("A1", 100, 0.7, 0.7), point("C1", 100, 0.7, 0.7),
               point("D1", 100, 0.8, 0.8), point("D1", 40, 0.6, 0.6)]
    compared = evidence_few.differences(by_hand)
    assert compared[["first", "second", "labels"]].values.tolist() == [["A1", "C1", 10], ["A1", "C1", 100], ["D1", "C1", 100]]
    assert compared["difference"].tolist() == pytest.approx([0.35, 0.0, 0.1])
    assert compared["low"][0] < 0.35 - 0.05 and compared["low"][2] == pytest.approx(0.1), "the spread of draws alone, here"
    assert event_few.differences_table(compared)["labelled events"].tolist() == ["10", "100"]
    named = evidence_few.numbers(evidence_few.estimates(by_hand), compared, by_hand, [], 200)
    assert named["few_D1_less_C1_100"]["value"] == pytest.approx(0.1)


def test_pretrained_networks_are_compared_with_the_control_as_well():
    by_hand = [point("A1", 10, 0.2, 0.2), point("C1", 10, 0.3, 0.3), point("D1", 100, 0.5, 0.5), point("A1", 100, 0.4, 0.4),
               *(point("logistic regression", labels, 0.6) for labels in (10, 100))]
    compared = evidence_few.differences(by_hand)
    control = compared[compared["second"] == "logistic regression"]
    assert control[["first", "labels"]].values.tolist() == [["A1", 10], ["A1", 100], ["D1", 100]]
    assert control["difference"].tolist() == pytest.approx([-0.4, -0.2, -0.1])
    assert list(event_few.differences_table(compared)) == ["labelled events", "A1 \u2212 C1", "A1 \u2212 logistic regression",
                                                              "D1 \u2212 logistic regression"]
    named = evidence_few.numbers(evidence_few.estimates(by_hand), compared, by_hand, [], 200)
    assert named["few_D1_less_logistic_regression_100"]["value"] == pytest.approx(-0.1)


def test_hours_have_the_bounds_of_the_labels():
    by_hand = [point("A1", 10, 0.9, 0.9), point("C1", 10, 0.3, 0.3), point("C1", 100, 0.7, 0.7)]
    answers = evidence_few.needed(by_hand, 10)
    named = evidence_few.numbers(evidence_few.estimates(by_hand), evidence_few.differences(by_hand), by_hand, answers, 200)
    assert named["needed_C1_for_A1"]["text"] == "at least 100"
    assert named["saved_hours_C1_for_A1"]["text"] == "at least 3.6 h"  # 90 of 200 events


def test_of_nothing_nothing_is_said():
    assert evidence_few.points([], [], None, None, 0.8) == [] and evidence_few.needed([], 10) == []
    empty = evidence_few.estimates([])
    compared = evidence_few.differences([])
    assert evidence_few.table(empty).empty and event_few.differences_table(compared).empty and isinstance(empty, pd.DataFrame)
    assert evidence_few.numbers(empty, compared, [], [], 10) == {}
