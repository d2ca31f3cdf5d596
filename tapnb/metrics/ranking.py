"""How well strategies rank crop pairs, whatever the threshold: average precision, and its differences.

Precision and recall are those of one threshold, at which a head that was trained for a short time on balanced pairs
may say "event" far too often or too rarely. The order in which it puts the test pairs does not depend on that. Not in
the paper.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tapnb.metrics import confusion, scores
from tapnb.metrics.intervals import Resampled, estimate

COMPARISONS = (("A0", "B0"), ("A1", "B1"), ("A1", "C1"), ("A1", "A0"), ("B1", "B0"), ("C1", "C0"))
"""What the paper's claims 2 to 4 compare: first better than second."""


def average_precision(labels: np.ndarray, ranking: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average precision under many weightings of the same cases; 0 where no positive has any weight.

    Parameters
    ----------
    labels : bool array, shape (N,)
    ranking : float array, shape (N,)
        Larger means more likely an event; equal values are one step of the curve.
    weights : array, shape (D, N)
        How often each case counts, one row a weighting.

    Returns
    -------
    float array, shape (D,)
    """
    order = np.argsort(-ranking, kind="stable")
    steps = np.flatnonzero(np.append(np.diff(ranking[order]) != 0, True))  # where a group of equals ends
    called = np.cumsum(weights[:, order], axis=1, dtype=float)[:, steps]
    positives = np.cumsum(weights[:, order] * labels[order], axis=1, dtype=float)[:, steps]
    precision = np.divide(positives, called, out=np.zeros_like(positives), where=called > 0)
    gained = np.diff(positives, axis=1, prepend=0)
    return (precision * gained).sum(1) / np.maximum(positives[:, -1], 1e-12)


def precision_differences(predictions: dict[str, pd.DataFrame], t: np.ndarray,
                comparisons: Sequence[tuple[str, str]] = COMPARISONS, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Differences in average precision on the test pairs, with 95 % intervals.

    Blocks of frame pairs are drawn as by :func:`tapnb.metrics.confusion.resample`, the same for all strategies; intervals are
    those of :func:`tapnb.metrics.intervals.estimate`.

    Parameters
    ----------
    predictions : dict of DataFrame
        By strategy, from :func:`tapnb.studies.strategies.ask`.
    t : int array
        Earlier frame of every crop pair of the dataset.
    comparisons : sequence of (str, str)
        Those of strategies that are not in ``predictions`` are left out.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``difference`` (mean over runs, first minus second), ``low``, ``high``.
    """
    frame_pairs = int(t.max()) + 1
    frames = confusion.frame_weights(frame_pairs, draws + 1, np.random.default_rng(seed))
    frames[0] = 1  # the test pairs themselves
    by_strategy = {}
    for name, answers in predictions.items():
        tested = answers[answers["part"] == "test"]
        per_run = np.stack([average_precision(run["label"].to_numpy(bool), scores.margin(run),
                                              frames[:, t[run["pair"]]]) for _, run in tested.groupby("seed")], axis=1)
        groups = confusion.blocks(frame_pairs)
        by_strategy[name] = Resampled(per_run[0], confusion.as_wide(per_run[1:], groups), groups)
    rows = []
    for first, second in comparisons:
        if first in by_strategy and second in by_strategy:
            e = estimate(by_strategy[first], by_strategy[second])
            rows.append({"first": first, "second": second, "difference": e.value, "low": e.low, "high": e.high})
    return pd.DataFrame(rows, columns=["first", "second", "difference", "low", "high"])
