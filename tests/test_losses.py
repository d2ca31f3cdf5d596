"""The two terms of Eq. 4 against hand-worked values and a plain double loop."""

import math

import pytest
import torch

from tapnb import losses, models


@pytest.mark.parametrize("unit_length", [False, True])
def test_decorrelation_equals_a_plain_double_loop(unit_length):
    z = torch.randn(3, 2, 5, 4, 4, generator=torch.Generator().manual_seed(0)).double() / 4  # mild: the term is not 0
    total = 0.0
    for frame in z.flatten(0, 1):
        rows = frame.flatten(1)
        if unit_length:
            rows = rows / rows.norm(dim=1, keepdim=True)
        for i in range(5):
            products = [float(rows[i] @ rows[j]) / 0.2 for j in range(5)]
            top = max(products)
            total -= (products[i] - top - math.log(sum(math.exp(p - top) for p in products))) / 5
    assert total / 6 > 0.01
    assert losses.decorrelation(z, 0.2, unit_length).item() == pytest.approx(total / 6, rel=1e-4)


def test_identical_channels_cost_the_logarithm_of_their_number():
    z = torch.ones(1, 8, 3, 3)
    assert losses.decorrelation(z).item() == pytest.approx(math.log(8), rel=1e-5)


def test_the_unnormalised_term_is_saturated_at_96_pixels():
    """On an untrained network the loss and its gradient are exactly 0; with unit length they are not."""
    torch.manual_seed(0)
    model = models.DenseFeatures()
    pairs = torch.rand(2, 2, 96, 96)
    found = {}
    for unit_length in (False, True):
        z = model(pairs)
        loss = losses.decorrelation(z, unit_length=unit_length)
        (gradient,) = torch.autograd.grad(loss, z)
        found[unit_length] = loss.item(), gradient.abs().max().item()
    assert found[False] == (0.0, 0.0)
    assert found[True][0] > 0.1 and found[True][1] > 0


def test_time_arrow_prefers_the_earlier_frame():
    logits = torch.tensor([[3.0, 0.0], [3.0, 0.0]])
    right = losses.time_arrow(logits[:1], torch.tensor([False]))  # shown in order: frame 0 is the earlier
    wrong = losses.time_arrow(logits[:1], torch.tensor([True]))
    assert right.item() == pytest.approx(math.log(1 + math.exp(-3)))
    assert wrong.item() == pytest.approx(math.log(1 + math.exp(3)))
