"""Which precision is taken, with and without units for bf16, and rounding against PyTorch's own bf16, slow without."""

import pytest
import torch
from torch.nn import functional as F

from tapnb import losses, models
from tapnb.system import precision

CPU = torch.device("cpu")
VARIABLE = "TAPNB_PRECISION"


@pytest.mark.parametrize("units", [False, True])
@pytest.mark.parametrize("variable, asked, expected", [
    (None, "auto", None), ("", "auto", None), ("auto", "auto", None),  # None: the hardware decides
    ("float32", "auto", "float32"), ("bfloat16", "auto", "bfloat16"),
    ("bfloat16", "float32", "float32"), ("float32", "bfloat16", "bfloat16"),  # what is asked for is given
])
def test_the_variable_says_what_auto_means(monkeypatch, units, variable, asked, expected):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda on: units)
    monkeypatch.delenv(VARIABLE, raising=False)
    if variable is not None:
        monkeypatch.setenv(VARIABLE, variable)
    expected = expected or ("bfloat16" if units else "float32")
    assert precision.resolve(CPU, asked) == expected
    with precision.autocast(CPU, asked) as context:
        casts = torch.is_autocast_enabled("cpu")
        product = F.linear(torch.full((1, 1), 1 / 3), torch.ones(1, 1))
    assert casts == (units and expected == "bfloat16")
    assert isinstance(context, precision.RoundedToBfloat16) == (not units and expected == "bfloat16")
    assert product.dtype == (torch.bfloat16 if casts else torch.float32)
    assert torch.equal(product.float(), product.bfloat16().float()) == (expected == "bfloat16")
    way = "float32" if expected == "float32" else "bf16 autocast" if units else "float32 rounded to bf16"
    assert precision.arithmetic(CPU, asked) == way


def test_left_alone_the_processor_decides(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    units = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    assert precision.arithmetic(CPU) == ("bf16 autocast" if units else "float32")


def test_a_precision_that_is_none_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="unknown precision 'half'; choose 'auto', 'float32', 'bfloat16'"):
        precision.autocast(CPU, "half")
    monkeypatch.setenv(VARIABLE, "double")
    with pytest.raises(ValueError, match="variable TAPNB_PRECISION is 'double'; set it to 'auto', 'float32', 'bfl"):
        precision.arithmetic(CPU)
    assert precision.resolve(CPU, "float32") == "float32"  # "auto" alone asks the variable


def gradients(context) -> torch.Tensor:
    """Of all weights, after one step of a small time-arrow network."""
    torch.manual_seed(0)
    model = models.TimeArrowModel((4, 8, 8, 8))
    pairs, flip = torch.rand(8, 2, 24, 24), torch.arange(8) % 2 == 0
    with context:
        logits, z = model(pairs)
    (losses.cross_entropy(logits, flip) + z.float().tanh().pow(2).mean()).backward()
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
