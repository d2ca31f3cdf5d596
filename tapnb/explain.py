"""Which places of a frame tell the time-arrow network what came first? Grad-CAM and the votes of pixels (Figure 2).

Selvaraju et al. (2017), at the dense features z: with g the gradient of the logit of the true order, a channel's
weight is the sum of g over space, and a frame's map is abs(sum_c weight_c z_c). The paper does not say at which layer,
of which logit, or of which of the two frames its map is; here Figure 2 is the first frame's.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tapnb.fast import folded
from tapnb.models import FEATURES, DenseFeatures, TimeArrowModel
from tapnb.movies import Movie, normalise

MAPS = {"grad_cam": "Grad-CAM, frame t (Figure 2)", "second": "Grad-CAM, frame t + 1", "votes": "votes of the pixels",
        "change": "change between the frames"}
"""The maps whose top regions are counted; "change" knows no network."""

STEP = 8  # the U-Net pools three times: tiles begin where its coarsest cells begin
MARGIN = 56  # pixels of context around a tile: what the U-Net sees, rounded up to a multiple of STEP
BAND = 16  # rows of a frame that the head sees at a time


@torch.no_grad()
def dense_features(features: DenseFeatures, frame: torch.Tensor, tile: int = 0) -> torch.Tensor:
    """Dense features of one whole frame, in float32 and evaluation mode.

    Parameters
    ----------
    features : DenseFeatures
    frame : float32 tensor, shape (h, w)
        Normalised, on the network's device.
    tile : int
        Side of the tiles in pixels, a multiple of 8, where a frame in one piece does not fit into memory (about 1 GB
        at 1024 x 1024 pixels); 0: in one piece. The result is the same, up to rounding.

    Returns
    -------
    float32 tensor, shape (32, h, w)

    Raises
    ------
    ValueError
        If the tile is not a multiple of 8.
    """
    if tile < 0 or tile % STEP:
        raise ValueError(f"tiles of {tile} px: their side must be a multiple of {STEP}, or 0 for whole frames")
    features = folded(features)
    height, width = frame.shape
    tile = tile or max(height, width)
    whole = frame.new_empty(FEATURES, height, width)  # filled in place: a whole frame's features never exist twice
    for y in range(0, height, tile):  # padding lies at the movie's own border, or MARGIN away from what is kept
        top, bottom = max(0, y - MARGIN), min(height, y + tile + MARGIN)
        for x in range(0, width, tile):
            left, right = max(0, x - MARGIN), min(width, x + tile + MARGIN)
            z = features(frame[None, None, top:bottom, left:right])[0, 0]  # (32, bottom - top, right - left)
            whole[:, y : y + tile, x : x + tile] = z[:, y - top : y - top + tile, x - left : x - left + tile]
    return whole


def grad_cam(head: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """Grad-CAM of both frames for "the first one came first".

    The head works pixel by pixel and then takes the mean over all of them. So its gradient can be computed for one
    band of rows after the other: exactly that of the whole frame, in a fraction of its memory.

    Parameters
    ----------
    head : TimeArrowHead
        Put into evaluation mode; its larger logit names the earlier frame.
    z : float32 tensor, shape (2, 32, h, w)
        Dense features of frames t and t + 1, in true order.

    Returns
    -------
    float32 tensor, shape (2, h, w)
        Map of frame t (the paper's) and of frame t + 1; not negative.
    """
    head.eval()
    weights = torch.zeros_like(z[:, :, 0, 0])  # (2, 32)
    for part in z.split(BAND, dim=-2):
        part = part.detach().requires_grad_()
        with torch.enable_grad():
            true_order = head(part[None])[0, 0]
        (gradient,) = torch.autograd.grad(true_order, part)
        weights += gradient.sum(dim=(-2, -1)) * (part.shape[-2] / z.shape[-2])  # this band's part in the mean
    return torch.einsum("fc,fchw->fhw", weights, z).abs()


@torch.no_grad()
def votes(head: nn.Module, z: torch.Tensor) -> torch.Tensor:
    """What every pixel adds to the answer: logit 0 minus logit 1, were it the only pixel.

    Nothing of this is approximate: the head takes the mean over pixels before its last, linear layer, so the mean of
    the votes is the difference of the frame's logits. The paper has Grad-CAM only.

    Parameters
    ----------
    head, z
        As in :func:`grad_cam`.

    Returns
    -------
    float32 tensor, shape (h, w)
        Positive where a pixel speaks for the true order.
    """
    head.eval()
    rows = []
    for part in z.split(BAND, dim=-2):
        pixels = part.flatten(2).permute(2, 0, 1)[..., None, None]  # (pixels, 2, 32, 1, 1): each a pair of its own
        logits = head(pixels)  # (pixels, 2)
        rows.append((logits[:, 0] - logits[:, 1]).view(part.shape[-2:]))
    return torch.cat(rows)


def maps(model: TimeArrowModel, movie: Movie, t: int, tile: int = 0,
         kept: dict[int, torch.Tensor] | None = None) -> dict[str, np.ndarray]:
    """The :data:`MAPS` of frames ``t`` and ``t + 1``, each a float32 array (Y, X).

    Parameters
    ----------
    model : TimeArrowModel
    movie : Movie
    t : int
    tile : int
        See :func:`dense_features`.
    kept : dict of tensor, optional
        Features by frame, changed in place: of an earlier call in, of ``t`` and ``t + 1`` out. A frame that is the
        second of one pair and the first of the next then goes through the U-Net once.

    Examples
    --------
    >>> from tapnb.explain import maps
    >>> from tapnb.models import TimeArrowModel
    >>> from tapnb.movies.synthetic import simulate
    >>> shown = maps(TimeArrowModel((4, 4, 4, 4)), simulate(frames=3, size=96), t=0)
    >>> list(shown), shown["votes"].shape
    (['grad_cam', 'second', 'votes', 'change'], (96, 96))
    """
    kept = {} if kept is None else kept
    on = next(model.parameters()).device
    pair = [normalise(movie.frames[frame], movie.levels[frame]) for frame in (t, t + 1)]
    for frame in kept.keys() - {t, t + 1}:
        del kept[frame]
    for frame, pixels in zip((t, t + 1), pair):
        if frame not in kept:
            kept[frame] = dense_features(model.features, torch.from_numpy(pixels).to(on), tile)
    z = torch.stack([kept[t], kept[t + 1]])
    first, second = grad_cam(model.head, z).cpu().numpy()
    return {"grad_cam": first, "second": second, "votes": votes(model.head, z).cpu().numpy(),
            "change": np.abs(pair[1] - pair[0])}
