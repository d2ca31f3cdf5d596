"""Covariance of feature channels against NumPy; rank and correlation of known matrices."""

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb import arrow, models
from tapnb.studies import decorrelation_channels

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(2, frames=5)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return models.TimeArrowModel((4, 8, 8, 8))


def test_covariance_is_that_of_all_pixels(model, movie):
    model.eval()
    source, pairs = arrow.held_out_pairs(movie, 16, 7, CPU)["uniform"]
    ours = decorrelation_channels.covariance(model, source, pairs, batch=3)
    with torch.no_grad():
        z = model.features(source.gather(pairs))
    samples = z.permute(2, 0, 1, 3, 4).flatten(1).double().numpy()  # (C, N 2 h w)
    np.testing.assert_allclose(ours, np.cov(samples, bias=True), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(decorrelation_channels.correlation(ours), np.corrcoef(samples), rtol=1e-3, atol=1e-4)


def test_a_dead_channel_correlates_with_nothing():
    found = decorrelation_channels.correlation(np.diag([1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(found, np.eye(3))


def test_effective_rank_and_mean_correlation_of_known_matrices():
    assert decorrelation_channels.effective_rank(np.eye(32)) == pytest.approx(32)
    assert decorrelation_channels.effective_rank(np.ones((32, 32))) == pytest.approx(1)
    assert decorrelation_channels.effective_rank(np.diag([1.0, 1.0, 0.0])) == pytest.approx(2)
    assert decorrelation_channels.mean_absolute_correlation(np.array([[1, -0.5], [-0.5, 1]])) == 0.5


def test_networks_are_compared_on_the_same_windows_and_left_as_they_are(movie, model):
    model.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    networks = {"a": (model, 1), "b": (model, 2), "untrained": (model, 3)}
    first, again, fresh = decorrelation_channels.compare(networks, movie, 4, CPU)
    assert first["correlation"] == again["correlation"] != fresh["correlation"]  # batch statistics are others
    assert [row["seed"] for row in (first, again, fresh)] == [1, 2, 3] and 1 <= first["effective_rank"] <= 32
    matrix = np.array(first["correlation"])
    assert first["mean_absolute_correlation"] == pytest.approx(np.abs(matrix[np.triu_indices(32, 1)]).mean(), abs=1e-4)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    with pytest.raises(ValueError, match="number of channel pairs is 0"):
        decorrelation_channels.compare({"a": (model, 1)}, movie, 0, CPU)
