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


def test_cross_entropy_prefers_the_true_class():
    """Eq. 3 for two pairs, by hand; of the time arrow, class 0 says that the frame shown first is the earlier."""
    logits = torch.tensor([[3.0, 0.0], [3.0, 0.0]])
    right = losses.cross_entropy(logits[:1], torch.tensor([False]))
    wrong = losses.cross_entropy(logits[:1], torch.tensor([True]))
    assert right.item() == pytest.approx(math.log(1 + math.exp(-3)))
    assert wrong.item() == pytest.approx(math.log(1 + math.exp(3)))
    both = losses.cross_entropy(logits, torch.tensor([0, 1]))
    assert both.item() == pytest.approx((right.item() + wrong.item()) / 2)


@pytest.mark.parametrize("weight", [0.0, 0.01, 2.0])
def test_the_pretraining_loss_is_the_sum_of_its_terms(weight):
    generator = torch.Generator().manual_seed(0)
    logits, z = torch.randn(4, 2, generator=generator), torch.randn(4, 2, 5, 3, 3, generator=generator) / 4
    flip = torch.tensor([True, False, True, True])
    loss, extra = losses.time_arrow(logits, flip, z, weight, temperature=0.5, unit_length=True)
    assert extra.item() == pytest.approx(losses.decorrelation(z, 0.5, unit_length=True).item()) and extra.item() > 0.1
    assert loss.item() == pytest.approx(losses.cross_entropy(logits, flip).item() + weight * extra.item())
