"""Counted arithmetic and bytes of a profile's runs, and an estimate of their minutes on a GPU from that.

Nothing is computed for a count: the very modules run on PyTorch's fake tensors, which have shapes and no numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from tapnb import losses, many_heads, recognise
from tapnb.heads import HEADS, HeadSettings
from tapnb.models import FEATURES, DenseFeatures, TimeArrowModel
from tapnb.pretrain import PretrainSettings
from tapnb.studies.pretraining import TEST_SIZES

PEAK = {"bfloat16": 989e12, "float32": 67e12}
"""What an H100 (SXM) multiplies and adds up a second, dense, by its data sheet."""

BANDWIDTH = 3.35e12
"""Bytes a second of its memory, by the same."""

SHARE = {"bfloat16": 0.25, "float32": 0.4}
"""Assumption, not measured: the share of the peak that these layers of 32 to 256 channels reach."""

BANDWIDTH_SHARE = 0.6
"""Assumption, not measured: the share of the memory's bandwidth."""

COUNTED = 2
"""Crop pairs of a counted batch; arithmetic and maps grow in proportion."""

TESTED = 256
"""Crop pairs a step where nothing is learned."""


@dataclass(frozen=True)
class Cost:
    """What a crop pair costs.

    Attributes
    ----------
    flop : float
        Multiplications and additions of convolutions and matrix products, counted one by one.
    moved : float
        Bytes that operations read and write, each for itself: what is not fused moves through the memory.
    kept : float
        Bytes of maps that wait for the backward pass.
    """

    flop: float
    moved: float
    kept: float = 0.0


@dataclass(frozen=True)
class New:
    """A kind of network, and its arguments: equal ones are counted once."""

    kind: Callable[..., nn.Module]
    arguments: tuple[object, ...] = ()

    def __call__(self) -> nn.Module:
        return self.kind(*self.arguments)


@dataclass(frozen=True)
class Part:
    """One sort of step of a run.

    Attributes
    ----------
    name : str
    precision : {"bfloat16", "float32"}
    pairs : float
        Crop pairs that go through it, in all.
    batch : int
        Crop pairs a step.
    new : callable
        Gives the network.
    shape : tuple of int
        Of a pair that goes into it.
    """

    name: str
    precision: str
    pairs: float
    batch: int
    new: Callable[[], nn.Module]
    shape: tuple[int, ...]

    @property
    def learns(self) -> bool:
        """Whether there is a backward pass, and a step of the optimiser."""
        return self.precision == "bfloat16"

    @property
    def cost(self) -> Cost:
        """Of a pair."""
        return (learning if self.learns else inference)(self.new, *self.shape)

    @property
    def flop(self) -> float:
        return self.pairs * self.cost.flop

    @property
    def arithmetic_seconds(self) -> float:
        """Estimate on an H100 whose memory nobody waits for: everything is fused."""
        return self.flop / (PEAK[self.precision] * SHARE[self.precision])

    @property
    def seconds(self) -> float:
        """Estimate on an H100 where nothing is fused: what takes longer, the arithmetic or the memory."""
        return max(self.arithmetic_seconds, self.pairs * self.cost.moved / (BANDWIDTH * BANDWIDTH_SHARE))


@dataclass(frozen=True)
class Work:
    """All that a run computes.

    Attributes
    ----------
    parts : tuple of Part
        The first is what is learned.
    resident : float
        Bytes that lie on the device throughout.
    stretch : float
        Crop pairs of the first part between two checkpoints.
    """

    parts: tuple[Part, ...]
    resident: float
    stretch: float

    @property
    def flop(self) -> float:
        return sum(part.flop for part in self.parts)

    @property
    def moved(self) -> float:
        """Bytes."""
        return sum(part.pairs * part.cost.moved for part in self.parts)

    @property
    def seconds(self) -> float:
        """Estimate on an H100, nothing fused."""
        return sum(part.seconds for part in self.parts)

    @property
    def arithmetic_seconds(self) -> float:
        """Estimate on an H100, all fused: what compiling comes near to at best."""
        return sum(part.arithmetic_seconds for part in self.parts)

    def times(self, n: int) -> Work:
        """So many runs of the same kind, one after the other."""
        return replace(self, parts=tuple(replace(part, pairs=part.pairs * n) for part in self.parts))


class _Moved(TorchDispatchMode):
    """Adds up the bytes of what goes into operations and comes out; a view moves nothing."""

    def __init__(self):
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        if not function.is_view:
            tensors = [leaf for leaf in tree_leaves((arguments, keywords, result)) if isinstance(leaf, torch.Tensor)]
            self.bytes += sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        return result


def count(step: Callable[[], torch.Tensor | None]) -> Cost:
    """Cost of a step, a backward pass included where it returns a loss, divided by :data:`COUNTED` pairs."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[id(tensor.untyped_storage())] = tensor.numel() * tensor.element_size()
        return tensor

    with FlopCounterMode(display=False) as flops, _Moved() as moved, torch.autograd.graph.saved_tensors_hooks(
            keep, lambda tensor: tensor):
        loss = step()
        if loss is not None:
            loss.backward()
    return Cost(flops.get_total_flops() / COUNTED, moved.bytes / COUNTED, sum(kept.values()) / COUNTED)


@cache
def learning(new: Callable[[], nn.Module], *shape: int) -> Cost:
    """Cost of a pair in a training step in bf16, forward and backward.

    Parameters
    ----------
    new : callable
        Gives a network, from pairs to logits, or to logits and features.
    *shape : int
        Of one pair.
    """
    with FakeTensorMode():
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)  # fake weights cannot be changed to it
        try:
            network = new().train()
        finally:
            torch.set_default_dtype(usual)

        def step() -> torch.Tensor:
            result = network(torch.empty(COUNTED, *shape, dtype=torch.bfloat16))
            classes = torch.empty(COUNTED, dtype=torch.long)
            if isinstance(result, tuple):
                return losses.time_arrow(result[0], classes, result[1])[0]
            return losses.cross_entropy(result, classes)

        return count(step)


@cache
def inference(new: Callable[[], nn.Module], *shape: int) -> Cost:
    """Cost of a pair in float32 without a gradient."""
    with FakeTensorMode(), torch.no_grad():
        network = new().eval()

        def step() -> None:
            network(torch.empty(COUNTED, *shape))

        return replace(count(step), kept=0.0)


def pretraining(settings: PretrainSettings, test_pairs: int) -> Work:
    """What :func:`tapnb.studies.pretraining.tap_run` computes."""
    epochs, checks = max(1, round(settings.pairs / settings.pairs_per_epoch)), 2 * settings.validation_pairs
    of_epoch = settings.pairs_per_epoch // settings.batch * settings.batch
    model = New(TimeArrowModel, (settings.channels,))
    parts = [Part(f"learning, {size} px", "bfloat16", epochs * of_epoch * share / sum(settings.crop_shares),
                  settings.batch, model, (2, size, size))
             for size, share in zip(settings.crop_sizes, settings.crop_shares)]
    side = settings.validation_size
    parts.append(Part(f"checks, {side} px", "float32", (epochs + 1) * checks, TESTED, model, (2, side, side)))
    parts += [Part(f"tests, {size} px", "float32", 2 * test_pairs, TESTED, model, (2, size, size)) for size in TEST_SIZES]
    return Work(tuple(parts), 16.0 * weights_of(model), of_epoch)


def strategy(name: str, training: HeadSettings, *, size: int, seeds: int, training_pairs: float, asked: int) -> Work:
    """What :func:`tapnb.studies.strategies.strategy_run` computes, with its epochs to the last.

    Parameters
    ----------
    name : str
        One of :data:`tapnb.recognise.STRATEGIES`.
    training : HeadSettings
        With its epochs.
    size : int
        Side of the crops, in pixels.
    seeds, training_pairs, asked : int
        Runs, crop pairs that each learns from, and crop pairs that each is asked about.
    """
    kind = recognise.strategy_named(name)
    channels = 1 if kind.features == "pixels" else FEATURES
    crop, maps = (2, size, size), (2, channels, size, size)
    backbones = 1 if kind.shared else seeds
    watched = training.stopping_pairs if training.patience else 0
    seen, checks = training.epochs * training_pairs * seeds, training.epochs * watched
    head, network = New(HEADS[kind.head], (size, channels)), New(_network, (kind.head, size))
    if kind.trained:
        parts = [Part("learning, all layers", "bfloat16", seen, training.batch, network, crop)]
        looked_at, weights = seeds * (asked + checks), weights_of(network)
    else:
        parts = [Part("learning, head", "bfloat16", seen, training.batch, head, maps)]
        looked_at = backbones * (training_pairs + watched + asked)
        weights = weights_of(head) * (seeds if kind.shared else 1)
    if kind.features != "pixels":
        parts.append(Part("features", "float32", looked_at, TESTED, New(DenseFeatures), crop))
    parts.append(Part("answers", "float32", seeds * (asked + checks), TESTED, head, maps))
    of_pair = 2 * size**2 * (4 + (0 if kind.trained else 2 * channels))
    at_once = seeds if kind.shared or (kind.trained and many_heads.together()) else 1
    return Work(tuple(parts), training_pairs * of_pair + 16.0 * weights, training_pairs * at_once)


def _network(head: str, size: int) -> nn.Module:
    return nn.Sequential(DenseFeatures(), HEADS[head](size))


@cache
def weights_of(new: Callable[[], nn.Module]) -> int:
    """Trained numbers: each takes 16 bytes with its gradient and what Adam notes of it."""
    with FakeTensorMode():
        return sum(parameter.numel() for parameter in new().parameters())


def table(rows: list[tuple[str, str, Work]], frames: float) -> str:
    """The count as text.

    Parameters
    ----------
    rows : list of (title, notebook, Work)
    frames : float
        Bytes of both movies on the device.
    """
    lines = [f"{'run':32} {'GFLOP/step':>10} {'PFLOP':>7} {'TB moved':>8} {'GB there':>8} {'min, fused':>10} {'min':>6}"]
    for title, notebook, work in rows:
        step = work.parts[0]
        there = work.resident + frames + step.batch * step.cost.kept
        lines.append(_row(f"{title} ({notebook[:2]})", f"{step.batch * step.cost.flop / 1e9:.0f}", f"{there / 1e9:.1f}", [work]))
    lines.append(_row("all", "", "", [work for _, _, work in rows]))
    lines.append(
        f"Minutes on an H100 are an estimate, not measured: {SHARE['bfloat16']:.0%} of {PEAK['bfloat16'] / 1e12:.0f} TFLOP/s in "
        f"bf16 and {SHARE['float32']:.0%} of {PEAK['float32'] / 1e12:.0f} in float32 if all\nlayers were fused, which compiling "
        f"comes near to at best; else {BANDWIDTH_SHARE:.0%} of {BANDWIDTH / 1e12:.2f} TB/s where that takes longer. Bytes moved are "
        "those of operations\nthat are not fused. A step is one of training. Runs \"to their end\" may end before.")
    return "\n".join(lines)


def _row(title: str, step: str, there: str, works: list[Work]) -> str:
    flop, moved, fused, apart = (sum(getattr(work, name) for work in works)
                                 for name in ("flop", "moved", "arithmetic_seconds", "seconds"))
    return (f"{title:32} {step:>10} {flop / 1e15:7.2f} {moved / 1e12:8.1f} {there:>8} {fused / 60:10.1f} "
            f"{apart / 60:6.1f}")
