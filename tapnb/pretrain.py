"""Time arrow prediction: which of two crops came first? (paper, Section 2 and Appendices A, B)

Training goes epoch by epoch; everything random in an epoch is a function of (seed, epoch). So a run that was
interrupted resumes after its last finished epoch and ends with the same numbers as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from tapnb import arrow, augment, crops, losses
from tapnb.arrow import PairSource
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie
from tapnb.store import runs
from tapnb.system import device
from tapnb.system.files import replacing
from tapnb.system.precision import autocast

MODULES = ("movies.movie", "crops", "augment", "models", "losses", "arrow", "system.precision", "system.device", "pretrain")
"""The code that makes a training what it is."""

TEST_SIZES = [48, 96]
"""Sides of the crops on which a finished model is tested, in pixels."""


def learning_rate(step: int, steps: int, steps_per_epoch: int, schedule: str, low: float, high: float) -> float:
    """Learning rate of one step.

    Parameters
    ----------
    step, steps, steps_per_epoch : int
        Index of the step, number of steps of the whole training and of an epoch.
    schedule : {"cyclic", "one-cycle"}
        "cyclic" (the paper): up for one epoch, down for the next, amplitude x 0.9 per cycle.
        "one-cycle": up during the first tenth, then a cosine down to zero; for small budgets.
    low, high : float
        Lowest and highest rate.
    """
    if schedule == "cyclic":
        cycle, place = divmod(step / steps_per_epoch, 2)
        return low + (high - low) * 0.9**cycle * (1 - abs(place - 1))
    if schedule == "one-cycle":
        warm_up = max(1, steps // 10)
        if step < warm_up:
            return low + (high - low) * step / warm_up
        return high * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up)))
    raise ValueError(f"unknown schedule {schedule!r}; choose 'cyclic' or 'one-cycle'")


def crop_size_at(progress: float, sizes: list[int], shares: list[float]) -> int:
    """Side of the crops when a share ``progress`` of the training is done: small crops first, if so asked."""
    if len(sizes) != len(shares) or not sizes or min(shares) <= 0:
        raise ValueError(f"crop sizes {sizes} and their shares of the training {shares} must be equally many "
                         "positive numbers")
    ends = np.cumsum(shares) / np.sum(shares)
    return sizes[min(int(np.searchsorted(ends, progress, side="right")), len(sizes) - 1)]


def train_epoch(model: TimeArrowModel, optimiser: torch.optim.Optimizer, source: PairSource,
                pairs: crops.CropPairs, rates: list[float], generator: torch.Generator,
                unit_length: bool = False, floor: float = 0.0, precision: str = "auto") -> dict[str, float]:
    """One pass over ``pairs`` in ``len(rates)`` equal batches; nothing waits for the device before its end.

    Returns
    -------
    dict
        Mean ``loss`` (Eq. 4), ``decorrelation`` (Eq. 5) and ``accuracy`` of the epoch, in training mode.
    """
    on = source.frames.device
    model.train()
    sums = torch.zeros(3, device=on)  # read once at the end: no synchronisation inside the epoch
    batch = len(pairs) // len(rates)
    for step, rate in enumerate(rates):
        for group in optimiser.param_groups:
            group["lr"] = rate
        chosen = pairs[step * batch : (step + 1) * batch]
        images = augment.apply(source.gather(chosen), augment.draw(batch, generator).to(on))
        flip = device.send(torch.from_numpy(chosen.flip), on)
        with autocast(on, precision):
            logits, z = model(images)
        extra = losses.decorrelation(z, unit_length=unit_length, floor=floor)
        loss = losses.time_arrow(logits, flip) + losses.DECORRELATION_WEIGHT * extra
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        correct = (logits.argmax(1) == flip).float().mean()
        sums += torch.stack([loss.detach(), extra.detach(), correct]) / len(rates)
    return dict(zip(("loss", "decorrelation", "accuracy"), sums.tolist()))


def pretrain(movie: Movie, held_out: Movie, folder: Path, *, pairs: int, pairs_per_epoch: int, batch: int,
             crop_sizes: list[int], crop_shares: list[float], sampler: str, uniform_share: float,
             change_power: float, schedule: str, low_rate: float, high_rate: float, validation_pairs: int,
             validation_size: int, unit_length: bool, seed: int, on: torch.device, floor: float = 0.0,
             precision: str = "auto", compiled: bool = False,
             channels: Sequence[int] = (32, 64, 128, 256)) -> pd.DataFrame:
    """Train on one movie, validate on another, resume where a former call stopped.

    Parameters
    ----------
    movie, held_out : Movie
    folder : Path
        Gets ``checkpoint.pt`` (while training), ``history.csv`` and, at the end, ``weights.safetensors``.
    pairs, pairs_per_epoch, batch : int
        Budget of the training, of an epoch and of a step, in crop pairs.
    crop_sizes, crop_shares : list
        Sides of the crops in pixels, in order, and the share of the pairs drawn at each.
    sampler, uniform_share, change_power
        See :class:`PairSource`.
    schedule, low_rate, high_rate
        See :func:`learning_rate`.
    validation_pairs, validation_size : int
        Held-out pairs per epoch, as many uniform ones as ones drawn by change, and the side of their crops in
        pixels: the same for every recipe, so that curves can be compared.
    unit_length, floor
        See :func:`tapnb.losses.decorrelation`.
    seed : int
    on : torch.device
    precision : {"auto", "float32", "bfloat16"}
        Of the training step, see :func:`tapnb.system.precision.autocast`; validation is in float32.
    compiled : bool
        Let `torch.compile` fuse the network for training: minutes once, which a GPU earns back.
    channels : sequence of int
        Channels of the U-Net's levels.

    Returns
    -------
    DataFrame
        One row an epoch: pairs seen, minutes of training, crop size, learning rate, and loss, decorrelation
        and accuracy on training pairs and on both kinds of held-out pairs.
    """
    counts = {"pairs": pairs, "pairs per epoch": pairs_per_epoch, "batch": batch, "validation pairs": validation_pairs}
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"the number of {name} is {count}; it must be at least 1")
    if batch > pairs_per_epoch:
        raise ValueError(f"a batch of {batch} pairs does not fit into an epoch of {pairs_per_epoch}; make it smaller")
    folder.mkdir(parents=True, exist_ok=True)
    epochs = max(1, round(pairs / pairs_per_epoch))
    steps_per_epoch = pairs_per_epoch // batch
    if (folder / "weights.safetensors").exists():  # a former call was stopped after its last epoch
        return pd.read_csv(folder / "history.csv")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TimeArrowModel(channels)
    model = model.to(on, memory_format=device.layout(on))
    optimiser = torch.optim.Adam(model.parameters(), lr=low_rate, weight_decay=1e-6)
    history: list[dict] = []
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=on, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        history = state["history"]

    source = PairSource(movie, sampler, on, uniform_share, change_power)
    checks = arrow.held_out_pairs(held_out, validation_size, validation_pairs, on)
    trained_model = torch.compile(model) if compiled else model  # the same weights
    progress = tqdm(range(len(history), epochs), initial=len(history), total=epochs, desc="TAP", unit="epoch")
    for epoch in progress:
        rng = np.random.default_rng([seed, epoch])
        size = crop_size_at(epoch / epochs, crop_sizes, crop_shares)
        drawn = source.sample(size, steps_per_epoch * batch, rng)
        first = epoch * steps_per_epoch
        rates = [learning_rate(step, epochs * steps_per_epoch, steps_per_epoch, schedule, low_rate, high_rate)
                 for step in range(first, first + steps_per_epoch)]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        start = time.perf_counter()
        trained = train_epoch(trained_model, optimiser, source, drawn, rates, generator, unit_length, floor, precision)
        minutes = (history[-1]["minutes"] if history else 0.0) + (time.perf_counter() - start) / 60
        row = {"epoch": epoch + 1, "pairs": (epoch + 1) * steps_per_epoch * batch, "minutes": minutes,
               "crop_size": size, "learning_rate": rates[-1]} | _prefixed("train", trained)
        for sampler, (checked, fixed) in checks.items():
            row |= _prefixed(sampler, arrow.validate(model, checked, fixed, unit_length, floor))
        history.append(row)
        with replacing(checkpoint) as temporary:
            torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "history": history},
                       temporary)
        with replacing(folder / "history.csv") as temporary:
            pd.DataFrame(history).to_csv(temporary, index=False)
        progress.set_postfix(train=f"{row['train_accuracy']:.3f}", uniform=f"{row['uniform_accuracy']:.3f}",
                             change=f"{row['change_accuracy']:.3f}")
    with replacing(folder / "weights.safetensors") as temporary:
        save_file({name: as_kept(values) for name, values in model.state_dict().items()}, temporary)
    checkpoint.unlink(missing_ok=True)
    return pd.DataFrame(history)


def tap_run(movie: Movie, held_out: Movie, *, seed: int, mode: str, on: torch.device, command: str,
            test_pairs: int, **parameters) -> runs.Run:
    """:func:`pretrain` as a run: executed or restored, tested on the held-out movie, recorded.

    Parameters
    ----------
    movie, held_out : Movie
    seed, mode, command
        See :func:`tapnb.store.runs.run`.
    on : torch.device
    test_pairs : int
        Held-out pairs of each kind for the final accuracies.
    **parameters
        Of :func:`pretrain`.

    Returns
    -------
    Run
        ``results``: "history" (a list of epochs); of the weights as they are kept, "kept" (loss, decorrelation and
        accuracy on the pairs of the history's checks) and "accuracies" (see :func:`tapnb.arrow.accuracies`).
    """

    if test_pairs < 1:
        raise ValueError(f"the number of test pairs is {test_pairs}; it must be at least 1")

    def make(folder: Path) -> dict:
        history, kept = pretrain(movie, held_out, folder, seed=seed, on=on, **parameters), load(folder, on)
        checks = arrow.held_out_pairs(held_out, parameters["validation_size"], parameters["validation_pairs"], on)
        checked = [_prefixed(sampler, arrow.validate(kept, *pairs, parameters["unit_length"],
                                                     parameters.get("floor", 0.0)))
                   for sampler, pairs in checks.items()]
        return {"history": history.to_dict("records"), "kept": {k: v for part in checked for k, v in part.items()},
                "accuracies": arrow.accuracies(kept, held_out, TEST_SIZES, test_pairs, on)}

    return runs.run("tap", {"train": movie, "held-out": held_out}, parameters | {"test_pairs": test_pairs}, seed,
                    mode, make, device.describe(on, parameters.get("precision", "auto")), MODULES, command)


def load(folder: Path, on: torch.device) -> TimeArrowModel:
    """The trained model of a run folder, in evaluation mode, as wide as its weights are.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``weights.safetensors``.
    """
    path = folder / "weights.safetensors"
    if not path.exists():
        raise FileNotFoundError(f"no weights at {path}; train them with `tapnb run 02_pretraining`")
    weights = {name: values.float() if values.is_floating_point() else values
               for name, values in load_file(path).items()}
    levels = sum(name.startswith("features.backbone.down") and name.endswith(".0.bias") for name in weights)
    model = TimeArrowModel([len(weights[f"features.backbone.down.{level}.0.bias"]) for level in range(levels)])
    model.load_state_dict(weights)
    return model.to(on, memory_format=device.layout(on)).eval()


def as_kept(values: torch.Tensor) -> torch.Tensor:
    """A tensor of a model as it is kept: kernels in float16, the rest, which takes no room, as it is.

    Whatever is computed from a training is computed from what is kept, so that publishing it changes no digit.
    """
    halved = values.half() if values.dim() > 1 else values
    return (halved if halved.isfinite().all() else values).contiguous()  # beyond 65 504 there is no float16


def _prefixed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{key}": value for key, value in values.items()}
