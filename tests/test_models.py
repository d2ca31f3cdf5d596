"""The networks: sizes, symmetries, borders."""

import copy

import pytest
import torch
from torch import nn

from tapnb import models
from tapnb.system import device


def weights(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture
def small():
    torch.manual_seed(0)
    return models.TimeArrowModel(channels=(4, 8, 8, 8))


def test_the_numbers_of_weights_are_those_of_the_specification():
    model = models.TimeArrowModel()
    assert weights(model.features.backbone) == 1_950_144
    assert weights(model.features.projection) == 1_120
    assert weights(model.head) == 4_418


@pytest.mark.parametrize("training", [False, True])
def test_swapping_the_frames_swaps_the_logits(small, training):
    small.double().train(training)
    pairs = torch.rand(5, 2, 24, 24, dtype=torch.float64)
    logits, z = small(pairs)
    swapped, z_swapped = small(pairs.flip(1))
    assert not torch.allclose(logits[:, 0], logits[:, 1])
    torch.testing.assert_close(swapped, logits.flip(1), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(z_swapped, z.flip(1), rtol=1e-10, atol=1e-12)


def test_an_equivariant_layer_is_its_formula():
    layer = models.EquivariantLayer(3, 4)
    z = torch.rand(2, 2, 3, 5, 5)
    expected = torch.stack([layer.own(z[:, i]) + (layer.shared(z[:, 0]) + layer.shared(z[:, 1])) / 2
                            for i in range(2)], 1)
    torch.testing.assert_close(layer(z), expected)


@pytest.mark.parametrize("height, width", [(48, 48), (50, 37), (8, 8), (9, 17)])
def test_features_have_the_resolution_of_the_input(small, height, width):
    small.eval()
    assert small.features(torch.rand(2, 2, height, width)).shape == (2, 2, 32, height, width)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_maps_lie_in_memory_as_the_device_wants_them(small, monkeypatch, layout):
    monkeypatch.setattr(device, "layout", lambda on: layout)
    seen = []
    for norm in (module for module in small.features.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.register_forward_pre_hook(lambda _, given: seen.append(given[0].is_contiguous(memory_format=layout)))
    small.features(torch.rand(2, 2, 24, 24))
    assert len(seen) == 15 and all(seen)


def test_torch_compile_can_trace_a_training_step(small):
    """Forward and backward in one graph; its default backend would also need a C++ compiler."""
    compiled = torch.compile(small, backend="aot_eager", fullgraph=True)
    pairs = torch.rand(3, 2, 24, 24)
    logits, z = compiled(pairs)
    (logits.square().sum() + z.tanh().sum()).backward()
    gradient = small.features.backbone.down[0][0].weight.grad.clone()
    small.zero_grad()
    expected, z = small(pairs)
    (expected.square().sum() + z.tanh().sum()).backward()
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradient, small.features.backbone.down[0][0].weight.grad, rtol=1e-3, atol=1e-4)


def test_dense_features_are_the_output_of_the_projections_norm(small):
    """In training mode, BatchNorm leaves each channel with mean 0 and variance 1."""
    z = small.train().features(torch.rand(6, 2, 16, 16)).transpose(0, 2).flatten(1)  # (32, everything else)
    torch.testing.assert_close(z.mean(1), torch.zeros(32), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.var(1, unbiased=False), torch.ones(32), atol=1e-2, rtol=0)


def test_a_pixel_is_seen_from_46_pixels_away():
    """46 at the corner of a pooling cell, the reach of tarrow's network; up to 51 elsewhere, since the cells of 8 pixels are fixed."""
    model = models.UNet(channels=(4, 4, 4, 4)).eval().double()
    image = torch.rand(1, 1, 192, 192, dtype=torch.float64, requires_grad=True)
    above = []
    for y in range(96, 104):
        (gradient,) = torch.autograd.grad(model(image)[0, :, y, 96].sum(), image, retain_graph=True)
        above.append(y - gradient[0, 0].abs().sum(1).nonzero().min().item())
    assert above[0] == 46 and max(above) == 51


def test_the_resnet_head_is_blind_to_the_order_and_the_linear_one_is_not():
    z = torch.rand(3, 2, 32, 12, 12)
    resnet, linear = models.ResNetHead(12).eval(), models.LinearHead(12)
    torch.testing.assert_close(resnet(z), resnet(z.flip(1)), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(linear(z), linear(z.flip(1)))
    assert models.LinearHead(48).linear.in_features == 147_456


def test_redrawing_forgets_weights_and_statistics(small):
    small.train()(torch.rand(4, 2, 16, 16))
    before = {k: v.clone() for k, v in small.state_dict().items()}
    models.redraw_kaiming_uniform(small)
    after = small.state_dict()
    changed = {k for k in before if not torch.equal(before[k], after[k])}
    assert {k for k in before if k.endswith("weight") and before[k].dim() == 4} <= changed
    norm = small.features.projection[1]
    assert norm.running_mean.abs().sum() == 0 and (norm.running_var == 1).all() and (norm.weight == 1).all()
    layer = small.features.backbone.down[1][0]
    assert layer.weight.abs().max() <= (6 / (layer.in_channels * 9)) ** 0.5  # the bound of Kaiming-uniform, ReLU gain
    assert (layer.bias == 0).all()
    models.redraw_kaiming_uniform(small, redraw_norms=True)
    assert norm.weight.std() > 0.3


def test_a_seed_draws_the_same_weights_whatever_the_layout(small):
    drawn = []
    for layout in (torch.contiguous_format, torch.channels_last):
        features = copy.deepcopy(small.features).to(memory_format=layout)
        torch.manual_seed(20)
        drawn.append(models.redrawn(features))
    first, second = (of.state_dict() for of in drawn)
    assert all(torch.equal(first[name], second[name]) for name in first)
    torch.manual_seed(20)
    models.redraw_kaiming_uniform(small.features)
    assert all(torch.equal(tensor, first[name]) for name, tensor in small.features.state_dict().items()), "as on a CPU all the time"
