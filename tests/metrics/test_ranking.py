"""Average precision under weights, against scikit-learn; its differences, by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from tapnb.metrics import ranking


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_it_is_scikit_learns_with_repeated_cases_and_ties(rng):
    labels, order = rng.random(200) < 0.2, rng.integers(0, 12, 200) / 12
    weights = rng.integers(0, 4, (5, 200))
    expected = [average_precision_score(np.repeat(labels, w), np.repeat(order, w)) for w in weights]
    assert ranking.average_precision(labels, order, weights) == pytest.approx(expected)


def test_without_a_positive_it_is_zero():
    assert ranking.average_precision(np.array([True, False]), np.array([1.0, 0.0]), np.array([[0, 1], [1, 1]])).tolist() == [0, 1]


def predictions(rng, labels, noise, seeds=(20, 40, 60)):
    return pd.concat([pd.DataFrame({"seed": seed, "part": "test", "pair": np.arange(len(labels)), "label": labels,
                                    "logit_0": 0.0, "logit_1": 2 * labels + noise * rng.standard_normal(len(labels))})
                      for seed in seeds])


def test_the_better_ranking_is_told_and_a_strategy_does_not_differ_from_itself(rng):
    t, labels = np.repeat(np.arange(40), 25), rng.random(1000) < 0.15
    good, bad = predictions(rng, labels, 0.5), predictions(rng, labels, 3.0)
    found = ranking.precision_differences({"A1": good, "B1": bad, "C1": good}, t).set_index(["first", "second"])
    assert list(found.index) == [("A1", "B1"), ("A1", "C1")]
    better = found.loc[("A1", "B1")]
    by_run = [average_precision_score(labels, run["logit_1"]) for f in (good, bad) for _, run in f.groupby("seed")]
    assert better["difference"] == pytest.approx(np.mean(by_run[:3]) - np.mean(by_run[3:]))
    assert 0 < better["low"] < better["difference"] < better["high"]
    same = found.loc[("A1", "C1")]
    assert same["difference"] == 0 and same["low"] < 0.005 and same["high"] > -0.005


def test_margins_far_beyond_a_probability_of_one_are_ranked(rng):
    t, labels = np.repeat(np.arange(40), 25), rng.random(1000) < 0.15
    near, bad = predictions(rng, labels, 0.5), predictions(rng, labels, 3.0)
    far = near.assign(logit_1=100 + 50 * near["logit_1"])
    one, other = (ranking.precision_differences({"A1": f, "B1": bad}, t)["difference"].item() for f in (near, far))
    assert one == pytest.approx(other)


def test_one_run_and_one_strategy_are_no_comparison(rng):
    labels = rng.random(100) < 0.3
    assert ranking.precision_differences({"A0": predictions(rng, labels, 1, [20])}, np.arange(100) // 10).empty
