"""Augmentation: replay, reflection, neutral draws, ranges."""

import dataclasses

import pytest
import torch
from torch.nn import functional as F

from tapnb import augment


def neutral(n: int) -> augment.Draw:
    return augment.Draw(torch.eye(2).repeat(n, 1, 1), torch.ones(n, 2), torch.zeros(n, 2, 2), torch.zeros(n, 2, 5, 5),
                        torch.ones(n, 2), torch.zeros(n, 2), torch.zeros(n), torch.arange(0), 0)


def smooth_pairs(n: int = 4, side: int = 32) -> torch.Tensor:
    """Pairs whose two frames are the same smooth picture."""
    axis = torch.linspace(-1, 1, side)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    phases = torch.rand(n, 1, 1) * 3
    return (torch.sin(2 * x + phases) + torch.cos(3 * y)).unsqueeze(1).repeat(1, 2, 1, 1)


def test_a_neutral_draw_changes_nothing():
    pairs = torch.rand(3, 2, 24, 24)
    torch.testing.assert_close(augment.apply(pairs, neutral(3)), pairs, rtol=1e-4, atol=1e-5)


def test_a_draw_can_be_replayed():
    pairs = torch.rand(16, 2, 24, 24)
    drawn = augment.draw(16, torch.Generator().manual_seed(5))
    again = augment.draw(16, torch.Generator().manual_seed(5))
    other = augment.draw(16, torch.Generator().manual_seed(6))
    first = augment.apply(pairs, drawn)
    assert torch.equal(first, augment.apply(pairs, drawn))
    assert torch.equal(first, augment.apply(pairs, again))
    assert not torch.equal(first, augment.apply(pairs, other))
    assert not torch.equal(first, pairs)


def test_joint_geometry_moves_both_frames_alike():
    drawn = augment.draw(32, torch.Generator().manual_seed(1))
    joint = dataclasses.replace(neutral(32), joint=drawn.joint, elastic=drawn.elastic)
    out = augment.apply(smooth_pairs(32), joint)
    torch.testing.assert_close(out[:, 0], out[:, 1])


def test_flips_are_flips():
    pairs = torch.rand(1, 2, 16, 16)
    flip_x = dataclasses.replace(neutral(1), joint=torch.tensor([[[-1.0, 0.0], [0.0, 1.0]]]))
    torch.testing.assert_close(augment.apply(pairs, flip_x), pairs.flip(-1), rtol=1e-4, atol=1e-5)


def test_a_quarter_turn_is_a_quarter_turn():
    pairs = torch.rand(1, 2, 16, 16)
    turn = dataclasses.replace(neutral(1), joint=torch.tensor([[[0.0, -1.0], [1.0, 0.0]]]))
    out = augment.apply(pairs, turn)
    assert any(torch.allclose(out, pairs.rot90(k, (-2, -1)), atol=1e-4) for k in (1, 3))


def test_the_border_is_reflected():
    """Shifted by 4 of 16 pixels, the last columns are the mirror image of those before them."""
    pairs = torch.rand(1, 2, 16, 16)
    shift = torch.tensor([[[0.25, 0.0], [0.0, 0.0]]])
    out = augment.apply(pairs, dataclasses.replace(neutral(1), frame_shift=shift))
    expected = torch.cat([pairs[..., 4:], pairs[..., 12:].flip(-1)], dim=-1)
    torch.testing.assert_close(out[:, 0], expected[:, 0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(out[:, 1], pairs[:, 1], rtol=1e-4, atol=1e-5)  # the other frame stays


def test_nothing_is_filled_with_a_constant():
    """On pictures between 1 and 2 no pixel may come near 0, whatever the geometry."""
    n = 200
    drawn = augment.draw(n, torch.Generator().manual_seed(2))
    geometry = dataclasses.replace(drawn, gain=torch.ones(n, 2), offset=torch.zeros(n, 2), noisy=torch.arange(0))
    out = augment.apply(torch.rand(n, 2, 24, 24) + 1, geometry)
    assert out.min() > 0.999 and out.max() < 2.001


def test_draws_stay_in_their_ranges_and_apply_half_of_the_time():
    n = 4000
    drawn = augment.draw(n, torch.Generator().manual_seed(3))
    scale = torch.linalg.det(drawn.joint).abs().sqrt()
    assert scale.min() >= 0.8 - 1e-4 and scale.max() <= 1.25 + 1e-4
    assert drawn.frame_shift.abs().max() <= 0.03
    assert drawn.frame_scale.min() >= 0.9 - 1e-4 and drawn.frame_scale.max() <= 10 / 9 + 1e-4
    assert 4.5 < drawn.elastic.abs().max() <= 5
    assert drawn.gain.max() <= 1.25 * 10 / 9 + 1e-4 and drawn.offset.abs().max() <= 0.15
    for applied in (drawn.noise_level > 0, drawn.elastic.flatten(1).any(1), (drawn.frame_scale != 1).any(1),
                    (scale - 1).abs() > 1e-6):
        assert 0.46 < applied.float().mean() < 0.54
    assert not torch.equal(drawn.frame_shift[:, 0], drawn.frame_shift[:, 1])  # one draw for each frame


def test_noise_has_no_mean():
    level = torch.where(torch.arange(64) < 32, 0.05, 0.0)
    drawn = dataclasses.replace(neutral(64), noise_level=level, noisy=torch.arange(32))
    noise, quiet = augment.apply(torch.zeros(64, 2, 32, 32), drawn).split(32)
    assert noise.mean().abs() < 1e-3
    assert noise.std().item() == pytest.approx(0.05, rel=0.02)
    assert not quiet.any()


def test_the_noisy_pairs_are_those_with_a_noise_level():
    drawn = augment.draw(50, torch.Generator().manual_seed(3))
    assert drawn.noisy.tolist() == [i for i, level in enumerate(drawn.noise_level.tolist()) if level > 0]


@pytest.mark.parametrize("side", [24, 33])
def test_coordinates_are_the_maps_one_after_the_other(side):
    """Frame scale and shift, then the joint map, then the elastic field, point by point."""
    drawn = augment.draw(60, torch.Generator().manual_seed(4))
    axis = (torch.arange(side) * 2 + 1) / side - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
    shifted = grid * drawn.frame_scale[:, :, None, None, None] + 2 * drawn.frame_shift[:, :, None, None]
    turned = (drawn.joint[:, None, None, None] @ shifted[..., None])[..., 0]
    field = F.interpolate(drawn.elastic, (side, side), mode="bilinear", align_corners=True) * (2 / side)
    expected = turned + field.permute(0, 2, 3, 1)[:, None]
    torch.testing.assert_close(augment.sources(drawn, side), expected, rtol=1e-4, atol=1e-5)
