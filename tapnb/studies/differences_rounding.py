"""What it does to predictions that fixed features are kept in bfloat16 and not in float32."""

from __future__ import annotations

from math import nan
from pathlib import Path

import numpy as np
import torch

from tapnb import pretrain, recognise
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.fast import folded
from tapnb.heads import EPOCHS, HEADS, HeadSettings, fixed_features, head_logits, train_heads
from tapnb.metrics import scores
from tapnb.models import DenseFeatures
from tapnb.movies import Movie
from tapnb.settings import restored
from tapnb.store import kinds, runs
from tapnb.studies.effects import Effect


@torch.no_grad()
def exact_features(model: DenseFeatures, images: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """Dense features in float32, shape (N, 2, 32, s, s); what :func:`tapnb.heads.fixed_features` rounds."""
    model = folded(model)
    return torch.cat([model(part) for part in images.split(batch)])


def compare(logits: torch.Tensor, others: torch.Tensor) -> dict:
    """How far the probabilities of an event lie apart, and how many decisions differ.

    Parameters
    ----------
    logits, others : tensors, shape (N, 2)

    Returns
    -------
    dict
        ``largest`` and ``mean`` difference of the probability, ``changed`` decisions.
    """
    apart = (logits.softmax(1)[:, 1] - others.softmax(1)[:, 1]).abs()
    changed = (logits[:, 1] > logits[:, 0]) != (others[:, 1] > others[:, 0])
    return {"largest": float(apart.max()), "mean": float(apart.mean()), "changed": int(changed.sum())}


def rounding_run(movie: Movie, tap: runs.Run, published: runs.Run, pairs: int, *, mode: str, on: torch.device,
                 command: str) -> runs.Run:
    """Train one head on rounded and one on exact features, alike in all else, and compare what they predict.

    For scale, a third head differs from the second in its seed instead.

    Parameters
    ----------
    movie : Movie
    tap : Run
        The pretraining that makes the features.
    published : Run
        A strategy on fixed TAP features: its dataset, head, seeds and epochs are used.
    pairs : int
        Crop pairs to train and to test on, at most.
    mode, on, command
        See :func:`tapnb.store.runs.run`.

    Returns
    -------
    Run
        ``results``: "trained_on", "tested", and :func:`compare` of both heads with the second as "rounding" and
        "another_seed".

    Raises
    ------
    ValueError
        If ``pairs`` is too small to train on, or the strategy's features are not fixed ones of TAP.
    """
    if pairs < 2:
        raise ValueError(f"the number of pairs to compare roundings on is {pairs}; it must be at least 2")
    asked = published.record["parameters"]
    strategy = recognise.strategy_named(asked["strategy"])
    if strategy.features != "TAP" or strategy.trained:
        raise ValueError(f"strategy {asked['strategy']} keeps no TAP features; compare roundings with A0 or A1")
    dataset, training = restored(DatasetSettings, asked["dataset"]), restored(HeadSettings, asked["training"])
    seeds = [asked["seeds"][0], max(asked["seeds"]) + 1]  # the second is no run's

    def make(folder: Path) -> dict:
        data, model = event_dataset(movie, dataset), pretrain.load(tap.folder, on).features
        train, test = data.parts["balanced"][:pairs], data.parts["test"][:pairs]
        images = data.images(train, on)
        labels = torch.from_numpy(data.labels[train].astype(np.int64)).to(on)
        rounded, exact = fixed_features(model, images), exact_features(model, images)
        trained = []
        for features, seed in ((rounded, seeds[0]), (exact, seeds[0]), (exact, seeds[1])):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                head = HEADS[strategy.head](data.pairs.size).to(on)
            train_heads([head], features, labels, training.epochs or EPOCHS[strategy.head], training)
            trained.append(head)
        logits = head_logits(trained, model, data.images(test, on)).cpu()
        return {"trained_on": len(train), "tested": len(test), "rounding": compare(logits[0], logits[1]),
                "another_seed": compare(logits[2], logits[1])}

    key = {"strategy": asked["strategy"], "dataset": dataset, "training": training, "seeds": seeds, "pairs": pairs,
           "tap": tap.name}
    return runs.run(kinds.ROUNDING, {"train": movie}, key, dataset.data_seed, make, mode=mode, command=command, on=on)


def effects(run: runs.Run) -> list[Effect]:
    """A :func:`rounding_run` as effects of keeping float32: decisions that change and the largest difference."""
    compared, name = run.results, f"{run.record['parameters']['strategy']}: features kept in 32 bit, not in 16"
    rounding, seed, tested = compared["rounding"], compared["another_seed"], compared["tested"]
    share, low, high = (100 * value for value in (rounding["changed"] / tested,
                                                  *scores.share_interval(rounding["changed"], tested)))
    return [Effect("rounding_changed", name, f"decisions that change, of {tested} (%)", nan, nan, share, low, high, 1,
                   note=f"by another seed {100 * seed['changed'] / tested:.1f} %", runs=(run,)),
            Effect("rounding_largest", name, "largest change of a probability", nan, nan, rounding["largest"],
                   digits=3, note=f"by another seed {seed['largest']:.3f}", runs=(run,))]
