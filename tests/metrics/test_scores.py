"""Metrics against hand-worked cases and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tapnb.metrics import scores


def test_scores_of_the_papers_confusion_matrix():
    """Table 3: 15502 / 1028 / 272 / 2198 give 0.98, 0.94, 0.68, 0.89."""
    labels = np.repeat([False, False, True, True], [15502, 1028, 272, 2198])
    predicted = np.repeat([False, True, False, True], [15502, 1028, 272, 2198])
    found = scores.scores(labels, predicted)
    assert {k: round(v, 2) for k, v in found.items()} == {"prec 0": 0.98, "rec 0": 0.94, "prec 1": 0.68, "rec 1": 0.89}


def test_a_head_that_never_says_event_has_precision_zero():
    found = scores.scores(np.array([True, False]), np.array([False, False]))
    assert found == {"prec 0": 0.5, "rec 0": 1.0, "prec 1": 0.0, "rec 1": 0.0}


def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"seed": np.repeat([20, 40], 100), "part": np.tile(["test", "validation"], 100),
                          "pair": np.arange(200), "label": rng.random(200) < 0.3,
                          "logit_0": rng.normal(size=200) * 30, "logit_1": rng.normal(size=200) * 30})
    return frame


def test_probability_is_the_softmax():
    frame = predictions()
    logits = frame[["logit_0", "logit_1"]].to_numpy()
    shifted = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(scores.probability(frame), (shifted / shifted.sum(1, keepdims=True))[:, 1], atol=1e-12)


def test_pairs_are_ranked_by_their_margin_also_where_their_probability_is_one():
    """Margins of 60 and 90 both have probability 1; which of them is the event still counts."""
    frame = pd.DataFrame({"seed": 20, "part": "test", "pair": range(4), "label": [True, False, False, False],
                          "logit_0": [-45.0, -30.0, 40.0, 50.0], "logit_1": [45.0, 30.0, -40.0, -50.0]})
    assert scores.probability(frame).tolist()[:2] == [1, 1]
    assert scores.scores_per_run(frame)["average precision"].tolist() == [1]
    assert scores.scores_per_run(frame.assign(label=[False, True, False, False]))["average precision"].tolist() == [0.5]


def test_scores_per_run_use_one_run_and_one_part():
    frame = predictions()
    found = scores.scores_per_run(frame, "validation").set_index("seed")
    chosen = frame[(frame["seed"] == 40) & (frame["part"] == "validation")]
    predicted = chosen["logit_1"] > chosen["logit_0"]
    assert found.loc[40, "rec 1"] == pytest.approx(metrics.recall_score(chosen["label"], predicted))
    assert found.loc[40, "average precision"] == pytest.approx(
        metrics.average_precision_score(chosen["label"], chosen["logit_1"] - chosen["logit_0"]))


def test_mean_and_spread_by_hand():
    found = scores.mean_and_spread(pd.DataFrame({"seed": [20, 40], "rec 1": [0.6, 0.8]}))
    assert found.loc["mean", "rec 1"] == pytest.approx(0.7)
    assert found.loc["std", "rec 1"] == pytest.approx(0.2 / 2**0.5)
    assert scores.with_spread(*found["rec 1"]) == "0.70 ± 0.14"


def test_one_run_has_no_spread():
    found = scores.mean_and_spread(pd.DataFrame({"seed": [20], "rec 1": [0.6]}))
    assert np.isnan(found.loc["std", "rec 1"]) and scores.with_spread(*found["rec 1"]) == "0.60"


def test_wilsons_interval_by_its_formula():
    k, n, z = 84, 100, 1.959964
    centre = (k / n + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))
    assert scores.share_interval(k, n) == pytest.approx((centre - half, centre + half), rel=1e-5)


def test_average_precision_without_positives_is_not_a_number():
    assert np.isnan(scores.average_precision(np.zeros(3, bool), np.arange(3)))


def test_a_paired_interval_covers_the_truth_as_often_as_it_says():
    rng, shares = np.random.default_rng(0), [0.15, 0.05, 0.6, 0.2]  # first only, second only, both, neither
    inside = [low < 0.1 < high for only_1, only_2, *_ in rng.multinomial(300, shares, 2000)
              for low, high in [scores.paired_difference_interval(only_1, only_2, 300)]]
    assert 0.935 < np.mean(inside) < 0.965
    apart, paired = scores.difference_interval(225, 300, 195, 300), scores.paired_difference_interval(45, 15, 300)
    assert paired[1] - paired[0] < 0.8 * (apart[1] - apart[0])


def test_newcombes_interval_of_a_published_example():
    """Newcombe (1998), method 10: 56/70 less 48/80 has 0.0524 to 0.3339."""
    assert scores.difference_interval(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@pytest.mark.parametrize("tied", [False, True])
def test_scores_are_scikit_learns_to_the_last_bit(tied):
    rng = np.random.default_rng(1)
    labels = rng.random(3000) < 0.2
    ranking = rng.normal(size=3000) + labels
    ranking = ranking.round(1) if tied else ranking
    assert scores.average_precision(labels, ranking) == metrics.average_precision_score(labels, ranking)
    precision, recall, _, _ = metrics.precision_recall_fscore_support(labels, ranking > 0.5)
    assert list(scores.scores(labels, ranking > 0.5).values()) == [precision[0], recall[0], precision[1], recall[1]]
