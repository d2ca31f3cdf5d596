"""What is taken for no event: which detectors are trained, and what one way brings beyond another, by hand."""

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb.metrics.intervals import Resampled
from tapnb.store import runs
from tapnb.studies import event_few, event_negatives, events

PARAMETERS = {"event_negative_strategy": "A", "event_negative_labels": 3, "event_negative_draws": 1, "event_few_steps": 6, "event_steps": 6}
HOW = {"mode": "execute", "command": "", "on": torch.device("cpu")}


@pytest.fixture(scope="module")
def made(tmp_path_factory, pretrained):
    """A detector of each way, and the movies."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        movies = [shrinking_discs(seed, frames=26, side=128) for seed in (1, 2)]
        tap = pretrained(movies[0])
        own = {step: event_negatives.detector_run(*step, *movies, tap, PARAMETERS, **HOW) for step in event_negatives.steps(PARAMETERS)}
        yield own, movies


def test_each_way_differs_from_the_one_before_in_one_thing(made):
    own, _ = made
    unlabelled, reversed_pairs, hard = (own[way, 0] for way in event_negatives.WAYS)
    settings = [run.record["parameters"]["detector"] for run in (unlabelled, reversed_pairs, hard)]
    assert [(s["complete"], s["hard_negatives"]) for s in settings] == [(True, False), (False, False), (False, True)]
    assert settings[0]["reversed_share"] == 0
    assert {run.results["events"] for run in own.values()} == {3} and len({run.record["seed"] for run in own.values()}) == 1


def test_all_events_of_the_last_fifth_choose_the_step_in_every_way(made):
    own, (train, _) = made
    _, checked = events.split_pairs(train)
    assert {run.results["validation"]["true"] for run in own.values()} == {len(events.labelled(events.true_events(train), checked))}


def test_found_detectors_become_a_point_a_way(made):
    own, (_, held_out) = made
    collected = event_negatives.points(own, held_out)
    assert [point.name for point in collected] == list(event_negatives.WAYS) and {point.labels for point in collected} == {3}


def point(way, *means):
    """Draws of events move all runs alike."""
    moved = np.random.default_rng(0).normal(0, 0.1, (400, 1))
    resampled = Resampled(np.array(means), np.array(means) + moved, 50)
    return event_few.Point(way, 5, [runs.Run(None, {"name": way})], resampled, resampled, resampled)


def test_gains_are_those_of_equal_draws():
    collected = [point("unlabelled", 0.2, 0.6), point("reversed", 0.3, 0.7), point("hard", 0.3, 0.8)]
    compared = event_negatives.differences(collected)
    assert compared[["first", "second"]].values.tolist() == [["reversed", "unlabelled"], ["hard", "reversed"]]
    assert compared["difference"].tolist() == pytest.approx([0.1, 0.05])
    assert compared["low"][0] == pytest.approx(0.1) == compared["high"][0]  # though each draw is far from the other
    assert compared["low"][1] < 0 < compared["high"][1]
    shown = event_negatives.table(collected, compared)
    assert shown["of each draw"].tolist() == ["0.20, 0.60", "0.30, 0.70", "0.30, 0.80"]
    assert shown["minus the row above"][0] == "\u2013" and str(shown["minus the row above"][1]).startswith("+0.100")
    assert set(event_negatives.numbers(collected, compared)) == {
        "negatives_unlabelled", "negatives_reversed", "negatives_hard", "negatives_reversed_less_unlabelled", "negatives_hard_less_reversed"}


def test_where_nothing_was_tried_there_is_nothing_to_show():
    nothing = event_negatives.differences([])
    assert event_negatives.steps(PARAMETERS | {"event_negative_draws": 0}) == []
    assert event_negatives.table([], nothing).empty and event_negatives.numbers([], nothing) == {}
