"""Where tensors live, and when half precision pays."""

from __future__ import annotations

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def choose(name: str = "auto") -> torch.device:
    """The device to compute on: CUDA, then Apple's MPS, then the CPU; or the one that is named.

    On CUDA, float32 convolutions are told to be just that (not TF32) and deterministic, so that evaluation is exact and
    a seed gives the same numbers again.

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
    return torch.device(name)


def layout(device: torch.device) -> torch.memory_format:
    """How to lay out maps of channels, where a network is about to work on them.

    Channels last wherever bf16 is computed, on CUDA, and wherever no gradient follows. A float32 training step on a
    CPU is faster with whole channels: the gradients of its convolutions are (``benchmarks/``).
    """
    training = torch.is_grad_enabled() and device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return torch.contiguous_format if training else torch.channels_last


def autocast(device: torch.device, precision: str = "auto") -> torch.autocast:
    """bf16 autocast where the hardware multiplies bf16 matrices, otherwise a context that does nothing.

    Parameters
    ----------
    device : torch.device
    precision : {"auto", "float32", "bfloat16"}
        To insist on one of the two. A CPU without bf16 units computes "bfloat16" with the same rounding, but slowly.

    Raises
    ------
    ValueError
        If the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; choose {', '.join(map(repr, PRECISIONS))}")
    if precision != "auto":
        return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # A CPU without these emulates bf16 at a fraction of the speed of float32.
        fast = device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on the device; nobody waits for it where that is CUDA, so steps follow each other closely."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def describe(device: torch.device, precision: str = "auto") -> str:
    """One line for a run record: device, threads, precision."""
    precision = "bf16 autocast" if autocast(device, precision)._enabled else "float32"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {precision}"
    return f"{device.type} ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads, {precision}"
