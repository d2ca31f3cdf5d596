"""Where tensors live, and when half precision pays."""

from __future__ import annotations

import torch


def choose(name: str = "auto") -> torch.device:
    """The device to compute on: CUDA, then Apple's MPS, then the CPU; or the one that is named.

    Raises
    ------
    ValueError
        If the named device is not there.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    kind, _, index = name.partition(":")
    if not available.get(kind, False) or (index and not index.isdigit()):
        there = ", ".join(kind for kind, present in available.items() if present)
        raise ValueError(f"device {name!r} is not available here; choose 'auto' or one of: {there}")
    return torch.device(name)


def autocast(device: torch.device) -> torch.autocast:
    """bf16 autocast where the hardware multiplies bf16 matrices, otherwise a context that does nothing."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        # A CPU without these emulates bf16 at a fraction of the speed of float32.
        fast = device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast)


def describe(device: torch.device) -> str:
    """One line for a run record: device, threads, precision."""
    precision = "bf16 autocast" if autocast(device)._enabled else "float32"
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, {precision}"
    return f"{device.type} ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads, {precision}"
