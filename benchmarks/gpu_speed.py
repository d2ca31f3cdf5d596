"""How long a step takes here: a few of each sort, before a run of it begins."""

from __future__ import annotations

import time

import torch

from benchmarks.gpu_count import Part, Work
from tapnb import losses
from tapnb.system import compiling, device
from tapnb.system.precision import autocast

STEPS = 3
"""Timed after as many that warm up; on a processor one, of a few pairs."""


class Speed:
    """Seconds a crop pair of every sort of step, each measured once.

    Parameters
    ----------
    on : torch.device
    """

    def __init__(self, on: torch.device):
        self.on = on
        self._seconds: dict[tuple, float] = {}

    def seconds(self, work: Work) -> float:
        """How long a run is going to take."""
        return sum(part.pairs * self.of(part) for part in work.parts)

    def of(self, part: Part) -> float:
        """Seconds a crop pair."""
        key = part.new, part.shape, part.learns, part.batch
        if key not in self._seconds:
            self._seconds[key] = _measure(part, self.on)
        return self._seconds[key]


def _measure(part: Part, on: torch.device) -> float:
    batch, steps = (part.batch, STEPS) if on.type != "cpu" else (min(part.batch, 2), 1)
    network = part.new().to(on, memory_format=device.layout(on)).train(part.learns)
    step = _learning(network, on) if part.learns else torch.inference_mode()(network)
    pairs = torch.rand(batch, *part.shape, device=on)
    for _ in ("warming up", "timed"):
        _wait(on)
        start = time.perf_counter()
        for _ in range(steps):
            step(pairs)
        _wait(on)
    return (time.perf_counter() - start) / (steps * batch)


def _learning(network: torch.nn.Module, on: torch.device):
    quick, optimiser = compiling.quick(network), torch.optim.Adam(network.parameters())

    def step(pairs: torch.Tensor) -> None:
        classes = torch.zeros(len(pairs), dtype=torch.long, device=on)
        with autocast(on):
            result = quick(pairs)
        loss = losses.time_arrow(result[0], classes, result[1])[0] if isinstance(result, tuple) \
            else losses.cross_entropy(result, classes)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return step


def _wait(on: torch.device) -> None:
    if on.type == "cuda":
        torch.cuda.synchronize(on)
