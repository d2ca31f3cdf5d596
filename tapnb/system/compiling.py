"""Whether networks that are trained are compiled: ``TAPNB_COMPILE=1`` lets `torch.compile` fuse their layers.

It takes a minute or two once a kind of network. On a GPU most layers of these networks wait for the memory, which fused
ones read and write less often. The numbers are the same up to rounding; a run's record says it.
"""

from __future__ import annotations

import os

import torch
from torch import nn


def wanted() -> bool:
    """What the environment says.

    Raises
    ------
    ValueError
        If that is neither 0 nor 1.
    """
    said = os.environ.get("TAPNB_COMPILE") or "0"
    if said not in ("0", "1"):
        raise ValueError(f"the environment variable TAPNB_COMPILE is {said!r}; set it to 1 (compile), 0, or not at all")
    return said == "1"


def quick(network: nn.Module) -> nn.Module:
    """A network for training steps of one size: compiled if that is wanted, with the same weights; else itself."""
    return torch.compile(network, dynamic=False) if wanted() else network
