"""Scores of events: the matching against all matchings there are, scores by hand and against scikit-learn's."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from tapnb.metrics import events
from tapnb.metrics.events import PUBLISHED, STRICT, Matched, Tolerance, match, matched
from tapnb.metrics.intervals import estimate


def table(*rows, kind="division"):
    """Events from (t, y, x, score) or (t, y, x)."""
    columns = ["t", "y", "x", "score"][:max(map(len, rows), default=4)]
    return pd.DataFrame(list(rows), columns=columns).assign(kind=kind)


def from_scores(scores, event, n, frames=10, block=None):
    block = np.zeros(len(scores), int) if block is None else block
    return Matched(np.array(scores, float), np.array(event, int), np.array(block, int), n, frames)


def allowed(a, b, tolerance):
    return (a.kind == b.kind and math.dist((a.y, a.x), (b.y, b.x)) < tolerance.pixels
            and abs(a.t - b.t) <= tolerance.frames)


def largest(choices, taken=frozenset()):
    """Size of the largest one-to-one matching, by trying all of them; ``choices``: what each row may take."""
    if not choices:
        return 0
    first, *rest = choices
    return max([largest(rest, taken)] + [1 + largest(rest, taken | {j}) for j in first - taken])


@pytest.mark.parametrize("seed", range(40))
def test_at_every_threshold_as_many_match_as_any_matching_allows(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 8), rng.integers(1, 6)

    def draw(k):  # crowded: most have several to choose from
        return pd.DataFrame({"t": rng.integers(0, 12, k), "y": rng.integers(0, 40, k), "x": rng.integers(0, 12, k),
                             "kind": rng.choice(["division", "death"], k, p=[0.8, 0.2])})

    found, true = draw(n).assign(score=rng.permutation(n) // rng.integers(1, 3)), draw(m)
    matches = match(found.set_index(found["score"]), true)  # whatever the index
    pairs = [(i, j) for i, j in enumerate(matches) if j >= 0]
    assert len({j for _, j in pairs}) == len(pairs)
    assert all(allowed(found.iloc[i], true.iloc[j], PUBLISHED) for i, j in pairs)
    choices = [{j for j in range(m) if allowed(found.iloc[i], true.iloc[j], PUBLISHED)} for i in range(n)]
    order = np.argsort(-found["score"].to_numpy(), kind="stable")
    for k in range(1, n + 1):
        assert (matches[order[:k]] >= 0).sum() == largest([choices[i] for i in order[:k]])


def test_a_surer_event_gives_way_where_both_can_be_matched():
    """One that takes the nearest, the surest first, would leave the second without a match."""
    true = table((5, 50, 50), (5, 50, 62))
    found = table((5, 50, 54, 0.9), (5, 50, 40, 0.8))
    assert match(found, true).tolist() == [1, 0]


def test_the_nearer_is_taken_where_nothing_else_is_lost():
    true = table((5, 50, 50), (5, 50, 56))
    assert match(table((5, 50, 55, 0.9)), true).tolist() == [1]
    assert match(table((5, 50, 49, 0.1), (5, 50, 57, 0.9)), true).tolist() == [0, 1]
    assert match(table((5, 50, 50, 0.1), (5, 50, 60, 0.9)), table((5, 50, 50))).tolist() == [-1, 0]  # the surer, not the nearer


def test_of_equal_scores_the_first_ranks_first():
    assert match(table((5, 50, 58, 0.5), (5, 50, 50, 0.5)), table((5, 50, 50))).tolist() == [0, -1]


@pytest.mark.parametrize(("tolerance", "t", "y", "x", "near"), [
    (PUBLISHED, 10, 9, 12, False), (PUBLISHED, 10, 9, 11.99, True),  # 15 px apart, and a little less
    (PUBLISHED, 16, 0, 0, True), (PUBLISHED, 4, 0, 0, True), (PUBLISHED, 17, 0, 0, False),
    (STRICT, 11, 0, 0, True), (STRICT, 12, 0, 0, False),
])
def test_less_than_so_many_pixels_and_at_most_so_many_frames(tolerance, t, y, x, near):
    assert match(table((t, y, x, 1.0)), table((10, 0, 0)), tolerance).tolist() == [0 if near else -1]


def test_kinds_are_matched_apart():
    both = pd.concat([table((5, 50, 50)), table((5, 50, 50), kind="death")])
    assert match(table((5, 50, 50, 0.3), kind="death"), both).tolist() == [1]
    assert match(table((5, 50, 50, 0.3), kind="death"), both[:1]).tolist() == [-1]


def by_hand():
    """Four true events, of which two are matched, by the first and the third of four found ones."""
    return from_scores([0.9, 0.8, 0.7, 0.2], [2, -1, 0, -1], 4, frames=4)


def test_scores_by_hand():
    steps = events.curve(by_hand())
    assert steps["threshold"].tolist() == [0.9, 0.8, 0.7, 0.2]
    assert steps["precision"].tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2])
    assert steps["recall"].tolist() == [0.25, 0.25, 0.5, 0.5]
    assert steps["f1"].tolist() == pytest.approx([2 / 5, 2 / 6, 4 / 7, 4 / 8])
    assert steps["false_per_frame"].tolist() == [0, 0.25, 0.25, 0.5]
    assert events.average_precision(by_hand()) == pytest.approx((1 + 2 / 3) / 4)
    assert events.best_threshold(by_hand()) == 0.7
    assert events.at(by_hand(), 0.7) == pytest.approx(
        {"precision": 2 / 3, "recall": 0.5, "f1": 4 / 7, "found": 3, "true": 2})


def test_of_two_best_thresholds_the_higher_one():
    m = from_scores([0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [0, -1, -1, -1, -1, 1], 2)
    assert events.curve(m)["f1"].iloc[[0, -1]].tolist() == pytest.approx([2 / 3, 0.5])
    tied = from_scores([0.9, 0.8, 0.7, 0.6], [0, -1, -1, 1], 2)
    assert events.curve(tied)["f1"].iloc[[0, -1]].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert events.best_threshold(tied) == 0.9


def test_equal_scores_are_one_step():
    steps = events.curve(from_scores([0.9, 0.5, 0.5], [0, 1, -1], 2))
    assert steps["threshold"].tolist() == [0.9, 0.5] and steps["recall"].tolist() == [0.5, 1]
    assert steps["precision"].tolist() == pytest.approx([1, 2 / 3])


def test_it_is_scikit_learns_average_precision_where_nothing_is_missed():
    rng = np.random.default_rng(3)
    scores, labels = -np.sort(-rng.integers(0, 20, 60) / 7), rng.random(60) < 0.4
    event = np.where(labels, np.cumsum(labels) - 1, -1)
    expected = average_precision_score(labels, scores)
    assert events.average_precision(from_scores(scores, event, labels.sum())) == pytest.approx(expected)
    half = events.average_precision(from_scores(scores, event, 2 * labels.sum()))  # as many are missed
    assert half == pytest.approx(expected / 2)


def test_nothing_found():
    m = matched(table(), table((5, 50, 50)), 10)
    assert m.scores.size == 0 and len(events.curve(m)) == 0
    assert events.average_precision(m) == 0 and events.best_threshold(m) == math.inf
    assert events.at(m, 0.5) == {"precision": 0, "recall": 0, "f1": 0, "found": 0, "true": 0}
    assert events.resampled_f1([m], [0.5], 20).draws.max() == events.resampled_average_precision([m], 20).draws.max() == 0


def test_only_false_alarms_have_no_best_threshold():
    m = matched(table((5, 90, 90, 0.3)), table((5, 50, 50)), 10)
    assert events.best_threshold(m) == math.inf and events.at(m, math.inf)["found"] == 0


def test_without_true_events_there_is_no_recall():
    m = matched(table((5, 50, 50, 0.3)), table((5, 50, 50))[:0], 10)
    scores = events.at(m, 0.1)
    assert math.isnan(scores["recall"]) and math.isnan(events.average_precision(m))
    assert scores["precision"] == scores["f1"] == 0 and events.best_threshold(m) == math.inf
    assert math.isnan(events.at(m, 0.5)["f1"])
    with pytest.raises(ValueError, match="same true events, at least one"):
        events.resampled_f1([m], [0.1])


def test_places_that_nobody_knows_count_neither_way():
    true = table((5, 50, 50))
    found = table((5, 51, 51, 0.9), (5, 60, 60, 0.8), (5, 200, 200, 0.7), (5, 400, 400, 0.6), (12, 400, 400, 0.5))
    ignored = pd.DataFrame({"t": [5, 5], "y": [50, 400], "x": [50, 400]})
    m = matched(found, true, 20, ignored=ignored)
    assert m.scores.tolist() == [0.9, 0.7, 0.5] and m.event.tolist() == [0, -1, -1]
    assert matched(found, true, 20, ignored=ignored[:0]).scores.tolist() == found["score"].tolist()


def test_the_surest_comes_first_with_its_block():
    found = table((7, 255, 0, 0.1), (8, 255, 0, 0.9), (7, 0, 255, 0.5), (7, 256, 0, 0.4))
    m = matched(found, table((8, 250, 0)), 20)
    assert m.scores.tolist() == [0.9, 0.5, 0.4, 0.1] and (m.events, m.frames) == (1, 20)
    assert m.block[1] == m.block[3] and len(set(m.block)) == 3
    assert matched(found[2:3], table((8, 250, 0)), 20).block[0] == m.block[1]  # whatever else is found


def made_up(rng, n=60, blocks=40, strength=1.5, alarms=0.8):
    """A run: every event gives one score or is missed, and every block some false alarms."""
    hit = np.flatnonzero(rng.random(n) < 0.9)
    false = np.repeat(np.arange(blocks), rng.poisson(alarms, blocks))
    scores = np.concatenate([rng.normal(np.broadcast_to(strength, n)[hit], 0.7), rng.normal(0, 1, len(false))]).round(2)
    order = np.argsort(-scores, kind="stable")
    event, block = np.concatenate([hit, np.full(len(false), -1)]), np.concatenate([np.full(len(hit), 7), false])
    return from_scores(scores[order], event[order], n, block=block[order])


def test_events_as_they_are_give_the_plain_numbers():
    ms = [made_up(np.random.default_rng(seed)) for seed in range(3)]
    thresholds = [0.3, 0.6, 0.9]
    f1, ap = events.resampled_f1(ms, thresholds, 30), events.resampled_average_precision(ms, 30)
    assert f1.runs == pytest.approx([events.at(m, t)["f1"] for m, t in zip(ms, thresholds, strict=True)])
    assert ap.runs == pytest.approx([events.average_precision(m) for m in ms])
    assert f1.draws.shape == ap.draws.shape == (30, 3) and f1.groups == ap.groups == 60


def test_a_draw_is_the_score_of_the_events_drawn():
    """Each found event written as often as its event or block is drawn, and the plain scores taken of that."""
    m = made_up(np.random.default_rng(0))
    drawn, blocks, by_block = events._drawn([m], 5, seed=1)
    block = np.searchsorted(blocks, m.block) % len(blocks)
    f1, ap = events.resampled_f1([m], [0.5], 5, seed=1), events.resampled_average_precision([m], 5, seed=1)
    for row in range(5):
        times = np.where(m.event >= 0, drawn[row + 1][m.event], by_block[row + 1][block]).astype(int)
        again = from_scores(np.repeat(m.scores, times), np.repeat(m.event, times), m.events)
        assert f1.draws[row, 0] == pytest.approx(events.at(again, 0.5)["f1"])
        assert ap.draws[row, 0] == pytest.approx(events.average_precision(again))
    assert drawn.sum(1).tolist() == [60] * 6


def test_strategies_share_every_draw_whatever_they_found():
    m = made_up(np.random.default_rng(0))
    kept = m.block != m.block[m.event < 0][0]
    other = from_scores(m.scores[kept], m.event[kept], 60, block=m.block[kept])
    (a, blocks, of_a), (b, fewer, of_b) = (events._drawn([x], 50, seed=2) for x in (m, other))
    assert len(fewer) < len(blocks)
    assert (a == b).all() and (of_a[:, np.isin(blocks, fewer)] == of_b).all()
    one = events.resampled_f1([m], [0.5], 50)
    assert estimate(one, one).high == 0
    assert (events.resampled_f1([m], [0.5], 50, seed=3).draws != one.draws).any()


def coverage(runs, spread, repetitions, draws):
    """Share of 95 % intervals of F1 and of average precision that hold the truth: new events, and runs that differ."""
    rng = np.random.default_rng(4)

    def world(runs):  # some events are hard, and some blocks full of false alarms, for every run
        ease, alarms = rng.normal(0, 0.7, 60), rng.gamma(1, 0.8, 40)
        return [made_up(rng, strength=rng.normal(1.5, spread) + ease, alarms=alarms) for _ in range(runs)]

    others = [world(1)[0] for _ in range(400)]
    truth = np.mean([[events.at(m, 0.8)["f1"], events.average_precision(m)] for m in others], axis=0)
    held = np.zeros(2)
    for _ in range(repetitions):
        ms, seed = world(runs), int(rng.integers(1 << 30))
        both = events.resampled_f1(ms, [0.8] * runs, draws, seed), events.resampled_average_precision(ms, draws, seed)
        intervals = [estimate(resampled) for resampled in both]
        held += [i.low <= t <= i.high for i, t in zip(intervals, truth, strict=True)]
    return held / repetitions


def test_intervals_of_a_run_hold_the_truth():
    held = coverage(runs=1, spread=0, repetitions=120, draws=80)
    assert ((held >= 0.89) & (held <= 0.99)).all(), held  # a standard error of 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "spread"), [(1, 0.0), (3, 0.2), (5, 0.2)])
def test_coverage_with_more_repetitions(runs, spread):
    """Of several runs more than 95 %: what differs by chance between them is part of both variances."""
    held = coverage(runs, spread, repetitions=1000, draws=200)
    assert ((held >= 0.93) & (held <= (0.97 if runs == 1 else 1))).all(), held


@pytest.mark.parametrize(("call", "message"), [
    (lambda: match(table((5, 50, 50)), table((5, 50, 50))), "found events has no column 'score'"),
    (lambda: match(table((5, 50, 50, 1.0)), table((5, 50, 50)).drop(columns="kind")), "true events has no column 'kind'"),
    (lambda: match(table((5, 50, 50, math.nan)), table((5, 50, 50))), "Row 0 of the found events has the score nan"),
    (lambda: match(table((5, 50, 50, 1.0)), table((5, 50, 50), (5, math.nan, 50))), "Row 1 of the true events has no place"),
    (lambda: matched(table((5, 50, 50, 1.0)), table((5, 50, 50)), 0), "0 frames"),
    (lambda: Tolerance(0, 1), "matches nothing"),
    (lambda: events.resampled_f1([by_hand(), from_scores([], [], 5)], [0, 0]), "same true events"),
])
def test_what_cannot_be_scored_is_refused_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_many_events_take_no_table_of_all_pairs():
    """Forty thousand found events and two thousand true ones: a dense table would take 640 MB."""
    rng = np.random.default_rng(0)
    found, true = (pd.DataFrame({"t": rng.integers(0, 90, n), "y": rng.random(n) * 2000, "x": rng.random(n) * 2000,
                                 "kind": "division", "score": rng.random(n)}) for n in (40_000, 2000))
    matches = match(found, true)
    assert len(set(matches[matches >= 0])) == (matches >= 0).sum() > 1000
