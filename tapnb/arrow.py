"""The question of time arrow prediction: where pairs come from, and how often a model answers rightly."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tapnb import crops, losses
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie
from tapnb.system import device
from tapnb.system.progress import tqdm

SAMPLERS = ("uniform", "change")

VALIDATION_SEED = 7
"""Held-out pairs are the same in every epoch and for every training seed."""


class PairSource:
    """Draws crop pairs from one movie, uniformly or by label-free change, and gathers their pixels.

    Parameters
    ----------
    movie : Movie
    sampler : {"uniform", "change"}
    on : torch.device
    uniform_share : float
        Share of uniform pairs under "change".
    change_power : float
        See :func:`tapnb.crops.change_weights`.
    """

    def __init__(self, movie: Movie, sampler: str, on: torch.device, uniform_share: float = 0.0,
                 change_power: float = 2.0):
        if sampler not in SAMPLERS:
            raise ValueError(f"unknown sampler {sampler!r}; choose 'uniform' or 'change'")
        if not 0 <= uniform_share <= 1:
            raise ValueError(f"the uniform share is {uniform_share}; it must lie between 0 and 1")
        self.movie, self.sampler = movie, sampler
        self.uniform_share, self.change_power = uniform_share, change_power
        self.frames = crops.as_tensor(movie.frames, on)
        self._weights: dict[int, np.ndarray] = {}  # by crop size

    def sample(self, size: int, n: int, rng: np.random.Generator) -> crops.CropPairs:
        """``n`` pairs of ``size`` pixels."""
        if self.sampler == "uniform":
            return crops.sample_uniform(self.movie.shape, size, n, rng, self.movie.usable)
        if size not in self._weights:
            self._weights[size] = crops.change_weights(self.movie.frames, self.movie.levels, size,
                                                       self.change_power, usable=self.movie.usable)
        return crops.sample_by_change(self._weights[size], self.movie.shape, size, n, rng, self.uniform_share,
                                      usable=self.movie.usable)

    def gather(self, pairs: crops.CropPairs) -> torch.Tensor:
        """Normalised pixels (N, 2, size, size) on the device."""
        return crops.gather(self.frames, self.movie.levels, pairs)


@torch.inference_mode()
def arrow_logits(model: TimeArrowModel, source: PairSource, pairs: crops.CropPairs, batch: int = 32,
            **form: Any) -> tuple[torch.Tensor, float]:
    """Logits of crop pairs without augmentation, in float32 and evaluation mode.

    Parameters
    ----------
    model : TimeArrowModel
    source : PairSource
    pairs : CropPairs
    batch : int
        Pairs of 48 x 48 pixels per batch, whose maps stay in a processor's cache; larger crops come in smaller
        batches.
    **form
        Of :func:`tapnb.losses.decorrelation`.

    Returns
    -------
    logits : tensor, shape (N, 2)
    decorrelation : float
        Mean of Eq. 5.
    """
    model.eval()
    batch = max(1, device.at_once(source.frames.device, batch) * 48 * 48 // pairs.size**2)
    logits, terms = [], []
    for start in range(0, len(pairs), batch):
        images = source.gather(pairs[start : start + batch])
        out, z = model(images)
        logits.append(out)
        terms.append(losses.decorrelation(z, **form))
    sizes = map(len, logits)
    total = sum(term * size for term, size in zip(torch.stack(terms).tolist(), sizes))  # the device is waited for once
    return torch.cat(logits), total / len(pairs)


def validate(model: TimeArrowModel, source: PairSource, pairs: crops.CropPairs,
             weight: float = losses.DECORRELATION_WEIGHT, **form: Any) -> dict[str, float]:
    """Held-out ``loss`` (Eq. 4), ``decorrelation`` (Eq. 5) and ``accuracy`` of fixed pairs."""
    logits, extra = arrow_logits(model, source, pairs, **form)
    flip = torch.from_numpy(pairs.flip).to(logits.device)
    return {"loss": losses.cross_entropy(logits, flip).item() + weight * extra,
            "decorrelation": extra, "accuracy": (logits.argmax(1) == flip).float().mean().item()}


def held_out_pairs(movie: Movie, size: int, n: int, on: torch.device,
                   seed: int = VALIDATION_SEED) -> dict[str, tuple[PairSource, crops.CropPairs]]:
    """``n`` pairs of a held-out movie by each sampler, with their source; a function of ``seed``."""
    sources = {sampler: PairSource(movie, sampler, on) for sampler in SAMPLERS}
    return {sampler: (source, source.sample(size, n, np.random.default_rng(seed)))
            for sampler, source in sources.items()}


def accuracies(model: TimeArrowModel, movie: Movie, sizes: list[int], n: int, on: torch.device,
               seed: int = VALIDATION_SEED + 1) -> list[dict]:
    """Right answers on a held-out movie, by sampler and crop size.

    Parameters
    ----------
    model : TimeArrowModel
    movie : Movie
    sizes : list of int
        Sides of the crops, in pixels; those that do not fit into the movie are left out.
    n : int
        Pairs of each kind.
    on : torch.device
    seed : int
        Other pairs than those of :data:`VALIDATION_SEED`, by which a recipe may have been chosen.

    Returns
    -------
    list of dict
        ``sampler``, ``size``, ``right``, ``n``.
    """
    rows = []
    fitting = [size for size in sizes if size <= min(movie.shape[1:])]
    for size in tqdm(fitting, desc="testing", unit="crop size", leave=False):
        for sampler, (source, pairs) in held_out_pairs(movie, size, n, on, seed).items():
            logits, _ = arrow_logits(model, source, pairs)
            right = int((logits.argmax(1).cpu().numpy() == pairs.flip).sum())
            rows.append({"sampler": sampler, "size": size, "right": right, "n": n})
    return rows
