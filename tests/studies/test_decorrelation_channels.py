"""Covariance of feature channels against NumPy; rank and correlation of known matrices; the table of them."""

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb import arrow, models
from tapnb.metrics.scores import share_interval
from tapnb.store import runs
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
    correlations = decorrelation_channels.correlation(np.diag([1.0, 0.0, 2.0]))
    np.testing.assert_array_equal(correlations, np.eye(3))


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


def row(network, seed, rank=3.04):
    return {"network": network, "seed": seed, "mean_absolute_correlation": 0.12345, "effective_rank": rank}


def test_the_table_has_the_accuracies_at_the_largest_crop_of_the_networks_that_were_trained(tmp_path):
    accuracies = [{"sampler": "uniform", "size": size, "right": right, "n": 100}
                  for size, right in ((48, 60), (96, 75))]
    training = runs.Run(tmp_path, {"name": "tap-x", "results": {"accuracies": accuracies}})
    table = decorrelation_channels.table([row("untrained", 1), row("trained", 1, 7.96)], {"trained": training})
    assert table.to_dict("records") == [
        {"network": "untrained", "mean |r|": "0.123", "effective rank": "3.0", "uniform, 96 pixels": ""},
        {"network": "trained", "mean |r|": "0.123", "effective rank": "8.0",
         "uniform, 96 pixels": "0.750 ({:.3f} to {:.3f})".format(*share_interval(75, 100))}]


def test_short_trainings_of_the_first_seed_are_drawn_beside_the_others():
    rows = [row("untrained", 9), row("trained", 4), row("unscaled, seed 5", 5), row("unit length, seed 5", 5),
            row("unscaled, seed 4", 4)]
    assert decorrelation_channels.of_first_seed(rows) == rows[:4]
    assert decorrelation_channels.of_first_seed(rows[:2]) == rows[:2]  # no short training at all
