"""The first look at a movie: what `tapnb data` says of it, as numbers; `tapnb.figures.first_look` has the pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from skimage import measure
from skimage.registration import phase_cross_correlation

from tapnb.movies import Movie, normalise

SIDE = 256
"""Pixels to which a frame's longer side is reduced, by means, to measure drift: quick, and without a camera's noise."""

FINE = 10
"""Drift is measured to this part of a reduced pixel: one pixel a frame is much in a hundred frames."""

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
        Labelled regions: ``t``, ``y``, ``x`` (centre, pixels), ``kind``, ``area`` (pixels), ``new`` (whether it touches
        none of its kind in the frame before).
    """

    over_time: pd.DataFrame
    findings: list[str]
    regions: pd.DataFrame


def first_look(movie: Movie) -> FirstLook:
    """Look at every frame of a movie, one at a time."""
    quality, rows, before, seen, moved = movie.quality, [], None, None, np.zeros(2)
    step = max(1, max(movie.shape[1:]) // SIDE)
    for t, frame in enumerate(movie.frames):
        reduced = _reduced(movie, t, step)
        if t not in (*quality.empty, *quality.saturated):  # their neighbours are compared across them
            faded = _faded(reduced)
            if seen is not None and faded.any() and seen.any():
                shift, *_ = phase_cross_correlation(faded, seen, normalization=None, upsample_factor=FINE)
                # No stage goes a quarter of the field between two frames: that is two pictures of nothing in common.
                moved = moved + np.where(np.abs(shift) < np.array(faded.shape) / 4, shift, 0) * step
            seen = faded
        rows.append({"black": movie.levels[t, 0], "median": float(np.median(frame[::8, ::8])),
                     "white": movie.levels[t, 1],
                     "change": np.nan if before is None else float(np.abs(reduced - before).mean()),
                     "down": moved[0], "right": moved[1], "note": _note(quality, t)})
        before = reduced
    return FirstLook(pd.DataFrame(rows).rename_axis("frame"), quality.sentences(), labelled_regions(movie))


def _reduced(movie: Movie, t: int, step: int) -> np.ndarray:
    """A normalised frame, reduced by means of step x step pixels; 0 in a border that was never imaged."""
    top, bottom, left, right = movie.quality.imaged[t]
    pixels = np.zeros(movie.shape[1:], np.float32)
    pixels[top:bottom, left:right] = normalise(movie.frames[t, top:bottom, left:right], movie.levels[t]).clip(0, 1.5)
    height, width = (side // step * step for side in pixels.shape)
    return pixels[:height, :width].reshape(height // step, step, width // step, step).mean((1, 3))


def _faded(picture: np.ndarray) -> np.ndarray:
    """A picture faded to its mean at the edges, which else look like a thing that never moves."""
    window = np.multiply.outer(*(np.hanning(side + 2)[1:-1] for side in picture.shape))
    return (picture - picture.mean()) * window


def labelled_regions(movie: Movie) -> pd.DataFrame:
    """Connected labelled pixels of every frame: where, of which kind, how large, and whether they are new."""
    rows = []
    for t, mask in enumerate([] if movie.masks is None else movie.masks):
        if mask.any():
            before = np.zeros_like(mask) if t == 0 else movie.masks[t - 1]
            rows += [{"t": t, "y": r.centroid[0], "x": r.centroid[1], "kind": KINDS[value], "area": int(r.area),
                      "new": not (before[r.slice] == value)[r.image].any()}
                     for value in KINDS for r in measure.regionprops(measure.label(mask == value))]
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind", "area", "new"])


def events_table(movie: Movie, regions: pd.DataFrame) -> pd.DataFrame:
    """How many events of each kind there are, and how many labelled regions, how large; as text, a row a kind.

    Where the movie has no list of events, one is a region that touches none of its kind in the frame before.
    """
    listed = {} if movie.events is None else movie.events["kind"].value_counts().to_dict()
    rows = []
    for kind in [*KINDS.values(), *(kind for kind in listed if kind not in KINDS.values())]:
        own = regions[regions["kind"] == kind]
        events = listed.get(kind, 0) if movie.events is not None else int(own["new"].sum())
        small, middle, large = own["area"].quantile([0, 0.5, 1]).astype(int) if len(own) else ("", "", "")
        if events or len(own):
            rows.append({"kind": kind, "events": events, "labelled regions": len(own), "in frames": own["t"].nunique(),
                         "pixels, median": middle, "smallest to largest": f"{small} to {large}" if len(own) else ""})
    return pd.DataFrame(rows)


def example_regions(regions: pd.DataFrame, count: int) -> pd.DataFrame:
    """A few labelled regions over the whole movie, those that begin an event first; none of the smallest quarter."""
    large = regions[regions["area"] >= regions.groupby("kind")["area"].transform(lambda area: area.quantile(0.25))]
    begin = large[large["new"] & (large["t"] > 0)]
    chosen = begin if len(begin) else large
    kinds = [own.iloc[np.unique(np.linspace(0, len(own) - 1, -(-count // chosen["kind"].nunique())).astype(int))]
             for _, own in chosen.groupby("kind")]
    return pd.concat(kinds).head(count).sort_values(["kind", "t"], ascending=[False, True])


def _note(quality, t: int) -> str:
    """What is wrong with a frame, in a word or two."""
    found = [("repeats another", t in quality.repeats), ("nearly the one before", t in quality.near_repeats),
             ("shows nothing", t in quality.empty), ("saturated", t in quality.saturated),
             ("bright things cut off", t in quality.clipped and t not in quality.saturated),
             ("sparse", t in quality.sparse), ("border", bool(quality.bordered[t]))]
    return ", ".join(word for word, true in found if true)
