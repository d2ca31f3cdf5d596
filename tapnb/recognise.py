"""Event recognition: is a cell dividing or dying in this crop pair? (paper, Section 3, Table 2)

A strategy is an initialisation of the features (TAP or random), whether they are trained with the head, and a head.
Fixed features are computed once per crop and shared by every epoch and every head that rests on them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tapnb import many_heads, weights
from tapnb.dataset import EventDataset, balance, fewer
from tapnb.heads import (
    EPOCHS,
    HEADS,
    Curve,
    HeadSettings,
    estimate_norms,
    fixed_features,
    head_logits,
    train_end_to_end,
    train_heads,
)
from tapnb.models import DenseFeatures, RawPixels, redrawn
from tapnb.system import device
from tapnb.system.progress import tqdm


@dataclass(frozen=True)
class Strategy:
    """One row of Table 2, a variant of one, or one that the paper lacks."""

    features: str  # initial ones: "TAP", "random", or "pixels": none but the two frames themselves
    trained: bool  # end to end with the head, or fixed
    head: str  # one of tapnb.heads.HEADS

    @property
    def shared(self) -> bool:
        """Whether all runs look at the same features."""
        return self.features != "random" and not self.trained

    def new_head(self, size: int) -> nn.Module:
        """An untrained head for crops of that side, in pixels."""
        return HEADS[self.head](size, 1) if self.features == "pixels" else HEADS[self.head](size)


STRATEGIES = {
    "A0": Strategy("TAP", False, "linear"), "A1": Strategy("TAP", False, "ResNet"),
    "B0": Strategy("random", False, "linear"), "B1": Strategy("random", False, "ResNet"),
    "C0": Strategy("random", True, "linear"), "C1": Strategy("random", True, "ResNet"),
    "D0": Strategy("TAP", True, "linear"), "D1": Strategy("TAP", True, "ResNet"),  # fine-tuned; not in the paper
    "P1": Strategy("pixels", False, "ResNet"),  # a control: the head without any features; not in the paper
    "A0i": Strategy("TAP", False, "invariant linear"),  # Section 5: A0 that cannot tell the order of the frames
}
"""By name: A to C are the rows of Table 2, D and P are what the paper lacks."""


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


@dataclass(frozen=True, eq=False)
class Recogniser:
    """A trained event head with the features that it looks at.

    Attributes
    ----------
    strategy : str
        Its name in :data:`STRATEGIES`.
    size : int
        Side of the crops that it was trained on, in pixels.
    features : DenseFeatures
    head : Module
    curve : sequence of dict
        How its training went, see :data:`tapnb.heads.Curve`; empty for one that was loaded.
    """

    strategy: str
    size: int
    features: DenseFeatures
    head: nn.Module
    curve: Sequence[dict[str, float]] = ()

    def save(self, path: Path, with_features: bool = True) -> None:
        """Keep it in one safetensors file, kernels in float16.

        Parameters
        ----------
        path : Path
        with_features : bool
            False where the features are those of a pretraining that is kept as well: a file of a sixth the size, which
            :meth:`load` then needs the features for.
        """
        values = {f"head.{name}": tensor for name, tensor in self.head.state_dict().items()}
        if with_features:
            values |= {f"features.{name}": tensor for name, tensor in self.features.state_dict().items()}
        weights.save(path, values, {"strategy": self.strategy, "size": str(self.size)})

    @classmethod
    def load(cls, path: Path, features: DenseFeatures | None = None, on: torch.device | str = "cpu") -> Recogniser:
        """Read what :meth:`save` kept.

        Raises
        ------
        ValueError
            If this is no such file, it is damaged, or it holds no features and none are passed.
        """
        values, about = weights.load(path)
        if not about.keys() >= {"strategy", "size"}:
            raise ValueError(f"{path} holds no event head: give a file that Recogniser.save has written")
        on = torch.device(on)
        try:
            size, kind = int(about["size"]), strategy_named(about["strategy"])
            head = kind.new_head(size)
            head.load_state_dict(_part(values, "head."))
            if own := _part(values, "features."):
                features = DenseFeatures(weights.channels(own))
                features.load_state_dict(own)
        except (RuntimeError, IndexError, ValueError) as error:  # tensors of other names or shapes, no known strategy
            raise ValueError(f"{path} holds another head than the strategy {about['strategy']!r} for crops of "
                             f"{about['size']} px that it names: copy or train it again") from error
        if kind.features == "pixels":
            features = RawPixels()
        if features is None:
            raise ValueError(f"{path} holds a head alone: give the features of the pretraining that it was trained on")
        return cls(about["strategy"], size, features.to(on, memory_format=device.layout(on)).eval(), head.to(on).eval())

    def probability(self, images: torch.Tensor) -> torch.Tensor:
        """Probability of an event in crop pairs (N, 2, size, size), shape (N,); the same in any order of the frames for
        a ResNet head."""
        return head_logits([self.head], self.features, images)[0].softmax(1)[:, 1]


def fit(strategy: str, tap: DenseFeatures, data: EventDataset, settings: HeadSettings = HeadSettings(),
        seeds: Sequence[int] = (20,), on: torch.device | str = "cpu",
        folder: Path | None = None) -> Iterator[list[Recogniser]]:
    """Train a strategy once per seed.

    Parameters
    ----------
    strategy : str
        One of :data:`STRATEGIES`.
    tap : DenseFeatures
        The pretrained features; left as they are. Random ones are redrawn copies of it.
    data : EventDataset
    settings : HeadSettings
    seeds : sequence of int
        One run each; a seed fixes the initial weights of the head and of the random U-Net.
    on : torch.device
    folder : Path, optional
        Gets checkpoints, from which a fit with the same arguments goes on; :func:`forget` deletes them.

    Yields
    ------
    list of Recogniser
        Those that share their features: fixed TAP features, or pixels, serve all seeds at once, others one. Features that
        are trained are so one seed after the other, or all in one pass: :func:`tapnb.many_heads.together`.

    Raises
    ------
    ValueError
        If the strategy is unknown, or there is no seed.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.dataset import DatasetSettings, event_dataset
    >>> from tapnb.heads import HeadSettings
    >>> from tapnb.models import DenseFeatures
    >>> from tapnb.movies import Movie
    >>> from tapnb.recognise import Recogniser, fit
    >>> frames = np.random.default_rng(0).integers(0, 255, (6, 96, 96), dtype=np.uint8)
    >>> masks = np.zeros_like(frames)
    >>> masks[2:4, 20:40, 20:40] = 1
    >>> data = event_dataset(Movie(frames, masks), DatasetSettings(crop_size=16, crops_per_frame_pair=50))
    >>> features = DenseFeatures((4, 4, 4, 4)).eval()  # in earnest: those of a pretraining
    >>> [[recogniser]] = fit("A0", features, data, HeadSettings(epochs=1, batch=8))
    >>> recogniser.save("events.safetensors")
    >>> recogniser = Recogniser.load("events.safetensors")
    >>> recogniser.probability(data.images(data.parts["test"][:3])).shape
    torch.Size([3])
    """
    kind, on = strategy_named(strategy), torch.device(on)
    if not seeds:
        raise ValueError("there is no seed; give at least one, such as 20")
    training = data.parts["balanced"]
    images = data.images(training, on)  # (N, 2, s, s)
    labels = torch.from_numpy(data.labels[training].astype(np.int64)).to(on)
    watched = _watched(data, settings, on) if settings.patience else None  # images and labels
    epochs, size = settings.epochs or EPOCHS[kind.head], data.pairs.size

    def fixed(features: nn.Module, of: int | str) -> dict:
        """What heads on fixed features learn from, and are watched by."""
        return {"features": fixed_features(features, images), "labels": labels, "epochs": epochs, "settings": settings,
                "validation": watched and (fixed_features(features, watched[0]), watched[1]),
                "checkpoint": folder and _checkpoint(folder, of)}

    def initial(seed: int) -> tuple[DenseFeatures, nn.Module]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = kind.new_head(size).to(on)
            if kind.features == "random":
                return redrawn(tap, settings.redraw_norms), head
        return tap if kind.shared else copy.deepcopy(tap), head

    def settle(features: DenseFeatures) -> None:
        """Give features their running statistics, where they have none of their own and no training will."""
        if settings.keep_trained_norms and kind.features == "random":
            features.load_state_dict({k: v for k, v in tap.state_dict().items() if "running_" in k}, strict=False)
        elif not kind.trained:
            estimate_norms(features, images)

    def end_to_end(networks: list[tuple[DenseFeatures, nn.Module]], seed: int | str) -> list[Curve]:
        backbones, heads = map(list, zip(*networks))
        return train_end_to_end(backbones, heads, images, labels, epochs, settings, watched,
                                folder and _checkpoint(folder, seed))

    if kind.features == "pixels":
        tap = RawPixels()
    together = "-".join(map(str, seeds))  # of whom a checkpoint is, where one holds all
    if kind.shared:
        heads = [initial(seed)[1] for seed in seeds]
        curves = train_heads(heads, **fixed(tap, together))
        yield [Recogniser(strategy, size, tap, head, curve) for head, curve in zip(heads, curves)]
        return
    if kind.trained and many_heads.together():
        networks = [initial(seed) for seed in seeds]
        for features, _ in networks:
            settle(features)
        curves = end_to_end(networks, together)
        yield from ([Recogniser(strategy, size, *network, curve)] for network, curve in zip(networks, curves))
        return
    for seed in tqdm(seeds, desc=strategy, unit="run"):
        features, head = initial(seed)
        settle(features)
        if kind.trained:
            (curve,) = end_to_end([(features, head)], seed)
        else:
            (curve,) = train_heads([head], **fixed(features, seed))
        yield [Recogniser(strategy, size, features, head, curve)]


def forget(folder: Path) -> None:
    """Delete the checkpoints of a :func:`fit` whose heads are kept."""
    for path in folder.glob(_checkpoint(folder, "*").name):
        path.unlink()


def _checkpoint(folder: Path, seed: int | str) -> Path:
    return folder / f"checkpoint-{seed}.pt"


def _watched(data: EventDataset, settings: HeadSettings,
             on: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Validation pairs, as balanced as the training pairs, whose loss says when to stop: images and labels."""
    index = balance(data.labels, data.parts["validation"], settings.order_seed, part="validation")
    index = fewer(index, data.labels, settings.stopping_pairs, settings.order_seed)
    return data.images(index, on), torch.from_numpy(data.labels[index].astype(np.int64)).to(on)


def _part(values: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in values.items() if name.startswith(prefix)}
