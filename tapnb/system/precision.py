"""bf16 where no unit multiplies it: float32 arithmetic, with everything rounded that autocast would keep in bf16.

PyTorch's own bf16 convolutions take five to twenty times as long as float32 ones on such a processor. Units that
multiply bf16 add up in float32 as well, so this comes near to what they do; not every operation is rounded here, and
sums have another order. Gradients are some four times nearer to autocast's than autocast's are to float32's, which a
test checks for a factor of two.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

PRODUCTS = {F.conv2d, F.linear}
"""Autocast hands these bf16: what goes into them is rounded, and what comes out."""

KEPT = PRODUCTS | {F.batch_norm, F.leaky_relu, F.relu, torch.Tensor.add, torch.Tensor.mean}
"""These add up in float32 and hand on bf16."""


class _Round(torch.autograd.Function):
    """Nearest bf16 numbers, as float32; of a gradient on its way back as well."""

    @staticmethod
    def forward(context, x: torch.Tensor) -> torch.Tensor:
        return x.bfloat16().float()

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
