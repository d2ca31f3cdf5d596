"""The baseline's crops and augmentation: one pair after the other, as in the ``__getitem__`` of a data set.

The families of augmentation and their ranges are those of :mod:`tapnb.augment`; here each is a separate step with its
own resampling.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn import functional as F


def crop_pair(frames: np.ndarray, levels: np.ndarray, t: int, y: int, x: int, size: int) -> np.ndarray:
    """Normalised pixels, float32 (2, size, size), of the window at (y, x) in frames t and t + 1."""
    window = frames[t : t + 2, y : y + size, x : x + size].astype(np.float32)
    low, high = levels[t : t + 2, 0, None, None], levels[t : t + 2, 1, None, None]
    return (window - low) / np.maximum(high - low, 1e-6)


def is_event(masks: np.ndarray, t: int, y: int, x: int, size: int, threshold: int = 40) -> bool:
    """Whether one of the two crops has at least ``threshold`` labelled pixels."""
    areas = (masks[t : t + 2, y : y + size, x : x + size] > 0).sum(axis=(1, 2))
    return bool((areas >= threshold).any())


def random_window(shape: tuple[int, int, int], size: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """A frame pair and a place, drawn uniformly."""
    frames, height, width = shape
    return int(rng.integers(frames - 1)), int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))


def random_pair(frames: np.ndarray, levels: np.ndarray, size: int, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """A crop pair for pretraining, and whether its order was flipped."""
    pair = crop_pair(frames, levels, *random_window(frames.shape, size, rng), size)
    flip = rng.random() < 0.5
    return (pair[::-1].copy() if flip else pair), flip


def labelled_pairs(frames: np.ndarray, masks: np.ndarray, levels: np.ndarray, n: int, size: int,
                   rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """``n`` crop pairs for recognition, float32 (n, 2, size, size), and their labels, bool (n,)."""
    images, labels = [], []
    for _ in range(n):
        window = random_window(frames.shape, size, rng)
        pair = crop_pair(frames, levels, *window, size)
        images.append(pair[::-1] if rng.random() < 0.5 else pair)
        labels.append(is_event(masks, *window, size))
    return np.stack(images), np.array(labels)


def augment(pair: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Augment one pair, float32 (2, s, s)."""
    image = pair[None]  # (1, 2, s, s)
    for axis in (-2, -1):
        if rng.random() < 0.5:
            image = image.flip(axis)
    if rng.random() < 0.5:
        image = _affine(image, rng.uniform(-math.pi, math.pi), _scale(5 / 4, rng), (0.0, 0.0))
    if rng.random() < 0.5:
        image = torch.cat([_affine(frame, 0.0, _scale(10 / 9, rng), rng.uniform(-0.03, 0.03, 2))
                           for frame in image.split(1, dim=1)], dim=1)
    if rng.random() < 0.5:
        image = _elastic(image, torch.from_numpy(rng.uniform(-5, 5, (1, 2, 5, 5)).astype(np.float32)))
    if rng.random() < 0.5:
        image = torch.cat([frame * _scale(10 / 9, rng) + rng.uniform(-0.05, 0.05) for frame in image.split(1, dim=1)],
                          dim=1)
    if rng.random() < 0.5:
        image = image * _scale(5 / 4, rng) + rng.uniform(-0.1, 0.1)
    if rng.random() < 0.5:
        image = image + rng.uniform(0, 0.05) * torch.randn_like(image)
    return image[0]


def _scale(limit: float, rng: np.random.Generator) -> float:
    return limit ** rng.uniform(-1, 1)


def _affine(image: torch.Tensor, angle: float, scale: float, shift) -> torch.Tensor:
    """Rotate, scale and shift (x, y, in sides of the crop) an image (1, C, s, s)."""
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    matrix = torch.tensor([[[cos, -sin, 2 * shift[0]], [sin, cos, 2 * shift[1]]]], dtype=torch.float32)
    grid = F.affine_grid(matrix, image.shape, align_corners=False)
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _elastic(image: torch.Tensor, nodes: torch.Tensor) -> torch.Tensor:
    """Displace an image (1, C, s, s) by pixels (x, y), interpolated between the nodes of a coarse grid (1, 2, 5, 5)."""
    side = image.shape[-1]
    field = F.interpolate(nodes, size=(side, side), mode="bilinear", align_corners=True)
    grid = F.affine_grid(torch.eye(2, 3)[None], image.shape, align_corners=False)
    return F.grid_sample(image, grid + field.permute(0, 2, 3, 1) * (2 / side), padding_mode="reflection",
                         align_corners=False)
