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


def recogniser(weight: float) -> recognise.Recogniser:
    """Whose margin is a window's sum of grey levels, times a weight."""
    head = InvariantLinearHead(48).eval()
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    head.linear.weight.data[1, : 48 * 48] = weight  # of the first feature
    return recognise.Recogniser("A0i", 48, Brightness().eval(), head)


def test_an_event_stands_out_where_the_windows_that_see_it_overlap():
    frames = np.random.default_rng(0).integers(95, 106, (4, 160, 160)).astype(np.uint8)
    frames[2, 82:86, 74:78] = 250  # too few pixels to change the levels
    for found in event_windows.found(recogniser(0.0005), Movie(frames, name="spot")).values():
        best = found.iloc[0]
        assert best["t"] in (2, 3) and (best["y"], best["x"]) == (83.5, 75.5)


def test_margins_still_tell_apart_what_is_certain():
    frames = np.random.default_rng(0).integers(95, 106, (3, 160, 160)).astype(np.uint8)
    frames[1, 58:62, 58:62], frames[1, 106:110, 106:110] = 250, 180
    found = event_windows.found(recogniser(1.0), Movie(frames, name="spots"))
    assert found["probability"].empty, "ones everywhere, which has no highest point"
    best = found["margin"].iloc[0]
    assert (best["y"], best["x"]) == (59.5, 59.5) and found["margin"]["score"].is_monotonic_decreasing


def test_a_margin_below_zero_is_a_score():
    frames = np.random.default_rng(0).integers(95, 106, (3, 96, 96)).astype(np.uint8)
    found = event_windows.found(recogniser(-1.0), Movie(frames, name="dark"))["margin"]
    assert len(found) and (found["score"] < 0).all()
