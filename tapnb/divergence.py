"""A training that went wrong is no result: what is not finite stops it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

HIGHEST_RATE = 1.0
"""Adam moves every weight by about its learning rate a step; the weights begin far below 1."""


def check_rates(**rates: float) -> None:
    """Raise ValueError, before anything is trained, for a learning rate with which nothing can be learnt."""
    for name, rate in rates.items():
        if not 0 <= rate <= HIGHEST_RATE:  # which NaN is not
            raise ValueError(f"the learning rate {name} is {rate:g}; it must be a number from 0 to {HIGHEST_RATE:g}, "
                             "such as 0.001")


def check(losses: Mapping[str, float], network: nn.Module, epoch: int, epochs: int, rate: float) -> None:
    """Stop a training that went wrong; called at the end of an epoch, when the device is waited for anyway.

    Parameters
    ----------
    losses : dict of float
        By name, of that epoch.
    network : Module
        Its weights and running statistics are looked at as well: the last step may have spoilt them.
    epoch, epochs : int
        The epoch that has ended, from 1, and how many there are.
    rate : float
        The learning rate.

    Raises
    ------
    ValueError
        If something is not finite; the message says what to try.
    """
    wrong = next((f"{name} is {loss}" for name, loss in losses.items() if not math.isfinite(loss)), None)
    if wrong is None and not _all_finite(network):
        wrong = "weights are not finite"
    if wrong:
        raise ValueError(f"the training went wrong in epoch {epoch} of {epochs} at a learning rate of {rate:.2g}: its "
                         f"{wrong}, so nothing of it becomes a result; try a tenth of that rate, and look with "
                         "`tapnb data` whether the frames of the movie are as they should be")


def _all_finite(network: nn.Module) -> bool:
    return bool(torch.stack([tensor.isfinite().all() for tensor in network.state_dict().values()]).all())
