"""Rounding to bf16 against PyTorch's own bf16, which is slow on a processor without units for it."""

import torch
from torch.nn import functional as F

from tapnb import losses, models
from tapnb.system import precision


def gradients(context) -> torch.Tensor:
    """Of all weights, after one step of a small time-arrow network."""
    torch.manual_seed(0)
    model = models.TimeArrowModel((4, 8, 8, 8))
    pairs, flip = torch.rand(8, 2, 24, 24), torch.arange(8) % 2 == 0
    with context:
        logits, z = model(pairs)
    (losses.time_arrow(logits, flip) + z.float().tanh().pow(2).mean()).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def test_a_rounded_convolution_is_pytorchs_own_in_bf16():
    torch.manual_seed(0)
    x, weight = torch.rand(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
    with precision.RoundedToBfloat16():
        ours = F.conv2d(x, weight)
    own = F.conv2d(x.bfloat16(), weight.bfloat16()).float()
    assert ours.dtype == torch.float32 and torch.equal(ours, ours.bfloat16().float())
    torch.testing.assert_close(ours, own, rtol=2**-7, atol=1e-6)  # at most the last bit, by the order of sums


def test_gradients_are_nearer_to_autocasts_than_to_float32s():
    exact = gradients(torch.autocast("cpu", enabled=False))
    own = gradients(torch.autocast("cpu", dtype=torch.bfloat16))
    ours = gradients(precision.RoundedToBfloat16())
    error, apart = (own - exact).norm(), (ours - own).norm()
    assert apart < error / 2 < (ours - exact).norm()  # it is rounded as much, and
    assert F.cosine_similarity(ours - exact, own - exact, dim=0) > 0.9  # in the same direction
