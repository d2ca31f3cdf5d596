"""Where to look first in a movie without any label: places that tell the time-arrow network what came first.

What divides or dies shows which way time goes. So the paths of an answer, Grad-CAM of both frames (Figure 2), are
summed, blurred and searched for their highest points. These are candidates in an order, and no events: rounded cells and
drifting debris are among them. Not in the paper, which looks at the maps by eye.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import torch
from scipy import ndimage
from tqdm import tqdm

from tapnb.detect import STRIDE, Joining, joined, of_map, usable_pairs
from tapnb.explain import dense_features, grad_cam
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie, normalise

SIGMA = 6.0
"""Pixels by which a map is blurred: an event is as large as a nucleus."""

KIND = "candidate"


def candidates(model: TimeArrowModel, movie: Movie, frame_pairs: Sequence[int] | None = None,
               joining: Joining = Joining(lowest=0.0, most=20)) -> pd.DataFrame:
    """Places of a movie in the order in which they are worth a look.

    Parameters
    ----------
    model : TimeArrowModel
    movie : Movie
    frame_pairs : sequence of int, optional
        By default all in which there is something to see.
    joining : Joining
        At most ``most`` places a frame pair.

    Returns
    -------
    DataFrame
        As of :meth:`tapnb.detect.Detector.find`; ``score`` is 1 for the first, and a share of its height for the others.
    """
    frame_pairs = usable_pairs(movie) if frame_pairs is None else frame_pairs
    on, peaks = next(model.parameters()).device, []
    kept: dict[int, torch.Tensor] = {}
    for t in tqdm(frame_pairs, desc="searching", unit="frame pair", leave=False):
        kept = {frame: kept[frame] if frame in kept else dense_features(
            model.features, torch.from_numpy(normalise(movie.frames[frame], movie.levels[frame])).to(on))
            for frame in (t, t + 1)}
        of_both = grad_cam(model.head, torch.stack([kept[t], kept[t + 1]])).sum(0)
        height = ndimage.gaussian_filter(of_both.cpu().numpy(), SIGMA)
        peaks.append(of_map(height[None, ::STRIDE, ::STRIDE], t + 1, [KIND], joining))
    table = joined(peaks, joining)
    return table.assign(score=table["score"] / max(table["score"].max(), 1e-12)) if len(table) else table
