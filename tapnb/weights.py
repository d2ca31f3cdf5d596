"""Weights in safetensors files: kernels in float16, and no pickle.

Half of the bits do for a kernel and halve what is published; everything else takes no room and stays as it is.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tapnb.system.files import replacing, said


def save(path: Path, values: dict[str, torch.Tensor], about: dict[str, str] | None = None) -> None:
    """Write tensors by name, with a few words about them, whole or not at all.

    Raises
    ------
    ValueError
        If one of them is not finite: such weights are no result.
    """
    if (name := _not_finite(values)) is not None:
        raise ValueError(f"{path} is not written: its tensor {name!r} is not finite; train with a lower learning rate")
    with replacing(Path(path)) as temporary:
        save_file({name: as_kept(tensor) for name, tensor in values.items()}, temporary, metadata=about)


def load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors by name, kernels in float32 again, and what :func:`save` kept about them.

    Raises
    ------
    ValueError
        If this is no whole safetensors file, or a tensor in it is not finite.
    """
    try:
        with safe_open(path, framework="pt") as file:
            values = {name: file.get_tensor(name) for name in file.keys()}
            about = dict(file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"{path} is no whole safetensors file ({said(error)}): copy or train it again") from error
    if (name := _not_finite(values)) is not None:
        raise ValueError(f"{path} holds a tensor {name!r} that is not finite, of a training that went wrong: train it "
                         "again with a lower learning rate")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in values.items()}, about


def as_kept(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor as it is kept: in float16 if it is a kernel and fits, else as it is."""
    halved = tensor.half() if tensor.dim() > 1 else tensor
    return (halved if halved.isfinite().all() else tensor).contiguous()  # beyond 65 504 there is no float16


def _not_finite(values: dict[str, torch.Tensor]) -> str | None:
    """Name of the first tensor that is not finite."""
    return next((name for name, tensor in values.items() if not tensor.isfinite().all()), None)


def channels(values: dict[str, torch.Tensor], prefix: str = "") -> tuple[int, ...]:
    """Channels of the U-Net's levels, read off the weights of its dense features, whose names begin with ``prefix``."""
    levels = sum(name.startswith(f"{prefix}backbone.down") and name.endswith(".0.bias") for name in values)
    return tuple(len(values[f"{prefix}backbone.down.{level}.0.bias"]) for level in range(levels))
