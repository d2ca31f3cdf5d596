"""F1 at other thresholds than one half: does a score depend on the features or on the threshold?

A head learns from as many positives as negatives and is tested where positives are rare. So it has not
learnt the threshold between "event" and "nothing" that suits the test pairs. Two other thresholds use nothing of the
test pairs' labels but the number of events: one is chosen on validation pairs; at the other, the number of pairs that
are called events equals the number of events. Not in the paper.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, precision_recall_curve

from tapnb.metrics import scores


def best(labels: np.ndarray, margins: np.ndarray) -> float:
    """Margin from which on pairs are called events so that F1 is highest.

    Parameters
    ----------
    labels : bool array, shape (N,)
    margins : float array, shape (N,)

    Raises
    ------
    ValueError
        Where there is no event.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.metrics.thresholds import best
    >>> best(np.array([False, False, True, True]), np.array([-2.0, 0.5, 1.5, 3.0]))
    1.5
    """
    if not np.any(labels):
        raise ValueError("no event among the validation pairs: a threshold cannot be chosen on them")
    precision, recall, margin = precision_recall_curve(labels, margins)
    product, total = precision[:-1] * recall[:-1], precision[:-1] + recall[:-1]
    return float(margin[np.argmax(np.divide(product, total, out=np.zeros_like(total), where=total > 0))])


def f1_per_run(predictions: pd.DataFrame) -> pd.DataFrame:
    """F1 of the test pairs at three thresholds, in every run.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`tapnb.studies.strategies.ask`.

    Returns
    -------
    DataFrame
        One row a seed: ``seed``; ``half``, at a probability of one half; ``chosen``, at the threshold that is
        :func:`best` on the run's validation pairs, NaN where it has none; ``as many``, where as many pairs are
        called events as there are events, so that precision and recall are equal (R-precision).
    """
    rows = []
    for seed, run in predictions.groupby("seed"):
        test, validation = run[run["part"] == "test"], run[run["part"] == "validation"]
        labels, margins = test["label"].to_numpy(bool), scores.margin(test)
        f1_at_best = np.nan
        if validation["label"].any():
            threshold = best(validation["label"].to_numpy(bool), scores.margin(validation))
            f1_at_best = f1_score(labels, margins >= threshold, zero_division=0.0)
        threshold = np.sort(margins)[-max(labels.sum(), 1)]
        rows.append({"seed": seed, "half": f1_score(labels, margins > 0, zero_division=0.0), "chosen": f1_at_best,
                     "as many": f1_score(labels, margins >= threshold, zero_division=0.0)})
    return pd.DataFrame(rows)


def table(f1: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """F1 of every strategy at three thresholds, as text: mean and standard deviation over runs.

    Parameters
    ----------
    f1 : dict of DataFrame
        By strategy, from :func:`tapnb.metrics.scores.mean_and_spread` of :func:`f1_per_run`.
    """
    rows = []
    for name, summary in f1.items():
        text = {column: "\u2013" if np.isnan(v["mean"]) else scores.with_spread(v["mean"], v["std"])
                for column, v in summary.items()}
        rows.append({"strategy": name, "probability above one half": text["half"],
                     "threshold chosen on validation pairs": text["chosen"],
                     "where precision equals recall": text["as many"]})
    return pd.DataFrame(rows)
