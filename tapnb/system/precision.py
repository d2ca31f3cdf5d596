"""In which precision a training step computes: bf16 where the hardware multiplies it, else float32.

The environment variable ``TAPNB_PRECISION`` says what "auto" means instead: ``float32`` gives the same arithmetic on
every processor (but for the order of sums, which follows processor and threads), ``bfloat16`` takes the units for it
where there are some and rounds as they would elsewhere, ``auto`` is as if it were not set.

Rounding is float32 arithmetic in which everything is rounded that autocast would keep in bf16. PyTorch's own bf16
convolutions take five to twenty times as long as float32 ones on a processor without units for them. Units that
multiply bf16 add up in float32 as well, so rounding comes near to what they do; not every operation is rounded here,
and sums have another order. Gradients are some four times nearer to autocast's than autocast's are to float32's, which
a test checks for a factor of two.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

VARIABLE = "TAPNB_PRECISION"

PRECISIONS = ("auto", "float32", "bfloat16")

PRODUCTS = {F.conv2d, F.linear}
"""Autocast hands these bf16: what goes into them is rounded, and what comes out."""

KEPT = PRODUCTS | {F.batch_norm, F.leaky_relu, F.relu, torch.Tensor.add, torch.Tensor.mean}
"""These add up in float32 and hand on bf16."""


class _Round(torch.autograd.Function):
    """Nearest bf16 numbers, as float32; of a gradient on its way back as well."""

    generate_vmap_rule = True  # heads side by side are rounded as one alone

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return x.bfloat16().float()

    @staticmethod
    def setup_context(context, inputs: tuple, output: torch.Tensor) -> None:
        pass  # the gradient is rounded whatever was

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> torch.Tensor:
        return gradient.bfloat16().float()


class RoundedToBfloat16(TorchFunctionMode):
    """A context in which layers give nearly what they give under bf16 autocast."""

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        if function in PRODUCTS:
            arguments = [_Round.apply(a) if isinstance(a, torch.Tensor) else a for a in arguments]
        result = function(*arguments, **(keywords or {}))
        return _Round.apply(result) if function in KEPT else result


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bf16 matrices: elsewhere it would be emulated, slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def resolve(device: torch.device, precision: str = "auto") -> str:
    """What a precision means on a device: "float32" or "bfloat16".

    Parameters
    ----------
    device : torch.device
    precision : {"auto", "float32", "bfloat16"}
        "auto" is what ``TAPNB_PRECISION`` says; if that says nothing, bf16 where the hardware multiplies its matrices.

    Raises
    ------
    ValueError
        If the precision, or the variable, is none of these.
    """
    choices = ", ".join(map(repr, PRECISIONS))
    if precision not in PRECISIONS:
        raise ValueError(f"unknown precision {precision!r}; choose {choices}")
    if precision == "auto":
        precision = os.environ.get(VARIABLE) or "auto"
        if precision not in PRECISIONS:
            raise ValueError(f"the environment variable TAPNB_PRECISION is {precision!r}; set it to {choices}, or not "
                             "at all")
    if precision == "auto":
        return "bfloat16" if multiplies_bfloat16(device) else "float32"
    return precision


def autocast(device: torch.device, precision: str = "auto") -> AbstractContextManager:
    """A context for a training step, in which layers compute in bf16 or in float32.

    Parameters
    ----------
    device : torch.device
    precision : {"auto", "float32", "bfloat16"}
        See :func:`resolve`. "bfloat16" insists: without hardware for it values are rounded as it would round them.

    Raises
    ------
    ValueError
        If the precision is unknown.
    """
    half = resolve(device, precision) == "bfloat16"
    if half and not multiplies_bfloat16(device):
        return RoundedToBfloat16()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=half)


def arithmetic(device: torch.device, precision: str = "auto") -> str:
    """What :func:`autocast` does, in a few words for a run record."""
    if resolve(device, precision) == "float32":
        return "float32"
    return "bf16 autocast" if multiplies_bfloat16(device) else "float32 rounded to bf16"
