"""How alike the 32 channels of the dense features are: correlation and effective rank (Appendix A)."""

from __future__ import annotations

import copy

import numpy as np
import torch

from tapnb import arrow, crops
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie

SEED = 31
"""Of the windows on which channels are compared; no other seed of held-out pairs."""

SIZE = 48
"""Side of those windows in pixels: what the event heads see."""


@torch.inference_mode()
def covariance(model: TimeArrowModel, source: arrow.PairSource, pairs: crops.CropPairs, batch: int = 32) -> np.ndarray:
    """Covariance of the feature channels over all pixels of crop pairs, in the model's current mode.

    Parameters
    ----------
    model : TimeArrowModel
    source : PairSource
    pairs : CropPairs
    batch : int

    Returns
    -------
    float64 array, shape (C, C)
    """
    count, total, squares = 0, 0.0, 0.0
    for start in range(0, len(pairs), batch):
        z = model.features(source.gather(pairs[start : start + batch]))
        rows = z.flatten(-2).transpose(-1, -2).flatten(0, -2).cpu().double()  # (N 2 h w, C)
        count, total, squares = count + len(rows), total + rows.sum(0), squares + rows.T @ rows
    mean = total / count
    return (squares / count - torch.outer(mean, mean)).numpy()


def correlation(covariances: np.ndarray) -> np.ndarray:
    """Correlation matrix (C, C) of a covariance; a channel that never changes correlates with nothing."""
    spread = np.sqrt(np.diag(covariances).clip(min=0))
    found = covariances / np.maximum(np.outer(spread, spread), 1e-12)
    np.fill_diagonal(found, 1.0)
    return found


def mean_absolute_correlation(correlations: np.ndarray) -> float:
    """Mean of \\|r_ij\\| over pairs of different channels."""
    return float(np.abs(correlations[~np.eye(len(correlations), dtype=bool)]).mean())


def effective_rank(covariances: np.ndarray) -> float:
    """Participation ratio of the eigenvalues, (sum l)^2 / sum l^2: between 1 and the number of channels."""
    return float(np.trace(covariances) ** 2 / (covariances**2).sum())


def compare(networks: dict[str, tuple[TimeArrowModel, int]], movie: Movie, pairs: int,
            on: torch.device) -> list[dict]:
    """How alike the channels of several networks are, on the same uniform windows.

    Parameters
    ----------
    networks : dict
        Model and seed by a name that says how it was trained; "untrained" ones are taken in training mode, since
        their BatchNorm has no statistics of its own.
    movie : Movie
    pairs : int
    on : torch.device

    Returns
    -------
    list of dict
        ``network``, ``seed``, ``mean_absolute_correlation``, ``effective_rank``, and the ``correlation`` itself, a
        list of rows with four decimals.

    Raises
    ------
    ValueError
        If there is no pair.
    """
    if pairs < 1:
        raise ValueError(f"the number of channel pairs is {pairs}; it must be at least 1")
    source = arrow.PairSource(movie, "uniform", on)
    drawn = source.sample(min(SIZE, *movie.shape[1:]), pairs, np.random.default_rng(SEED))
    rows = []
    for name, (model, seed) in networks.items():
        found = covariance(copy.deepcopy(model).train(name.startswith("untrained")), source, drawn)
        rows.append({"network": name, "seed": seed,
                     "mean_absolute_correlation": mean_absolute_correlation(correlation(found)),
                     "effective_rank": effective_rank(found), "correlation": correlation(found).round(4).tolist()})
    return rows
