"""How many labels a detector needs: by hand, with runs that were never trained."""

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.metrics.intervals import Resampled
from tapnb.store import runs
from tapnb.studies import event_few, events

PARAMETERS = {"event_few_strategies": ["A", "C"], "event_few_labels": [1, 5], "event_few_draws": 2, "event_few_steps": 30,
              "event_steps": 800}


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(2, side=96, per_frame=2)


def made_up(folder, found, labels) -> runs.Run:
    """The run of a detector that found just these events, after it had learnt from so many."""
    folder.mkdir()
    found.assign(part=events.HELD_OUT).to_parquet(folder / "found.parquet")
    return runs.Run(folder, {"name": folder.name, "seed": 20, "results": {"events": labels, "validation": {"threshold": 0.5}}})


def point(name, labels, *means, spread=0.0):
    """A point of which every draw of events gives the runs' own values, or values about them."""
    about = np.random.default_rng(labels).normal(0, spread, (200, 1)) if spread else np.zeros((200, 1))
    resampled = Resampled(np.array(means), np.array(means) + about, 50)
    return event_few.Point(name, labels, [], resampled, resampled, resampled)


def test_one_draw_of_all_numbers_comes_before_the_next():
    asked = event_few.all_labels(PARAMETERS)
    assert [(name, labels.events, labels.draw) for name, labels in asked] == [
        (name, n, draw) for draw in (0, 1) for n in (1, 5) for name in ("A", "C")]
    assert event_few.role(*asked[-1]) == "detector C, 5 labelled, draw 1"
    assert event_few.all_labels(PARAMETERS | {"event_few_labels": []}) == []


def test_few_labels_are_trained_on_half_as_long(movie):
    settings = event_few.settings(PARAMETERS, movie)
    assert (settings.steps, settings.checks, settings.kinds) == (30, 2, ("division",))


def test_runs_are_put_together_by_their_number_of_labels_and_end_with_all(movie, tmp_path):
    true = events.true_events(movie)
    every, half = true.assign(score=0.9), true.iloc[::2].assign(score=0.9)
    few = [("A", made_up(tmp_path / "a1", half, 1)), ("A", made_up(tmp_path / "a1b", every, 1)),
           ("A", made_up(tmp_path / "a5", every, 5))]
    whole = {"A": [made_up(tmp_path / "a", every, 40)], "D": [made_up(tmp_path / "d", every, 40)]}
    estimated = event_few.estimates(event_few.points(few, whole, movie))
    own = estimated[estimated["measure"] == "average precision"]
    assert own[["name", "labels", "runs"]].values.tolist() == [["A", 1, 2], ["A", 5, 1], ["A", 40, 1]]  # nothing of D
    share = np.ceil(len(true) / 2) / len(true)
    assert own["value"].tolist() == pytest.approx([(1 + share) / 2, 1, 1])
    shown = event_few.table(estimated)
    assert shown["labelled events"].tolist() == ["1", "5", "40"]
    assert shown["of each run"].tolist() == [f"{share:.2f}, 1.00", "1.00", "1.00"]


def test_f1_is_that_at_the_threshold_which_each_run_chose_on_its_own_movie(movie, tmp_path):
    true = events.true_events(movie)
    half_sure = true.assign(score=np.where(np.arange(len(true)) % 2, 0.9, 0.3))  # all are right; a half lies above the threshold of 0.5
    ((name, labels, chosen), (_, _, best)) = [
        (r.name, r.labels, r.value) for r in event_few.estimates([event_few.point("C", 1, [made_up(tmp_path / "c", half_sure, 1)], movie)]
                                                                 ).itertuples() if r.measure != "average precision"]
    recall = (len(true) // 2) / len(true)
    assert (name, labels, best) == ("C", 1, 1) and chosen == pytest.approx(2 * recall / (1 + recall))


def test_differences_are_of_detectors_with_as_many_labels():
    collected = [point("D", 5, 0.6, 0.7), point("C", 5, 0.5, 0.8), point("A", 40, 0.5), point("C", 40, 0.8)]
    compared = event_few.differences(collected)
    assert compared[["first", "second", "labels"]].values.tolist() == [["A", "C", 40], ["D", "C", 5]]
    assert compared["difference"].tolist() == pytest.approx([-0.3, 0.0]) and compared["low"][1] < -0.1 < 0.1 < compared["high"][1]
    assert event_few.differences_table(compared)["labelled events"].tolist() == ["5", "40"]
    estimated = event_few.estimates(collected)
    assert event_few.numbers(estimated, compared, collected, [])["few_A_less_C_40"]["value"] == pytest.approx(-0.3)


def test_needed_labels_are_read_from_the_line_of_the_second():
    line = [point("C", 1, 0.2), point("C", 4, 0.4), point("C", 16, 0.8)]
    (answer,) = event_few.needed([point("A", 5, 0.6), *line])
    assert (answer.first, answer.second, answer.at) == ("A", "C", 5)
    assert answer.value == pytest.approx(8)  # half way in the logarithm
    assert [answer.low, answer.high] == pytest.approx([8, 8], rel=0.02)
    assert answer.text == "8" and answer.saved == pytest.approx((3, 3, 3), abs=0.15)


def test_saved_labels_are_bounded_where_those_that_are_needed_are():
    line = [point("C", 1, 0.2), point("C", 5, 0.6)]
    (none,), (bound,) = (event_few.needed([point("A", at, wanted), *line], at=at) for at, wanted in ((5, 0.7), (1, 0.1)))
    assert (none.text, none.saved_text) == ("at least 5", "at least 0") and (bound.text, bound.saved_text) == ("at most 1", "at most 0")
    (some,) = event_few.needed([point("A", 5, 0.3), *line], at=5)
    assert some.saved_text.startswith("\u22123.5") and some.saved[0] == pytest.approx(5 ** 0.25 - 5)


@pytest.mark.parametrize("wanted, text", [(0.1, "at most 1"), (0.9, "at least 16")])
def test_beyond_what_was_tried_there_is_only_a_bound(wanted, text):
    (answer,) = event_few.needed([point("A", 5, wanted), point("C", 1, 0.2), point("C", 16, 0.8)])
    assert answer.text == text


def test_the_interval_ends_where_the_two_are_told_apart():
    line = [point("C", 1, 0.2), point("C", 4, 0.4), point("C", 16, 0.8)]
    (answer,) = event_few.needed([point("A", 5, 0.59, 0.60, 0.61), *line])
    half = 4.303 * 0.01 / 3**0.5  # Student's t of two degrees of freedom
    ends = [4 * 4 ** ((0.6 + shift - 0.4) / 0.4) for shift in (-half, half)]  # on the upper piece of the line
    assert [answer.low, answer.high] == pytest.approx(ends, rel=0.03) and answer.value == pytest.approx(8)


def test_the_interval_holds_the_spread_of_events_and_of_the_lines_runs():
    steep = [point("C", 1, 0.2), point("C", 16, 0.8)]
    (of_events,) = event_few.needed([point("A", 5, 0.5, spread=0.05), *steep])
    (of_runs,) = event_few.needed([point("A", 5, 0.5), point("C", 1, 0.19, 0.21), point("C", 16, 0.79, 0.81)])
    assert of_events.low < 3 < of_events.value < 5 < of_events.high
    half = 4.303 * (2 * 0.5**2 * 0.01**2) ** 0.5  # half way both ends count half; two sides of one degree of freedom each make two
    assert [of_runs.low, of_runs.high] == pytest.approx([4 * 16 ** (shift / 0.6) for shift in (-half, half)], rel=0.02)


def test_of_a_line_that_is_not_told_to_rise_nothing_is_read():
    flat = [point("C", 1, 0.35, 0.45), point("C", 4, 0.40, 0.44), point("C", 16, 0.41, 0.43)]
    assert event_few.needed([point("A", 5, 0.6), *flat]) == []


def test_the_interval_goes_on_past_a_number_with_which_the_second_is_told_to_lie_below():
    dips = [point("C", 1, 0.2), point("C", 10, 0.35, 0.75), point("C", 100, 0.4), point("C", 1000, 0.8)]
    (answer,) = event_few.needed([point("A", 5, 0.5), *dips])
    assert answer.value < 10, "as the line first reaches it"
    assert answer.low == answer.value and answer.high == pytest.approx(100 * 10 ** 0.25, rel=0.04)


def coverage(truth, repetitions=200, tried=(6, 12, 30, 60, 150, 300), draws=60):
    """Share of intervals that hold the true number of labels: ours, and percentiles of events and three runs drawn anew."""
    rng, held = np.random.default_rng(7), np.zeros(2)
    for _ in range(repetitions):
        events, these = rng.normal(0, 1, draws), rng.normal(0, 0.015)  # by how much drawn events, and these, are easier than all
        events *= 0.015 / events.std(ddof=1)
        points = []
        for labels in (truth, *tried):
            share, runs = rng.uniform(0.5, 1.5), 0.3 + 0.08 * np.log(labels) + rng.normal(0, 0.04, 3)
            points.append(Resampled(runs + share * these, runs + share * (these + events[:, None]), 60))
        own, line = points[0], dict(zip(tried, points[1:]))
        low, high = event_few._not_told_apart(own, line, event_few._read(line, own.runs.mean()))
        again = [{labels: Resampled(rng.choice(one.draws[k], 3), one.draws, 60) for labels, one in zip((0, *tried), points)}
                 for k in range(draws)]
        read = [event_few._read({labels: one for labels, one in drawn.items() if labels}, drawn[0].runs.mean()) for drawn in again]
        held += [low * 0.99 <= truth <= high * 1.01, np.percentile(read, 2.5) <= truth <= np.percentile(read, 97.5)]
    return held / repetitions


@pytest.mark.parametrize("truth", [30, 90])
def test_the_interval_holds_the_true_number_as_often_as_it_says(truth):
    ours, percentiles = coverage(truth)
    assert 0.92 <= ours <= 1 and percentiles < 0.9


def test_nothing_is_said_without_a_line():
    assert event_few.needed([point("A", 5, 0.6), point("C", 4, 0.4)]) == []
    assert event_few.needed([]) == [] and event_few.numbers(event_few.estimates([]), event_few.differences([]), [], []) == {}
    assert len(event_few.table(event_few.estimates([]))) == 0


def test_numbers_say_bounds_in_words():
    answers = event_few.needed([point("D", 5, 0.9), point("C", 1, 0.2), point("C", 16, 0.8)])
    named = event_few.numbers(pd.DataFrame(columns=["name", "labels", "measure", "value", "low", "high"]), event_few.differences([]), [], answers)
    assert named["needed_C_for_D_5"]["text"] == "at least 16"
