"""Calibration errors against a slow independent one and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from tapnb.metrics import calibration
from tapnb.studies.calibration import remark


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


def logits_and_labels(n=400, seed=0, strength=3.0):
    rng = np.random.default_rng(seed)
    true = rng.normal(-1, 2, n)
    offset = rng.normal(0, 5, n)  # what both logits share must not matter
    return np.stack([offset, offset + strength * true], axis=1), rng.random(n) < expit(true)


def nll(logits, labels, t):
    p = softmax(logits / t, axis=1)
    return -np.log(p[np.arange(len(labels)), labels.astype(int)]).mean()


def test_no_other_temperature_is_likelier():
    logits, labels = logits_and_labels()
    t = calibration.temperature(logits, labels)
    grid = np.exp(np.linspace(np.log(t) - 2, np.log(t) + 2, 4001))
    losses = [nll(logits, labels, g) for g in grid]
    assert grid[np.argmin(losses)] == pytest.approx(t, rel=2e-3) and nll(logits, labels, t) <= min(losses)
    assert t == pytest.approx(3, rel=0.25)  # what the logits were stretched by


def test_it_is_the_optimum_that_l_bfgs_finds_and_its_slope_is_zero():
    logits, labels = logits_and_labels(seed=4)
    found = calibration.temperature(logits, labels)
    z, y = torch.from_numpy(logits), torch.from_numpy(labels.astype(np.int64))
    log_t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_t], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(z / log_t.exp(), y)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert found == pytest.approx(float(log_t.detach().exp()), rel=1e-5)
    with torch.no_grad():
        log_t.copy_(torch.tensor(np.log(found)))
    closure()
    assert abs(float(log_t.grad)) < 1e-10


def test_labels_that_leave_no_optimum_end_at_a_bound_and_say_so():
    separable = np.array([[0, 2.0], [0, -3.0]]), np.array([True, False])
    assert calibration.temperature(*separable) == calibration.TEMPERATURES[0]
    assert "lower bound 0.01" in remark(calibration.temperature(*separable))
    contrary = np.array([[0, 2.0], [0, -3.0]]), np.array([False, True])
    assert calibration.temperature(*contrary) == calibration.TEMPERATURES[1]
    assert "upper bound 1000" in remark(calibration.temperature(*contrary))
    assert calibration.temperature(np.ones((3, 2)), np.array([True, False, False])) == 1
    assert remark(1.0) == ""


def test_labels_of_one_class_have_an_optimum_if_one_of_them_is_missed():
    logits = np.array([[0, -4.0], [0, -3.0], [0, 1.0]])
    labels = np.zeros(3, bool)
    t = calibration.temperature(logits, labels)
    assert calibration.TEMPERATURES[0] < t < calibration.TEMPERATURES[1]
    assert nll(logits, labels, t) < min(nll(logits, labels, t * 1.01), nll(logits, labels, t / 1.01))


@pytest.mark.parametrize("logits", [np.zeros((0, 2)), np.zeros((3, 1)), np.full((3, 2), np.nan)])
def test_logits_without_sense_are_refused(logits):
    with pytest.raises(ValueError, match="temperature scaling got logits of shape"):
        calibration.temperature(logits, np.zeros(len(logits), bool))


def test_the_factor_undoes_a_factor():
    rng = np.random.default_rng(0)
    p = rng.random(20_000) * 0.5
    labels = rng.random(len(p)) < 0.4 * p
    assert calibration.best_factor(p, labels) == pytest.approx(0.4, abs=0.05)
    assert calibration.best_factor(np.zeros(5), np.zeros(5, bool)) == 1  # all factors are equal: none is needed


def test_scale_and_offset_undo_what_was_done_to_true_probabilities():
    """Margins stretched by 20 and shifted: what remains after the fit are the true ones."""
    rng = np.random.default_rng(0)
    true = rng.normal(-2, 1.5, 40_000)
    labels = rng.random(len(true)) < expit(true)
    a, b = calibration.scale_and_offset(20 * true + 60, labels)
    assert a == pytest.approx(1 / 20, rel=0.05) and b == pytest.approx(-3, rel=0.05)


@pytest.mark.parametrize("margins, labels", [([1.0, 2.0], [False, False]), ([3.0, 3.0], [True, False])])
def test_scale_and_offset_of_pairs_that_tell_nothing_are_their_share(margins, labels):
    a, b = calibration.scale_and_offset(np.array(margins), np.array(labels))
    assert a == 0 and expit(b) == pytest.approx((sum(labels) + 0.5) / 3)
