"""What the data notebook shows of a movie: a few events of every kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
from skimage import measure

from tapnb.movies import Movie


def example_windows(movie: Movie, margin: int = 32, most: dict[str, int] | None = None, seed: int = 25) -> pd.DataFrame:
    """A few events of every kind that the movie knows, away from its borders, drawn at random.

    Parameters
    ----------
    movie : Movie
        Its table of events is used or, where it has none, the labelled regions of its masks.
    margin : int
        Distance kept from the borders, in pixels.
    most : dict, optional
        How many of a kind; 2 divisions, 2 deaths and 1 of every other kind unless given.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``t`` (frame), ``y``, ``x`` (centre, pixels) and ``kind``.
    """
    events = movie.events if movie.events is not None else _labelled_regions(movie.masks)
    inside = events[events["t"].between(2, len(movie.frames) - 4)
                    & events["y"].between(margin, movie.shape[1] - margin)
                    & events["x"].between(margin, movie.shape[2] - margin)]
    most = {"division": 2, "death": 2} if most is None else most
    rng = np.random.default_rng(seed)
    chosen = [group.iloc[rng.permutation(len(group))[: most.get(kind, 1)]]
              for kind, group in inside.groupby("kind", sort=False)]
    return pd.concat(chosen, ignore_index=True) if chosen else inside


def _labelled_regions(masks: np.ndarray) -> pd.DataFrame:
    """Centres of the connected labelled regions of every frame."""
    rows = [{"t": t, "y": region.centroid[0], "x": region.centroid[1], "kind": kind}
            for t, mask in enumerate(masks) for value, kind in ((1, "division"), (2, "death"))
            for region in measure.regionprops(measure.label(mask == value))]
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind"])
