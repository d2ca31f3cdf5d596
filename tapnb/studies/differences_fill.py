"""How much of an augmented crop comes from outside the crop, and is therefore made up."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import torch

from tapnb import augment
from tapnb.studies.effects import Effect

POINTS = 24
"""A crop of any side is looked at on so many points a side."""

CHUNK = 500
"""Draws that are in memory together."""


def inside(drawn: augment.Draw, side: int) -> torch.Tensor:
    """Which points of augmented crops are sampled within the crop, by the coordinates of the augmentation itself.

    Parameters
    ----------
    drawn : Draw
        For N pairs.
    side : int
        Of the crops, in pixels.

    Returns
    -------
    bool tensor, shape (N, 2, 24, 24)
    """
    sampled = replace(drawn, elastic=drawn.elastic * (POINTS / side))  # the field counts in pixels of the crop
    return augment.sources(sampled, POINTS).abs().amax(dim=-1) <= 1


def outside(drawn: augment.Draw, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Which points are reflected here, and which two steps that fill with zeros would leave empty.

    The earlier TAP code resamples by the joint and then by the per-frame affine map, both with zeros, and bends the
    crop afterwards with reflection. What those steps would do to our draws is measured, not that code itself.

    Parameters
    ----------
    drawn, side
        See :func:`inside`.

    Returns
    -------
    reflected, zeros : bool tensors, shape (N, 2, 24, 24)
    """
    straight = replace(drawn, elastic=torch.zeros_like(drawn.elastic))
    frame_only = replace(straight, joint=torch.eye(2).expand_as(drawn.joint))
    return ~inside(drawn, side), ~(inside(straight, side) & inside(frame_only, side))


def effects(side: int, draws: int = 1000, seed: int = 1) -> list[Effect]:
    """Share of an augmented pair that is made up, in all and in one frame only, both ways on the same draws.

    What is made up in one frame only could tell the frames apart.

    Parameters
    ----------
    side : int
        Of the crops, in pixels.
    draws : int
        Augmentations drawn.
    seed : int
    """
    generator = torch.Generator().manual_seed(seed)
    parts = [outside(augment.draw(min(CHUNK, draws - start), generator), side) for start in range(0, draws, CHUNK)]
    made_up = [torch.cat(part) for part in zip(*parts)]
    both_fills = []
    for key, text, where in (("all", "pixels from outside the crop (%)", made_up),
                             ("one_frame", "pixels from outside in one frame only (%)",
                              [points[:, :1] ^ points[:, 1:] for points in made_up])):
        ours, other = (100 * points.float().mean((1, 2, 3)) for points in where)  # of every draw
        effect, error = float((other - ours).mean()), 1.96 * float((other - ours).std()) / sqrt(draws)
        both_fills.append(Effect(f"fill_{key}_{side}", f"augmentation of {side} px: zeros, not reflection", text,
                                 float(ours.mean()), float(other.mean()), effect, effect - error, effect + error,
                                 digits=1))
    return both_fills
