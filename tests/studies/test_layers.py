"""What is read off a module is what the module is and does."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tapnb import models
from tapnb.studies import layers

PAIR = (2, 32, 48, 48)


def texts(steps):
    return [step.text for step in steps]


def test_the_resnet_head_is_that_of_figure_7():
    steps = layers.steps(models.ResNetHead(48), PAIR)
    convolution = "convolution 3 × 3, stride 1, padding 1, 64 channels"
    assert texts(steps) == ["input", "flatten: each frame by itself", convolution, "BatchNorm", "ReLU", convolution,
                            "BatchNorm", "ReLU", convolution, "BatchNorm", "sum", "ReLU",
                            "unflatten: the frames of a pair together", "flatten", "temporal mean pooling",
                            "linear, 147\u202f456 to 2", "output"]
    assert steps[10].inputs == (4, 9)  # round the block: the output of the first ReLU is added
    assert [steps[i].shape for i in (0, 1, 4, 13, 14, 16)] == [
        ("N", *PAIR), ("2N", 32, 48, 48), ("2N", 64, 48, 48), ("N", 2, 147_456), ("N", 147_456), ("N", 2)]
    assert [step.path for step in steps if step.kind == "convolution"] == ["stem.0", "block.0", "block.3"]
    assert [step.weights for step in steps if step.kind == "convolution"] == [32 * 64 * 9, 64 * 64 * 9, 64 * 64 * 9]


@pytest.mark.parametrize("head", [models.ResNetHead(48), models.LinearHead(48), models.InvariantLinearHead(48),
                                  models.TimeArrowHead()])
def test_no_weight_is_forgotten_or_counted_twice(head):
    steps = layers.steps(head, PAIR)
    assert sum(step.weights for step in steps) == sum(p.numel() for p in head.parameters())
    assert steps[-1].shape == ("N", 2)


def test_the_shapes_are_those_of_the_real_thing():
    head, seen = models.ResNetHead(16, width=8), {}
    steps = layers.steps(head, (2, 32, 16, 16))
    for name, layer in head.named_modules():
        layer.register_forward_hook(lambda _, __, out, name=name: seen.update({name: tuple(out.shape)}))
    head.eval()(torch.zeros(3, 2, 32, 16, 16))
    for step in steps:
        if step.path:
            assert tuple({"N": 3, "2N": 6}.get(n, n) for n in step.shape) == seen[step.path]


def test_reading_leaves_the_module_as_it_is():
    head = models.ResNetHead(16)
    before = copy.deepcopy(head.state_dict())
    layers.steps(head, (2, 32, 16, 16))
    assert head.training and all(torch.equal(value, before[key]) for key, value in head.state_dict().items())


def test_another_module_is_another_list():
    head = models.ResNetHead(48, width=32)
    head.stem[0] = nn.Conv2d(32, 32, 5, stride=1, padding=2)
    head.block[2] = nn.LeakyReLU()
    found = texts(layers.steps(head, PAIR))
    assert "convolution 5 × 5, stride 1, padding 2, 32 channels" in found and "LeakyReLU" in found
    assert "linear, 73\u202f728 to 2" in found


def test_a_function_is_named_like_its_layer():
    class Head(nn.Module):
        def forward(self, z):
            return torch.softmax(F.leaky_relu(z).mean(dim=(-2, -1)).flatten(1), dim=1)

    steps = layers.steps(Head(), (2, 1, 4, 4))
    assert texts(steps) == ["input", "LeakyReLU", "mean over dimension (-2, -1)", "flatten", "softmax", "output"]
    assert [step.kind for step in steps[1:5]] == ["activation", "mean", "reshape", "other"]


def test_a_size_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="ResNetHead does not take an input of N x 2 x 32 x 24 x 24; give the size"):
        layers.steps(models.ResNetHead(48), (2, 32, 24, 24))


def test_a_module_that_branches_on_values_is_refused():
    class Branching(nn.Module):
        def forward(self, z):
            return z if z.sum() > 0 else -z

    with pytest.raises(ValueError, match="the layers of Branching cannot be read off it.*not branch on values"):
        layers.steps(Branching(), (2,))
