"""The first look at a movie: what `tapnb data` says of it, as numbers; the pictures are in `tapnb.figures.first_look`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from skimage import measure
from skimage.registration import phase_cross_correlation

from tapnb.movies import Movie, normalise

SIDE = 256
"""Pixels of a frame's longer side in which drift is measured: enough for a shift, and quick."""

KINDS = {1: "division", 2: "death"}


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What can be said of a movie without training anything.

    Attributes
    ----------
    over_time : DataFrame
        Index frame; ``black``, ``median``, ``white`` (grey levels), ``change`` (mean absolute difference from the frame
        before, normalised), ``down``, ``right`` (drift from the first frame, pixels), ``note`` (what is wrong with it).
    findings : list of str
        Sentences: what was found, and what is done about it.
    regions : DataFrame
        Labelled regions: ``t``, ``y``, ``x`` (centre, pixels), ``kind``, ``area`` (pixels).
    """

    over_time: pd.DataFrame
    findings: list[str]
    regions: pd.DataFrame


def first_look(movie: Movie) -> FirstLook:
    """Look at every frame of a movie, one at a time."""
    quality, rows, before, moved = movie.quality, [], None, np.zeros(2)
    step = max(1, max(movie.shape[1:]) // SIDE)
    for t, frame in enumerate(movie.frames):
        small = normalise(frame[::step, ::step], movie.levels[t]).clip(0, 1.5)
        if before is not None and small.std() > 0 and before.std() > 0:
            shift, *_ = phase_cross_correlation(small, before, normalization=None)
            # No stage goes a quarter of the field between two frames: that is two pictures of nothing in common.
            moved = moved + np.where(np.abs(shift) < np.array(small.shape) / 4, shift, 0) * step
        rows.append({"black": movie.levels[t, 0], "median": float(np.median(frame[::8, ::8])), "white": movie.levels[t, 1],
                     "change": np.nan if before is None else float(np.abs(small - before).mean()),
                     "down": moved[0], "right": moved[1], "note": _note(quality, t)})
        before = small
    return FirstLook(pd.DataFrame(rows).rename_axis("frame"), quality.sentences(), labelled_regions(movie))


def labelled_regions(movie: Movie) -> pd.DataFrame:
    """Connected labelled pixels of every frame: where, of which kind, how large."""
    rows = []
    for t, mask in enumerate([] if movie.masks is None else movie.masks):
        if mask.any():
            rows += [{"t": t, "y": r.centroid[0], "x": r.centroid[1], "kind": KINDS[value], "area": int(r.area)}
                     for value in KINDS for r in measure.regionprops(measure.label(mask == value))]
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind", "area"])


def regions_table(regions: pd.DataFrame) -> pd.DataFrame:
    """How many labelled regions there are, and how large, as text; a row a kind."""
    rows = []
    for kind, own in regions.groupby("kind"):
        small, middle, large = own["area"].quantile([0, 0.5, 1]).astype(int)
        rows.append({"kind": kind, "regions": len(own), "frames": own["t"].nunique(),
                     "pixels, median": middle, "pixels, from to": f"{small} to {large}"})
    return pd.DataFrame(rows, columns=["kind", "regions", "frames", "pixels, median", "pixels, from to"])


def _note(quality, t: int) -> str:
    """What is wrong with a frame, in a word or two."""
    found = [("repeats another", t in quality.repeats), ("shows nothing", t in quality.empty),
             ("saturated", t in quality.saturated), ("border", bool(quality.bordered[t]))]
    return ", ".join(word for word, true in found if true)
