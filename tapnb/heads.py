"""Training event heads, on fixed features or together with the network that makes them (paper, Section 3)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from tapnb.system import device
from tapnb.system.precision import autocast

LEARNING_RATE = 1e-3
BATCH = 108


def train_heads(heads: list[nn.Module], features: torch.Tensor, labels: torch.Tensor, epochs: int, order_seed: int,
                batch: int = BATCH) -> None:
    """Train heads on fixed features, in place: one pass an epoch, in which each head learns from every batch.

    Adam, learning rate 1e-3, cross entropy, no augmentation, no early stopping, as in the authors' scripts. The
    heads do not see each other: each ends as if it were trained alone.

    Parameters
    ----------
    heads : list of Module
        Features (N, 2, 32, s, s) to logits (N, 2).
    features : tensor, shape (N, 2, 32, s, s)
    labels : int64 tensor, shape (N,)
    epochs : int
    order_seed : int
        Fixes the order of the pairs, the same for every run: a run's seed is that of its initial weights only.
    batch : int
    """
    together = nn.ModuleList(heads).train()
    optimiser = torch.optim.Adam(together.parameters(), lr=LEARNING_RATE)  # of every weight by itself
    for weights in together.parameters():  # before any map: amid those of one head they would leave holes in memory
        weights.grad = torch.zeros_like(weights)  # that are too small for those of the next
    for chosen in _batches(len(labels), epochs, order_seed, batch, labels.device):
        z = features[chosen].float()  # once for all heads
        optimiser.zero_grad(set_to_none=False)
        for head in heads:
            _loss(head, z, labels[chosen]).backward()
        optimiser.step()


def train_end_to_end(backbone: nn.Module, head: nn.Module, images: torch.Tensor, labels: torch.Tensor, epochs: int,
                     order_seed: int, batch: int = BATCH) -> None:
    """Train a head together with the backbone that makes its features, in place (strategies C0 and C1).

    As :func:`train_heads`, with images (N, 2, s, s) for features.
    """
    network = nn.Sequential(backbone, head).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    for chosen in _batches(len(labels), epochs, order_seed, batch, labels.device):
        optimiser.zero_grad(set_to_none=True)
        _loss(network, images[chosen], labels[chosen]).backward()
        optimiser.step()


def _batches(n: int, epochs: int, order_seed: int, batch: int, on: torch.device) -> Iterator[torch.Tensor]:
    """The indices of every batch of every epoch."""
    generator = torch.Generator().manual_seed(order_seed)
    for _ in tqdm(range(epochs), desc="heads", unit="epoch", leave=False, disable=epochs == 1):
        yield from device.send(torch.randperm(n, generator=generator), on).split(batch)


def _loss(network: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    with autocast(inputs.device):
        logits = network(inputs)
    return F.cross_entropy(logits.float(), labels)
