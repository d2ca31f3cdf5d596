"""How alike the 32 channels of the dense features are: correlation and effective rank (Appendix A)."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from tapnb import arrow, crops
from tapnb.metrics import scores
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie
from tapnb.store import runs
from tapnb.studies.pretraining import accuracies_of

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
    correlations = covariances / np.maximum(np.outer(spread, spread), 1e-12)
    np.fill_diagonal(correlations, 1.0)
    return correlations


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
    windows = source.sample(min(SIZE, *movie.shape[1:]), pairs, np.random.default_rng(SEED))
    rows = []
    for name, (model, seed) in networks.items():
        channels = covariance(copy.deepcopy(model).train(name.startswith("untrained")), source, windows)
        rows.append({"network": name, "seed": seed,
                     "mean_absolute_correlation": mean_absolute_correlation(correlation(channels)),
                     "effective_rank": effective_rank(channels),
                     "correlation": correlation(channels).round(4).tolist()})
    return rows


def table(rows: list[dict], trainings: Mapping[str, runs.Run]) -> pd.DataFrame:
    """How alike the channels are, and how well the arrow is predicted with them, as text; one row a network.

    Parameters
    ----------
    rows : list of dict
        From :func:`compare`.
    trainings : dict of Run
        By network, see :func:`tapnb.studies.pretraining.tap_run`: those whose accuracies at the largest crop are shown.
    """
    accuracies = {}
    for name, run in trainings.items():
        of_run = accuracies_of(run)
        accuracies[name] = {f"{a.sampler}, {a.size} pixels": scores.with_interval(a.accuracy, a.low, a.high, 3)
                            for a in of_run[of_run["size"] == of_run["size"].max()].itertuples()}
    return pd.DataFrame([
        {"network": row["network"], "mean |r|": f"{row['mean_absolute_correlation']:.3f}",
         "effective rank": f"{row['effective_rank']:.1f}"} | accuracies.get(row["network"], {})
        for row in rows]).fillna("")


def of_first_seed(rows: list[dict]) -> list[dict]:
    """The rows of :func:`compare` without the short trainings of any seed but the first."""
    seeds = [row["seed"] for row in rows if "seed" in row["network"]]
    return [row for row in rows if "seed" not in row["network"] or row["seed"] == seeds[0]]
