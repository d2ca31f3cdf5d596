"""Intervals: against hand-worked cases, and by simulation: how often do they hold the truth?"""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Groups, Resampled, estimate, holm, resample


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]).size == 0


def test_crops_of_one_event_are_drawn_together_and_negatives_by_block():
    labels = np.array([True, True, True, False, False, False])
    groups = Groups.of(labels, np.array([4, 4, 7, -1, -1, -1]), np.array([0, 0, 0, 1, 1, 2]))
    assert groups.index.tolist() == [0, 0, 1, 0, 0, 1] and groups.counts == (2, 2)
    for counts in groups.draw(500):
        assert (counts.sum(1) == 2).all() and counts[:, 0].std() > 0.5


def test_what_is_resampled_is_scikit_learns_average_precision():
    rng = np.random.default_rng(0)
    labels, margins = rng.random(80) < 0.3, rng.integers(0, 30, (2, 80)) / 7  # with ties
    groups = Groups.of(labels, rng.integers(0, 9, 80), rng.integers(0, 6, 80))
    drawn = groups.draw(50)
    resampled = resample(groups, margins, drawn, negative_weight=0.7)
    weights = np.where(labels, drawn[1][:, groups.index % groups.counts[1]],
                       0.7 * drawn[0][:, groups.index % groups.counts[0]])
    expected = [[average_precision_score(labels, m, sample_weight=w) for m in margins] for w in weights]
    assert resampled.draws == pytest.approx(np.array(expected))
    assert resampled.runs == pytest.approx([average_precision_score(labels, m, sample_weight=np.where(labels, 1, 0.7))
                                            for m in margins])


def test_without_resampling_it_is_welchs_test():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.6, 0.05, 4), rng.normal(0.5, 0.02, 3)
    first, second = (Resampled(v, np.tile(v, (10, 1)), 50) for v in (a, b))
    welch = stats.ttest_ind(a, b, equal_var=False)
    found = estimate(first, second)
    assert found.p == pytest.approx(welch.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(welch.confidence_interval()))


def test_what_somebody_tells_is_taken_as_runs_with_that_mean_and_spread():
    told = Resampled.told(0.7, 0.03, 10)
    assert told.runs.mean() == pytest.approx(0.7) and told.runs.std(ddof=1) == pytest.approx(0.03)
    e = estimate(told)
    assert (e.low, e.high) == pytest.approx(stats.t.interval(0.95, 9, 0.7, 0.03 / 10**0.5))


def test_a_strategy_does_not_differ_from_itself():
    one = Resampled(np.array([0.5]), np.random.default_rng(0).random((100, 1)), 20)
    assert estimate(one, one) == intervals.Estimate(0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("low", "high", "barely"), [(0.01, 0.21, True), (0.05, 0.25, False), (-0.2, -0.01, True)])
def test_an_interval_that_ends_close_to_zero_holds_barely(low, high, barely):
    assert intervals.Estimate((low + high) / 2, low, high, 0.04).barely is barely


def world(rng, runs, events=60, crops=4, blocks=50, negatives=10):
    """Margins of two strategies on one draw of events, blocks and runs; the first is better."""
    labels = np.repeat([True, False], [events * crops, blocks * negatives])
    event = np.concatenate([np.repeat(np.arange(events), crops), np.full(blocks * negatives, -1)])
    block = np.concatenate([np.full(events * crops, -1), np.repeat(np.arange(blocks), negatives)])
    shared = np.where(labels, np.repeat(rng.normal(0, 0.8, events), crops)[np.minimum(np.arange(len(labels)), events * crops - 1)],
                      rng.normal(0, 0.5, blocks)[np.maximum(block, 0)])
    strength = [np.array([1.7, 1.4])[k] + rng.normal(0, 0.25, (runs, 1)) for k in (0, 1)]
    margins = [labels * s + shared + rng.normal(0, 0.8, (runs, len(labels))) for s in strength]
    return labels, event, block, margins


def coverage(runs, repetitions, draws):
    """Share of 95 % intervals that hold the true difference: ours, and percentiles of resampled runs and events."""
    rng = np.random.default_rng(5)
    truth = np.mean([average_precision_score(labels, a[0]) - average_precision_score(labels, b[0])
                     for labels, _, _, (a, b) in (world(rng, 1) for _ in range(1500))])
    held = np.zeros(2)
    for _ in range(repetitions):
        labels, event, block, margins = world(rng, runs)
        groups = Groups.of(labels, event, block)
        drawn = groups.draw(draws, int(rng.integers(1 << 30)))
        a, b = (resample(groups, m, drawn) for m in margins)
        ours = estimate(a, b)
        picked = [np.take_along_axis(s.draws, rng.integers(0, runs, (draws, runs)), 1).mean(1) for s in (a, b)]
        low, high = np.quantile(picked[0] - picked[1], [0.025, 0.975])
        held += [ours.low <= truth <= ours.high, low <= truth <= high]
    return held / repetitions


def test_three_runs_are_covered_and_percentiles_would_not_do():
    ours, percentiles = coverage(runs=3, repetitions=250, draws=120)
    assert 0.92 <= ours <= 0.99  # a standard error of 0.014
    assert percentiles < ours


@pytest.mark.slow
@pytest.mark.parametrize("runs", [3, 5, 10])
def test_coverage_with_more_repetitions(runs):
    ours, _ = coverage(runs, repetitions=1500, draws=200)
    assert 0.93 <= ours <= 0.98
