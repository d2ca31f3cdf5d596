"""Counts per run and frame pair, against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tapnb.metrics import confusion, scores


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


def test_the_bootstrap_draws_blocks_of_frames_the_same_for_all():
    counts = np.zeros((1, 40, 4), int)
    counts[0, :, 3] = 2 ** np.arange(40)  # a sum tells which frame pairs were drawn
    drawn = confusion.bootstrap({"a": counts, "b": counts}, draws=50)
    np.testing.assert_array_equal(drawn["a"], drawn["b"])
    assert drawn["a"].shape == (50, 1, 4) and len(np.unique(drawn["a"][..., 3])) == 50
    everywhere = confusion.bootstrap({"a": np.ones((3, 7, 4), int)}, draws=5)["a"]
    assert everywhere.shape == (5, 2, 4) and (everywhere == 7).all()  # as many frame pairs as there were, a run less
    assert confusion.bootstrap({"a": np.ones((3, 7, 4), int)}, draws=5, all_runs=True)["a"].shape == (5, 3, 4)


def test_the_mean_of_the_drawn_runs_varies_as_that_of_new_runs_would():
    runs = np.random.default_rng(0).normal(size=(4, 1, 1)) * np.ones((1, 3, 1))
    drawn = confusion.bootstrap({"a": runs}, draws=20000)["a"].mean(1)[:, 0] / 3
    assert drawn.std() == pytest.approx(runs[:, 0, 0].std(ddof=1) / 2, rel=0.03)


def test_the_bootstrap_interval_of_a_share_is_near_wilsons():
    rng = np.random.default_rng(0)
    right = rng.binomial(50, 0.8, (1, 400, 1))
    counts = np.concatenate([0 * right, 0 * right, 50 - right, right], axis=2)
    drawn = confusion.scores(confusion.bootstrap({"a": counts}, draws=2000)["a"]).mean(1)[:, 3]
    low, high = confusion.interval(drawn)
    expected = scores.share_interval(int(right.sum()), 50 * 400)
    assert (high - low) == pytest.approx(expected[1] - expected[0], rel=0.15) and low < right.mean() / 50 < high


def test_runs_that_differ_widen_the_interval():
    runs = np.array([[[5, 5, 5, 5]] * 8, [[9, 1, 1, 9]] * 8])
    low, high = confusion.interval(confusion.f1(confusion.bootstrap({"a": runs})["a"]).mean(1))
    assert low == pytest.approx(0.5) and high == pytest.approx(0.9)
