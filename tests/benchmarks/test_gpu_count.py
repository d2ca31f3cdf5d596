"""Arithmetic, counted."""

import numpy as np
import pytest
from torch import nn

from benchmarks import gpu_count, gpu_plan, gpu_profile
from tapnb import models


def test_arithmetic_is_counted_as_by_hand():
    """A 3x3 convolution of 4 to 8 channels on 10 x 10 pixels, and a linear layer: forward once, backward twice."""
    convolution = gpu_count.New(nn.Conv2d, (4, 8, 3, 1, 1))
    assert gpu_count.inference(convolution, 4, 10, 10).flop == 2 * 10 * 10 * 9 * 4 * 8
    linear = gpu_count.New(models.LinearHead, (4, 3))
    forward = 2 * (2 * 3 * 4 * 4) * 2
    assert gpu_count.inference(linear, 2, 3, 4, 4).flop == forward
    assert gpu_count.learning(linear, 2, 3, 4, 4).flop == 2 * forward  # nobody asks for a gradient of the features


def test_the_paper_profile_is_counted():
    """The U-Net alone by its layers, at 48 px: what is coarser has a quarter of the pixels and twice the channels."""
    full = 48 * 48
    flop = 2 * 2 * full * (9 * (1 * 32 + 32 * 32) + 9 * (32 * 64 + 64 * 64) / 4 + 9 * (64 * 128 + 128 * 128) / 16
                           + 9 * (128 * 256 + 256 * 256) / 64  # down
                           + (9 * 128 * 128 + 9 * 128 * 128) / 16 + 4 * 4 * 256 * 128 / 64  # up: 4 phases of 2x2
                           + (9 * 64 * 64 + 9 * 64 * 64) / 4 + 4 * 4 * 128 * 64 / 16
                           + 9 * 32 * 32 + 9 * 32 * 32 + 4 * 4 * 64 * 32 / 4 + 32 * 32 + 32 * 32)
    assert gpu_count.inference(gpu_count.New(models.DenseFeatures), 2, 48, 48).flop == pytest.approx(flop)
    settings = gpu_plan.pretraining.settings_of(gpu_profile.parameters_of("02_pretraining", "paper"))
    work = gpu_count.pretraining(settings, 10_000)
    learned = work.parts[0]
    assert learned.pairs == pytest.approx(2e6, rel=1e-2) and learned.flop == learned.pairs * learned.cost.flop
    assert np.isclose(work.times(2).flop, 2 * work.flop) and work.seconds > learned.seconds > 0
    text = gpu_count.table([("tap", "02_pretraining", work)], 1e8)
    assert "tap (02)" in text and "estimate, not measured" in text
