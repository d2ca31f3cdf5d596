"""Where in a movie are the events? An event head's answer to every window of every frame pair, computed frame by frame.

A head ends in one linear layer over a window. Its answer to every window of a frame is therefore a convolution of the
frame, and its answer to a frame pair is a sum of one term a frame. A frame goes through the networks once, although
36 windows share a pixel (48 px wide, one at every 8th pixel) and two frame pairs share a frame.

This is not the map that inference crop by crop gives, because the features of a crop are not a crop of the frame's
features. The U-Net looks at up to 46 px around a crop, where a crop alone ends in padding; the ResNet head likewise
sees 3 px of the neighbourhood instead of its padding with zeros; and windows at no multiple of 8 px lie across the
cells of the U-Net's poolings, where a crop's cells begin at its corner. The heads were trained on crops, and the
paper's tables rest on crops: none of them uses this map.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tapnb import explain
from tapnb.crops import CropPairs
from tapnb.fast import folded
from tapnb.models import FEATURES, DenseFeatures, InvariantLinearHead, LinearHead, ResNetHead
from tapnb.movies import Movie, normalise

BAND = 96  # rows of a frame that the head sees at a time: 6 more for the halo, and 27 MB a step at 1024 px
HALO = 3  # rows beside a band that the three 3 x 3 convolutions of the ResNet head look at


def event_maps(features: DenseFeatures, head: nn.Module, movie: Movie, stride: int = 8, tile: int = 0,
               frame_pairs: Sequence[int] | None = None) -> Iterator[np.ndarray]:
    """Probability of an event in every window of every frame pair, by dense features of whole frames.

    See the head of this module for how this differs from :func:`tapnb.heads.head_logits` on the crops of
    :func:`window_pairs`. Memory does not grow with the movie: one frame is read and worked on at a time.

    Parameters
    ----------
    features : DenseFeatures
        Taken in evaluation mode, as is the head; neither is changed.
    head : LinearHead, InvariantLinearHead or ResNetHead
        On the same device. Its linear layer tells the size of the windows, see :func:`window_size`.
    movie : Movie
    stride : int
        Distance between windows in pixels, a divisor of their size.
    tile : int
        See :func:`tapnb.explain.dense_features`.
    frame_pairs : sequence of int, optional
        The frame pairs to map, such as ``range(10, 20)``; pair ``t`` is that of frames ``t`` and ``t + 1``.
        All of them, if not given.

    Returns
    -------
    iterator of float32 array, shape (Gy, Gx)
        One map for each frame pair, in the order asked for, computed as it is taken. Cell (i, j) is the window with
        its corner at (i, j) * stride: Gy = (Y - size) // stride + 1.

    Raises
    ------
    ValueError
        If the head is of another class, the windows do not fit into the frames, the stride does not divide their
        size, or there is no such frame pair.

    Examples
    --------
    >>> from tapnb.event_map import event_maps
    >>> from tapnb.models import DenseFeatures, ResNetHead
    >>> from tapnb.movies.synthetic import simulate
    >>> features, head = DenseFeatures((4, 4, 4, 4)), ResNetHead(size=48)  # untrained
    >>> maps = event_maps(features, head, simulate(frames=3, size=96))
    >>> next(maps).shape  # of frames 0 and 1: a window at every 8th pixel
    (7, 7)
    """
    margins = margin_maps(features, head, movie, stride, tile, frame_pairs)
    return (probabilities(of_windows) for of_windows in margins)


def margin_maps(features: DenseFeatures, head: nn.Module, movie: Movie, stride: int = 8, tile: int = 0,
                frame_pairs: Sequence[int] | None = None) -> Iterator[np.ndarray]:
    """As :func:`event_maps`, but the margin of every window: the logit of an event less that of none.

    A head that is far too sure gives many windows a probability that float32 rounds to one; their margins still differ.
    """
    size = window_size(head)
    _grid(movie.shape, size, stride)
    frame_pairs = range(len(movie.frames) - 1) if frame_pairs is None else frame_pairs
    for t in frame_pairs:
        _check_frame_pair(movie.shape, t)
    # The generator is another function, so that the checks do not wait for its first map.
    return _maps(folded(features), folded(head), movie, stride, tile, frame_pairs)


def probabilities(margins: np.ndarray) -> np.ndarray:
    """What the softmax of two logits gives, from the margin of the second over the first."""
    return torch.from_numpy(margins).sigmoid().numpy()


def window_size(head: nn.Module) -> int:
    """Side of the windows that a head was made for, in pixels, from the width of its linear layer.

    Raises
    ------
    ValueError
        If the head is none of those whose window map is a convolution.
    """
    if isinstance(head, ResNetHead):
        channels = head.stem[0].out_channels
    elif isinstance(head, (LinearHead, InvariantLinearHead)):
        channels = FEATURES * (2 if isinstance(head, LinearHead) else 1)
    else:
        raise ValueError(f"no event map is known for a head of class {type(head).__name__}; give a LinearHead, an "
                         "InvariantLinearHead or a ResNetHead")
    return isqrt(head.linear.in_features // channels)


def window_pairs(shape: tuple[int, int, int], t: int, size: int = 48, stride: int = 8) -> CropPairs:
    """The windows of one event map as crop pairs, in the order of its raveled cells.

    They serve to label a map (:func:`tapnb.dataset.labelled_areas`) and to compute one crop by crop
    (:func:`tapnb.heads.head_logits`).

    Parameters
    ----------
    shape : (T, Y, X)
        Shape of the movie.
    t : int
        Frame pair.
    size, stride : int
        Side of the windows and distance between them, in pixels.

    Returns
    -------
    CropPairs
        Gy * Gx pairs in time order, cell (i, j) at index i * Gx + j.

    Raises
    ------
    ValueError
        As :func:`event_maps`.
    """
    _check_frame_pair(shape, t)
    y, x = stride * np.indices(_grid(shape, size, stride)).reshape(2, -1)
    return CropPairs(np.full_like(y, t), y, x, np.zeros(len(y), bool), size)


def _grid(shape: tuple[int, int, int], size: int, stride: int) -> tuple[int, int]:
    """Rows and columns of a map."""
    height, width = shape[1:]
    if min(height, width) < size:
        raise ValueError(f"windows of {size} px do not fit into frames of {height} x {width} px; give larger frames, "
                         "or a head made for smaller windows")
    if stride < 1 or size % stride:
        divisors = ", ".join(str(n) for n in range(1, size + 1) if size % n == 0)
        raise ValueError(f"a stride of {stride} px does not divide windows of {size} px; choose one of {divisors}")
    return (height - size) // stride + 1, (width - size) // stride + 1


def _check_frame_pair(shape: tuple[int, int, int], t: int) -> None:
    if not 0 <= t < shape[0] - 1:
        raise ValueError(f"there is no frame pair {t} in a movie of {shape[0]} frames; choose 0 to {shape[0] - 2}")


def _maps(features: DenseFeatures, head: nn.Module, movie: Movie, stride: int, tile: int,
          frame_pairs: Sequence[int]) -> Iterator[np.ndarray]:
    on = head.linear.weight.device
    kernels, bias = _kernels(head)

    def terms(frame: int) -> torch.Tensor:
        pixels = torch.from_numpy(normalise(movie.frames[frame], movie.levels[frame])).to(on)
        return _window_terms(head, explain.dense_features(features, pixels, tile), kernels, stride)

    kept: dict[int, torch.Tensor] = {}
    for t in frame_pairs:
        kept = {frame: kept[frame] if frame in kept else terms(frame) for frame in (t, t + 1)}
        yield (kept[t][0] + kept[t + 1][-1] + bias).cpu().numpy()


@torch.inference_mode()
def _kernels(head: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """The linear layer's weights for logit 1 minus logit 0, and its bias.

    The kernels are (2, C, s, s) where the layer knows the two frames apart, and else (1, C, s, s): half of each.
    """
    size = window_size(head)
    weight = (head.linear.weight[1] - head.linear.weight[0]).unflatten(0, (-1, size, size))  # (C or 2 C, s, s)
    bias = head.linear.bias[1] - head.linear.bias[0]
    if isinstance(head, LinearHead):
        return weight.unflatten(0, (2, -1)), bias
    return weight[None] / 2, bias


@torch.inference_mode()
def _window_terms(head: nn.Module, z: torch.Tensor, kernels: torch.Tensor, stride: int) -> torch.Tensor:
    """What one frame adds to the logit difference of every window: (K, Gy, Gx) from dense features (32, h, w).

    A window is n x n blocks of stride x stride pixels. As windows overlap, a block of the frame is multiplied with all
    n n blocks of the kernel; then every window sums its own products. Measured, that takes a third to a fifth of the
    time of a convolution with the whole kernel, and of the head's map it needs only one band at a time.
    """
    n = kernels.shape[-1] // stride
    height, width = z.shape[-2] // stride, z.shape[-1] // stride  # in whole blocks
    blocks = kernels.unflatten(3, (n, stride)).unflatten(2, (n, stride))  # (K, C, n, stride, n, stride)
    blocks = blocks.permute(0, 2, 4, 1, 3, 5).flip(1, 2).flatten(0, 2)  # (K n n, C, stride, stride)
    blocks = blocks.contiguous(memory_format=torch.channels_last)
    summed = z.new_zeros(len(kernels), height + n - 1, width - n + 1)  # from windows that begin n - 1 blocks too early
    band = max(1, BAND // stride)
    for row in range(0, height, band):
        end = min(row + band, height)
        x = F.conv2d(_head_map(head, z, row * stride, end * stride), blocks, stride=stride)  # (1, K n n, rows, width)
        window = (end - row + n - 1, width - n + 1)
        summed[:, row : end + n - 1] += F.fold(x.flatten(2), window, n, padding=(0, n - 1))[0]  # the flip: i to -i
    return summed[:, n - 1 : height]


def _head_map(head: nn.Module, z: torch.Tensor, top: int, bottom: int) -> torch.Tensor:
    """Rows top to bottom of what the head's linear layer sees of a frame: (1, C, rows, w) from (32, h, w)."""
    if not isinstance(head, ResNetHead):
        return z[None, :, top:bottom]
    above = max(0, top - HALO)  # the head pads with zeros: right at the frame's border, HALO rows away elsewhere
    x = head.stem(z[None, :, above : bottom + HALO].contiguous(memory_format=torch.channels_last))
    x = head.block(x).add_(x).relu_()
    return x[:, :, top - above : bottom - above]
