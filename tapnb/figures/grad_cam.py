"""Figures of Grad-CAM: Figure 2, and how often the top regions of a map touch an event."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from tapnb.explain import MAPS
from tapnb.figures.style import BLUE, VERMILLION, show, styled, window
from tapnb.movies import Movie
from tapnb.studies.grad_cam import REGIONS, SIZE

WIDTH, TALLEST = 9.0, 6.4  # inches: a wide frame fills the width, a square one the height
BRIGHTEST = 99.9  # percentile of a map at the end of its colours: single pixels lie far above it


@styled
def grad_cam_map(movie: Movie, t: int, importance: np.ndarray, boxes: np.ndarray, label: str,
                 size: int = SIZE) -> Figure:
    """Figure 2 for one frame: a map over frame ``t``, and its top regions in frames ``t`` and ``t + 1``.

    Parameters
    ----------
    movie : Movie
    t : int
    importance : float array, shape (Y, X)
        One of :func:`tapnb.explain.maps`; negative values are not drawn.
    boxes : int array, shape (<= 8, 2)
        From :func:`tapnb.studies.grad_cam.top_regions`.
    label : str
        Name of the map, for its colour bar.
    size : int
        Side of the boxes, in pixels.
    """
    height, width = movie.shape[1:]
    tall = min(TALLEST, 0.9 * WIDTH * height / width)
    figure = plt.figure(figsize=(WIDTH, tall + 2 * WIDTH / REGIONS + 0.3))
    above, below = figure.subfigures(2, 1, height_ratios=(tall, 2 * WIDTH / REGIONS + 0.3))
    axes = above.subplots()
    show(axes, movie.frames[t], movie.levels[t])
    top = max(float(np.percentile(importance, BRIGHTEST)), np.finfo(np.float32).tiny)
    overlay = axes.imshow(importance, cmap=_see_through("inferno"), vmin=0, vmax=top, interpolation="nearest")
    above.colorbar(overlay, ax=axes, label=label, shrink=0.8, extend="max")
    axes.set_title(f"{movie.name}, frame {t}")
    insets = below.subplots(2, REGIONS, squeeze=False)
    for panel in insets.flat:
        panel.set_axis_off()
    for number, ((y, x), column) in enumerate(zip(boxes, insets.T), 1):
        axes.add_patch(Rectangle((x, y), size, size, fill=False, color="white", linewidth=1.4))
        above_box = y > size  # otherwise the number would leave the picture
        axes.annotate(str(number), (x, y if above_box else y + size), color="white", fontsize=11, weight="bold",
                      va="bottom" if above_box else "top", path_effects=[withStroke(linewidth=2, foreground="black")])
        for panel, frame in zip(column, (t, t + 1)):
            crop, mask = window(movie, frame, y, x, size)
            show(panel, crop, movie.levels[frame], mask)
        column[0].set_title(str(number), fontsize=9, loc="center", pad=2)
    for panel, frame in zip(insets[:, 0], (t, t + 1)):
        panel.text(-0.06, 0.5, f"frame {frame}", transform=panel.transAxes, rotation=90, va="center", ha="right",
                   fontsize=8)
    return figure


@styled
def touching_regions(shares: dict[str, pd.DataFrame]) -> Figure:
    """How many of the top regions touch a labelled event, by map and movie, beside random boxes.

    Parameters
    ----------
    shares : dict of DataFrame
        By role ("train", "held-out"), from :func:`tapnb.studies.grad_cam.shares`.
    """
    names = MAPS | {"random": "random boxes"}
    figure, axes = plt.subplots(figsize=(7.0, 2.8))
    for (role, table), (colour, marker, shift) in zip(shares.items(), ((BLUE, "o", -0.14), (VERMILLION, "D", 0.14))):
        rows = 100 * table.loc[list(names)]
        beyond = np.abs(rows[["low", "high"]].to_numpy().T - rows["share"].to_numpy())
        axes.errorbar(rows["share"], np.arange(len(names)) + shift, xerr=beyond, fmt=marker, color=colour, markersize=5,
                      capsize=2, elinewidth=1.2, label="training movie" if role == "train" else f"{role} movie")
    axes.set(yticks=range(len(names)), yticklabels=names.values(), xlim=(0, 100),
             xlabel=f"top {REGIONS} regions that touch a labelled event (%)")
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.legend(loc="lower right")
    return figure


def _see_through(name: str) -> Colormap:
    """The colour map, clear at its lower end."""
    colours = plt.get_cmap(name)(np.linspace(0.25, 1, 256))  # its black end would darken the frame
    colours[:, 3] = np.linspace(0, 1, 256) ** 0.5
    return ListedColormap(colours)
