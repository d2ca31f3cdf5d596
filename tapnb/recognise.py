"""Event recognition: is a cell dividing or dying in this crop pair? (paper, Section 3, Table 2)

A strategy is an initialisation of the features (TAP or random), whether they are trained with the head, and a head.
Fixed features are computed once per crop and shared by every epoch and every head that rests on them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from torch import nn
from tqdm import tqdm

from tapnb import crops, pretrain
from tapnb.dataset import EventDataset, event_dataset
from tapnb.heads import BATCH, train_end_to_end, train_heads
from tapnb.metrics import confusion, scores
from tapnb.models import (
    FEATURES,
    DenseFeatures,
    InvariantLinearHead,
    LinearHead,
    ResNetHead,
    folded,
    redraw_kaiming_uniform,
)
from tapnb.movies import Movie
from tapnb.store import runs
from tapnb.system import device
from tapnb.system.files import replacing

MODULES = ("movies.movie", "crops", "dataset", "models", "system.precision", "system.device", "heads", "recognise", "metrics.confusion")
"""The code that makes a strategy's predictions what they are."""

HEADS = {"linear": LinearHead, "ResNet": ResNetHead, "invariant linear": InvariantLinearHead}


@dataclass(frozen=True)
class Strategy:
    """One row of Table 2, or a variant of one."""

    features: str  # initial ones: "TAP" or "random"
    trained: bool  # end to end with the head, or fixed
    head: str


STRATEGIES = {
    "A0": Strategy("TAP", False, "linear"), "A1": Strategy("TAP", False, "ResNet"),
    "B0": Strategy("random", False, "linear"), "B1": Strategy("random", False, "ResNet"),
    "C0": Strategy("random", True, "linear"), "C1": Strategy("random", True, "ResNet"),
    "D0": Strategy("TAP", True, "linear"), "D1": Strategy("TAP", True, "ResNet"),  # fine-tuned; not in the paper
    "A0i": Strategy("TAP", False, "invariant linear"),  # Section 5: A0 that cannot tell the order of the frames
}


def strategy_named(name: str) -> Strategy:
    """One of :data:`STRATEGIES`.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}; choose from {', '.join(STRATEGIES)}")
    return STRATEGIES[name]


@torch.inference_mode()
def fixed_features(model: DenseFeatures, images: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """Dense features of crop pairs, frozen network in evaluation mode.

    Parameters
    ----------
    model : DenseFeatures
    images : tensor, shape (N, 2, s, s)
    batch : int
        Pairs at a time: few, so that their maps stay in a processor's cache.

    Returns
    -------
    bfloat16 tensor, shape (N, 2, 32, s, s)
        Half the memory of float32: the paper's 14 934 training pairs take 4.4 GB.
    """
    model = folded(model)
    n, frames, height, width = images.shape
    features = torch.empty(n, frames, FEATURES, height, width, dtype=torch.bfloat16, device=images.device)
    for part, into in zip(images.split(batch), features.split(batch)):
        into.copy_(model(part))  # into its place: the whole is never there twice
    return features


@torch.no_grad()
def estimate_norms(model: nn.Module, images: torch.Tensor, batch: int = 108, most: int = 1080) -> None:
    """Set the BatchNorm running statistics of an untrained network to those of training crops, in place.

    The authors' scripts kept the statistics of the trained network under redrawn weights instead.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
    model.train()
    for part in images[:most].split(batch):
        model(part)
    for norm in norms:
        norm.momentum = 0.1


@torch.inference_mode()
def predict(heads: list[nn.Module], backbone: DenseFeatures, images: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """Logits of several heads that share a backbone, in float32 and evaluation mode.

    Parameters
    ----------
    heads : list of Module
    backbone : DenseFeatures
    images : tensor, shape (N, 2, s, s)
    batch : int

    Returns
    -------
    tensor, shape (len(heads), N, 2)
    """
    backbone, *heads = map(folded, (backbone, *heads))
    parts = []
    for part in images.split(batch):
        z = backbone(part)  # once for all heads
        parts.append(torch.stack([head(z) for head in heads]))
    return torch.cat(parts, dim=1)


def run_strategy(name: str, tap: DenseFeatures, data: EventDataset, frames: torch.Tensor, levels: np.ndarray,
                 seeds: list[int], epochs: int, *, order_seed: int = 25, batch: int = BATCH,
                 test_pairs: int | None = None, validation_pairs: int | None = None, redraw_norms: bool = False,
                 keep_trained_norms: bool = False, folder: Path | None = None) -> pd.DataFrame:
    """Train and test one strategy once per seed.

    Parameters
    ----------
    name : {"A0", "A1", "B0", "B1", "C0", "C1", "D0", "D1"}
    tap : DenseFeatures
        The pretrained features; "random" ones are redrawn copies of it.
    data : EventDataset
    frames, levels
        Of the movie, see :func:`tapnb.crops.gather`.
    seeds : list of int
        One run each; a seed fixes the initial weights of the head and of the random U-Net.
    epochs : int
    order_seed : int
        Fixes the order of the training pairs in all runs.
    batch : int
        Training pairs a step.
    test_pairs, validation_pairs : int, optional
        Predict the first so many pairs of the part only: a smaller budget. Only calibration needs any validation.
    redraw_norms, keep_trained_norms : bool
        The scripts' ways for random features: BatchNorm scales from N(0, 1), and running statistics of the
        trained network.
    folder : Path, optional
        Gets what was trained of each run, see :func:`save`.

    Returns
    -------
    DataFrame
        One row per run, part and crop pair: ``seed``, ``part`` ("test" or "validation"), ``pair`` (index
        into ``data.pairs``), ``label``, ``logit_0``, ``logit_1`` (float16, as published: every later table is a
        function of these, and so the same for who has the publication only).
    """
    strategy, on = strategy_named(name), frames.device
    if not seeds:
        raise ValueError("there is no seed; give at least one, such as 20")
    training = data.parts["balanced"]
    images = crops.gather(frames, levels, data.pairs[training])  # (N, 2, s, s)
    labels = torch.from_numpy(data.labels[training].astype(np.int64)).to(on)
    tested = {part: data.parts[part][:most] for part, most in (("test", test_pairs), ("validation", validation_pairs))
              if most != 0}
    rows = []

    def keep(part: str, index: np.ndarray, logits: torch.Tensor, run_seeds: list[int]) -> None:
        for seed, run_logits in zip(run_seeds, logits.half().cpu().numpy()):
            rows.append(pd.DataFrame({"seed": seed, "part": part, "pair": index, "label": data.labels[index],
                                      "logit_0": run_logits[:, 0], "logit_1": run_logits[:, 1]}))

    def test(backbone: DenseFeatures, heads: list[nn.Module], run_seeds: list[int]) -> None:
        if folder:
            for seed, head in zip(run_seeds, heads):
                save(folder / f"weights-{seed}.safetensors", head, None if backbone is tap else backbone)
        for part, index in tested.items():
            keep(part, index, predict(heads, backbone, crops.gather(frames, levels, data.pairs[index])), run_seeds)

    def new_head(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return HEADS[strategy.head](data.pairs.size).to(on)

    with torch.random.fork_rng(devices=[]):
        if strategy.features == "TAP" and not strategy.trained:  # every seed shares the features
            heads = [new_head(seed) for seed in seeds]
            train_heads(heads, fixed_features(tap, images), labels, epochs, order_seed, batch)
            test(tap, heads, seeds)
        else:
            for seed in tqdm(seeds, desc=name, unit="run"):
                head, backbone = new_head(seed), copy.deepcopy(tap)
                trained_norms = {k: v.clone() for k, v in tap.state_dict().items() if "running_" in k}
                if strategy.features == "random":
                    redraw_kaiming_uniform(backbone, redraw_norms)
                if keep_trained_norms:
                    backbone.load_state_dict(trained_norms, strict=False)
                elif not strategy.trained:
                    estimate_norms(backbone, images)
                if strategy.trained:
                    train_end_to_end(backbone, head, images, labels, epochs, order_seed, batch)
                else:
                    train_heads([head], fixed_features(backbone, images), labels, epochs, order_seed, batch)
                test(backbone, [head], [seed])
    return pd.concat(rows, ignore_index=True)


def save(path: Path, head: nn.Module, features: DenseFeatures | None = None) -> None:
    """Keep a trained head, and the features that were made for it: safetensors, kernels in float16."""
    weights = {f"head.{name}": values for name, values in head.state_dict().items()}
    if features is not None:
        weights |= {f"features.{name}": values for name, values in features.state_dict().items()}
    with replacing(path) as temporary:
        save_file({name: pretrain.as_kept(values) for name, values in weights.items()}, temporary)


def strategy_run(name: str, movie: Movie, tap: runs.Run, *, dataset: dict, mode: str, on: torch.device, command: str,
                 **parameters) -> runs.Run:
    """:func:`run_strategy` as a run: its folder keeps ``predictions.parquet``, see :func:`predictions`.

    Its record keeps the sizes of the training set, the average precision of every run and their right and wrong
    answers on the test pairs, see :func:`tapnb.metrics.confusion.by_frame`.

    Parameters
    ----------
    name : str
        See :func:`run_strategy`.
    movie : Movie
    tap : Run
        The pretraining whose features are used, and whose architecture the random ones copy.
    dataset : dict
        Arguments of :func:`tapnb.dataset.event_dataset`.
    mode, command
        See :func:`tapnb.store.runs.run`.
    on : torch.device
    **parameters
        Of :func:`run_strategy`: seeds, epochs and its options.

    Raises
    ------
    ValueError
        If the features were pretrained on another movie.
    """
    trained_on = tap.record["movies"]["train"]
    if trained_on["fingerprint"] != movie.fingerprint:
        raise ValueError(f"the features of {tap.name} were pretrained on another movie than this {movie.name!r} "
                         f"({trained_on['fingerprint']}, not {movie.fingerprint}); run notebook 02 for it first, with "
                         "the same options")

    def make(folder: Path) -> dict:
        data = event_dataset(movie, **dataset)
        found = run_strategy(name, pretrain.load(tap.folder, on).features, data, crops.as_tensor(movie.frames, on),
                             movie.levels, folder=folder, **parameters)
        with replacing(folder / "predictions.parquet") as temporary:
            found.astype({"seed": "int32", "part": "category", "pair": "int32"}).to_parquet(temporary, index=False)
        average_precision = scores.scores_per_run(found)["average precision"]
        return {"training_pairs": len(data.parts["balanced"]),
                "training_positives": int(data.labels[data.parts["balanced"]].sum()),
                "average_precision": [None if np.isnan(value) else float(value) for value in average_precision],
                "test": confusion.by_frame(found, data.pairs.t, len(movie.frames) - 1)}

    # The code that made the features belongs to the key: other weights may bear the same name.
    key = parameters | {"strategy": name, "tap": tap.name, "tap_code": tap.record["code"], "dataset": dataset}
    return runs.run("strategy", {"train": movie}, key, dataset.get("seed", 25), mode, make,
                    device.describe(on), MODULES, command)


def predictions(run: runs.Run) -> pd.DataFrame:
    """What a :func:`strategy_run` predicted, as returned by :func:`run_strategy`."""
    return pd.read_parquet(run.folder / "predictions.parquet")


def dataset_of(run: runs.Run, movie: Movie) -> EventDataset:
    """The crop pairs that a strategy's run was trained and tested on.

    Raises
    ------
    ValueError
        If that was another movie.
    """
    trained_on = run.record["movies"]["train"]["fingerprint"]
    if trained_on != movie.fingerprint:
        raise ValueError(f"{run.name} was trained on another movie than this {movie.name!r} ({trained_on}, not "
                         f"{movie.fingerprint}); give the options with which notebook 06 was run")
    return event_dataset(movie, **run.record["parameters"]["dataset"])
