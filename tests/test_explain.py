"""Grad-CAM: the formula, tiles without seams, regions counted as defined, runs that resume."""


import numpy as np
import pytest
import torch
from torch import nn
from toys import shrinking_discs, small_model

from tapnb import explain

CPU = torch.device("cpu")


@pytest.mark.parametrize("shape", [(251, 190), (256, 128), (133, 304)])
def test_tiles_leave_no_seam_and_keep_the_movies_own_border(shape):
    features, frame = small_model().features, torch.rand(shape)
    whole = explain.dense_features(features, frame)
    assert whole.shape == (32, *shape)
    for tile in (64, 120):
        torch.testing.assert_close(explain.dense_features(features, frame, tile), whole, rtol=1e-4, atol=1e-4)


def test_the_margin_is_what_the_network_sees():
    features, frame = small_model().features, torch.rand(200, 200)
    frame.requires_grad_()
    for y, x in ((96, 96), (100, 103)):  # reach depends on the place within a cell of 8
        (seen,) = torch.autograd.grad(features(frame[None, None])[0, 0, :, y, x].sum(), frame)
        rows, columns = seen.nonzero().T
        assert max((rows - y).abs().max(), (columns - x).abs().max()) <= explain.MARGIN


def test_a_tile_that_would_shift_the_poolings_is_refused():
    with pytest.raises(ValueError, match="tiles of 100 px: their side must be a multiple of 8"):
        explain.dense_features(small_model().features, torch.rand(64, 64), 100)


class MeanOfProducts(nn.Module):
    """A head whose gradient is known: logit f is the mean over pixels of a_f . z_0 + b_f . z_1."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = a, b

    def forward(self, z):
        return torch.einsum("fc,ncp->nf", self.a, z[:, 0].flatten(2)) / z[0, 0, 0].numel() + torch.einsum(
            "fc,ncp->nf", self.b, z[:, 1].flatten(2)) / z[0, 0, 0].numel()


def test_for_a_linear_head_the_weights_are_its_coefficients():
    a, b = torch.tensor([[1.0, -2.0], [5.0, 5.0]]), torch.tensor([[0.5, 0.0], [7.0, 7.0]])
    z = torch.randn(2, 2, 37, 5)  # 37 rows: the last band is a short one
    first, second = explain.grad_cam(MeanOfProducts(a, b), z)
    torch.testing.assert_close(first, (z[0, 0] - 2 * z[0, 1]).abs())
    torch.testing.assert_close(second, (0.5 * z[1, 0]).abs())
    expected = -4 * z[0, 0] - 7 * z[0, 1] - 6.5 * z[1, 0] - 7 * z[1, 1]
    torch.testing.assert_close(explain.votes(MeanOfProducts(a, b), z), expected, rtol=1e-4, atol=1e-5)


def test_a_weight_is_how_the_logit_of_the_true_order_answers_to_a_channel():
    head = small_model().head.double()
    z = torch.randn(2, 32, 40, 24, dtype=torch.float64)
    with torch.no_grad():  # raising a channel everywhere by h changes the logit by h times its summed gradient
        weights = torch.stack([torch.stack([
            (head((z + raised(f, c, 1e-6))[None])[0, 0] - head((z - raised(f, c, 1e-6))[None])[0, 0]) / 2e-6
            for c in range(32)]) for f in (0, 1)])
    torch.testing.assert_close(explain.grad_cam(head, z), torch.einsum("fc,fchw->fhw", weights, z).abs(),
                               rtol=1e-4, atol=1e-6)


def raised(frame, channel, by):
    step = torch.zeros(2, 32, 1, 1, dtype=torch.float64)
    step[frame, channel] = by
    return step


def test_the_mean_of_the_votes_is_the_answer_and_swapping_the_frames_turns_them_round():
    head, z = small_model().head, torch.randn(2, 32, 40, 24)
    logits = head(z[None])[0]
    votes = explain.votes(head, z)
    torch.testing.assert_close(votes.mean(), logits[0] - logits[1], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(explain.votes(head, z.flip(0)), -votes, rtol=1e-4, atol=1e-5)


def test_features_of_a_frame_are_computed_once(monkeypatch):
    model, movie, calls = small_model(), shrinking_discs(1, frames=4), []
    original = explain.dense_features
    monkeypatch.setattr(explain, "dense_features", lambda *args: calls.append(1) or original(*args))
    kept = {}
    one, two = (explain.maps(model, movie, t, kept=kept) for t in (0, 1))
    assert len(calls) == 3 and set(kept) == {1, 2}
    alone = explain.maps(model, movie, 1)
    assert set(alone) == set(explain.MAPS) and all(np.array_equal(two[name], alone[name]) for name in alone)
    assert not np.array_equal(one["grad_cam"], two["grad_cam"])
