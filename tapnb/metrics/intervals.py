"""Intervals whose coverage the tests simulate: what is tested resampled, runs by Student's t, Holm over several.

A few runs resampled give intervals that are too short (five runs: 87 to 91 % instead of 95). So only what is tested is
resampled here, events with all crops that show them, or blocks of frames; the variance between runs is added, and both
together are read from Student's distribution with the degrees of freedom after Welch and Satterthwaite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

DRAWS = 2000


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
    p : float
        Two-sided, of the value being zero.
    freedom : float
        Degrees of freedom of Student's distribution that the interval was read from.
    """

    value: float
    low: float
    high: float
    p: float
    freedom: float = math.inf

    @property
    def barely(self) -> bool:
        """Whether the interval ends within a tenth of its width from zero."""
        return min(abs(self.low), abs(self.high)) < 0.1 * (self.high - self.low)


@dataclass(frozen=True, eq=False)
class Resampled:
    """A score of the runs of one strategy, such as average precision, and what it would be with other events or frames.

    Attributes
    ----------
    runs : float array, shape (R,)
        On the pairs as they are.
    draws : float array, shape (D, R)
        The same draw in every strategy, if the weights are the same. NaN where a draw holds nothing to score.
    groups : float
        How many events, or blocks of frames: what is resampled. One less are the draws' degrees of freedom.
    """

    runs: np.ndarray
    draws: np.ndarray
    groups: float

    @classmethod
    def told(cls, mean: float, std: float, runs: int) -> Resampled:
        """Of somebody who says no more than the mean and the standard deviation of some runs."""
        values = np.linspace(-1, 1, runs)
        return cls(mean + std * values / values.std(ddof=1), np.full((1, 1), mean), runs)


@dataclass(frozen=True, eq=False)
class Groups:
    """Pairs that stand and fall together: positives by their event, negatives by their block.

    Attributes
    ----------
    labels : bool array, shape (N,)
    index : int array, shape (N,)
        The group of every pair, from 0 among those of its class.
    counts : (int, int)
        Blocks, events.
    """

    labels: np.ndarray
    index: np.ndarray
    counts: tuple[int, int]

    @classmethod
    def of(cls, labels: np.ndarray, event: np.ndarray, block: np.ndarray) -> Groups:
        """Group pairs by ``event`` where they are positive and by ``block`` where they are not."""
        index, counts = np.empty(len(labels), int), []
        for chosen, group in ((~labels, block), (labels, event)):
            names, index[chosen] = np.unique(group[chosen], return_inverse=True)
            counts.append(len(names))
        return cls(labels, index, tuple(counts))

    def draw(self, draws: int = DRAWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """How often every block (draws, B) and every event (draws, E) comes, drawn with replacement."""
        rng = np.random.default_rng(seed)
        return tuple(rng.multinomial(n, np.full(n, 1 / n), draws) if n else np.zeros((draws, 0), int)
                     for n in self.counts)


def average_precisions(groups: Groups, margins: np.ndarray, drawn: tuple[np.ndarray, np.ndarray],
                       negative_weight: float = 1.0) -> np.ndarray:
    """Average precision under many draws of the groups; 0 where no positive is drawn.

    All that counts is how many of a block's negatives, and of an event's crops, lie between one positive's margin and the
    next: two tables, each multiplied by the draws.

    Parameters
    ----------
    groups : Groups
    margins : float array, shape (N,)
        Larger means more likely an event; equal values are one step of the curve.
    drawn : (array (D, B), array (D, E))
        From :meth:`Groups.draw`.
    negative_weight : float
        How much a negative counts: positives of a part of the events are ranked as if they were as frequent as all.

    Returns
    -------
    float array, shape (D,)
    """
    steps = -np.unique(-margins[groups.labels])  # margins of positives, the largest first
    tables = []
    for positive, n in enumerate(groups.counts):
        own = groups.labels == bool(positive)
        step = np.searchsorted(-steps, -margins[own])  # the first step that calls a pair
        table = np.zeros((n, len(steps) + 1))
        np.add.at(table, (groups.index[own], step), 1)
        tables.append(table[:, :-1])  # what lies below all positives is called by none
    gained = drawn[1] @ tables[1]  # (D, steps)
    true, false = np.cumsum(gained, axis=1), negative_weight * np.cumsum(drawn[0] @ tables[0], axis=1)
    called = true + false
    precision = np.divide(true, called, out=np.zeros_like(true), where=called > 0)
    return (precision * gained).sum(1) / np.maximum(true[:, -1], 1e-12)


def resample(groups: Groups, margins: np.ndarray, drawn: tuple[np.ndarray, np.ndarray],
             negative_weight: float = 1.0) -> Resampled:
    """Average precision of every run under every draw.

    Parameters
    ----------
    groups : Groups
    margins : float array, shape (R, N)
        Of every run.
    drawn, negative_weight
        See :func:`average_precisions`.
    """
    once = tuple(np.ones((1, n)) for n in groups.counts)
    runs, draws = ([average_precisions(groups, of_run, d, negative_weight) for of_run in margins] for d in (once, drawn))
    return Resampled(np.concatenate(runs), np.stack(draws, axis=1), groups.counts[1])


def estimate(first: Resampled, second: Resampled | None = None) -> Estimate:
    """A strategy's mean score, or its difference from another's, with a 95 % interval.

    Parameters
    ----------
    first : Resampled
    second : Resampled, optional
        Of the same draws.
    """
    return weighted([(1.0, first)] + ([] if second is None else [(-1.0, second)]))


def weighted(sides: Sequence[tuple[float, Resampled]]) -> Estimate:
    """A sum of mean scores, each with its weight, with a 95 % interval.

    Runs of different strategies are independent of each other. A single run has no variance between runs: then the interval is
    that of this very run.

    Parameters
    ----------
    sides : sequence of (float, Resampled)
        Of the same draws; those of which one side has nothing to score are left out.
    """
    means = sum(weight * side.draws.mean(1) for weight, side in sides)
    means = means[~np.isnan(means)]
    value = sum(weight * side.runs.mean() for weight, side in sides)
    parts = [(means.var(ddof=1) if len(means) > 1 else 0.0, max(sides[0][1].groups - 1, 1))]
    parts += [(weight**2 * side.runs.var(ddof=1) / len(side.runs), len(side.runs) - 1) for weight, side in sides if len(side.runs) > 1]
    variance = sum(v for v, _ in parts)
    if variance == 0:
        return Estimate(float(value), float(value), float(value), float(value == 0))
    freedom = variance**2 / sum(v**2 / d for v, d in parts)
    half = stats.t.ppf(0.975, freedom) * variance**0.5
    p = 2 * stats.t.sf(abs(value) / variance**0.5, freedom)
    return Estimate(float(value), float(value - half), float(value + half), float(p), float(freedom))


def paired(first: Resampled, second: Resampled) -> Resampled:
    """The difference of two scores run by run, where runs stand in the same order: what both owe to one thing is in neither's variance."""
    return Resampled(first.runs - second.runs, first.draws - second.draws, first.groups)


def holm(p: Sequence[float]) -> np.ndarray:
    """P-values after Holm's correction for as many comparisons, in the order given."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(adjusted, 1)
    return result
