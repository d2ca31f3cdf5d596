"""Are probabilities calibrated, and how to calibrate them: bins, errors, temperature (paper, Section 3, Figure 5).

A head's two logits count only by their difference, the *margin* m = logit 1 - logit 0: the probability of an event
is 1 / (1 + exp(-m)), and a temperature T divides m.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

BINS = 15
"""Of every calibration error here, as in the authors' scripts."""

TEMPERATURES = (0.01, 1000.0)
"""Where the search for T ends: if no validation pair is mistaken, the likelihood rises until T = 0."""

FACTORS = np.linspace(0.01, 2, 200)
"""Tried on the probability of an event."""

MEASURES = {"ece": "ECE", "ece_class_1": "ECE, class 1", "nll": "NLL", "brier": "Brier"}
"""By key of :func:`measures`, as tables call them. The first two are the two kinds of calibration error."""


def bin_sums(confidence: np.ndarray, outcome: np.ndarray, bins: int = BINS, frame: np.ndarray | None = None,
             frames: int = 1) -> np.ndarray:
    """Pairs, summed confidence and outcomes of equally wide bins: all that a reliability diagram is made of.

    Parameters
    ----------
    confidence : float array, shape (N,)
        Between 0 and 1; an inner edge belongs to the bin below it.
    outcome : bool array, shape (N,)
    bins : int
    frame : int array, shape (N,), optional
        Sum each of ``frames`` frame pairs apart.
    frames : int

    Returns
    -------
    float array, shape (bins, 3), or (frames, bins, 3)
    """
    place = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    place = place if frame is None else frame * bins + place
    sums = [np.bincount(place, weight, frames * bins) for weight in (np.ones(len(place)), confidence, outcome)]
    return np.stack(sums, axis=-1).reshape((bins, 3) if frame is None else (frames, bins, 3))


def ece(sums: np.ndarray) -> np.ndarray:
    """Expected calibration error: mean distance of confidence and frequency in a bin, weighted by its pairs.

    Few pairs inflate it: chance alone moves a bin's frequency off its confidence, and only the distance counts. See
    :func:`ece_by_chance`.

    Parameters
    ----------
    sums : array, shape (..., bins, 3)
        From :func:`bin_sums`.

    Returns
    -------
    float array, shape (...)
        0 where there is no pair.
    """
    pairs = sums[..., 0].sum(-1)
    return abs(sums[..., 1] - sums[..., 2]).sum(-1) / np.maximum(pairs, 1)


def sums_by_kind(p: np.ndarray, labels: np.ndarray, frame: np.ndarray | None = None, frames: int = 1) -> np.ndarray:
    """:func:`bin_sums` of the two kinds of calibration error.

    The first asks how often the likelier class is the right one, at its probability (Guo et al. 2017, and the
    authors' scripts); the second how often there is an event, at the probability of an event.

    Parameters
    ----------
    p : float array, shape (N,)
        Probability of an event.
    labels : bool array, shape (N,)
    frame, frames
        As in :func:`bin_sums`.

    Returns
    -------
    float array, shape (2, bins, 3), or (frames, 2, bins, 3)
    """
    right = labels == (p > 0.5)
    return np.stack([bin_sums(np.maximum(p, 1 - p), right, BINS, frame, frames),
                     bin_sums(p, labels, BINS, frame, frames)], axis=-3)


def ece_by_chance(p: np.ndarray, draws: int = 100, seed: int = 0) -> dict[str, float]:
    """Mean calibration error of a perfectly calibrated head with these probabilities: what few pairs alone give.

    Parameters
    ----------
    p : float array, shape (N,)
        Probability of an event.
    draws : int
        Label sets drawn from ``p``.
    seed : int

    Returns
    -------
    dict of float
        ``ece`` and ``ece_class_1``, see :func:`measures`.
    """
    rng = np.random.default_rng(seed)
    sums = [sums_by_kind(p, rng.random(len(p)) < p) for _ in range(draws)]
    return dict(zip(("ece", "ece_class_1"), ece(np.array(sums)).mean(0).tolist()))


def measures(margins: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """How good the probabilities are.

    Parameters
    ----------
    margins : float array, shape (N,)
        Log-odds of an event; infinite where it is certain.
    labels : bool array, shape (N,)

    Returns
    -------
    dict of float
        ``ece``: over the winning class's probability, of being right, as in the scripts; ``ece_class_1``: over the
        probability of an event; ``nll``: mean negative log-likelihood, in nats; ``brier``: mean squared error.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.metrics.calibration import measures
    >>> sure = np.full(10, 3.0)  # ten times 95 % sure of an event, and right seven times
    >>> errors = measures(sure, np.arange(10) < 7)
    >>> round(errors["ece"], 2), round(errors["brier"], 2)
    (0.25, 0.27)
    """
    p = expit(margins)
    winning, class_1 = ece(sums_by_kind(p, labels))
    return {"ece": float(winning), "ece_class_1": float(class_1),
            "nll": float(np.logaddexp(0, np.where(labels, -margins, margins)).mean()),
            "brier": float(np.mean((p - labels) ** 2))}


def recall(margins: np.ndarray, labels: np.ndarray) -> float:
    """Share of events that are called so, margin above 0; NaN where there is no event."""
    return float(np.mean(margins[labels] > 0)) if labels.any() else float("nan")


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """T > 0 that makes the labels likeliest when it divides the logits (Guo et al. 2017).

    The mean negative log-likelihood is convex in 1 / T, so its slope has one root, found to machine precision.

    Parameters
    ----------
    logits : float array, shape (N, 2)
        Of the validation pairs.
    labels : bool array, shape (N,)

    Returns
    -------
    float
        A bound of :data:`TEMPERATURES` where the likelihood still rises there, see
        :func:`tapnb.studies.calibration.remark`; 1 where all margins are 0 and no T makes a difference.

    Raises
    ------
    ValueError
        If there is no pair, or a logit is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.metrics.calibration import scale_and_offset, temperature
    >>> rng = np.random.default_rng(0)
    >>> margins = rng.normal(0, 2, 5000)
    >>> labels = rng.random(5000) < 1 / (1 + np.exp(-margins))  # what calibrated margins mean
    >>> overconfident = np.stack([np.zeros(5000), 3 * margins], axis=1)
    >>> round(temperature(overconfident, labels), 1)
    3.0
    >>> scale, offset = scale_and_offset(3 * margins + 1, labels)
    >>> abs(scale - 1 / 3) < 0.03 and abs(offset + 1 / 3) < 0.1
    True
    """
    logits, labels = np.asarray(logits, float), np.asarray(labels, float)
    if not len(labels) or logits.shape != (len(labels), 2) or not np.isfinite(logits).all():
        raise ValueError(f"temperature scaling got logits of shape {logits.shape} for {len(labels)} labels; "
                         "give two finite logits for each of one or more pairs")
    margins = logits[:, 1] - logits[:, 0]
    if not margins.any():
        return 1.0

    def slope(log_t: float) -> float:  # of the mean negative log-likelihood along 1 / T; never rises with T
        return float(np.mean((expit(margins * np.exp(-log_t)) - labels) * margins))

    low, high = np.log(TEMPERATURES)
    if slope(low) <= 0:
        return TEMPERATURES[0]
    if slope(high) >= 0:
        return TEMPERATURES[1]
    return float(np.exp(brentq(slope, low, high, xtol=1e-13)))


def best_factor(p: np.ndarray, labels: np.ndarray) -> float:
    """Factor on the probability of an event that minimises its calibration error: what the paper's sentence says.

    That sentence describes temperature scaling; the method it cites, and the scripts, are :func:`temperature`.

    Parameters
    ----------
    p : float array, shape (N,)
        Probability of an event, of the validation pairs; what a factor lifts above 1 is cut there.
    labels : bool array, shape (N,)

    Returns
    -------
    float
        The best of :data:`FACTORS`; of equally good ones, that nearest 1.
    """
    errors = [ece(bin_sums(np.minimum(factor * p, 1), labels)) for factor in FACTORS]
    best = FACTORS[np.isclose(errors, min(errors), rtol=0, atol=1e-12)]
    return float(best[np.argmin(abs(best - 1))])


def scale_and_offset(margins: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """a and b that make the labels likeliest with the margin a m + b (Platt 1999).

    Parameters
    ----------
    margins : float array, shape (N,)
        Of the validation pairs.
    labels : bool array, shape (N,)

    Returns
    -------
    tuple of float
        Where all pairs have one label, or one margin, the scale is 0 and the offset says their share of events.
    """
    if np.ptp(margins) == 0 or labels.all() or not labels.any():
        return 0.0, float(logit((labels.sum() + 0.5) / (len(labels) + 1)))
    unit = np.std(margins)  # margins of any size: the search wants numbers near one
    fit = LogisticRegression(C=np.inf, max_iter=1000).fit(margins[:, None] / unit, labels)
    return float(fit.coef_.item() / unit), float(fit.intercept_.item())
