"""Found events against true ones: matched one to one, then precision, recall, F1, average precision.

The paper scores crops. Events have a place and a time, and a found one counts if it is near enough in both to a true one
that no other has taken (SPEC 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from tapnb.metrics.intervals import DRAWS, Resampled

FRAMES, REGION = 8, 256
"""Blocks in which false events are resampled: frames, and pixels in both directions."""


@dataclass(frozen=True)
class Tolerance:
    """How far apart a found event and a true one may be.

    Attributes
    ----------
    pixels : float
        Strictly less than that.
    frames : int
        At most so many.
    """

    pixels: float = 15.0
    frames: int = 6


PUBLISHED = Tolerance()
"""The protocol of Nishimura et al. (MICCAI 2023) for HeLa."""

STRICT = Tolerance(15.0, 1)
"""A frame more or less."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Found events, each with the true one that it is.

    Attributes
    ----------
    scores : float array, shape (K,)
        Descending.
    event : int array, shape (K,)
        Index of the true event; -1: none, a false alarm.
    block : int array, shape (K,)
        The frames and region that it lies in, see :data:`FRAMES`.
    events : int
        True events.
    frames : int
        Frame pairs that were searched.
    """

    scores: np.ndarray
    event: np.ndarray
    block: np.ndarray
    events: int
    frames: int


def match(found: pd.DataFrame, true: pd.DataFrame, tolerance: Tolerance = PUBLISHED) -> np.ndarray:
    """The true event that each found one is, one to one and within a kind.

    Sets of found events that can be matched all at once form a transversal matroid: taking the surest first never costs
    one later. So one assignment serves every threshold: where a match is worth the more the surer the found event, the
    best assignment matches, above any threshold, as many of those above it as could be. Of several true events the nearer
    one is preferred as far as that costs nothing.

    Parameters
    ----------
    found : DataFrame
        ``t``, ``y``, ``x``, ``kind``, ``score``. Of equal scores the earlier row counts as the surer.
    true : DataFrame
        ``t``, ``y``, ``x``, ``kind``.
    tolerance : Tolerance

    Returns
    -------
    int array, shape (len(found),)
        Position in ``true``; -1: none.
    """
    event = np.full(len(found), -1)
    if not len(found) or not len(true):
        return event
    rank = np.empty(len(found))
    rank[np.argsort(-found["score"].to_numpy(float), kind="stable")] = np.arange(len(found))
    apart = np.hypot(*(found[axis].to_numpy(float)[:, None] - true[axis].to_numpy(float) for axis in "yx"))
    near = (apart < tolerance.pixels) & (found["kind"].to_numpy(str)[:, None] == true["kind"].to_numpy(str)) & (
        np.abs(found["t"].to_numpy(int)[:, None] - true["t"].to_numpy(int)) <= tolerance.frames)
    some = np.flatnonzero(near.any(1))  # most of those below any threshold are near to nothing
    worth = 1 + (len(found) - rank[some]) / len(found)
    nearer = 1 - apart[some] / tolerance.pixels
    # All preferences together weigh less than half a rank.
    value = np.where(near[some], worth[:, None] + nearer / (2 * len(found) * (min(near[some].shape) + 1)), 0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    taken = near[some][rows, columns]
    event[some[rows[taken]]] = columns[taken]
    return event


def matched(found: pd.DataFrame, true: pd.DataFrame, frames: int, tolerance: Tolerance = PUBLISHED,
            ignored: pd.DataFrame | None = None) -> Matched:
    """Match found events with true ones, and put them in order.

    Parameters
    ----------
    found, true, tolerance
        See :func:`match`.
    frames : int
        Frame pairs that were searched.
    ignored : DataFrame, optional
        ``t``, ``y``, ``x`` of places where nobody knows: what is found near one, and is no true event, counts neither way.
    """
    event = match(found, true, tolerance)
    kept = np.ones(len(found), bool)
    if ignored is not None and len(ignored) and len(found):
        apart = np.hypot(*(found[axis].to_numpy(float)[:, None] - ignored[axis].to_numpy(float) for axis in "yx"))
        late = np.abs(found["t"].to_numpy(int)[:, None] - ignored["t"].to_numpy(int))
        kept = (event >= 0) | ~((apart < tolerance.pixels) & (late <= tolerance.frames)).any(1)
    score = found["score"].to_numpy(float)
    order = np.argsort(-score, kind="stable")
    order = order[kept[order]]
    t, y, x = (found[axis].to_numpy(float)[order] // side for axis, side in zip("tyx", (FRAMES, REGION, REGION)))
    block = (t * 4096 + y) * 4096 + x  # frames are smaller than a million pixels
    return Matched(score[order], event[order], block.astype(int), len(true), frames)


def curve(m: Matched) -> pd.DataFrame:
    """Scores at every threshold: what is found at it or above.

    Returns
    -------
    DataFrame
        ``threshold`` descending, ``precision``, ``recall``, ``f1``, ``false_per_frame`` (the free-response curve is recall
        against it).
    """
    true, found = np.cumsum(m.event >= 0), np.arange(1, len(m.scores) + 1)
    last = np.r_[m.scores[1:] != m.scores[:-1], True][: len(m.scores)]  # of equal scores all are found together
    true, found = true[last], found[last]
    return pd.DataFrame({"threshold": m.scores[last], "precision": true / found, "recall": true / max(m.events, 1),
                         "f1": 2 * true / np.maximum(found + m.events, 1), "false_per_frame": (found - true) / m.frames})


def at(m: Matched, threshold: float) -> dict[str, float]:
    """``precision``, ``recall``, ``f1``, ``false_per_frame``, ``found`` and ``true`` (how many of them are) at a threshold.

    Precision is 0 where nothing is found.
    """
    found = int((m.scores >= threshold).sum())
    true = int((m.event[:found] >= 0).sum())
    return {"precision": true / max(found, 1), "recall": true / max(m.events, 1),
            "f1": 2 * true / max(found + m.events, 1), "false_per_frame": (found - true) / m.frames, "found": found,
            "true": true}


def best_threshold(m: Matched) -> float:
    """The threshold of the highest F1, of several the highest; infinity where no found event is a true one."""
    table = curve(m)
    if not len(table) or table["f1"].max() == 0:
        return float("inf")
    return float(table["threshold"].iloc[int(table["f1"].argmax())])


def average_precision(m: Matched) -> float:
    """Mean over true events of the precision at which each is found, 0 for one that is not; NaN if there is no event."""
    if not m.events:
        return float("nan")
    return float(_average_precisions(m, np.ones((1, m.events)), np.ones((1, len(m.scores))))[0])


def resampled_average_precision(ms: Sequence[Matched], draws: int = DRAWS, seed: int = 0) -> Resampled:
    """Average precision of several runs on the same events, and what it would be with other ones.

    True events are drawn with replacement, each with what was found of it or not; false alarms by their blocks. All runs,
    and other strategies of the same events and seed, share the draws of true events. See
    :func:`tapnb.metrics.intervals.estimate`.
    """
    return _resampled(ms, draws, seed, lambda i, m, events, false: _average_precisions(m, events, false))


def resampled_f1(ms: Sequence[Matched], thresholds: Sequence[float], draws: int = DRAWS, seed: int = 0) -> Resampled:
    """The same of F1, each run at its own threshold."""
    def f1(i: int, m: Matched, events: np.ndarray, false: np.ndarray) -> np.ndarray:
        above, hit = m.scores >= thresholds[i], m.event >= 0
        true = events[:, m.event[above & hit]].sum(1)
        return 2 * true / np.maximum(true + false[:, above & ~hit].sum(1) + events.sum(1), 1)

    return _resampled(ms, draws, seed, f1)


def _resampled(ms: Sequence[Matched], draws: int, seed: int, measure) -> Resampled:
    n, blocks = ms[0].events, np.unique(np.concatenate([m.block for m in ms]))
    if any(m.events != n for m in ms):
        raise ValueError(f"runs with {', '.join(str(m.events) for m in ms)} true events are not of the same movie")
    events = np.random.default_rng([seed, 0]).multinomial(n, np.full(n, 1 / n), draws)
    of_blocks = np.random.default_rng([seed, 1]).multinomial(len(blocks), np.full(len(blocks), 1 / max(len(blocks), 1)),
                                                             draws) if len(blocks) else np.zeros((draws, 0), int)
    values = [measure(i, m, events, of_blocks[:, np.searchsorted(blocks, m.block)]) for i, m in enumerate(ms)]
    plain = [measure(i, m, np.ones((1, n)), np.ones((1, len(m.scores))))[0] for i, m in enumerate(ms)]
    return Resampled(np.array(plain), np.stack(values, axis=1), n)


def _average_precisions(m: Matched, events: np.ndarray, false: np.ndarray) -> np.ndarray:
    """Average precision under draws: (D, E) how often each true event comes, (D, K) each found one that is none."""
    hit = m.event >= 0
    gained = np.where(hit, events[:, m.event], 0)
    true = np.cumsum(gained, axis=1)
    called = true + np.cumsum(np.where(hit, 0, false), axis=1)
    last = np.flatnonzero(np.r_[m.scores[1:] != m.scores[:-1], True][: len(m.scores)])
    step = np.searchsorted(last, np.arange(len(m.scores)))  # of equal scores all are called together
    precision = np.divide(true, called, out=np.zeros(true.shape), where=called > 0)[:, last][:, step]
    return (precision * gained).sum(1) / np.maximum(events.sum(1), 1)
