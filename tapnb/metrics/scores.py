"""From predictions to numbers: precision and recall, their spread, intervals.

Precision, recall and average precision are scikit-learn's to the last bit, which a test shows. They are written out because a
borrowed GPU's machine has no scikit-learn, and a run there is tested there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from tapnb.metrics.quantity import Quantity

SCORES = ("prec 0", "rec 0", "prec 1", "rec 1")
"""Columns of Tables 2 and 5, in the paper's order."""


def scores(labels: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Precision and recall of both classes; 0 where nothing was predicted as a class.

    Parameters
    ----------
    labels, predicted : bool arrays, shape (N,)

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.metrics.scores import scores
    >>> labels, predicted = np.array([0, 0, 0, 1, 1], bool), np.array([0, 0, 1, 1, 1], bool)
    >>> {name: round(float(score), 2) for name, score in scores(labels, predicted).items()}
    {'prec 0': 1.0, 'rec 0': 0.67, 'prec 1': 0.67, 'rec 1': 1.0}
    """
    row = {}
    for value in (False, True):
        right = np.sum((labels == value) & (predicted == value))
        row[f"prec {value:d}"] = right / max(np.sum(predicted == value), 1)
        row[f"rec {value:d}"] = right / max(np.sum(labels == value), 1)
    return row


def margin(predictions: pd.DataFrame) -> np.ndarray:
    """Logit of an event minus that of none, from columns ``logit_1`` and ``logit_0``; shape (N,).

    It ranks crop pairs as their probability does, and goes on doing so where the probability is rounded to 0 or 1:
    from a margin of 37 on, which heads that were trained for a short time may reach with more than half of all pairs.
    """
    return predictions["logit_1"].to_numpy(float) - predictions["logit_0"].to_numpy(float)


def probability(predictions: pd.DataFrame) -> np.ndarray:
    """Softmax probability of an event; shape (N,)."""
    return expit(margin(predictions))


def scores_per_run(predictions: pd.DataFrame, part: str = "test") -> pd.DataFrame:
    """:func:`scores` and average precision of every seed.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`tapnb.studies.strategies.ask`.
    part : {"test", "validation"}

    Returns
    -------
    DataFrame
        One row a seed.
    """
    rows = []
    for seed, run in predictions[predictions["part"] == part].groupby("seed"):
        labels, margins = run["label"].to_numpy(bool), margin(run)
        rows.append({"seed": seed} | scores(labels, margins > 0)
                    | {"average precision": average_precision(labels, margins)})
    return pd.DataFrame(rows)


def mean_and_spread(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over runs, as the paper reports them.

    Returns
    -------
    DataFrame
        Index ``mean``, ``std``; ``std`` is that of a sample (n - 1), NaN for a single run.
    """
    values = runs.drop(columns="seed", errors="ignore")
    return pd.DataFrame({"mean": values.mean(), "std": values.std(ddof=1)}).T


def share_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share, such as an accuracy on ``n`` pairs; of none it may be anything."""
    if not n:
        return 0.0, 1.0
    interval = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def difference_interval(right_1: int, n_1: int, right_2: int, n_2: int) -> tuple[float, float]:
    """95 % interval of the difference of two independent shares, first minus second (Newcombe, from Wilson's)."""
    first, second = right_1 / n_1, right_2 / n_2
    (low_1, high_1), (low_2, high_2) = share_interval(right_1, n_1), share_interval(right_2, n_2)
    down = ((first - low_1) ** 2 + (high_2 - second) ** 2) ** 0.5
    up = ((high_1 - first) ** 2 + (second - low_2) ** 2) ** 0.5
    return first - second - down, first - second + up


def paired_difference_interval(only_1: int, only_2: int, n: int) -> tuple[float, float]:
    """95 % interval of the difference of two shares of the same cases, first minus second (Bonett and Price 2012).

    Parameters
    ----------
    only_1, only_2 : int
        Cases that count in the first share only, and in the second only.
    n : int
        All cases.
    """
    first, second = (only_1 + 1) / (n + 2), (only_2 + 1) / (n + 2)
    half = stats.norm.ppf(0.975) * ((first + second - (first - second) ** 2) / (n + 2)) ** 0.5
    return first - second - half, first - second + half


def average_precision(labels: np.ndarray, ranking: np.ndarray) -> float:
    """Average precision of a ranking; NaN where there is no positive.

    Parameters
    ----------
    labels : bool array, shape (N,)
    ranking : float array, shape (N,)
        Larger means more likely an event.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.metrics.scores import average_precision
    >>> average_precision(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1]))
    0.8333333333333333
    """
    if not np.any(labels):
        return float("nan")
    order = np.argsort(-ranking, kind="stable")
    last = np.append(np.flatnonzero(np.diff(ranking[order])), len(order) - 1)  # of every run of equal values
    right = np.cumsum(labels[order], dtype=float)[last]  # positives that are ranked so high
    precision, recall = right / (last + 1), right / right[-1]
    return float(np.sum(np.diff(recall, prepend=0.0)[::-1] * precision[::-1]))


def with_spread(mean: float, std: float, digits: int = 2) -> Quantity:
    """"0.71 ± 0.03", or "0.71" where one run leaves no spread."""
    text = f"{mean:.{digits}f}" if np.isnan(std) else f"{mean:.{digits}f} ± {std:.{digits}f}"
    return Quantity(text, mean, std)


def with_interval(value: float, low: float, high: float, digits: int = 2) -> Quantity:
    """"0.71 (0.65 to 0.77)"."""
    text = f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"
    return Quantity(text, value, low=low, high=high)
