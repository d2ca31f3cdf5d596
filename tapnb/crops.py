"""Crop pairs as index arrays: sampled and gathered.

A crop pair is the same square window of frames ``t`` and ``t + 1`` (paper, Section 3). It is kept as four
numbers, never as pixels: 95 000 pairs are a megabyte instead of 440, and labels, splits and batches are
functions of them (:mod:`tapnb.dataset`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from tapnb.movies import BOUND, SMALLEST_RANGE, Usable, normalise
from tapnb.system.device import send


@dataclass(frozen=True, eq=False)
class CropPairs:
    """N windows of ``size`` x ``size`` pixels in frames ``t`` and ``t + 1``.

    Attributes
    ----------
    t, y, x : int64 arrays, shape (N,)
        Frame index of the earlier frame and the window's upper left corner, in pixels.
    flip : bool array, shape (N,)
        True where the pair is shown in reversed time order.
    size : int
        Side of the window, in pixels.
    """

    t: np.ndarray
    y: np.ndarray
    x: np.ndarray
    flip: np.ndarray
    size: int

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, index) -> CropPairs:
        """The pairs that ``index`` (a slice, a mask or an index array) selects."""
        return CropPairs(self.t[index], self.y[index], self.x[index], self.flip[index], self.size)


def _check_window(shape: tuple[int, int, int], size: int) -> None:
    frames, height, width = shape
    if frames < 2:
        raise ValueError(f"the movie has {frames} frame; a crop pair needs two consecutive frames")
    if not 1 <= size <= min(height, width):
        raise ValueError(f"a crop of {size} px does not fit into frames of {height} x {width} px; "
                         f"choose a crop size of at most {min(height, width)}")


def sample_uniform(shape: tuple[int, int, int], size: int, n: int, rng: np.random.Generator,
                   usable: Usable | None = None) -> CropPairs:
    """Draw ``n`` pairs uniformly over frame pairs and places, each order flipped with p = 0.5.

    Parameters
    ----------
    shape : (T, Y, X)
        Shape of the movie.
    size : int
        Side of the crops, in pixels.
    n : int
        Number of pairs.
    rng : numpy.random.Generator
        The draw is a function of its state.
    usable : Usable, optional
        What of the movie to draw from (``Movie.usable``); None: all.

    Raises
    ------
    ValueError
        If crops do not fit, or no place is left to draw from.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.crops import sample_uniform
    >>> pairs = sample_uniform((96, 512, 512), 48, 1000, np.random.default_rng(1))
    >>> len(pairs), int(pairs.t.max()), int(pairs.y.max())
    (1000, 94, 464)
    >>> len(pairs[pairs.t < 10]) < 200  # a slice, a mask or an index array selects
    True
    """
    return where_shown(_uniform(shape, size, n, rng, usable), usable, rng)


def sample_per_frame_pair(shape: tuple[int, int, int], size: int = 48, per_frame_pair: int = 1000,
                          seed: int = 25, usable: Usable | None = None) -> CropPairs:
    """The paper's dataset: the same number of uniform crops from every usable frame pair (95 x 1000, Table 1)."""
    rng = np.random.default_rng(seed)
    frame_pairs = np.arange(shape[0] - 1) if usable is None else usable.t
    pairs = _uniform(shape, size, len(frame_pairs) * per_frame_pair, rng, usable)
    pairs = CropPairs(np.repeat(frame_pairs, per_frame_pair), pairs.y, pairs.x, pairs.flip, size)
    return where_shown(pairs, usable, rng)


def _uniform(shape: tuple[int, int, int], size: int, n: int, rng: np.random.Generator,
             usable: Usable | None) -> CropPairs:
    """Uniform pairs of usable frame pairs, whatever the windows show."""
    _check_window(shape, size)
    frame_pairs = np.arange(shape[0] - 1) if usable is None else usable.t
    return CropPairs(frame_pairs[rng.integers(0, len(frame_pairs), n)], rng.integers(0, shape[1] - size + 1, n),
                     rng.integers(0, shape[2] - size + 1, n), rng.random(n) < 0.5, size)


def where_shown(pairs: CropPairs, usable: Usable | None, rng: np.random.Generator) -> CropPairs:
    """Pairs as drawn, but those whose window shows nothing go to a place of their frame pair that does.

    Of a frame pair without any such place they go to other frame pairs. From an ordinary movie nothing more is drawn.

    Parameters
    ----------
    pairs : CropPairs
    usable : Usable or None
        What may be drawn from, see :attr:`tapnb.movies.Movie.usable`.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If no window of any frame pair shows something.
    """
    if usable is None:
        return pairs
    partial = np.intersect1d(pairs.t, np.flatnonzero(usable.quality.partial_pairs))
    t, y, x = pairs.t.copy(), pairs.y.copy(), pairs.x.copy()
    nowhere = np.zeros(len(t), bool)
    for frame in partial:
        there, shown = np.flatnonzero(t == frame), usable.places(frame, pairs.size)
        empty, corners = there[~shown[y[there], x[there]]], np.flatnonzero(shown)
        if len(corners):
            y[empty], x[empty] = np.unravel_index(rng.choice(corners, len(empty)), shown.shape)
        else:
            nowhere[there] = True
    if not nowhere.any():
        return CropPairs(t, y, x, pairs.flip, pairs.size)
    others = np.setdiff1d(usable.t, t[nowhere])
    if not len(others):
        raise ValueError(f"no window of {pairs.size} px shows anything new in any frame pair; choose a smaller crop, "
                         "or look at what `tapnb data` says of this movie")
    moved = CropPairs(rng.choice(others, nowhere.sum()), y[nowhere], x[nowhere], pairs.flip[nowhere], pairs.size)
    moved = where_shown(moved, Usable(usable.frames, usable.quality, others), rng)
    t[nowhere], y[nowhere], x[nowhere] = moved.t, moved.y, moved.x
    return CropPairs(t, y, x, pairs.flip, pairs.size)


def change_weights(frames: np.ndarray, levels: np.ndarray, size: int, power: float = 2.0,
                   stride: int = 8, usable: Usable | None = None) -> np.ndarray:
    """How much each place changes from one frame to the next, without labels.

    The weight of a window is a power of its mean ``|x_t+1 - x_t|`` (normalised frames), above the 10th
    percentile of its frame pair: noise and drift change every place alike, events change few. Not in the
    paper, which samples uniformly.

    Parameters
    ----------
    frames : array, shape (T, Y, X)
    levels : float32 array, shape (T, 2)
        Low and high level of each frame (``Movie.levels``).
    size : int
        Side of the crops, in pixels.
    power : float
        2, unless a more selective draw is wanted.
    stride : int
        Windows are weighed at every ``stride``-th pixel.
    usable : Usable, optional
        See :func:`sample_uniform`.

    Returns
    -------
    float32 array, shape (T - 1, Gy, Gx)
        Every usable frame pair sums to 1, every other to 0; cell (i, j) is the window with its corner at (i, j) * stride.
    """
    _check_window(frames.shape, size)
    weights = []
    after = normalise(frames[0], levels[0])
    for t in range(1, len(frames)):  # frame by frame: a whole movie of float differences need not fit
        before, after = after, normalise(frames[t], levels[t])
        mean = ndimage.uniform_filter(np.abs(after - before), size, origin=-(size // 2))  # window starts here
        mean = mean[: frames.shape[1] - size + 1 : stride, : frames.shape[2] - size + 1 : stride]
        weight = np.clip(mean - np.percentile(mean, 10), 0, None) ** power
        if usable is not None and usable.quality.partial_pairs[t - 1]:  # a border that moves changes more than any cell
            weight *= usable.places(t - 1, size)[::stride, ::stride]
        total = weight.sum()
        weights.append(weight / total if total > 0 else np.full_like(weight, 1 / weight.size))
    weights = np.stack(weights).astype(np.float32)
    if usable is not None:
        weights[np.setdiff1d(np.arange(len(weights)), usable.t)] = 0
    return weights


def sample_by_change(weights: np.ndarray, shape: tuple[int, int, int], size: int, n: int,
                     rng: np.random.Generator, uniform_share: float = 0.2, stride: int = 8,
                     usable: Usable | None = None) -> CropPairs:
    """Draw ``n`` pairs: frame pairs uniformly, places by :func:`change_weights`, a share of them uniformly.

    Parameters
    ----------
    weights : float32 array, shape (T - 1, Gy, Gx)
        From :func:`change_weights` with the same ``size`` and ``stride``.
    shape, size, n, rng, usable
        As in :func:`sample_uniform`.
    uniform_share : float
        Share of the pairs that stays uniform, so that quiet places are seen as well.
    """
    cumulative = np.cumsum(weights, dtype=np.float64)  # every usable frame pair adds 1: one search draws t and place
    pairs = _uniform(shape, size, n, rng, usable)
    by_change = rng.random(n) >= uniform_share
    cell = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
    t, row, column = np.unravel_index(np.minimum(cell, weights.size - 1), weights.shape)
    jitter = rng.integers(0, stride, (2, n))
    y = np.minimum(row * stride + jitter[0], shape[1] - size)
    x = np.minimum(column * stride + jitter[1], shape[2] - size)
    return where_shown(CropPairs(np.where(by_change, t, pairs.t), np.where(by_change, y, pairs.y),
                                 np.where(by_change, x, pairs.x), pairs.flip, size), usable, rng)


def as_tensor(frames: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """Frames on the device in their own width, shape (T, Y, X); on the CPU the same memory and no copy.

    So a memory-mapped movie stays on its disk. 16-bit frames are seen as int16, since torch indexes int16
    everywhere and uint16 not; :func:`gather` undoes it.
    """
    if frames.dtype == np.float64 and torch.device(device).type != "cpu":
        frames = frames.astype(np.float32)  # not every device has float64, and a batch is float32 anyway
    if frames.dtype == np.uint16:
        frames = frames.view(np.int16)
    if any(stride < 0 or stride % frames.itemsize for stride in frames.strides):
        frames = frames.copy()  # a mirrored view or a part of records, which torch does not know
    with warnings.catch_warnings():
        # Torch has no read-only tensors and warns of memory-mapped files; nothing here writes to frames.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
        return torch.from_numpy(frames).to(device)


def gather(frames: torch.Tensor, levels: np.ndarray, pairs: CropPairs) -> torch.Tensor:
    """Normalised pixels of a batch; nothing but its windows is read.

    Parameters
    ----------
    frames : tensor, shape (T, Y, X)
        From :func:`as_tensor`.
    levels : float32 array, shape (T, 2)
        ``Movie.levels``.
    pairs : CropPairs

    Returns
    -------
    float32 tensor, shape (N, 2, size, size)
        On the device of ``frames``; flipped pairs come in reversed order.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.crops import as_tensor, gather, sample_uniform
    >>> from tapnb.movies.synthetic import simulate
    >>> movie = simulate(frames=3, size=96)
    >>> pairs = sample_uniform(movie.shape, 48, 16, np.random.default_rng(1))
    >>> gather(as_tensor(movie.frames), movie.levels, pairs).shape
    torch.Size([16, 2, 48, 48])
    """
    t = pairs.t[:, None] + np.stack([pairs.flip, ~pairs.flip], axis=1)  # (N, 2): the frames in the order shown
    where = t, pairs.y[:, None], pairs.x[:, None]
    *there, levels = (send(torch.from_numpy(np.ascontiguousarray(a)), frames.device) for a in (*where, levels[t]))
    windows = frames.unfold(1, pairs.size, 1).unfold(2, pairs.size, 1)  # (T, Y', X', size, size), a view
    crops = _pick_rows(windows, where) if frames.is_cpu else _pick(windows, there)
    low, high = levels[..., None, None].unbind(2)  # (N, 2, 1, 1) each
    return crops.sub_(low).div_((high - low).clamp_min(SMALLEST_RANGE)).clamp_(-BOUND, BOUND)


def _pick(windows: torch.Tensor, where: list[torch.Tensor]) -> torch.Tensor:
    """Windows at ``where`` (t, y, x) on any device, in grey levels, float32 (N, 2, size, size)."""
    crops = windows[*where]
    return (crops.int() & 0xFFFF if crops.dtype == torch.int16 else crops).float()


def _pick_rows(windows: torch.Tensor, where: tuple[np.ndarray, ...]) -> torch.Tensor:
    """The same on a CPU by numpy, which copies row by row and not pixel by pixel: three times as fast."""
    crops = windows.numpy()[where]
    crops = crops.view(np.uint16) if crops.dtype == np.int16 else crops
    return torch.from_numpy(crops.astype(np.float32, copy=False))
