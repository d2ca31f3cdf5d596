"""What a detector's score means: the probability that what was found is an event, fitted for every kind apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, logit


def probability(found: pd.DataFrame, calibration: Mapping[str, tuple[float, float]]) -> np.ndarray:
    """The probability that what was found is an event: with the margin m of a score, 1 / (1 + exp(-(a m + b))) (Platt 1999).

    Parameters
    ----------
    found : DataFrame
        ``kind`` and ``score``, among others.
    calibration : dict of (float, float)
        Scale a and offset b by kind: the same score may mean much of a common kind and little of a rare one.

    Returns
    -------
    float array
        NaN where a kind has no calibration.
    """
    scale, offset = np.array([calibration.get(kind, (np.nan, np.nan)) for kind in found["kind"]], float).reshape(-1, 2).T
    return expit(scale * margin(found["score"]) + offset)


def by_kind(kept: Mapping[str, Sequence[float]] | Sequence[float] | None, kinds: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A calibration as it is kept; of before kinds had one each it is a pair, which holds where there is one kind, and of several for none."""
    if kept is None or isinstance(kept, Mapping):
        return {kind: (float(a), float(b)) for kind, (a, b) in (kept or {}).items()}
    return {kinds[0]: (float(kept[0]), float(kept[1]))} if len(kinds) == 1 else {}


def margin(score: np.ndarray) -> np.ndarray:
    """The margin of a score: the logit that it is the sigmoid of."""
    return logit(np.clip(np.asarray(score, float), 1e-6, 1 - 1e-6))
