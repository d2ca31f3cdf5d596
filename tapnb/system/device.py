"""Where tensors live, and when half precision pays."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from tapnb.system.precision import RoundedToBfloat16

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


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices: elsewhere it would be emulated, slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(device: torch.device, precision: str = "auto") -> AbstractContextManager:
    """A context for a training step, in which layers compute in bf16 or in float32.

    Parameters
    ----------
    device : torch.device
    precision : {"auto", "float32", "bfloat16"}
        "auto" is bf16 autocast where the hardware multiplies bf16 matrices, else float32. "bfloat16" insists: without
        such hardware values are rounded as it would round them, see :mod:`tapnb.system.precision`.

    Raises
    ------
    ValueError
        If the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; choose {', '.join(map(repr, PRECISIONS))}")
    fast = multiplies_bfloat16(device)
    if precision == "bfloat16" and not fast:
        return RoundedToBfloat16()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast and precision != "float32")


def send(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on the device; nobody waits for it where that is CUDA, so steps follow each other closely."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def describe(device: torch.device, precision: str = "auto") -> str:
    """One line for a run record: device, threads, precision."""
    if precision == "auto":
        precision = "bfloat16" if multiplies_bfloat16(device) else "float32"
    if precision == "bfloat16":
        precision = "bf16 autocast" if multiplies_bfloat16(device) else "float32 rounded to bf16"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {precision}"
    return f"{device.type} ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads, {precision}"
