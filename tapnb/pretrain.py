"""Time arrow prediction: which of two crops came first? (paper, Section 2 and Appendices A, B)

Training goes epoch by epoch; everything random in an epoch is a function of (seed, epoch). So a run that was
interrupted resumes after its last finished epoch and ends with the same numbers as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import arrow, augment, checkpoints, crops, distributed, divergence, losses, weights
from tapnb.arrow import PairSource
from tapnb.models import CHANNELS, TimeArrowModel
from tapnb.movies import Movie
from tapnb.settings import differing
from tapnb.system import device
from tapnb.system.files import read_json, replacing, set_aside, write_json
from tapnb.system.precision import autocast
from tapnb.system.progress import tqdm

WEIGHTS, HISTORY, ASKED = "weights.safetensors", "history.csv", ".asked.json"
"""What a training leaves in its folder."""


@dataclass(frozen=True)
class PretrainSettings:
    """How the network is pretrained; the defaults are the paper's, or the scripts' where it is silent.

    Attributes
    ----------
    pairs, pairs_per_epoch, batch : int
        Budget of the training, of an epoch and of a step, in crop pairs. A training has whole epochs, one at least, and an epoch
        whole batches: other budgets are rounded.
    crop_sizes, crop_shares : tuple
        Sides of the crops in pixels, in order, and the share of the pairs drawn at each.
    sampler, uniform_share, change_power
        See :class:`tapnb.arrow.PairSource`.
    schedule, low_rate, high_rate
        See :func:`learning_rate`.
    decorrelation_weight, temperature : float
        lambda of Eq. 4 and tau of Eq. 5.
    unit_length, floor
        See :func:`tapnb.losses.decorrelation`.
    validation_pairs, validation_size : int
        Held-out pairs per epoch, as many uniform ones as ones drawn by change, and the side of their crops in
        pixels: the same for every recipe, so that curves can be compared.
    channels : tuple of int
        Channels of the U-Net's levels.
    """

    pairs: int = 2_000_000
    pairs_per_epoch: int = 50_000
    batch: int = 108
    crop_sizes: tuple[int, ...] = (96,)
    crop_shares: tuple[float, ...] = (1.0,)
    sampler: str = "uniform"
    uniform_share: float = 0.0
    change_power: float = 2.0
    schedule: str = "cyclic"
    low_rate: float = 1e-4
    high_rate: float = 1e-3
    decorrelation_weight: float = losses.DECORRELATION_WEIGHT
    temperature: float = losses.TEMPERATURE
    unit_length: bool = False
    floor: float = 0.0
    validation_pairs: int = 10_000
    validation_size: int = 96
    channels: tuple[int, ...] = CHANNELS

    def __post_init__(self):
        counts = {"pairs": self.pairs, "pairs per epoch": self.pairs_per_epoch, "batch": self.batch,
                  "validation pairs": self.validation_pairs}
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"the number of {name} is {count}; it must be at least 1")
        if self.batch > self.pairs_per_epoch:
            raise ValueError(f"a batch of {self.batch} pairs does not fit into an epoch of {self.pairs_per_epoch}; "
                             "make it smaller")
        divergence.check_rates(low_rate=self.low_rate, high_rate=self.high_rate)

    @property
    def loss(self) -> dict[str, float | bool]:
        """The loss's own settings, as arguments of :func:`tapnb.losses.time_arrow`."""
        return {"weight": self.decorrelation_weight, "temperature": self.temperature,
                "unit_length": self.unit_length, "floor": self.floor}


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


def crop_size_at(progress: float, sizes: Sequence[int], shares: Sequence[float]) -> int:
    """Side of the crops when a share ``progress`` of the training is done: small crops first, if so asked."""
    if len(sizes) != len(shares) or not sizes or min(shares) <= 0:
        raise ValueError(f"crop sizes {sizes} and their shares of the training {shares} must be equally many "
                         "positive numbers")
    ends = np.cumsum(shares) / np.sum(shares)
    return sizes[min(int(np.searchsorted(ends, progress, side="right")), len(sizes) - 1)]


def train_epoch(model: TimeArrowModel, optimiser: torch.optim.Optimizer, source: PairSource,
                pairs: crops.CropPairs, rates: list[float], generator: torch.Generator,
                loss_settings: dict[str, float | bool], precision: str = "auto") -> dict[str, float]:
    """One pass over ``pairs`` in ``len(rates)`` equal batches; nothing waits for the device before its end.

    Of several processes (:mod:`tapnb.distributed`) each computes its share of every batch.

    Returns
    -------
    dict
        Mean ``loss`` (Eq. 4), ``decorrelation`` (Eq. 5) and ``accuracy`` of the epoch, in training mode.
    """
    on = source.frames.device
    model.train()
    sums = torch.zeros(3, device=on)  # read once at the end: no synchronisation inside the epoch
    batch = len(pairs) // len(rates)
    share = distributed.share(batch)
    for step, rate in enumerate(rates):
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch_pairs = pairs[step * batch : (step + 1) * batch][share]
        images = augment.apply(source.gather(batch_pairs), augment.draw(batch, generator).part(share).to(on))
        flip = device.send(torch.from_numpy(batch_pairs.flip), on)
        with autocast(on, precision):
            logits, z = model(images)
        loss, extra = losses.time_arrow(logits, flip, z, **loss_settings)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        correct = (logits.argmax(1) == flip).float().mean()
        sums += torch.stack([loss.detach(), extra.detach(), correct]) / len(rates)
    return distributed.mean(dict(zip(("loss", "decorrelation", "accuracy"), sums.tolist())))


def pretrain(movie: Movie, held_out: Movie, settings: PretrainSettings, folder: Path, *, seed: int = 1,
             on: torch.device | str = "cpu", precision: str = "auto", compiled: bool = False) -> TimeArrowModel:
    """Train on one movie, validate on another, resume where a former call stopped.

    Parameters
    ----------
    movie, held_out : Movie
    settings : PretrainSettings
    folder : Path
        Gets ``.asked.json`` (what was asked for), ``checkpoint.pt`` (while training), ``history.csv`` and, at the end,
        ``weights.safetensors``; see :func:`history` and :func:`load`.
    seed : int
        Of the initial weights, the crops and their augmentation.
    on : torch.device
    precision : {"auto", "float32", "bfloat16"}
        Of the training step, see :func:`tapnb.system.precision.autocast`; validation is in float32.
    compiled : bool
        Let `torch.compile` fuse the network for training: minutes once, which a GPU earns back.

    Returns
    -------
    TimeArrowModel
        As it is kept and loaded, in evaluation mode.

    Raises
    ------
    ValueError
        If a setting does not fit the movie, or is unknown; if the folder is that of another training; if a loss or a weight is not finite: then the last epoch
        in which all was well is kept as a checkpoint, and no weights.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tapnb.movies.synthetic import simulate
    >>> from tapnb.pretrain import PretrainSettings, history, load, pretrain
    >>> settings = PretrainSettings(pairs=16, pairs_per_epoch=8, batch=4, crop_sizes=(32,),
    ...                             validation_pairs=4, channels=(4, 4, 4, 4))  # so small only here
    >>> movie, held_out = simulate(1, frames=3, size=96), simulate(2, frames=3, size=96)
    >>> model = pretrain(movie, held_out, settings, Path("runs/mine"))
    >>> len(history(Path("runs/mine")))  # epochs
    2
    >>> model = load(Path("runs/mine"))
    """
    on, folder = torch.device(on), Path(folder)
    distributed.share(settings.batch)  # before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    asked = {"settings": differing(settings), "seed": seed, "movies": [movie.fingerprint, held_out.fingerprint]}
    if checkpoint.exists() or (folder / WEIGHTS).exists():
        _check_the_same(folder / ASKED, asked)
    if (folder / WEIGHTS).exists() and (folder / HISTORY).exists():  # a former call was stopped after its last epoch
        try:
            return load(folder, on)
        except ValueError as error:
            set_aside(folder / WEIGHTS, str(error))
    model, optimiser = _initial(settings, seed, on)
    state = {"model": model, "optimiser": optimiser}
    rows: list[dict] = checkpoints.resume(checkpoint, state, on) or []
    distributed.hand_on(state, rows)

    training = _epochs(model, optimiser, movie, held_out, settings, len(rows), seed, precision, compiled)
    progress = tqdm(training, initial=len(rows), total=_number_of_epochs(settings), desc="TAP", unit="epoch")
    for row in progress:
        rows.append(row | {"minutes": row["minutes"] + (rows[-1]["minutes"] if rows else 0.0)})
        with replacing(folder / HISTORY) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
        write_json(folder / ASKED, asked)
        checkpoints.keep(checkpoint, state, rows)  # last: a training may be stopped here
        progress.set_postfix(train=f"{rows[-1]['train_accuracy']:.3f}", uniform=f"{rows[-1]['uniform_accuracy']:.3f}",
                             change=f"{rows[-1]['change_accuracy']:.3f}")
    weights.save(folder / WEIGHTS, model.state_dict())
    checkpoint.unlink(missing_ok=True)
    return load(folder, on)


def _check_the_same(path: Path, asked: dict[str, object]) -> None:
    """Refuse a folder that holds another training; one that does not say which is trusted."""
    before = read_json(path) if path.exists() else asked
    other = " and ".join(name for name in asked if not isinstance(before, dict) or before.get(name) != asked[name])
    if other:
        raise ValueError(f"{path.parent} is the folder of a training with {'another seed' if other == 'seed' else f'other {other}'}: name another "
                         "one, or delete it")


def take_part(movie: Movie, held_out: Movie, settings: PretrainSettings, *, seed: int = 1,
              on: torch.device | str = "cpu", precision: str = "auto") -> None:
    """What all processes but the first do while that one is in :func:`pretrain`, with the same arguments.

    It ends when the first calls :func:`tapnb.distributed.nothing_more`.
    """
    distributed.share(settings.batch)
    while (begun := distributed.called()) is not None:
        content, rows = begun
        model, optimiser = _initial(settings, seed, torch.device(on))
        distributed.unpack(content, {"model": model, "optimiser": optimiser}, torch.device(on))
        for _ in _epochs(model, optimiser, movie, held_out, settings, len(rows), seed, precision):
            pass


def _number_of_epochs(settings: PretrainSettings) -> int:
    return max(1, round(settings.pairs / settings.pairs_per_epoch))


def _epochs(model: TimeArrowModel, optimiser: torch.optim.Optimizer, movie: Movie, held_out: Movie,
            settings: PretrainSettings, done: int, seed: int, precision: str, compiled: bool = False) -> Iterator[dict]:
    """Train epoch by epoch, after those that are done, and yield each one's row of the history, its own minutes in it."""
    on, epochs = next(model.parameters()).device, _number_of_epochs(settings)
    steps_per_epoch = settings.pairs_per_epoch // settings.batch
    source = PairSource(movie, settings.sampler, on, settings.uniform_share, settings.change_power)
    checks = arrow.held_out_pairs(held_out, settings.validation_size, settings.validation_pairs, on)
    own_part = distributed.part(settings.validation_pairs)
    own_checks = {sampler: (source, pairs[own_part]) for sampler, (source, pairs) in checks.items()}
    trained_model = distributed.together(model, on)
    trained_model = torch.compile(trained_model) if compiled else trained_model  # the same weights
    for epoch in range(done, epochs):
        rng = np.random.default_rng([seed, epoch])
        size = crop_size_at(epoch / epochs, settings.crop_sizes, settings.crop_shares)
        pairs = source.sample(size, steps_per_epoch * settings.batch, rng)
        first = epoch * steps_per_epoch
        rates = [learning_rate(step, epochs * steps_per_epoch, steps_per_epoch, settings.schedule, settings.low_rate,
                               settings.high_rate) for step in range(first, first + steps_per_epoch)]
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        start = time.perf_counter()
        trained = train_epoch(trained_model, optimiser, source, pairs, rates, generator, settings.loss, precision)
        row = {"epoch": epoch + 1, "pairs": (epoch + 1) * steps_per_epoch * settings.batch,
               "minutes": (time.perf_counter() - start) / 60, "crop_size": size,
               "learning_rate": rates[-1]} | _prefixed("train", trained)
        checked = check(model, own_checks, settings)
        row |= distributed.mean(checked, weight=len(own_checks["uniform"][1]))
        divergence.check({name.replace("_", " "): row[name] for name in row if "loss" in name}, model, epoch + 1, epochs,
                         max(rates))
        yield row


def check(model: TimeArrowModel, checks: dict[str, tuple[PairSource, crops.CropPairs]],
          settings: PretrainSettings) -> dict[str, float]:
    """:func:`tapnb.arrow.validate` on every kind of held-out pair, such as ``uniform_loss``.

    Parameters
    ----------
    model : TimeArrowModel
    checks : dict
        From :func:`tapnb.arrow.held_out_pairs`.
    settings : PretrainSettings
    """
    row: dict[str, float] = {}
    for sampler, (source, pairs) in checks.items():
        row |= _prefixed(sampler, arrow.validate(model, source, pairs, **settings.loss))
    return row


def history(folder: Path) -> pd.DataFrame:
    """The course of a training: one row an epoch.

    Returns
    -------
    DataFrame
        ``epoch``, ``pairs`` seen, ``minutes`` of training, ``crop_size``, ``learning_rate``; loss, decorrelation and
        accuracy on training pairs (``train_loss``, ...) and on both kinds of held-out pairs (``uniform_loss``,
        ``change_loss``, ...).
    """
    return pd.read_csv(Path(folder) / HISTORY)


def load(folder: Path, on: torch.device | str = "cpu") -> TimeArrowModel:
    """The trained model of a run folder, in evaluation mode, as wide as its weights are.

    Raises
    ------
    FileNotFoundError
        If the folder holds no ``weights.safetensors``.
    ValueError
        If that file is damaged, or holds something else.
    """
    path = Path(folder) / WEIGHTS
    if not path.exists():
        raise FileNotFoundError(f"no weights at {path}; train them with `tapnb run 02_pretraining`")
    values, _ = weights.load(path)
    try:
        model = TimeArrowModel(weights.channels(values, "features."))
        model.load_state_dict(values)
    except (RuntimeError, IndexError, ValueError):  # no level at all, or tensors of other names and shapes
        raise ValueError(f"{path} does not hold the weights of a time arrow network: copy or train it again") from None
    on = torch.device(on)
    return model.to(on, memory_format=device.layout(on)).eval()


def _initial(settings: PretrainSettings, seed: int, on: torch.device) -> tuple[TimeArrowModel, torch.optim.Optimizer]:
    """An untrained network, a function of the seed alone, and its optimiser."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TimeArrowModel(settings.channels)
    model = model.to(on, memory_format=device.layout(on))
    return model, torch.optim.Adam(model.parameters(), lr=settings.low_rate, weight_decay=1e-6)


def _prefixed(prefix: str, values: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{key}": value for key, value in values.items()}
