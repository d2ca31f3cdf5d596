"""Training event heads, on fixed features or together with the network that makes them (paper, Section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from tapnb import checkpoints, divergence, losses, many_heads
from tapnb.early_stopping import EarlyStopping
from tapnb.fast import folded
from tapnb.models import DenseFeatures, InvariantLinearHead, LinearHead, ResNetHead
from tapnb.system import compiling, device
from tapnb.system.precision import autocast
from tapnb.system.progress import tqdm

HEADS = {"linear": LinearHead, "ResNet": ResNetHead, "invariant linear": InvariantLinearHead}

EPOCHS = {"linear": 10, "ResNet": 30, "invariant linear": 10}
"""The paper's epochs, by head."""


@dataclass(frozen=True)
class HeadSettings:
    """How event heads are trained; the defaults are the paper's, or the scripts' where it is silent.

    Attributes
    ----------
    epochs : int
        0: the paper's, :data:`EPOCHS`.
    batch : int
        Training pairs a step.
    head_rate, backbone_rate : float
        Adam's learning rates; the second where the features are trained with the head.
    order_seed : int
        Fixes the order of the training pairs in all runs: a run's seed is that of its initial weights only.
    redraw_norms, keep_trained_norms : bool
        The scripts' ways for random features: BatchNorm scales from N(0, 1), and running statistics of the
        pretrained network.
    patience : int
        End a training when the validation loss has not fallen for so many epochs, and keep the weights of its lowest;
        0: take all epochs, as the paper does.
    stopping_pairs : int
        Validation pairs, half of them events, whose loss is watched for that.
    least_steps : int
        An epoch has at least so many steps: a set of fewer batches is gone through again, in another order, else an epoch of a
        few crop pairs would be a step or two, and patience no patience; 0: every epoch is one pass.
    """

    epochs: int = 0
    batch: int = 108
    head_rate: float = 1e-3
    backbone_rate: float = 1e-3
    order_seed: int = 25
    redraw_norms: bool = False
    keep_trained_norms: bool = False
    patience: int = 0
    stopping_pairs: int = 1000
    least_steps: int = 0

    def __post_init__(self):
        divergence.check_rates(head_rate=self.head_rate, backbone_rate=self.backbone_rate)


@torch.inference_mode()
def fixed_features(model: DenseFeatures, images: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """Dense features of crop pairs, frozen network in evaluation mode.

    Parameters
    ----------
    model : DenseFeatures
    images : tensor, shape (N, 2, s, s)
    batch : int
        Pairs at a time: few, so that their maps stay in a processor's cache; more on a GPU.

    Returns
    -------
    bfloat16 tensor, shape (N, 2, 32, s, s), or float32 (N, 2, 1, s, s) of raw pixels
        Half the memory of float32: the paper's 14 934 training pairs take 4.4 GB.
    """
    model = folded(model)
    shape = images.shape[:2] + model(images[:1]).shape[2:]
    dtype = torch.float32 if shape[2] == 1 else torch.bfloat16  # raw pixels need no saving
    features = torch.empty(shape, dtype=dtype, device=images.device)
    batch = device.at_once(images.device, batch)
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


Curve = list[dict[str, float]]
"""How a head's training went, an epoch an entry: ``epoch`` (from 1), ``steps`` so far, ``training_loss`` (mean over the
epoch's batches) and, where one is watched, ``validation_loss``."""


def train_heads(heads: list[nn.Module], features: torch.Tensor, labels: torch.Tensor, epochs: int,
                settings: HeadSettings = HeadSettings(),
                validation: tuple[torch.Tensor, torch.Tensor] | None = None,
                checkpoint: Path | None = None) -> list[Curve]:
    """Train heads on fixed features, in place: one pass an epoch, in which each head learns from every batch.

    Adam, cross entropy (Eq. 3) and no augmentation, as in the authors' scripts; early stopping only if the settings
    ask for it. The heads do not see each other: each ends as if it were trained alone.

    Parameters
    ----------
    heads : list of Module
        Features (N, 2, 32, s, s) to logits (N, 2).
    features : tensor, shape (N, 2, 32, s, s)
    labels : int64 tensor, shape (N,)
    epochs : int
        At most so many.
    settings : HeadSettings
    validation : (features, labels), optional
        What early stopping watches; needed if ``settings.patience`` is not 0.
    checkpoint : Path, optional
        Written after every epoch; where there is one, the training goes on from it. It stays when the training has
        ended: who keeps the heads deletes it.

    Returns
    -------
    list of Curve
        One a head.

    Raises
    ------
    ValueError
        If a loss or a weight is not finite after an epoch.

    Examples
    --------
    >>> import torch
    >>> from tapnb.heads import HeadSettings, head_logits, train_heads
    >>> from tapnb.models import LinearHead
    >>> labels = torch.tensor([0, 1] * 8)
    >>> features = torch.randn(16, 2, 32, 8, 8) + labels[:, None, None, None, None]
    >>> heads = [LinearHead(size=8), LinearHead(size=8)]
    >>> curves = train_heads(heads, features, labels, epochs=5, settings=HeadSettings(batch=8))
    >>> len(curves), curves[0][-1]["steps"]
    (2, 10)
    >>> curves[0][-1]["training_loss"] < curves[0][0]["training_loss"]
    True
    """
    optimisers = [torch.optim.Adam(head.train().parameters(), lr=settings.head_rate) for head in heads]
    watches = [EarlyStopping(head, settings.patience) for head in heads]
    learn = _learner(heads, optimisers, features, labels, settings)

    def validate(i: int) -> float:
        return _validation_loss(_logits(heads[i], validation[0]), validation[1])  # type: ignore[index]  # asked only of one that there is

    return _train(watches, optimisers, learn, validate if validation else None, labels, epochs, settings, checkpoint)


def train_end_to_end(backbones: list[DenseFeatures], heads: list[nn.Module], images: torch.Tensor, labels: torch.Tensor,
                     epochs: int, settings: HeadSettings = HeadSettings(),
                     validation: tuple[torch.Tensor, torch.Tensor] | None = None,
                     checkpoint: Path | None = None) -> list[Curve]:
    """Train each head together with the backbone that makes its features, in place (strategies C and D).

    As :func:`train_heads`, with images (N, 2, s, s) for features.
    """
    networks = [nn.Sequential(backbone, head).train() for backbone, head in zip(backbones, heads, strict=True)]
    optimisers = [torch.optim.Adam([{"params": backbone.parameters(), "lr": settings.backbone_rate},
                                    {"params": head.parameters(), "lr": settings.head_rate}])
                  for backbone, head in zip(backbones, heads)]
    watches = [EarlyStopping(network, settings.patience) for network in networks]
    learn = _learner(networks, optimisers, images, labels, settings)

    def validate(i: int) -> float:
        networks[i].eval()
        loss = _validation_loss(head_logits([heads[i]], backbones[i], validation[0])[0], validation[1])  # type: ignore[index]  # as above
        networks[i].train()
        return loss

    return _train(watches, optimisers, learn, validate if validation else None, labels, epochs, settings, checkpoint)


@torch.inference_mode()
def head_logits(heads: list[nn.Module], backbone: DenseFeatures, images: torch.Tensor,
                batch: int = 16) -> torch.Tensor:
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
    for part in images.split(device.at_once(images.device, batch)):
        z = backbone(part)  # once for all heads
        parts.append(torch.stack([head(z) for head in heads]))
    return torch.cat(parts, dim=1)


def _learner(networks: Sequence[nn.Module], optimisers: list[torch.optim.Optimizer], inputs: torch.Tensor,
             labels: torch.Tensor, settings: HeadSettings) -> Callable[[torch.Tensor, list[int]], list[torch.Tensor]]:
    """One step of several networks that see the same batch: what :func:`_train` calls ``learn``."""
    for weights in nn.ModuleList(networks).parameters():  # before any map: amid those of one network they would leave
        weights.grad = torch.zeros_like(weights)  # holes in memory that are too small for those of the next
    quick = [compiling.quick(network) for network in networks]  # for whole batches; the last of an epoch may be smaller
    skeleton = many_heads.skeleton_of(networks[0]) if many_heads.together() else None

    def learn(index: torch.Tensor, learning: list[int]) -> list[torch.Tensor]:
        batch = inputs[index].float()  # once for all networks
        if skeleton is not None and len(learning) > 1:
            step_losses = many_heads.learn([networks[i] for i in learning], skeleton, batch, labels[index])
            for i in learning:
                optimisers[i].step()
            return step_losses
        step_losses = []
        for i in learning:
            optimisers[i].zero_grad(set_to_none=False)
            step_losses.append(_loss(quick[i] if len(index) == settings.batch else networks[i], batch, labels[index]))
            step_losses[-1].backward()
            optimisers[i].step()
        return step_losses

    return learn


def _train(watches: list[EarlyStopping], optimisers: list[torch.optim.Optimizer],
           learn: Callable[[torch.Tensor, list[int]], list[torch.Tensor]], validate: Callable[[int], float] | None,
           labels: torch.Tensor, epochs: int, settings: HeadSettings, checkpoint: Path | None) -> list[Curve]:
    """Epochs of several networks that see the same batches, until each has ended.

    Parameters
    ----------
    watches : list of EarlyStopping
    optimisers : list of Optimizer
        One a network.
    learn : callable
        Takes the indices of a batch and the networks that still learn; returns the loss of each.
    validate : callable, optional
        The validation loss of a network.
    checkpoint : Path, optional
        See :func:`train_heads`.
    """
    if settings.patience and validate is None:
        raise ValueError(f"the patience is {settings.patience} epochs, but there are no validation pairs to watch: "
                         "pass them, or set patience to 0")
    on, rate = labels.device, max(group["lr"] for optimiser in optimisers for group in optimiser.param_groups)
    curves: list[Curve] = [[] for _ in watches]
    parts: dict[str, checkpoints.Stateful] = {}
    for i, (watch, optimiser) in enumerate(zip(watches, optimisers)):
        parts |= {f"network {i}": watch.network, f"watch {i}": watch, f"optimiser {i}": optimiser}
    if checkpoint:
        curves = checkpoints.resume(checkpoint, parts, on) or curves
    learning = [i for i, watch in enumerate(watches) if not watch.ended]
    done = max(map(len, curves))
    for epoch, batches in enumerate(_epochs(len(labels), epochs, settings, on, done), done + 1):
        if not learning:
            break
        sums = torch.zeros(len(watches), device=on)
        for index in batches:
            for i, loss in zip(learning, learn(index, learning)):
                sums[i] += loss.detach()
        for i in tuple(learning):
            curves[i].append({"epoch": epoch, "steps": epoch * len(batches),
                              "training_loss": float(sums[i]) / len(batches)})
            if settings.patience:
                curves[i][-1]["validation_loss"] = validate(i)  # type: ignore[misc]  # there is one, as said above
            divergence.check({name.replace("_", " "): curves[i][-1][name] for name in curves[i][-1] if "loss" in name},
                             watches[i].network, epoch, epochs, rate)
            if settings.patience and watches[i].has_ended(curves[i][-1]["validation_loss"]):
                learning.remove(i)
        if checkpoint:
            checkpoints.keep(checkpoint, parts, curves)
    for watch in watches:
        watch.restore()
    return curves


def _epochs(n: int, epochs: int, settings: HeadSettings, on: torch.device,
            done: int) -> Iterator[Sequence[torch.Tensor]]:
    """The indices of every batch, epoch by epoch, without the first ``done`` epochs."""
    generator = torch.Generator().manual_seed(settings.order_seed)
    taken = max(n, settings.least_steps * settings.batch)
    orders = [torch.cat([torch.randperm(n, generator=generator) for _ in range(-(-taken // n))])[:taken] for _ in range(epochs)]
    for order in tqdm(orders[done:], desc="heads", unit="epoch", initial=done, total=epochs, leave=False,
                      disable=epochs == 1):
        yield device.send(order, on).split(settings.batch)


def _loss(network: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with autocast(inputs.device):
        logits = network(inputs)
    return losses.cross_entropy(logits, labels)


@torch.inference_mode()
def _logits(head: nn.Module, features: torch.Tensor, batch: int = 16) -> torch.Tensor:
    """Logits of one head in evaluation mode, shape (N, 2)."""
    head = folded(head)
    return torch.cat([head(part.float()) for part in features.split(device.at_once(features.device, batch))])


def _validation_loss(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """Mean cross entropy."""
    return float(losses.cross_entropy(logits.float(), labels))
