"""Asking about places: who is asked about what, what is learnt from answers, and what that brings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from tapnb.metrics.intervals import Resampled
from tapnb.store import runs
from tapnb.studies import event_asking, event_few, events
from tapnb.studies.event_asking import Step

PARAMETERS = {"event_ask_strategy": "A", "event_ask_start": 3, "event_ask_places": 4, "event_ask_rounds": 2, "event_ask_draws": 2,
              "event_few_steps": 6, "event_steps": 6}
HOW = {"mode": "execute", "command": "", "on": torch.device("cpu")}


@pytest.fixture(scope="module")
def setting(tmp_path_factory, pretrained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        movies = [shrinking_discs(seed, frames=26, side=128) for seed in (1, 2)]
        tap = pretrained(movies[0])
        yield event_asking.Setting(*movies, tap, PARAMETERS, **HOW)


@pytest.fixture(scope="module")
def made(setting):
    """Every detector of the first draw, and the places that each was asked about."""
    first = [step for step in event_asking.steps(PARAMETERS) if step.draw == 0]
    return ({step: event_asking.detector_run(step, setting) for step in first},
            {step: event_asking.asked_run(step, setting) for step in event_asking.asking(PARAMETERS) if step.draw == 0})


def test_a_detector_comes_after_the_one_whose_places_it_learns_from():
    steps = event_asking.steps(PARAMETERS)
    assert [step for step in steps if step.draw == 1] == [Step(way, 1, rounds) for rounds in (0, 1, 2)
                                                          for way in ("doubtful", "random")]
    assert {step.rounds for step in event_asking.asking(PARAMETERS)} == {0, 1}, "the last one is not asked any more"
    assert event_asking.steps(PARAMETERS | {"event_ask_draws": 0}) == []


def test_both_ways_begin_with_one_detector_and_part_then(made):
    detectors, asked = made
    assert detectors[Step("doubtful", 0, 0)].name == detectors[Step("random", 0, 0)].name
    assert len({run.name for run in detectors.values()}) == 5
    assert len({run.name for run in asked.values()}) == 4


def test_nothing_is_asked_twice_nor_what_is_known(made, setting):
    _, asked = made
    learnt, _ = events.split_pairs(setting.train)
    labelled = events.labelled(events.true_events(setting.train), learnt, events.Labels(3, 0))
    for way in event_asking.WAYS:
        places = pd.concat([labelled, *(pd.DataFrame(asked[Step(way, 0, rounds)].results["places"]) for rounds in (0, 1))])
        assert len(places) == 3 + 4 + 4 and set(places["t"] - 1) <= set(learnt)
        t, y, x = places[["t", "y", "x"]].to_numpy(float).T
        near = (np.abs(t[:, None] - t) <= 5) & (np.hypot(y[:, None] - y, x[:, None] - x) < 30)
        assert not near[3:].sum(axis=1).max() > 1, "but for itself"


def test_answers_are_learnt_from_as_events_and_as_places_without_one(made, setting):
    detectors, asked = made
    for way in event_asking.WAYS:
        answers = [place["answer"] for rounds in (0, 1) for place in asked[Step(way, 0, rounds)].results["places"]]
        detector = detectors[Step(way, 0, 2)]
        assert detector.results["events"] == 3 + sum(answer != "none" for answer in answers)
        assert ("negatives" in detector.record["parameters"]) == ("none" in answers or None)
        assert not detector.record["parameters"]["detector"]["complete"], "what nobody has said may be an event"
        assert detector.results["validation"]["true"] == 12, "the last fifth keeps all its labels"


def test_a_second_time_everything_is_found(made, setting):
    restoring = replace(setting, mode="restore")
    for step, run in made[1].items():
        assert event_asking.asked_run(step, restoring).name == run.name


def test_an_answer_is_the_nearest_event_that_can_be_seen():
    true = pd.DataFrame({"t": [5, 5, 9], "y": [50.0, 50.0, 50.0], "x": [50.0, 60.0, 90.0], "kind": ["division", "death", "death"]})
    picked = pd.DataFrame({"t": [5, 6, 7, 9], "y": 50.0, "x": [53.0, 58.0, 50.0, 106.0], "score": 0.5})
    assert event_asking.answered(picked, true)["answer"].tolist() == ["division", "death", "none", "none"]
    assert event_asking.answered(picked.head(0), true).empty


def point(name, answers, *means):
    resampled = Resampled(np.array(means), np.array(means) + np.zeros((200, 1)), 50)
    return event_few.Point(name, answers, [runs.Run(None, {"name": f"{name} {answers}"})] * len(means), resampled, resampled, resampled)


def test_the_gain_is_that_of_doubtful_places_over_random_ones():
    collected = [point("doubtful", 0, 0.4), point("doubtful", 40, 0.7, 0.7), point("random", 0, 0.4), point("random", 40, 0.6, 0.6)]
    gained, estimated = event_asking.gains(collected), event_few.estimates(collected)
    assert gained["answers"].tolist() == [40] and gained["difference"].item() == pytest.approx(0.1)
    places = {"doubtful": ["division", "none"], "random": ["none", "none"]}
    asked = {Step(way, draw, 0): runs.Run(None, {"results": {"places": [{"answer": answer} for answer in answers]}})
             for way, answers in places.items() for draw in (0, 1)}
    shown = event_asking.table(estimated, gained, asked)
    assert shown["places asked about"].tolist() == ["0", "40"]
    assert shown["events among the answers"].tolist() == ["0.0 and 0.0", "1.0 and 0.0"]
    assert shown["doubtful − random"].iloc[0] == "–" and str(shown["doubtful − random"].iloc[1]).startswith("+0.100")
    assert set(event_asking.numbers(estimated, gained, collected)) == {
        "asked_doubtful_0", "asked_doubtful_40", "asked_random_0", "asked_random_40", "asked_gain_40"}


def test_where_nobody_was_asked_there_is_nothing_to_show():
    empty = event_few.estimates([])
    gained = event_asking.gains([])
    assert len(event_asking.table(empty, gained, {})) == 0 and event_asking.numbers(empty, gained, []) == {}
    assert event_asking.found_by_asking({}, "random", 0) == 0
