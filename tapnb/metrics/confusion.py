"""Right and wrong answers counted per run and frame pair: what tables, intervals and claims are made of.

The four outcomes stand on the last axis, in the order of :data:`OUTCOMES`. A strategy's run keeps its counts
in its record, so that everything below can be computed from records alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

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


def bootstrap(counts: dict[str, np.ndarray], draws: int = 2000, seed: int = 0,
              all_runs: bool = False) -> dict[str, np.ndarray]:
    """Counts as they might have come out with other frames of this movie and other initial weights.

    Blocks of :data:`BLOCK` consecutive frame pairs are drawn with replacement, the same for all entries, so that
    differences between strategies stay paired; the runs of every entry are drawn anew, each for itself. What
    another movie or another training set would do is not in it.

    Parameters
    ----------
    counts : dict of array, shape (R, T, K)
        By name; whatever adds up over frame pairs. T is the same in all of them.
    draws : int
    seed : int
    all_runs : bool
        Draw R runs. Otherwise R - 1 of them: the mean of so many varies as the mean of R new runs would, that of R
        drawn ones too little. For a spread over runs, not a mean, all of them are wanted.

    Returns
    -------
    dict of array, shape (draws, R or R - 1, K)
        Sums over all frame pairs of every resampled run.
    """
    rng = np.random.default_rng(seed)
    (frame_pairs,) = {np.shape(c)[1] for c in counts.values()}
    weights = frame_weights(frame_pairs, draws, rng)
    return {name: draw_runs(frame_sums(c, weights), rng, all_runs) for name, c in counts.items()}


def frame_weights(frame_pairs: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often every frame pair comes in each draw of blocks, int array (draws, T); blocks go round the end."""
    blocks = -(-frame_pairs // BLOCK)
    first = rng.integers(0, frame_pairs, (draws, blocks, 1))
    resampled = ((first + np.arange(BLOCK)) % frame_pairs).reshape(draws, -1)[:, :frame_pairs]
    return np.stack([np.bincount(row, minlength=frame_pairs) for row in resampled])


def frame_sums(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums over the frame pairs of each draw, (draws, R, K), from counts (R, T, K) and weights (draws, T)."""
    return np.einsum("dt,rtk->drk", weights, np.asarray(counts))


def draw_runs(sums: np.ndarray, rng: np.random.Generator, all_runs: bool = False) -> np.ndarray:
    """Runs drawn with replacement, anew in each draw; see :func:`bootstrap`."""
    draws, runs, _ = sums.shape
    resampled = rng.integers(0, runs, (draws, runs if all_runs else max(1, runs - 1)))
    return np.take_along_axis(sums, resampled[..., None], axis=1)


def interval(draws: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Central interval of bootstrap draws, shape (draws,)."""
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
