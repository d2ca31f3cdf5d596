"""Heads of several seeds in one pass, with their backbones where those are trained: layers side by side, each its own weights.

Stacked weights and `vmap` make of so many convolutions a grouped one, and of so many matrix products a batched one. Each
network ends as if it were trained alone, up to rounding. What it saves is launches of kernels and reading the batch again,
no arithmetic; so it is for small batches on a GPU, and only where ``TAPNB_HEADS=together`` asks for it.
"""

from __future__ import annotations

import copy
import os

import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F

from tapnb.system.precision import autocast

WAYS = ("apart", "together")


def together() -> bool:
    """What the environment says; a run's record says it as well.

    Raises
    ------
    ValueError
        If that is neither of :data:`WAYS`.
    """
    said = os.environ.get("TAPNB_HEADS") or WAYS[0]
    if said not in WAYS:
        raise ValueError(f"the environment variable TAPNB_HEADS is {said!r}; set it to {' or '.join(WAYS)}, or not at all")
    return said == WAYS[1]


def skeleton_of(head: nn.Module) -> nn.Module:
    """A network's layers without any numbers, which each head's own weights are put into."""
    return copy.deepcopy(head).to("meta")


def learn(heads: list[nn.Module], skeleton: nn.Module, z: torch.Tensor, labels: torch.Tensor) -> list[torch.Tensor]:
    """One step without the optimisers': every head's loss (Eq. 3), its gradients in place, its running statistics moved on.

    Parameters
    ----------
    heads : list of Module
        Of one kind, in training mode; or backbones with their heads.
    skeleton : Module
        :func:`skeleton_of` one of them.
    z : tensor, shape (N, 2, C, s, s) or (N, 2, s, s)
        Features of a batch, or its images; the same for all.
    labels : int64 tensor, shape (N,)

    Returns
    -------
    list of scalar tensors
        One a head.
    """
    parameters, buffers = stack_module_state(heads)  # (R, ...) each: copies, which a step costs less than a map

    def logits(own_parameters: dict, own_buffers: dict) -> torch.Tensor:
        return functional_call(skeleton, (own_parameters, own_buffers), (z,))

    with autocast(z.device):
        answers = vmap(logits, randomness="error")(parameters, buffers)  # (R, N, 2)
    step_losses = F.cross_entropy(answers.float().flatten(0, 1), labels.repeat(len(heads)), reduction="none")
    step_losses = step_losses.unflatten(0, answers.shape[:2]).mean(dim=1)  # (R,)
    step_losses.sum().backward()
    for name, stacked in parameters.items():
        for head, gradient in zip(heads, stacked.grad):
            head.get_parameter(name).grad = gradient
    with torch.no_grad():
        for name, stacked in buffers.items():
            for head, values in zip(heads, stacked):
                head.get_buffer(name).copy_(values)
    return list(step_losses.detach())
