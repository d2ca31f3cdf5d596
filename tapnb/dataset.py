"""The event dataset of a movie: labelled crop pairs in three parts (paper, Section 3 and Table 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from skimage import measure

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
                         "give a label stack (0 nothing, 1 division, 2 death) of the frames' shape: `labels` in the "
                         "movie's YAML file")
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


def example_windows(movie: Movie, margin: int = 32, most: dict[str, int] | None = None, seed: int = 25) -> pd.DataFrame:
    """A few events of every kind that the movie knows, away from its borders, drawn at random.

    Parameters
    ----------
    movie : Movie
        Its table of events is used or, where it has none, the labelled regions of its masks.
    margin : int
        Distance kept from the borders, in pixels.
    most : dict, optional
        How many of a kind; 2 divisions, 2 deaths and 1 of every other kind unless given.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``t`` (frame), ``y``, ``x`` (centre, pixels) and ``kind``.
    """
    events = movie.events if movie.events is not None else _labelled_regions(movie.masks)
    inside = events[events["t"].between(2, len(movie.frames) - 4)
                    & events["y"].between(margin, movie.shape[1] - margin)
                    & events["x"].between(margin, movie.shape[2] - margin)]
    most = {"division": 2, "death": 2} if most is None else most
    rng = np.random.default_rng(seed)
    chosen = [group.iloc[rng.permutation(len(group))[: most.get(kind, 1)]]
              for kind, group in inside.groupby("kind", sort=False)]
    return pd.concat(chosen, ignore_index=True) if chosen else inside


def _labelled_regions(masks: np.ndarray) -> pd.DataFrame:
    """Centres of the connected labelled regions of every frame."""
    rows = [{"t": t, "y": region.centroid[0], "x": region.centroid[1], "kind": kind}
            for t, mask in enumerate(masks) for value, kind in ((1, "division"), (2, "death"))
            for region in measure.regionprops(measure.label(mask == value))]
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind"])
