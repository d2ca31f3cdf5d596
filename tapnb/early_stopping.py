"""Early stopping: a training ends when its validation loss no longer falls, and goes back to where that was lowest."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


class EarlyStopping:
    """Watches one network's validation loss, an epoch after the other.

    Parameters
    ----------
    network : Module
        Whose weights are kept at the lowest loss and put back by :meth:`restore`.
    patience : int
        Epochs without a new lowest loss after which the training has ended; 0: it never has, and nothing is kept.
    """

    def __init__(self, network: nn.Module, patience: int):
        if patience < 0:
            raise ValueError(f"the patience is {patience} epochs; it must be 0 (no early stopping) or more")
        self.network, self.patience = network, patience
        self.lowest, self.waited = math.inf, 0
        self.best: dict[str, torch.Tensor] | None = None

    def has_ended(self, loss: float) -> bool:
        """Take note of one more epoch's validation loss; whether it was the last."""
        if not self.patience:
            return False
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            self.best = {name: values.clone() for name, values in self.network.state_dict().items()}
        else:
            self.waited += 1
        return self.ended

    @property
    def ended(self) -> bool:
        """Whether the training has ended."""
        return bool(self.patience) and self.waited >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """What it has noted, for a checkpoint."""
        return {"lowest": self.lowest, "waited": self.waited, "best": self.best}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another's notes."""
        self.lowest, self.waited, self.best = state["lowest"], state["waited"], state["best"]

    def restore(self) -> None:
        """Put back the weights of the lowest loss; if none was ever taken note of, nothing changes."""
        if self.best is not None:
            self.network.load_state_dict(self.best)
