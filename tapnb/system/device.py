"""Where tensors live, how they lie there, and a line that says on what was computed."""

from __future__ import annotations

import torch

from tapnb.system import compiling
from tapnb.system.precision import arithmetic


def choose(name: str = "auto") -> torch.device:
    """The device to compute on: CUDA, then Apple's MPS, then the CPU; or the one that is named.

    On CUDA, float32 convolutions are told to be just that (not TF32) and deterministic, so that evaluation is exact and
    a seed gives the same numbers again. Where networks are compiled the fastest of the deterministic ways is tried out;
    which one that is, and so the last digits, may differ from call to call.

    Raises
    ------
    ValueError
        If the named device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in available.items() if there)
    kind, _, index = name.partition(":")
    if not available.get(kind, False) or (index and not index.isdigit()):
        there = ", ".join(kind for kind, present in available.items() if present)
        raise ValueError(f"device {name!r} is not available here; choose 'auto' or one of: {there}")
    if kind == "cuda":
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = compiling.wanted()
    return torch.device(name)


def layout(device: torch.device) -> torch.memory_format:
    """How to lay out maps of channels, where a network is about to work on them.

    Channels last wherever bf16 is computed, on CUDA, and wherever no gradient follows. A float32 training step on a
    CPU is faster with whole channels: the gradients of its convolutions are (``benchmarks/``).
    """
    training = torch.is_grad_enabled() and device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return torch.contiguous_format if training else torch.channels_last


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on the device; nobody waits for it where that is CUDA, so steps follow each other closely."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def at_once(device: torch.device, few: int) -> int:
    """Crop pairs that go through a network together where nothing is learned: few on a processor, whose cache then holds
    their maps; 32 times as many on a GPU, which would wait for its kernels to be launched."""
    return few if device.type == "cpu" else 32 * few


def describe(device: torch.device | str, precision: str = "auto") -> str:
    """One line for a run record: device, threads, precision, whether networks are compiled; and the processes, if several train
    together."""
    device, how = torch.device(device), arithmetic(torch.device(device), precision)
    how += ", compiled" if compiling.wanted() else ""
    if device.type == "cuda":
        each = torch.cuda.get_device_name(device)
    else:
        each = f"{device.type} ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads"
    together = torch.distributed.is_available() and torch.distributed.is_initialized()
    processes = f"{torch.distributed.get_world_size()} processes, each " if together else ""
    return f"{processes}{each}, {how}"
