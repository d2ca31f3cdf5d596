"""What comes from outside a crop, against cases that can be worked by hand and against the sampling itself."""

import dataclasses

import pytest
import torch
from torch.nn import functional as F

from tapnb import augment
from tapnb.studies import differences_fill


def neutral(n: int) -> augment.Draw:
    return augment.Draw(torch.eye(2).repeat(n, 1, 1), torch.ones(n, 2), torch.zeros(n, 2, 2), torch.zeros(n, 2, 5, 5),
                        torch.ones(n, 2), torch.zeros(n, 2), torch.zeros(n), torch.arange(0), 0)


def test_an_untouched_crop_is_all_inside():
    assert differences_fill.inside(neutral(2), 48).all()


def test_a_shift_by_a_quarter_loses_a_quarter_in_that_frame():
    drawn = dataclasses.replace(neutral(1), frame_shift=torch.tensor([[[0.25, 0.0], [0.0, 0.0]]]))
    first, second = differences_fill.inside(drawn, 48)[0]
    assert second.all() and first[:, :18].all() and not first[:, 18:].any()


def test_a_turn_loses_its_corners():
    """Two squares, one turned by an angle a about the common centre, share 2 / (1 + sin a + cos a) of their area."""
    sine, cosine = torch.tensor(0.5), torch.tensor(0.75).sqrt()
    drawn = dataclasses.replace(neutral(1), joint=torch.stack([cosine, -sine, sine, cosine]).view(1, 2, 2))
    expected = 2 / (1 + 0.5 + 0.75**0.5)
    assert differences_fill.inside(drawn, 48).float().mean().item() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("side", [24, 96])
def test_the_shares_are_those_of_the_sampled_coordinates(side):
    """The same maps written out once more, point by point."""
    drawn = augment.draw(300, torch.Generator().manual_seed(4))
    axis = (torch.arange(side) * 2 + 1) / side - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
    shifted = grid * drawn.frame_scale[:, :, None, None, None] + 2 * drawn.frame_shift[:, :, None, None]
    turned = (drawn.joint[:, None, None, None] @ shifted[..., None])[..., 0]
    bent = turned + F.interpolate(drawn.elastic, (side, side), mode="bilinear",
                                  align_corners=True).permute(0, 2, 3, 1)[:, None] * (2 / side)
    reflected, zeros = differences_fill.outside(drawn, side)
    assert reflected.float().mean().item() == pytest.approx((bent.abs() > 1).any(-1).float().mean().item(), abs=3e-3)
    left = (turned.abs() > 1).any(-1) | (shifted.abs() > 1).any(-1)
    assert zeros.float().mean().item() == pytest.approx(left.float().mean().item(), abs=3e-3)


def test_the_effects_count_both_ways_on_the_same_draws():
    everywhere, one_frame = differences_fill.effects(48, draws=200)
    assert everywhere.key == "fill_all_48" and one_frame.key == "fill_one_frame_48"
    assert 0 < one_frame.ours < everywhere.ours < 50 and 0 < one_frame.other < everywhere.other < 50
    for effect in (everywhere, one_frame):
        assert effect.effect == pytest.approx(effect.other - effect.ours, abs=1e-5)
        assert effect.low < effect.effect < effect.high
    assert everywhere.other == differences_fill.effects(96, draws=200)[0].other  # no elastic map: no side counts
