"""Augmentation of crop pairs: one draw, one resampling (the families of the paper's Appendix B).

Every family is drawn for a whole batch at once; the draw is a value, so it can be kept and replayed. All
geometry (flips, joint affine, per-frame affine, elastic) is composed into one coordinate map and resampled
once, with reflection at the border: no step leaves a black corner that would tell the frames apart.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch.nn import functional as F

from tapnb.system.device import send

# Ranges of tarrow's level 5, which the paper names without numbers.
PROBABILITY = 0.5
JOINT_SCALE = 5 / 4
FRAME_SCALE = 10 / 9
FRAME_SHIFT = 0.03  # of the crop's side
ELASTIC_GRID = 5
ELASTIC_PIXELS = 5.0
JOINT_GAIN, JOINT_OFFSET = 5 / 4, 0.1
FRAME_GAIN, FRAME_OFFSET = 10 / 9, 0.05
NOISE = 0.05  # largest standard deviation, in units of the normalised intensity


@dataclass(frozen=True, eq=False)
class Draw:
    """What was drawn for N pairs; neutral values where a family was not applied.

    Attributes
    ----------
    joint : tensor, shape (N, 2, 2)
        Flips, rotation and scale that both frames share.
    frame_scale : tensor, shape (N, 2)
    frame_shift : tensor, shape (N, 2, 2)
        Per frame, (x, y), in units of the crop's side.
    elastic : tensor, shape (N, 2, 5, 5)
        Displacements (x, y) in pixels at the nodes of a coarse grid, shared by both frames.
    gain, offset : tensor, shape (N, 2)
        Per frame, with the joint ones multiplied and added in.
    noise_level : tensor, shape (N,)
        Standard deviation of the additive Gaussian noise.
    noisy : int64 tensor, shape (M,)
        The pairs whose noise level is not 0: normal numbers are drawn for them only.
    noise_seed : int
    noise_before, noise_after : int
        Of a part of a batch: how many noisy pairs come before and after it. Their noise is drawn and left out.
    """

    joint: torch.Tensor
    frame_scale: torch.Tensor
    frame_shift: torch.Tensor
    elastic: torch.Tensor
    gain: torch.Tensor
    offset: torch.Tensor
    noise_level: torch.Tensor
    noisy: torch.Tensor
    noise_seed: int
    noise_before: int = 0
    noise_after: int = 0

    def part(self, pairs: slice) -> Draw:
        """The draw of some neighbouring pairs: they look as they do in the whole batch."""
        start, stop, _ = pairs.indices(len(self.joint))
        before, own, after = ((self.noisy < start).sum(), (self.noisy >= start) & (self.noisy < stop),
                              (self.noisy >= stop).sum())
        rows = (getattr(self, field.name)[start:stop] for field in fields(self)[:7])
        return Draw(*rows, self.noisy[own] - start, self.noise_seed,  # type: ignore[call-arg]  # seven rows
                    self.noise_before + int(before),
                    self.noise_after + int(after))

    def to(self, device: torch.device | str) -> Draw:
        """The same draw on another device."""
        values = (getattr(self, field.name) for field in fields(self))
        device = torch.device(device)
        return Draw(*(send(v, device) if isinstance(v, torch.Tensor) else v for v in values))


def draw(n: int, generator: torch.Generator) -> Draw:
    """Draw the augmentation of ``n`` pairs; each family applies to a pair with p = 0.5, flips always.

    Parameters
    ----------
    n : int
    generator : torch.Generator
        On the CPU, so that a seed means the same on every device.
    """

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return torch.rand(n, *shape, generator=generator) * (high - low) + low

    def sometimes(value: torch.Tensor, neutral: float) -> torch.Tensor:
        """``value`` for about half of the pairs, ``neutral`` for the others."""
        applied = torch.rand(n, generator=generator) < PROBABILITY
        return torch.where(applied.view(-1, *[1] * (value.dim() - 1)), value, neutral)

    def scale(limit: float, *shape: int) -> torch.Tensor:
        """Symmetric in the logarithm: enlarging is as likely as shrinking."""
        return uniform(-1, 1, *shape).mul(torch.tensor(limit).log()).exp()

    flips = torch.randint(0, 2, (n, 2), generator=generator) * 2.0 - 1  # (N, 2)
    affine = sometimes(torch.stack([uniform(-torch.pi, torch.pi), scale(JOINT_SCALE).log()], 1), 0.0)
    angle, size = affine[:, 0], affine[:, 1].exp()
    rotation = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2)
    joint = flips[:, :, None] * rotation / size[:, None, None]  # maps output to source, hence the division
    frame = sometimes(torch.cat([scale(FRAME_SCALE, 2, 1).log(),
                                 uniform(-FRAME_SHIFT, FRAME_SHIFT, 2, 2)], 2), 0.0)  # (N, 2, 3)
    elastic = sometimes(uniform(-ELASTIC_PIXELS, ELASTIC_PIXELS, 2, ELASTIC_GRID, ELASTIC_GRID), 0.0)
    noise = sometimes(uniform(0, NOISE), 0.0)
    frame_light = sometimes(torch.stack([scale(FRAME_GAIN, 2).log(),
                                         uniform(-FRAME_OFFSET, FRAME_OFFSET, 2)], 2), 0.0)  # (N, 2, 2)
    joint_light = sometimes(torch.stack([scale(JOINT_GAIN, 1).log(),
                                         uniform(-JOINT_OFFSET, JOINT_OFFSET, 1)], 2), 0.0)  # (N, 1, 2)
    light = frame_light + joint_light
    seed = int(torch.randint(0, 2**31 - 1, (), generator=generator))
    return Draw(joint, 1 / frame[..., 0].exp(), frame[..., 1:], elastic, light[..., 0].exp(), light[..., 1],
                noise, noise.nonzero()[:, 0], seed)


def apply(pairs: torch.Tensor, augmentation: Draw) -> torch.Tensor:
    """Augment a batch.

    Parameters
    ----------
    pairs : float tensor, shape (N, 2, s, s)
        Normalised crop pairs.
    augmentation : Draw
        For the same N, on the same device.

    Returns
    -------
    float tensor, shape (N, 2, s, s)
    """
    grid = sources(augmentation, pairs.shape[-1]).flatten(0, 1)  # (2 N, s, s, 2)
    out = F.grid_sample(pairs.flatten(0, 1)[:, None], grid, mode="bilinear", padding_mode="reflection",
                        align_corners=False).view_as(pairs)
    out = torch.addcmul(augmentation.offset[..., None, None], out, augmentation.gain[..., None, None])
    before, own, after = augmentation.noise_before, len(augmentation.noisy), augmentation.noise_after
    noise = torch.randn((before + own + after, *out.shape[1:]), device=out.device,
                        generator=torch.Generator(out.device).manual_seed(augmentation.noise_seed))[before : before + own]
    level = augmentation.noise_level[augmentation.noisy][:, None, None, None]  # (M, 1, 1, 1)
    return out.index_add_(0, augmentation.noisy, noise.mul_(level))


def sources(augmentation: Draw, side: int) -> torch.Tensor:
    """Where every pixel of the augmented crops comes from.

    All geometry is a sum of products of something that varies along rows and something that varies along columns:
    the affine maps, and the elastic field between the nodes of its grid. So it is one matrix product of rank 7.

    Parameters
    ----------
    augmentation : Draw
        For N pairs.
    side : int
        Of the crops, in pixels.

    Returns
    -------
    float tensor, shape (N, 2, side, side, 2)
        As (x, y), in units in which the crop reaches from -1 to 1.
    """
    n, device = len(augmentation.joint), augmentation.joint.device
    axis = (torch.arange(side, device=device) * 2 + 1) / side - 1  # (s,): pixel centres
    matrix = augmentation.joint[:, None] * augmentation.frame_scale[..., None, None]  # (N, 2, 2, 2) of both frames
    shift = 2 * augmentation.frame_shift @ augmentation.joint.mT  # (N, 2, 2)
    x_term = matrix[..., 0, None] * axis  # (N, 2, 2, s): along columns
    y_term = matrix[..., 1, None] * axis + shift[..., None]  # (N, 2, 2, s): along rows
    node = torch.arange(augmentation.elastic.shape[-1], device=device)
    place = torch.linspace(0, len(node) - 1, side, device=device)[:, None]
    hats = (1 - (place - node).abs()).clamp_min(0)  # (s, 5): weights of bilinear interpolation
    bent = (hats @ augmentation.elastic * (2 / side))[:, None].expand(-1, 2, -1, -1, -1)  # (N, 2, 2, s, 5)
    ones = torch.ones_like(x_term)
    rows = torch.cat([bent, ones[..., None], y_term[..., None]], dim=-1)  # (N, 2, 2, s, 7)
    columns = torch.cat([hats.mT.expand(n, 2, 2, -1, -1), x_term[..., None, :], ones[..., None, :]], dim=-2)
    return (rows @ columns).movedim(2, -1)
