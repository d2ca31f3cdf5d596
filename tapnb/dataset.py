"""The event dataset of a movie: labelled crop pairs in three parts (paper, Section 3 and Table 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tapnb import crops
from tapnb.movies import Movie


@dataclass(frozen=True, eq=False)
class EventDataset:
    """Labelled crop pairs.

    Attributes
    ----------
    pairs : CropPairs
        All N of them.
    areas : int32 array, shape (N, 2)
        Labelled pixels in frames t and t + 1.
    labels : bool array, shape (N,)
        True where the pair holds an event.
    parts : dict of int arrays
        Indices of "train" (before balancing), "validation" and "test"; "balanced" is the training set.
    """

    pairs: crops.CropPairs
    areas: np.ndarray
    labels: np.ndarray
    parts: dict[str, np.ndarray]


def event_dataset(movie: Movie, *, size: int = 48, per_frame_pair: int = 1000, criterion: str = crops.CRITERIA[0],
                  threshold: int = crops.AREA_THRESHOLD, count_values: bool = False, replacement: bool = False,
                  limit: int | None = None, seed: int = 25) -> EventDataset:
    """Sample, label, split and balance the crop pairs of a movie.

    Parameters
    ----------
    movie : Movie
        With masks.
    size : int
        Side of the crops, in pixels.
    per_frame_pair : int
        Crops per pair of consecutive frames (paper: 1000).
    criterion, threshold
        See :func:`tapnb.crops.label`.
    count_values : bool
        The scripts' way of measuring areas, see :func:`tapnb.crops.labelled_areas`.
    replacement : bool
        The scripts' way of balancing, see :func:`tapnb.crops.balance`.
    limit : int, optional
        Keep at most this many balanced training pairs: a smaller budget.
    seed : int
        Fixes sampling, split and balancing; the heads' seeds do not touch them.

    Raises
    ------
    ValueError
        If the movie has no masks, or no pair of one class.
    """
    if movie.masks is None:
        raise ValueError(f"the movie {movie.name!r} has no event masks, which recognition needs; "
                         "give a label stack (0 nothing, 1 division, 2 death) of the frames' shape")
    pairs = crops.sample_per_frame_pair(movie.shape, size, per_frame_pair, seed)
    areas = crops.labelled_areas(movie.masks, pairs, count_values)
    labels = crops.label(areas, criterion, threshold)
    parts = crops.split_random(len(pairs), seed)
    balanced = crops.balance(labels, parts["train"], seed, replacement)
    if limit is not None and limit < len(balanced):
        positive, negative = balanced[labels[balanced]], balanced[~labels[balanced]]
        kept = np.concatenate([positive[: limit // 2], negative[: limit // 2]])
        balanced = np.random.default_rng(seed).permutation(kept)
    return EventDataset(pairs, areas, labels, parts | {"balanced": balanced})
