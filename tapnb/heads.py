"""Training event heads, on fixed features or together with the network that makes them (paper, Section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from tqdm import tqdm

from tapnb import losses
from tapnb.fast import folded
from tapnb.models import FEATURES, DenseFeatures, InvariantLinearHead, LinearHead, ResNetHead
from tapnb.system import device
from tapnb.system.precision import autocast

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
    """

    epochs: int = 0
    batch: int = 108
    head_rate: float = 1e-3
    backbone_rate: float = 1e-3
    order_seed: int = 25
    redraw_norms: bool = False
    keep_trained_norms: bool = False


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


def train_heads(heads: list[nn.Module], features: torch.Tensor, labels: torch.Tensor, epochs: int,
                settings: HeadSettings = HeadSettings()) -> None:
    """Train heads on fixed features, in place: one pass an epoch, in which each head learns from every batch.

    Adam, cross entropy (Eq. 3), no augmentation, no early stopping, as in the authors' scripts. The heads do not see
    each other: each ends as if it were trained alone.

    Parameters
    ----------
    heads : list of Module
        Features (N, 2, 32, s, s) to logits (N, 2).
    features : tensor, shape (N, 2, 32, s, s)
    labels : int64 tensor, shape (N,)
    epochs : int
    settings : HeadSettings
    """
    together = nn.ModuleList(heads).train()
    optimiser = torch.optim.Adam(together.parameters(), lr=settings.head_rate)  # of every weight by itself
    for weights in together.parameters():  # before any map: amid those of one head they would leave holes in memory
        weights.grad = torch.zeros_like(weights)  # that are too small for those of the next
    for index in _batches(len(labels), epochs, settings, labels.device):
        z = features[index].float()  # once for all heads
        optimiser.zero_grad(set_to_none=False)
        for head in heads:
            _loss(head, z, labels[index]).backward()
        optimiser.step()


def train_end_to_end(backbone: nn.Module, head: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int,
                     settings: HeadSettings = HeadSettings()) -> None:
    """Train a head together with the backbone that makes its features, in place (strategies C and D).

    As :func:`train_heads`, with images (N, 2, s, s) for features.
    """
    network = nn.Sequential(backbone, head).train()
    optimiser = torch.optim.Adam([{"params": backbone.parameters(), "lr": settings.backbone_rate},
                                  {"params": head.parameters(), "lr": settings.head_rate}])
    for index in _batches(len(labels), epochs, settings, labels.device):
        optimiser.zero_grad(set_to_none=True)
        _loss(network, images[index], labels[index]).backward()
        optimiser.step()


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
    for part in images.split(batch):
        z = backbone(part)  # once for all heads
        parts.append(torch.stack([head(z) for head in heads]))
    return torch.cat(parts, dim=1)


def _batches(n: int, epochs: int, settings: HeadSettings, on: torch.device) -> Iterator[torch.Tensor]:
    """The indices of every batch of every epoch."""
    generator = torch.Generator().manual_seed(settings.order_seed)
    for _ in tqdm(range(epochs), desc="heads", unit="epoch", leave=False, disable=epochs == 1):
        yield from device.send(torch.randperm(n, generator=generator), on).split(settings.batch)


def _loss(network: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with autocast(inputs.device):
        logits = network(inputs)
    return losses.cross_entropy(logits, labels)
