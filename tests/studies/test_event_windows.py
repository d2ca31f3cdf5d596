"""The paper's own heads, asked where in a movie the events are."""

import numpy as np
import pytest
import torch
from torch import nn

from tapnb import recognise
from tapnb.models import InvariantLinearHead
from tapnb.movies import Movie
from tapnb.studies import event_windows


def test_a_place_gets_the_mean_of_the_windows_that_hold_it():
    of_windows, side = np.random.default_rng(0).random((5, 7)), 3
    covered = event_windows.covered(of_windows, side)
    assert covered.shape == (7, 9)
    for i, j in np.ndindex(*covered.shape):
        holding = of_windows[max(0, i - side + 1) : i + 1, max(0, j - side + 1) : j + 1]
        assert covered[i, j] == pytest.approx(holding.mean())


class Brightness(nn.Module):
    """Features of which the first is the frame itself."""

    def forward(self, x):
        return torch.cat([x.unflatten(1, (-1, 1)), x.new_zeros(*x.shape[:2], 31, *x.shape[2:])], 2)


def test_an_event_stands_out_where_the_windows_that_see_it_overlap():
    frames = np.random.default_rng(0).integers(95, 106, (4, 160, 160)).astype(np.uint8)
    frames[2, 82:86, 74:78] = 250  # too few pixels to change the levels
    head = InvariantLinearHead(48).eval()
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    head.linear.weight.data[1, : 48 * 48] = 0.0005  # of the first feature: the sum of the window's grey levels
    best = event_windows.found(recognise.Recogniser("A0i", 48, Brightness().eval(), head), Movie(frames, name="spot")).iloc[0]
    assert best["t"] in (2, 3) and (best["y"], best["x"]) == (83.5, 75.5)
