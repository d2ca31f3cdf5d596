"""Right and wrong answers counted per run and frame pair: what tables, intervals and claims are made of.

The four outcomes stand on the last axis, in the order of :data:`OUTCOMES`. A strategy's run keeps its counts
in its record, so that everything below can be computed from records alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from tapnb.metrics.intervals import Estimate, Resampled, estimate
from tapnb.metrics.scores import SCORES

OUTCOMES = ("tn", "fp", "fn", "tp")
"""True negatives, false positives, false negatives, true positives: Table 3, row by row."""

BLOCK = 4
"""Consecutive frame pairs that are resampled together: an event is seen in several of them."""


def by_frame(predictions: pd.DataFrame, t: np.ndarray, frame_pairs: int, part: str = "test") -> dict:
    """Count the outcomes of every run in every frame pair.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`tapnb.studies.strategies.ask`.
    t : int array
        Earlier frame of every crop pair of the dataset; ``predictions["pair"]`` points into it.
    frame_pairs : int
        Frames of the movie minus one.
    part : {"test", "validation"}

    Returns
    -------
    dict
        Plain JSON values: "seeds" (list of R) and "counts" (R x frame_pairs x 4 nested lists).
    """
    of_part = predictions[predictions["part"] == part]
    seeds, run = np.unique(of_part["seed"], return_inverse=True)
    outcome = 2 * of_part["label"].to_numpy(int) + (of_part["logit_1"] > of_part["logit_0"]).to_numpy(int)
    counts = np.zeros((len(seeds), frame_pairs, len(OUTCOMES)), int)
    np.add.at(counts, (run, t[of_part["pair"]], outcome), 1)
    return {"seeds": seeds.tolist(), "counts": counts.tolist()}


def scores(counts: np.ndarray) -> np.ndarray:
    """Precision and recall of class 0, then of class 1; 0 where nothing is predicted as a class.

    Parameters
    ----------
    counts : array, shape (..., 4)

    Returns
    -------
    float array, shape (..., 4)
        In the order of :data:`tapnb.metrics.scores.SCORES`.
    """
    tn, fp, fn, tp = np.moveaxis(np.asarray(counts, float), -1, 0)
    return np.stack([_share(tn, tn + fn), _share(tn, tn + fp), _share(tp, tp + fp), _share(tp, tp + fn)], axis=-1)


def f1(counts: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall of class 1, shape (...); 0 where there is no true positive."""
    _, fp, fn, tp = np.moveaxis(np.asarray(counts, float), -1, 0)
    return _share(2 * tp, 2 * tp + fp + fn)


def scores_and_f1(counts: np.ndarray) -> np.ndarray:
    """:func:`scores` and :func:`f1`, shape (..., 5), from counts (..., 4)."""
    return np.concatenate([scores(counts), f1(counts)[..., None]], axis=-1)


def resample(counts: dict[str, np.ndarray], measure: Callable[[np.ndarray], np.ndarray] = f1, draws: int = 2000,
             seed: int = 0) -> dict[str, Resampled]:
    """A score of every run, and what it would be on other frames of this movie: :func:`tapnb.metrics.intervals.estimate` takes it.

    Blocks of :data:`BLOCK` consecutive frame pairs are drawn with replacement, the same for all entries, so that
    differences between strategies stay paired. What another movie or another training set would do is not in it.

    Parameters
    ----------
    counts : dict of array, shape (R, T, K)
        By name; whatever adds up over frame pairs. T is the same in all of them.
    measure : callable
        Counts (..., K) to a score (...), of one run.
    draws : int
    seed : int
    """
    (frame_pairs,) = {np.shape(c)[1] for c in counts.values()}
    weights, groups = _weights(frame_pairs, draws, seed), blocks(frame_pairs)
    return {name: Resampled(measure(np.sum(c, axis=1)), as_wide(measure(frame_sums(c, weights)), groups), groups)
            for name, c in counts.items()}


def difference(counts: dict[str, np.ndarray], score: str = "F1", draws: int = 2000) -> Estimate:
    """A score of the first of two strategies minus that of the second, with a 95 % interval.

    Parameters
    ----------
    counts : dict of array, shape (R, T, 4)
        Of both, by name.
    score : str
        One of :data:`tapnb.metrics.scores.SCORES`, or "F1".
    draws : int
    """
    column = (*SCORES, "F1").index(score)
    return estimate(*resample(counts, lambda c: scores_and_f1(c)[..., column], draws).values())


def resample_in_two(counts: np.ndarray, first: int, measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
                    draws: int = 2000) -> Resampled:
    """A score of the outcomes before and from a frame pair, as :func:`resample` has those of the whole movie.

    It is that of all runs together, since one alone makes few mistakes; how much it varies with the runs is the jackknife's
    answer. Frames never change sides. A side of few blocks leaves few degrees of freedom, as far as the score varies with it.

    Parameters
    ----------
    counts : array, shape (R, T, K)
    first : int
        Frame pair with which the second side begins.
    measure : callable
        Counts (..., K) of both sides to a score (...).
    draws : int
    """
    sides, runs = (counts[:, :first], counts[:, first:]), len(counts)
    sums = [side.sum(1) for side in sides]  # (R, K) each
    drawn = [frame_sums(side, _weights(side.shape[1], draws, k)).sum(1) for k, side in enumerate(sides)]  # (D, K) each
    whole = [s.sum(0) for s in sums]
    value = measure(*whole)
    without = measure(*(s.sum(0) - s for s in sums)) if runs > 1 else np.array([value])
    pseudo = value + (runs - 1) * (without.mean() - without)  # the variance of their mean is the jackknife's
    alone = np.array([measure(drawn[0], whole[1]).var(), measure(whole[0], drawn[1]).var()])  # with the other side as it is
    left = np.array([max(blocks(side.shape[1]) - 1, 1) for side in sides])
    groups = 1 + (alone.sum() ** 2 / (alone**2 / left).sum() if alone.any() else left.sum())  # after Satterthwaite
    return Resampled(pseudo, as_wide(measure(*drawn)[:, None], groups), groups)


def as_wide(draws: np.ndarray, groups: float) -> np.ndarray:
    """Draws as far from their mean as new blocks would be: those of B blocks vary by a Bth too little."""
    middle = np.nanmean(draws, axis=0)
    return middle + (draws - middle) * (groups / max(groups - 1, 1)) ** 0.5


def share(counts: np.ndarray, draws: int = 2000) -> Estimate:
    """A share, or the difference of two shares of the same runs, with a 95 % interval; see :func:`resample`.

    Parameters
    ----------
    counts : array, shape (R, T, 2) or (R, T, 4)
        How many there are and how many of them count; then the same of a share that is subtracted.
    draws : int
        One that holds none of what is counted is left out.
    """
    def of(sums: np.ndarray) -> np.ndarray:
        every, some = np.moveaxis(sums.reshape(*sums.shape[:-1], -1, 2), -1, 0)
        shares = some / np.where(every, every, np.nan)
        return shares[..., 0] - (shares[..., 1] if shares.shape[-1] > 1 else 0)

    (resampled,) = resample({"": counts}, of, draws).values()
    return estimate(replace(resampled, groups=blocks_with(counts[..., 0])))  # what few blocks hold is known from few


def blocks_with(counts: np.ndarray) -> int:
    """How many blocks of frame pairs hold any of what is counted, from counts (R, T)."""
    return len(np.unique(np.flatnonzero(counts.any(axis=0)) // BLOCK))


def blocks(frame_pairs: int) -> int:
    """How many blocks are drawn for so many frame pairs."""
    return -(-frame_pairs // BLOCK)


def frame_weights(frame_pairs: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often every frame pair comes in each draw of blocks, int array (draws, T); blocks go round the end."""
    first = rng.integers(0, frame_pairs, (draws, blocks(frame_pairs), 1))
    resampled = ((first + np.arange(BLOCK)) % frame_pairs).reshape(draws, -1)[:, :frame_pairs]
    return np.stack([np.bincount(row, minlength=frame_pairs) for row in resampled])


@lru_cache(maxsize=8)
def _weights(frame_pairs: int, draws: int, seed: int) -> np.ndarray:
    """:func:`frame_weights` of a seed: tables and claims ask for the same ones many times."""
    weights = frame_weights(frame_pairs, draws, np.random.default_rng(seed))
    weights.flags.writeable = False
    return weights


def frame_sums(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums over the frame pairs of each draw, (draws, R, K), from counts (R, T, K) and weights (draws, T)."""
    return np.einsum("dt,rtk->drk", weights, np.asarray(counts), optimize=True)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
