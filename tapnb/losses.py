"""The time-arrow loss and the decorrelation term (paper, Appendix A, Eqs. 4 and 5)."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

DECORRELATION_WEIGHT = 0.01
"""lambda of Eq. 4."""

TEMPERATURE = 0.2
"""tau of Eq. 5."""


def time_arrow(logits: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    """Cross entropy of "which frame came first".

    Parameters
    ----------
    logits : tensor, shape (N, 2)
        One logit a frame, in the order in which the frames were shown.
    flip : bool tensor, shape (N,)
        True where the later frame was shown first, so that frame 1 is the earlier one.

    Returns
    -------
    tensor, scalar
    """
    return F.cross_entropy(logits.float(), flip.long())


def decorrelation(z: torch.Tensor, temperature: float = TEMPERATURE, unit_length: bool = False,
                  floor: float = 0.0) -> torch.Tensor:
    """Eq. 5: each channel should look like itself more than like any other channel.

    With z_i channel i flattened over space, a_ij = softmax_j(z_i . z_j / tau) and the term is
    -mean_i log a_ii. Computed in float32 outside autocast: the products reach 10^4.

    Parameters
    ----------
    z : tensor, shape (..., C, h, w)
        Dense features.
    temperature : float
        tau.
    unit_length : bool
        Scale every z_i to length 1 first. The paper's formula does not, and at 96 x 96 pixels its softmax is
        saturated: the term and its gradient vanish for every channel that wins against all others.
    floor : float
        Added to a_ii inside the logarithm. The paper adds nothing; the authors' scripts add 1e-10, which caps the
        term at 23.03.

    Returns
    -------
    tensor, scalar
        Mean over frames and channels.
    """
    with torch.autocast(z.device.type, enabled=False):
        rows = z.float().flatten(-2).flatten(0, -3)  # (M, C, h w)
        if unit_length:
            rows = F.normalize(rows, dim=-1)
        products = rows @ rows.transpose(-1, -2) / temperature  # (M, C, C)
        own = products.log_softmax(dim=-1).diagonal(dim1=-2, dim2=-1)  # (M, C): log a_ii
        if floor:
            own = torch.logaddexp(own, own.new_full((), math.log(floor)))  # log(a_ii + floor), for any a_ii
        return -own.mean()
