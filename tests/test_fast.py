"""What makes the networks quick changes none of their values."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tapnb import fast, models


@pytest.fixture
def small():
    torch.manual_seed(0)
    return models.TimeArrowModel(channels=(4, 8, 8, 8))


def test_both_ways_of_padding_repeat_the_border(monkeypatch):
    x = torch.rand(2, 3, 4, 5)
    expected = F.pad(x, (1, 1, 1, 1), mode="replicate")
    assert torch.equal(fast.pad(x), expected)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert torch.equal(fast.pad(x), expected)


def test_a_convolution_of_an_upsampled_map_is_four_of_the_map_itself():
    x, weight = torch.rand(2, 3, 5, 7, dtype=torch.float64), torch.randn(4, 3, 3, 3, dtype=torch.float64)
    upsampled = F.interpolate(x, scale_factor=2)
    expected = F.conv2d(F.pad(upsampled, (1, 1, 1, 1), mode="replicate"), weight)
    torch.testing.assert_close(fast.convolve_upsampled(x, weight), expected)


def test_a_decoder_block_is_a_double_convolution_of_the_two_maps_side_by_side():
    torch.manual_seed(0)
    block = models.UpBlock(*models._double_conv(3 + 5, 4)).double()
    x, skip = torch.rand(2, 3, 4, 6, dtype=torch.float64), torch.rand(2, 5, 8, 12, dtype=torch.float64)
    expected = nn.Sequential(*block)(torch.cat([F.interpolate(x, scale_factor=2), skip], dim=1))
    torch.testing.assert_close(block(x, skip), expected)


@pytest.mark.parametrize("height, width", [(40, 24), (61, 24), (24, 61)])
def test_bands_of_a_frame_join_to_the_whole(small, monkeypatch, height, width):
    features, frames = small.features.double().eval(), torch.rand(1, 2, height, width, dtype=torch.float64)
    whole = features(frames).detach()
    monkeypatch.setattr(fast, "BAND", 8)
    torch.testing.assert_close(features(frames), whole, rtol=0, atol=0)  # with a gradient nothing is cut
    with torch.no_grad():
        torch.testing.assert_close(features(frames), whole)
        features.train()(frames)  # nor where norms count what they see
    assert features.backbone.down[0][1].num_batches_tracked == 1


def test_folded_norms_change_nothing_and_leave_the_model_alone(small):
    pairs = torch.rand(6, 2, 24, 24)
    small(pairs)  # moves the running statistics
    with torch.no_grad():
        folded = fast.folded(small.features)
        torch.testing.assert_close(folded(pairs), small.eval().features(pairs), rtol=1e-4, atol=1e-5)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert isinstance(small.features.projection[1], nn.BatchNorm2d)
    head = models.ResNetHead(24)
    torch.testing.assert_close(fast.folded(head)(folded(pairs)), head.eval()(folded(pairs)), rtol=1e-4, atol=1e-5)
