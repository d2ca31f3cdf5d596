"""The event dataset of a movie: crop pairs labelled, split and balanced (paper, Section 3 and Table 1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from tapnb import crops, event_groups
from tapnb.crops import CropPairs
from tapnb.movies import Movie

CRITERIA = ("size filter, either", "any size, either", "any size, both")
"""The labelling criteria of Table 5; the first is the default everywhere else."""

AREA_THRESHOLD = 40
"""Labelled pixels from which a crop counts under the size filter (Table 1)."""


@dataclass(frozen=True)
class DatasetSettings:
    """How crop pairs are drawn from a movie and labelled; the defaults are the paper's.

    Attributes
    ----------
    crop_size : int
        Side of the crops, in pixels.
    crops_per_frame_pair : int
        Crops per pair of consecutive frames.
    criterion, area_threshold
        See :func:`label`.
    count_values : bool
        The scripts' way of measuring areas, see :func:`labelled_areas`.
    replacement : bool
        The scripts' way of balancing, see :func:`balance`.
    training_pairs : int
        Keep at most this many balanced training pairs, a smaller budget; 0: all.
    split : str
        One of :data:`SPLITS`: how pairs are told apart into training, validation and test.
    labelled_share : float
        Share of the movie's events that are labelled: crops of others are left out of training and validation.
    label_draw : int
        Which of them: the number of a draw.
    data_seed : int
        Fixes sampling, split and balancing; the heads' seeds do not touch them.
    """

    crop_size: int = 48
    crops_per_frame_pair: int = 1000
    criterion: str = CRITERIA[0]
    area_threshold: int = AREA_THRESHOLD
    count_values: bool = False
    replacement: bool = False
    training_pairs: int = 0
    split: str = "random"
    labelled_share: float = 1.0
    label_draw: int = 0
    data_seed: int = 25

    def __post_init__(self):
        for name, value, known in (("labelling criterion", self.criterion, CRITERIA), ("split", self.split, SPLITS)):
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; choose one of {', '.join(map(repr, known))}")
        if not 0 < self.labelled_share <= 1:
            raise ValueError(f"the share of labelled events is {self.labelled_share}; it must be above 0, and 1 at most")


@dataclass(frozen=True, eq=False)
class EventDataset:
    """Labelled crop pairs.

    Attributes
    ----------
    movie : Movie
    pairs : CropPairs
        All N of them.
    areas : int32 array, shape (N, 2)
        Labelled pixels in frames t and t + 1.
    labels : bool array, shape (N,)
        True where the pair holds an event.
    parts : dict of int arrays
        Indices of "train" (before balancing), "validation" and "test"; "balanced" is the training set.
    """

    movie: Movie
    pairs: CropPairs
    areas: np.ndarray
    labels: np.ndarray
    parts: dict[str, np.ndarray]

    def images(self, index: np.ndarray, on: torch.device | str = "cpu") -> torch.Tensor:
        """Normalised pixels of some pairs, float32 (n, 2, size, size)."""
        return crops.gather(crops.as_tensor(self.movie.frames, on), self.movie.levels, self.pairs[index])


def labelled_areas(masks: np.ndarray, pairs: CropPairs, count_values: bool = False) -> np.ndarray:
    """Labelled pixels of each pair's two crops, by summed-area tables of the rows and columns that hold any.

    Parameters
    ----------
    masks : uint8 array, shape (T, Y, X)
        0 nothing, 1 division, 2 death.
    pairs : CropPairs
    count_values : bool
        Sum the mask's values, so that a pixel of a death counts twice: what the authors' scripts do.

    Returns
    -------
    int32 array, shape (N, 2)
        Areas in frames t and t + 1, in pixels, in time order (a flip does not change a label).
    """
    areas = np.zeros((len(pairs), 2), np.int32)
    order = np.argsort(pairs.t, kind="stable")
    bounds = np.searchsorted(pairs.t[order], np.arange(len(masks) + 1))
    for t, mask in enumerate(masks):  # one table at a time serves pairs (t, t + 1) and (t - 1, t)
        rows, columns = mask.any(axis=1), mask.any(axis=0)
        if not rows.any():
            continue
        labelled = mask.compress(rows, axis=0).compress(columns, axis=1)
        table = np.zeros((labelled.shape[0] + 1, labelled.shape[1] + 1), np.int32)
        np.cumsum(labelled if count_values else labelled > 0, axis=1, dtype=np.int32, out=table[1:, 1:])
        for above, row in pairwise(table):  # ten times as fast as a cumsum along axis 0
            row += above
        down, across = (np.append(0, np.cumsum(some)) for some in (rows, columns))  # from pixels to table
        for frame in (0, 1):
            if not 0 <= t - frame < len(masks) - 1:
                continue
            of_frame = order[bounds[t - frame] : bounds[t - frame + 1]]
            y, x = pairs.y[of_frame], pairs.x[of_frame]
            y0, y1, x0, x1 = down[y], down[y + pairs.size], across[x], across[x + pairs.size]
            areas[of_frame, frame] = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    return areas


def label(areas: np.ndarray, criterion: str = CRITERIA[0], threshold: int = AREA_THRESHOLD) -> np.ndarray:
    """Which pairs hold an event, under one of the criteria of Table 5.

    Parameters
    ----------
    areas : int array, shape (N, 2)
        From :func:`labelled_areas`.
    criterion : {"size filter, either", "any size, either", "any size, both"}
    threshold : int
        Pixels from which an area passes the size filter (inclusive).

    Returns
    -------
    bool array, shape (N,)
    """
    if criterion == "any size, both":
        return (areas > 0).all(axis=1)
    if criterion == "any size, either":
        return (areas > 0).any(axis=1)
    if criterion == "size filter, either":
        return (areas >= threshold).any(axis=1)
    raise ValueError(f"unknown labelling criterion {criterion!r}; choose one of {', '.join(map(repr, CRITERIA))}")


def split_random(pairs: CropPairs, seed: int = 25, shares: tuple[float, float] = (0.6, 0.2)) -> dict[str, np.ndarray]:
    """Shuffle and cut into training, validation and test pairs (0.6 / 0.2 / 0.2, Section 3).

    Crops of one frame overlap between the parts, so this split leaks; it is the paper's.
    """
    n = len(pairs)
    order = np.random.default_rng(seed).permutation(n)
    first, second = round(n * shares[0]), round(n * (shares[0] + shares[1]))
    return {"train": order[:first], "validation": order[first:second], "test": order[second:]}


def split_time(pairs: CropPairs, seed: int = 25, gap: int = 3) -> dict[str, np.ndarray]:
    """Cut the movie in time: three fifths to train, a fifth to validate, the last fifth to test; not in the paper.

    Frame pairs whose earlier frame is one of the ``gap`` before a cut belong to none, so that no event stands on both
    sides. For a movie that has no held-out one.

    Raises
    ------
    ValueError
        If the movie is so short that a part has no frame pair.
    """
    last = int(pairs.t.max()) + 1
    cuts = [0, round(0.6 * last), round(0.8 * last), last]
    order = np.random.default_rng(seed).permutation(len(pairs))
    t = pairs.t[order]
    parts = {part: order[(t >= begin) & (t < end - gap * (end < last))]
             for part, begin, end in zip(("train", "validation", "test"), cuts, cuts[1:])}
    if empty := [part for part, index in parts.items() if not len(index)]:
        raise ValueError(f"with 'split: time' a movie of {last + 1} frames has no frame pair for {' and '.join(empty)}: give a movie of "
                         f"{5 * (gap + 1)} frames or more, or 'split: random'")
    return parts


SPLITS: dict[str, Callable[[CropPairs, int], dict[str, np.ndarray]]] = {"random": split_random, "time": split_time}
"""By name: crop pairs and a seed to the indices of "train", "validation" and "test"."""


def balance(labels: np.ndarray, index: np.ndarray, seed: int = 25, replacement: bool = False, part: str = "training") -> np.ndarray:
    """Subsample ``index`` so that both classes are equally frequent (Section 3), in shuffled order.

    Parameters
    ----------
    labels : bool array, shape (N,)
        Labels of all pairs.
    index : int array
        The pairs to choose from (the training part).
    seed : int
    replacement : bool
        Draw ``len(index) / 2`` of each class with replacement, once: what the authors' scripts do.
    part : str
        Which part they are, for the message.

    Raises
    ------
    ValueError
        If one of the classes is empty.
    """
    rng = np.random.default_rng(seed)
    classes = [index[labels[index]], index[~labels[index]]]
    if min(map(len, classes)) == 0:
        missing = "positive" if len(classes[0]) == 0 else "negative"
        raise ValueError(f"none of the {len(index)} {part} pairs is {missing}: no head can be trained; "
                         "draw more crops per frame pair or use a movie with more events")
    n = len(index) // 2 if replacement else min(map(len, classes))
    return rng.permutation(np.concatenate([rng.choice(c, n, replace=replacement) for c in classes]))


def fewer(balanced: np.ndarray, labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """The first ``most`` pairs of a balanced training set, half of each class, shuffled again."""
    positive, negative = balanced[labels[balanced]], balanced[~labels[balanced]]
    return np.random.default_rng(seed).permutation(np.concatenate([positive[: most // 2], negative[: most // 2]]))


def event_dataset(movie: Movie, settings: DatasetSettings = DatasetSettings()) -> EventDataset:
    """Sample, label, split and balance the crop pairs of a movie.

    Parameters
    ----------
    movie : Movie
        With masks.
    settings : DatasetSettings

    Raises
    ------
    ValueError
        If the movie has no masks, or no pair of one class.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.dataset import DatasetSettings, event_dataset
    >>> from tapnb.movies import Movie
    >>> frames = np.random.default_rng(0).integers(0, 255, (6, 96, 96), dtype=np.uint8)
    >>> masks = np.zeros_like(frames)
    >>> masks[2:4, 20:40, 20:40] = 1  # one cell divides
    >>> data = event_dataset(Movie(frames, masks), DatasetSettings(crops_per_frame_pair=50))
    >>> len(data.pairs), data.images(data.parts["test"]).shape
    (250, torch.Size([50, 2, 48, 48]))
    >>> float(data.labels[data.parts["balanced"]].mean())  # as many events as none
    0.5
    """
    if movie.masks is None:
        raise ValueError(f"the movie {movie.name!r} has no event masks, which recognition needs; "
                         "give labels (0 nothing, 1 division, 2 death) of the frames' shape: `labels` in the movie's "
                         "YAML file")
    pairs = crops.sample_per_frame_pair(movie.shape, settings.crop_size, settings.crops_per_frame_pair,
                                        settings.data_seed, movie.usable)
    areas = labelled_areas(movie.masks, pairs, settings.count_values)
    labels = label(areas, settings.criterion, settings.area_threshold)
    parts = SPLITS[settings.split](pairs, settings.data_seed)
    if settings.labelled_share < 1:
        unknown = _unlabelled(event_groups.shown(movie.masks, pairs), settings)
        parts |= {part: parts[part][~unknown[parts[part]]] for part in ("train", "validation")}
    balanced = balance(labels, parts["train"], settings.data_seed, settings.replacement)
    if 0 < settings.training_pairs < len(balanced):
        balanced = fewer(balanced, labels, settings.training_pairs, settings.data_seed)
    return EventDataset(movie, pairs, areas, labels, parts | {"balanced": balanced})


def _unlabelled(shown: np.ndarray, settings: DatasetSettings) -> np.ndarray:
    """Which pairs show an event that nobody has labelled, (N,) bool; a larger share holds the events of a smaller."""
    events = int(shown.max()) + 1
    order = np.random.default_rng((settings.data_seed, settings.label_draw)).permutation(events)
    labelled = order[: max(1, round(settings.labelled_share * events))]
    return (shown >= 0) & ~np.isin(shown, labelled)
