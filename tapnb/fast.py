"""What makes the networks of :mod:`tapnb.models` quick and changes none of their values beyond rounding.

Padding with a deterministic gradient, a decoder that convolves before it up-samples, large frames in bands, and
BatchNorm folded into the convolution before it. ``benchmarks/`` measures what they bring.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

BAND = 64
"""Rows of a large frame that go through a block of the U-Net together, outside training."""

REACH = 2
"""Rows beyond a band that its values depend on: two 3x3 convolutions."""


def pad(x: torch.Tensor) -> torch.Tensor:
    """Repeat the border of maps (N, C, h, w) once all around.

    The same as PyTorch's replicate padding, whose gradient is not deterministic on CUDA, and which `torch.compile`
    cannot differentiate for maps laid out channels last.
    """
    if not (x.is_cuda or torch.compiler.is_compiling()):
        return F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = torch.cat([x[..., :1], x, x[..., -1:]], dim=-1)
    return torch.cat([x[..., :1, :], x, x[..., -1:, :]], dim=-2)


def convolve_upsampled(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A 3x3 convolution, replicate padding, of a map that is up-sampled by repeating every pixel.

    Two of three neighbouring rows (columns) of the up-sampled map are the same pixel, so each of the four pixels
    that one becomes sees 2x2 pixels only: four convolutions with summed weights, at a quarter of the pixels.
    That is 4/9 of the arithmetic, the same values up to rounding, and no large map in between.

    Parameters
    ----------
    x : tensor, shape (N, C, h, w)
    weight : tensor, shape (D, C, 3, 3)

    Returns
    -------
    tensor, shape (N, D, 2h, 2w)
    """
    height, width = x.shape[-2:]
    first, middle, last = weight.unbind(dim=-2)  # (D, C, 3) each: rows
    rows = torch.stack([first, middle + last], -2), torch.stack([first + middle, last], -2)  # (D, C, 2, 3) each
    x = pad(x)
    phases = []
    for i, kernel in enumerate(rows):
        left, centre, right = kernel.unbind(dim=-1)  # (D, C, 2) each
        for j, columns in enumerate(((left, centre + right), (left + centre, right))):
            phases.append(F.conv2d(x[..., i : i + height + 1, j : j + width + 1], torch.stack(columns, -1)))
    return F.pixel_shuffle(torch.stack(phases, dim=2).flatten(1, 2), 2)


def convolve_joined(coarse: torch.Tensor, skip: torch.Tensor, convolution: nn.Conv2d) -> torch.Tensor:
    """A 3x3 convolution, replicate padding, of an up-sampled map and a map of that size, side by side.

    It is the sum of a convolution of each, so nothing is up-sampled or concatenated.

    Parameters
    ----------
    coarse : tensor, shape (N, C, h, w)
        Stands for the map of (2h, 2w) in which each of its pixels is repeated; its channels come first.
    skip : tensor, shape (N, D, 2h, 2w)
    convolution : Conv2d
        Of C + D channels.

    Returns
    -------
    tensor, shape (N, E, 2h, 2w)
    """
    of_coarse, of_skip = convolution.weight.split([coarse.shape[1], skip.shape[1]], dim=1)
    return F.conv2d(pad(skip), of_skip, convolution.bias) + convolve_upsampled(coarse, of_coarse)


def in_bands(block: nn.Module, *maps: torch.Tensor) -> torch.Tensor:
    """``block(*maps)``, band by band where the maps are large, in evaluation mode and without a gradient.

    A band's maps stay in the processor's cache, and the whole frame's are never all there. The values are the same
    up to rounding: a band takes along what its rows see, and the padding at its edges is cut off.
    """
    height = maps[-1].shape[-2]
    if block.training or torch.is_grad_enabled() or height <= 2 * BAND:
        return block(*maps)
    bands = []
    for top in range(0, height, BAND):
        start, stop = max(0, top - REACH), min(height, top + BAND + REACH)
        parts = (m[..., start * m.shape[-2] // height : stop * m.shape[-2] // height, :] for m in maps)
        bands.append(block(*parts)[..., top - start : top - start + BAND, :])
    return torch.cat(bands, dim=-2)


def folded(model: nn.Module) -> nn.Module:
    """A copy for evaluation: every BatchNorm is folded into the convolution before it.

    The running statistics are constants there, so the pair is one convolution: the same values up to rounding,
    with one pass fewer over every map.
    """
    model = copy.deepcopy(model).eval()
    for block in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
        for i, (layer, following) in enumerate(zip(list(block), list(block)[1:])):
            if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                block[i], block[i + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()
    return model
