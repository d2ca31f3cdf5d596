"""Calibration errors against a slow independent one and scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from tapnb.metrics import calibration


def head(n=2000, seed=0, strength=2.0):
    """Margins and labels of a head that is too sure of itself by ``strength``."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-1.5, 2, n)
    return true * strength, rng.random(n) < 1 / (1 + np.exp(-true))


def slow_ece(confidence, outcome, bins):
    """As in Guo et al., Equation 3, bin by bin: B_m = ((m - 1) / M, m / M]."""
    total = 0.0
    for m in range(1, bins + 1):
        inside = [(c, o) for c, o in zip(confidence, outcome) if (m - 1) / bins < c <= m / bins]
        if inside:
            total += len(inside) / len(outcome) * abs(np.mean([o for _, o in inside]) - np.mean([c for c, _ in inside]))
    return total


def test_bins_by_hand():
    sums = calibration.bin_sums(np.array([0.0, 0.5, 0.51, 1.0]), np.array([False, True, True, True]), bins=2)
    np.testing.assert_allclose(sums, [[2, 0.5, 1], [2, 1.51, 2]])  # an inner edge belongs to the bin below
    assert calibration.ece(sums) == pytest.approx((0.5 + 0.49) / 4)
    assert calibration.ece(np.zeros((3, 15, 3))).tolist() == [0, 0, 0]


def test_bins_are_those_of_scikit_learn():
    margins, labels = head()
    p = 1 / (1 + np.exp(-margins))
    sums = calibration.bin_sums(p, labels)
    there = sums[:, 0] > 0
    frequency, confidence = calibration_curve(labels, p, n_bins=15)
    np.testing.assert_allclose(sums[there, 2] / sums[there, 0], frequency)
    np.testing.assert_allclose(sums[there, 1] / sums[there, 0], confidence)


def test_both_calibration_errors_against_the_slow_one():
    margins, labels = head(500)
    p = 1 / (1 + np.exp(-margins))
    found = calibration.measures(margins, labels)
    assert found["ece_class_1"] == pytest.approx(slow_ece(p, labels, 15))
    assert found["ece"] == pytest.approx(slow_ece(np.maximum(p, 1 - p), labels == (margins > 0), 15))


def test_likelihood_and_squared_error_against_scikit_learn():
    margins, labels = head()
    p = 1 / (1 + np.exp(-margins))
    found = calibration.measures(margins, labels)
    assert found["nll"] == pytest.approx(log_loss(labels, p))
    assert found["brier"] == pytest.approx(brier_score_loss(labels, p))
    certain = calibration.measures(np.array([np.inf, -np.inf, 800.0]), np.array([True, True, True]))
    assert certain["nll"] == np.inf and certain["brier"] == pytest.approx(1 / 3)


def test_frames_add_up_to_the_whole():
    margins, labels = head()
    p, frame = 1 / (1 + np.exp(-margins)), np.random.default_rng(1).integers(0, 9, len(labels))
    apart = calibration.sums_by_kind(p, labels, frame, 10)
    assert apart.shape == (10, 2, 15, 3) and not apart[9].any()
    np.testing.assert_allclose(apart.sum(0), calibration.sums_by_kind(p, labels))
    np.testing.assert_allclose(apart[4], calibration.sums_by_kind(p[frame == 4], labels[frame == 4]))


def test_a_true_head_has_the_error_that_chance_gives_and_more_pairs_shrink_it():
    few, many = (calibration.ece_by_chance(1 / (1 + np.exp(-head(n, strength=1.0)[0]))) for n in (100, 5000))
    margins, labels = head(5000, strength=1.0)
    assert many["ece_class_1"] < few["ece_class_1"] / 4
    assert calibration.measures(margins, labels)["ece_class_1"] == pytest.approx(many["ece_class_1"], abs=0.008)
    too_sure = calibration.measures(*head(5000, strength=3.0))
    assert too_sure["ece_class_1"] > 3 * many["ece_class_1"] and too_sure["ece"] > 3 * many["ece"]
