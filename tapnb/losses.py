"""The paper's losses: Eq. 3 of the event heads, Eqs. 4 and 5 of the pretraining (Section 2 and Appendix A)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

DECORRELATION_WEIGHT = 0.01
"""lambda of Eq. 4."""

TEMPERATURE = 0.2
"""tau of Eq. 5."""


def cross_entropy(logits: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Eq. 3: mean over pairs of -log softmax(logits) of the true class, in float32 (float64 stays float64).

    Parameters
    ----------
    logits : tensor, shape (N, 2)
        Of an event head, "nothing" and "event"; or of the time-arrow head, one a frame in the order shown.
    classes : int or bool tensor, shape (N,)
        Whether there is an event; or, of the time arrow, the earlier frame: 1 where the later one was shown first.

    Returns
    -------
    tensor, scalar
    """
    return F.cross_entropy(_widened(logits), classes.long())


def time_arrow(logits: torch.Tensor, flip: torch.Tensor, z: torch.Tensor, weight: float = DECORRELATION_WEIGHT,
               **form: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Eq. 4: cross entropy of "which frame came first", plus lambda times the decorrelation of the features.

    Parameters
    ----------
    logits : tensor, shape (N, 2)
    flip : bool tensor, shape (N,)
        True where the later frame was shown first.
    z : tensor, shape (N, 2, C, h, w)
        Dense features.
    weight : float
        lambda.
    **form
        Of :func:`decorrelation`.

    Returns
    -------
    loss, decorrelation : tensors, scalar
        The second is the term of Eq. 5 alone.

    Examples
    --------
    >>> import torch
    >>> from tapnb.losses import time_arrow
    >>> logits, flip = torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([False, True])
    >>> z = torch.eye(4).reshape(1, 1, 4, 2, 2).expand(2, 2, 4, 2, 2)  # channels that share no pixel
    >>> loss, decorrelation = time_arrow(logits, flip, z)
    >>> f"{loss:.3f} {decorrelation:.3f}"
    '0.127 0.020'
    """
    extra = decorrelation(z, **form)
    return cross_entropy(logits, flip) + weight * extra, extra


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
        rows = _widened(z).flatten(-2).flatten(0, -3)  # (M, C, h w)
        if unit_length:
            rows = F.normalize(rows, dim=-1)
        products = rows @ rows.transpose(-1, -2) / temperature  # (M, C, C)
        own = products.log_softmax(dim=-1).diagonal(dim1=-2, dim2=-1)  # (M, C): log a_ii
        if floor:
            own = torch.logaddexp(own, own.new_full((), math.log(floor)))  # log(a_ii + floor), for any a_ii
        return -own.mean()


def _widened(values: torch.Tensor) -> torch.Tensor:
    """Values in float32, or in float64 if they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
