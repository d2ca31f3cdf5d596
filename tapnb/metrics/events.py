"""Scores of found events against true ones: who owns a movie counts events, not crops.

Found and true events are matched one to one; a second found event at the same true one is a false alarm. Then follow
precision, recall, F1, average precision, and the free-response curve (recall against false alarms per frame). The rule
for matching is the published one for the HeLa movies: Nishimura et al., MICCAI 2023.

Conventions: precision is 0 where nothing is found. Without true events recall and average precision are NaN, and F1 is
0, or NaN if nothing is found either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tapnb.metrics.intervals import DRAWS, Groups, Resampled, average_precisions

BLOCK = (8, 256, 256)
"""Frames and pixels (t, y, x) of a block, in which false alarms are resampled together (page "Protocol")."""


@dataclass(frozen=True)
class Tolerance:
    """How far a found event may lie from the true one.

    Attributes
    ----------
    pixels : float
        Strictly less than this apart, in the plane of the image.
    frames : int
        At most this many frames apart.
    """

    pixels: float = 15.0
    frames: int = 6

    def __post_init__(self):
        if not (self.pixels > 0 and self.frames >= 0):
            raise ValueError(f"{self} matches nothing: pixels must be above 0, and frames at least 0.")


PUBLISHED = Tolerance()
"""Nishimura et al., MICCAI 2023, and the evaluation code that it took over."""

STRICT = Tolerance(15.0, 1)
"""The time of an event counts as well: the frame or its neighbour."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Found events of a movie, the surest first, each with the true event that it is matched to.

    Attributes
    ----------
    scores : float array, shape (K,)
        Descending.
    event : int array, shape (K,)
        Position of the true event, or -1: a false alarm.
    block : int array, shape (K,)
        Number of the :data:`BLOCK` that the found event lies in; the same place has the same number in every run.
    events : int
        How many true events there are.
    frames : int
        How many frames were searched.
    """

    scores: np.ndarray
    event: np.ndarray
    block: np.ndarray
    events: int
    frames: int


def match(found: pd.DataFrame, true: pd.DataFrame, tolerance: Tolerance = PUBLISHED) -> np.ndarray:
    """Match found events to true ones of the same kind, one to one.

    A single matching serves all thresholds. The sets of found events that can be matched at the same time are the
    independent sets of a transversal matroid. In a matroid, the set of largest weight is the one that takes events
    greedily, the heaviest first; it then holds, for every k, as many of the k heaviest as any independent set can. So
    weights that fall strictly with the rank of the score give a matching in which, **at every threshold**, as many of
    the events above it are matched as by any matching of them alone. Weights are whole numbers. Nearness to the true
    event adds less than 1 in total: it decides which true event is taken, and never whether one is.

    Of equal scores the event that comes first in the table ranks first.

    Parameters
    ----------
    found : DataFrame
        Columns ``t`` (frame), ``y``, ``x`` (pixels), ``kind``, ``score`` (larger is surer).
    true : DataFrame
        Columns ``t``, ``y``, ``x``, ``kind``.
    tolerance : Tolerance

    Returns
    -------
    int array, shape (len(found),)
        Position in ``true`` of the event that each found one is matched to; -1: none.
    """
    scores = _scores(found)
    i, j, nearness = _near(_points(found, "found"), _points(true, "true"), tolerance)
    same = _kinds(found, "found")[i] == _kinds(true, "true")[j]
    i, j, nearness = i[same], j[same], nearness[same]
    rank = np.empty(len(found))
    rank[np.argsort(-scores, kind="stable")] = np.arange(len(found), 0, -1)  # N for the surest, 1 for the last
    weight = rank[i] + nearness / (len(true) + 1)  # no more pairs than true events, so less than 1 in total
    matches = np.full(len(found), -1)
    # Events far apart do not compete: each connected part is assigned alone, in a small table.
    both = len(found) + len(true)
    graph = coo_matrix((np.ones(len(i)), (i, len(found) + j)), (both, both))
    parts = connected_components(graph, directed=False)[1][i]
    order = np.argsort(parts, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(parts[order])) + 1) if len(order) else ():
        rows, row = np.unique(i[part], return_inverse=True)
        columns, column = np.unique(j[part], return_inverse=True)
        table = np.zeros((len(rows), len(columns)))  # 0: too far apart
        table[row, column] = weight[part]
        row, column = linear_sum_assignment(table, maximize=True)
        allowed = table[row, column] > 0
        matches[rows[row[allowed]]] = columns[column[allowed]]
    return matches


def matched(found: pd.DataFrame, true: pd.DataFrame, frames: int, tolerance: Tolerance = PUBLISHED,
            ignored: pd.DataFrame | None = None) -> Matched:
    """Match the found events of a movie and put them in order.

    Parameters
    ----------
    found, true, tolerance
        See :func:`match`.
    frames : int
        How many frames were searched.
    ignored : DataFrame, optional
        Columns ``t``, ``y``, ``x``: places where nobody knows whether there is an event. Found events within the
        tolerance of one, of whatever kind, are left out unless they match a true event.

    Examples
    --------
    >>> import pandas as pd
    >>> from tapnb.metrics.events import at, average_precision, matched
    >>> true = pd.DataFrame({"t": [5, 9], "y": [20.0, 70.0], "x": [20.0, 30.0], "kind": "division"})
    >>> found = pd.DataFrame({"t": [6, 5, 2], "y": [22.0, 21.0, 90.0], "x": [21.0, 19.0, 90.0], "kind": "division",
    ...                       "score": [0.9, 0.8, 0.3]})
    >>> m = matched(found, true, frames=12)
    >>> m.event  # the second one finds an event that is found already: a false alarm
    array([ 0, -1, -1])
    >>> at(m, 0.5)
    {'precision': 0.5, 'recall': 0.5, 'f1': 0.5, 'found': 2, 'true': 1}
    """
    if frames < 1:
        raise ValueError(f"Events were searched in {frames} frames: give the number of frames of the movie.")
    event, points = match(found, true, tolerance), _points(found, "found")
    kept = np.ones(len(found), bool)
    if ignored is not None:
        kept[_near(points, _points(ignored, "ignored"), tolerance)[0]] = False
        kept |= event >= 0
    scores = _scores(found)
    order = np.argsort(-scores, kind="stable")
    order = order[kept[order]]
    t, y, x = np.maximum(points // BLOCK, 0).astype(int).T
    return Matched(scores[order], event[order], (((t << 16) + y << 16) + x)[order], len(true), frames)


def curve(m: Matched) -> pd.DataFrame:
    """Precision, recall and false alarms at every threshold.

    Returns
    -------
    DataFrame
        One row a distinct score, the highest first: ``threshold`` (events that score at least this much count as
        found), ``precision``, ``recall``, ``f1``, ``false_per_frame``.
    """
    last = np.flatnonzero(np.append(np.diff(m.scores) != 0, True)[:len(m.scores)])  # of those that score the same
    hits = np.cumsum(m.event >= 0)[last]
    rates = _rates(last + 1, hits, m.events)
    return pd.DataFrame({"threshold": m.scores[last]} | rates | {"false_per_frame": (last + 1 - hits) / m.frames})


def average_precision(m: Matched) -> float:
    """Sum of precision times recall gained; an event that is missed gains nothing. NaN without true events."""
    if not m.events:
        return float("nan")
    steps = curve(m)
    return float((steps["precision"] * np.diff(steps["recall"], prepend=0)).sum())


def at(m: Matched, threshold: float) -> dict[str, float]:
    """Scores of the events that reach a threshold.

    Returns
    -------
    dict
        ``precision``, ``recall``, ``f1``; ``found``: how many reach it; ``true``: how many of these match a true event.
    """
    reached = m.scores >= threshold
    called, hits = int(reached.sum()), int((reached & (m.event >= 0)).sum())
    return {name: float(rate) for name, rate in _rates(called, hits, m.events).items()} | {"found": called, "true": hits}


def best_threshold(m: Matched) -> float:
    """Threshold of the highest F1, the highest of several; inf where no found event matches: then none should count."""
    steps = curve(m)
    return float(steps["threshold"][steps["f1"].argmax()]) if (m.event >= 0).any() else float("inf")


def resampled_f1(ms: Sequence[Matched], thresholds: Sequence[float], draws: int = DRAWS, seed: int = 0) -> Resampled:
    """F1 of several runs, and what it would be with other events.

    True events are drawn with replacement, each with the found event that matches it or with its miss. False alarms are
    drawn by block, with Poisson weights of mean one: as if all blocks of a large movie were drawn, those without a false
    alarm included. A block's weights depend on its place and the seed alone. So strategies with the same true events share
    every draw, and :func:`tapnb.metrics.intervals.estimate` may take their difference.

    Parameters
    ----------
    ms : sequence of Matched
        One a run, all of the same true events.
    thresholds : sequence of float
        One a run, chosen on other events.
    """
    events, blocks, by_block = _drawn(ms, draws, seed)
    values = []
    for m, threshold in zip(ms, thresholds, strict=True):
        reached = m.scores >= threshold
        hits = events[:, m.event[reached & (m.event >= 0)]].sum(1)  # (1 + D,)
        alarms = np.searchsorted(blocks, m.block[reached & (m.event < 0)])
        false = by_block @ np.bincount(alarms, minlength=len(blocks)).astype(float)
        values.append(2 * hits / (hits + false + m.events))
    return _resampled(values, ms)


def resampled_average_precision(ms: Sequence[Matched], draws: int = DRAWS, seed: int = 0) -> Resampled:
    """Average precision of several runs, and what it would be with other events; see :func:`resampled_f1`."""
    events, blocks, by_block = _drawn(ms, draws, seed)
    values = []
    for m in ms:
        hit = m.event >= 0
        if not hit.any():
            values.append(np.zeros(len(events)))
            continue
        groups = Groups(hit, np.where(hit, m.event, np.searchsorted(blocks, m.block)), (len(blocks), m.events))
        of_found = average_precisions(groups, m.scores, (by_block, events))  # as if nothing were missed
        values.append(of_found * events[:, m.event[hit]].sum(1) / m.events)
    return _resampled(values, ms)


def _drawn(ms: Sequence[Matched], draws: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How often every event comes (1 + D, E); numbers of the blocks (B,) with false alarms, and how often they come.

    In the first row each comes once: the events as they are.
    """
    counts = {m.events for m in ms}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("Runs are resampled together over the same true events, at least one; "
                         f"these have {sorted(counts) or 'no run'}.")
    n = counts.pop()
    events = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), draws)
    blocks = np.unique(np.concatenate([m.block[m.event < 0] for m in ms]))
    by_block = np.ones((1 + draws, len(blocks)))
    for column, block in enumerate(blocks):  # a stream of its own, so that it does not depend on which others there are
        stream = np.random.SeedSequence(seed, spawn_key=(int(block),))
        by_block[1:, column] = np.random.default_rng(stream).poisson(1, draws)
    return np.concatenate([np.ones((1, n)), events]), blocks, by_block


def _resampled(values: list[np.ndarray], ms: Sequence[Matched]) -> Resampled:
    values = np.stack(values, axis=1)  # (1 + D, R)
    return Resampled(values[0], values[1:], ms[0].events)


def _rates(called: np.ndarray | int, hits: np.ndarray | int, events: int) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of so many found events, of which so many match one of ``events``."""
    with np.errstate(invalid="ignore"):
        return {"precision": np.divide(hits, np.maximum(called, 1)), "recall": np.divide(hits, events),
                "f1": np.divide(np.multiply(2, hits), np.add(called, events))}


def _near(first: np.ndarray, second: np.ndarray, tolerance: Tolerance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of points (t, y, x) within the tolerance: position in both, and nearness above 0 and at most 1."""
    if not len(first) or not len(second):
        return np.empty(0, int), np.empty(0, int), np.empty(0)
    trees = [cKDTree(points[:, 1:]) for points in (first, second)]
    pairs = trees[0].sparse_distance_matrix(trees[1], tolerance.pixels, output_type="ndarray")
    i, j, pixels = (pairs[name] for name in "ijv")
    frames = np.abs(first[i, 0] - second[j, 0])
    near = (pixels < tolerance.pixels) & (frames <= tolerance.frames)
    nearness = 1 - (pixels / tolerance.pixels + frames / (tolerance.frames + 1)) / 2
    return i[near], j[near], nearness[near]


def _points(events: pd.DataFrame, name: str) -> np.ndarray:
    """Frame, y and x of every event, shape (N, 3)."""
    points = np.stack([_column(events, c, name).to_numpy(float) for c in "tyx"], axis=1)
    if not np.isfinite(points).all():
        row = int(np.argmin(np.isfinite(points).all(1)))
        place = points[row].tolist()
        raise ValueError(f"Row {row} of the {name} events has no place (t, y, x = {place}): leave it out.")
    return points


def _kinds(events: pd.DataFrame, name: str) -> np.ndarray:
    return _column(events, "kind", name).to_numpy(object)


def _scores(found: pd.DataFrame) -> np.ndarray:
    scores = _column(found, "score", "found").to_numpy(float)
    if not np.isfinite(scores).all():
        row = int(np.argmin(np.isfinite(scores)))
        raise ValueError(f"Row {row} of the found events has the score {scores[row]}: scores must be finite numbers.")
    return scores


def _column(events: pd.DataFrame, column: str, name: str) -> pd.Series:
    if column not in events:
        present = ", ".join(map(str, events))
        raise ValueError(f"The table of {name} events has no column '{column}', only {present}: add it.")
    return events[column]
