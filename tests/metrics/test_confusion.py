"""Counts per run and frame pair, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tapnb.metrics import confusion, scores
from tapnb.metrics.intervals import estimate


def predictions(n=300):
    rng = np.random.default_rng(3)
    return pd.DataFrame({"seed": np.repeat([20, 40], n), "part": "test", "pair": np.tile(np.arange(n), 2),
                         "label": np.tile(rng.random(n) < 0.3, 2), "logit_0": rng.normal(size=2 * n),
                         "logit_1": rng.normal(size=2 * n)})


def test_counts_add_up_to_the_confusion_matrix_of_every_run():
    frame, t = predictions(), np.random.default_rng(1).integers(0, 9, 300)
    found = confusion.by_frame(frame, t, 10)
    counts = np.array(found["counts"])
    assert found["seeds"] == [20, 40] and counts.shape == (2, 10, 4) and not counts[:, 9].any()
    for run, seed in zip(counts, found["seeds"]):
        one = frame[frame["seed"] == seed]
        matrix = metrics.confusion_matrix(one["label"], one["logit_1"] > one["logit_0"])
        np.testing.assert_array_equal(run.sum(0), matrix.ravel())
        at_4 = one[t[one["pair"]] == 4]
        assert run[4, 1:].sum() - run[4, 1] == at_4["label"].sum()  # fn + tp


def test_scores_and_f1_agree_with_scikit_learn():
    frame = predictions()
    one = frame[frame["seed"] == 20]
    counts = np.array(confusion.by_frame(one, np.zeros(300, int), 1)["counts"])[0, 0]
    expected = scores.scores(one["label"].to_numpy(), (one["logit_1"] > one["logit_0"]).to_numpy())
    np.testing.assert_allclose(confusion.scores(counts), list(expected.values()))
    assert confusion.f1(counts) == pytest.approx(metrics.f1_score(one["label"], one["logit_1"] > one["logit_0"]))
    assert not confusion.scores(np.zeros(4)).any() and confusion.f1(np.zeros(4)) == 0


def test_blocks_of_frames_are_drawn_the_same_for_all():
    weights = confusion.frame_weights(42, 50, np.random.default_rng(0))
    assert weights.shape == (50, 42) and (weights.sum(1) == 42).all() and len(np.unique(weights, axis=0)) == 50
    counts = np.zeros((1, 42, 4), int)
    counts[0, :, 3] = 2 ** np.arange(42)  # a sum tells which frame pairs were drawn
    drawn = confusion.resample({"a": counts, "b": counts}, lambda c: c[..., 3], draws=50)
    np.testing.assert_array_equal(drawn["a"].draws, drawn["b"].draws)


def test_the_resampled_score_of_a_run_is_its_own_on_drawn_frames():
    counts = np.random.default_rng(2).poisson(9, (3, 20, 4))
    found = confusion.resample({"a": counts, "b": counts}, confusion.f1, draws=40)
    assert found["a"].runs == pytest.approx(confusion.f1(counts.sum(1))) and found["a"].groups == 5
    assert found["a"].draws.shape == (40, 3) and np.array_equal(found["a"].draws, found["b"].draws)
    only = np.zeros((1, 8, 4), int)
    only[0, :4] = 9, 1, 0, 5  # the second half of the movie has nothing
    assert len(set(confusion.resample({"a": only}, draws=50)["a"].draws[:, 0].round(6))) == 2  # some of it, or nothing


def test_a_difference_of_a_strategy_from_itself_is_none():
    counts = np.random.default_rng(2).poisson(9, (1, 20, 4))
    e = confusion.difference({"a": counts, "b": counts}, "prec 1")
    assert (e.value, e.low, e.high) == (0, 0, 0)


def test_the_interval_of_one_run_is_that_of_its_frames():
    rng = np.random.default_rng(0)
    right = rng.binomial(50, 0.8, (1, 400, 1))
    counts = np.concatenate([0 * right, 0 * right, 50 - right, right], axis=2)
    e = estimate(confusion.resample({"a": counts}, lambda c: confusion.scores(c)[..., 3])["a"])
    expected = scores.share_interval(int(right.sum()), 50 * 400)
    assert e.high - e.low == pytest.approx(expected[1] - expected[0], rel=0.15)


def test_strategies_with_the_same_hard_frames_are_compared_frame_by_frame():
    rng = np.random.default_rng(0)
    hard = rng.binomial(20, rng.random((1, 60, 1)))  # missed by both, more in some frames than in others
    one, other = (np.concatenate([0 * hard + 40, 0 * hard + 5, hard + extra, 25 - hard], axis=2) for extra in (0, 1))
    own = estimate(confusion.resample({"a": one})["a"])
    e = confusion.difference({"a": one, "b": other})
    assert 0 < e.high - e.low < (own.high - own.low) / 4


def test_blocks_of_frames_are_drawn_together():
    """Frames that come in fours, all alike within, say no more than a quarter as many."""
    rng = np.random.default_rng(3)
    right = np.repeat(rng.binomial(20, 0.5, (1, 50, 1)), 4, axis=1)
    alike = np.concatenate([0 * right, 0 * right, 20 - right, right], axis=2)
    apart = alike[:, rng.permutation(200)]
    widths = [np.ptp([e.low, e.high]) for e in (estimate(confusion.resample({"a": c})["a"]) for c in (alike, apart))]
    assert 1.4 < widths[0] / widths[1] < 2  # two, but that a block of four begins anywhere in such a four


def simulated_runs(rng, strength, runs, hard):
    """Outcomes of runs that differ a little from each other, on frames some of which are hard for all of them."""
    missed = 1 / (1 + np.exp(strength - hard + rng.normal(0, 0.15, (runs, 1))))
    fn, fp = rng.binomial(20, missed), rng.binomial(60, missed / 4)
    return np.stack([60 - fp, fp, fn, 20 - fn], axis=-1)


def two(rng, runs, frames=48):
    """Two strategies on the same frames; the second has others that are hard for it."""
    hard = rng.normal(0, 0.6, (2, frames))
    return {"a": simulated_runs(rng, 1.4, runs, hard[0]), "b": simulated_runs(rng, 1.0, runs, hard[0] + hard[1])}


def coverage(runs, repetitions, draws):
    """Share of 95 % intervals of a difference in F1 that hold the true one: Student's, and those of resampled runs."""
    rng = np.random.default_rng(4)
    truth = np.mean([confusion.f1(a.sum(1)).mean() - confusion.f1(b.sum(1)).mean() for a, b in (two(rng, 30).values() for _ in range(1500))])
    held = np.zeros(2)
    for _ in range(repetitions):
        both = two(rng, runs)
        e = confusion.difference(both, draws=draws)
        again = (np.take_along_axis(side.draws, rng.integers(0, runs, (draws, runs)), 1).mean(1)
                 for side in confusion.resample(both, draws=draws).values())
        low, high = np.quantile(next(again) - next(again), [0.025, 0.975])
        held += [e.low <= truth <= e.high, low <= truth <= high]
    return held / repetitions


def test_a_few_runs_are_covered_and_resampled_ones_are_not():
    ours, percentiles = coverage(runs=3, repetitions=500, draws=150)
    assert 0.93 <= ours <= 0.985  # a standard error of 0.01
    assert percentiles < ours - 0.015


def test_sides_of_a_movie_are_resampled_each_for_itself():
    counts = np.zeros((1, 60, 4), int)
    counts[0, :30, 0], counts[0, 30:, 0] = np.arange(30), 100 * np.arange(30)
    early = confusion.resample_in_two(counts, 30, lambda a, b: a[..., 0], 400)
    late = confusion.resample_in_two(counts, 30, lambda a, b: b[..., 0] / 100, 400)
    assert early.runs == pytest.approx([435]) and late.runs == pytest.approx([435]) and early.groups == pytest.approx(8)
    assert abs(np.corrcoef(early.draws[:, 0], late.draws[:, 0])[0, 1]) < 0.15


def test_runs_of_a_score_of_all_together_vary_by_the_jackknife():
    counts = np.zeros((3, 2, 4), int)
    counts[0, 0, 2:], counts[1, 1, 2:], counts[2, 1, 2:] = (9, 1), (5, 5), (3, 7)  # 1, 5 and 7 of 10 events are found
    found = confusion.resample_in_two(counts, 1, lambda a, b: (a + b)[..., 3] / (a + b)[..., 2:].sum(-1))
    assert found.runs == pytest.approx([0.1, 0.5, 0.7])  # a share of as many events in each: a mean, of which the jackknife gives the parts


def test_a_draw_without_what_is_counted_says_nothing_of_its_share():
    """A share that is the same wherever there is anything does not vary, though most draws miss the two blocks that hold it."""
    counts = np.zeros((2, 80, 2), int)
    counts[:, [1, 70]] = 10, 4
    assert confusion.blocks_with(counts[..., 0]) == 2
    e = confusion.share(counts)
    assert (e.value, e.low, e.high) == pytest.approx((0.4, 0.4, 0.4))
    against = np.concatenate([counts, np.full((2, 80, 1), 20), np.full((2, 80, 1), 2)], axis=2)
    assert confusion.share(against).value == pytest.approx(0.3)


def test_a_share_that_few_blocks_hold_is_known_from_few():
    counts = np.zeros((1, 80, 2), int)
    counts[..., 0], counts[..., 1] = 10, np.random.default_rng(3).integers(0, 11, 80)
    spread = np.ptp([confusion.share(counts).low, confusion.share(counts).high])
    few = counts.copy()
    few[:, 12:] = 0  # three blocks
    assert confusion.share(few).freedom == 2 and confusion.share(counts).freedom == 19
    assert np.ptp([confusion.share(few).low, confusion.share(few).high]) > 3 * spread


def test_the_share_of_a_rare_kind_is_covered():
    """Twelve crops in six frames of 90, five runs: as rare as the rarest kinds of false alarms that are shown."""
    rng, held = np.random.default_rng(2), []
    for _ in range(400):
        counts = np.zeros((5, 90, 2), int)
        frames = rng.choice(90, 6, replace=False)
        hard = rng.normal(0, 0.5, 6)
        rate = 1 / (1 + np.exp(-(-0.5 + hard + rng.normal(0, 0.3, (5, 1)))))
        counts[:, frames, 0], counts[:, frames, 1] = 2, rng.binomial(2, rate)
        e = confusion.share(counts, draws=100)
        held.append(e.low <= 0.385 <= e.high)  # the mean of 1 / (1 + exp(-x)) over a normal x of mean -0.5 and deviation 0.58
    assert np.mean(held) > 0.92  # a standard error of 0.012
