"""Which event a crop pair shows: crops of one event stand and fall together, so they are labelled and resampled together.

A movie's masks say which pixels belong to events, not to which: pixels that touch in space and time do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import ndimage

from tapnb.crops import CropPairs

REACH = 5
"""Twice so many pixels may lie between a mother and her daughters, or two daughters, in the mask of one division."""


def components(masks: np.ndarray, reach: int = REACH) -> tuple[np.ndarray, np.ndarray]:
    """The labelled pixels of a movie with the event that each belongs to.

    Pixels belong together if they lie at most ``2 * reach + 1`` apart along an axis, in one frame or in two that follow each other.

    Parameters
    ----------
    masks : uint8 array, shape (T, Y, X)
        0 nothing, 1 division, 2 death.
    reach : int

    Returns
    -------
    pixels : int array, shape (P, 3)
        t, y, x.
    event : int array, shape (P,)
        From 0.
    """
    grown = np.stack([_grown(mask, reach) for mask in masks])
    touching, _ = ndimage.label(grown, np.ones((3, 3, 3)))
    pixels = np.argwhere(masks)
    _, event = np.unique(touching[tuple(pixels.T)], return_inverse=True)
    return pixels, event


def shown(masks: np.ndarray, pairs: CropPairs, reach: int = REACH) -> np.ndarray:
    """The event that each crop pair shows most of, by its labelled pixels in both frames.

    Parameters
    ----------
    masks : uint8 array, shape (T, Y, X)
    pairs : CropPairs
    reach : int
        See :func:`components`.

    Returns
    -------
    int array, shape (N,)
        -1 where a pair holds no labelled pixel.
    """
    pixels, event = components(masks, reach)
    most, index = np.zeros(len(pairs), int), np.full(len(pairs), -1)
    by_frame = np.argsort(pairs.t, kind="stable")
    bounds = np.searchsorted(pairs.t[by_frame], np.arange(len(masks) + 1))
    for number, of_event in enumerate(np.split(pixels[np.argsort(event, kind="stable")],
                                               np.cumsum(np.bincount(event))[:-1]) if len(event) else []):
        (first, top, left), (last, bottom, right) = of_event.min(0), of_event.max(0)
        near = by_frame[bounds[max(first - 1, 0)] : bounds[last + 1]]
        y, x = pairs.y[near], pairs.x[near]
        near = near[(y <= bottom) & (y + pairs.size > top) & (x <= right) & (x + pairs.size > left)]
        offset = of_event[:, None] - np.stack([pairs.t[near], pairs.y[near], pairs.x[near]], axis=1)  # (P, n, 3)
        inside = ((offset >= 0) & (offset < (2, pairs.size, pairs.size))).all(2).sum(0)
        better = inside > most[near]
        most[near[better]], index[near[better]] = inside[better], number
    return index


def events_of_masks(masks: np.ndarray, reach: int = REACH) -> pd.DataFrame:
    """The events that masks show, where nobody has listed them: what touches in space and time is one.

    Parameters
    ----------
    masks : uint8 array, shape (T, Y, X)
        0 nothing, 1 division, 2 death.
    reach : int
        See :func:`components`.

    Returns
    -------
    DataFrame
        ``t``, ``y``, ``x``, ``kind``: of a division, marked in mother and daughters, the frame in the middle, which is the
        daughters' first; of a death its first frame. The place is the middle of its pixels there.
    """
    rows = []
    for value, kind in ((1, "division"), (2, "death")):
        pixels, event = components(np.where(masks == value, masks, 0), reach)
        for number in range(event.max() + 1 if len(event) else 0):
            of_event = pixels[event == number]
            frames = np.unique(of_event[:, 0])
            t = frames[len(frames) // 2 if kind == "division" else 0]
            rows.append((int(t), *of_event[of_event[:, 0] == t][:, 1:].mean(0), kind))
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind"]).sort_values(["t", "y", "x"], ignore_index=True)


def _grown(mask: np.ndarray, reach: int) -> np.ndarray:
    """Labelled pixels and all within ``reach`` of one, bool (Y, X)."""
    if not mask.any():
        return np.zeros(mask.shape, bool)
    return ndimage.distance_transform_edt(mask == 0) <= reach
