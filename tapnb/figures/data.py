"""Figures of the data: Figure 1, example events, positives over time."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tapnb import crops
from tapnb.figures.style import BLUE, EVENT_COLOURS, ORANGE, VERMILLION, show, styled, window
from tapnb.movies import Movie


@styled
def preprocessing(movie: Movie, pairs: crops.CropPairs, areas: np.ndarray, labels: np.ndarray,
                  indices: list[int]) -> Figure:
    """Figure 1: from two frames to crop pairs, masks and labels, drawn from the movie itself.

    Parameters
    ----------
    movie : Movie
    pairs, areas, labels
        Of an event dataset.
    indices : list of int
        Pairs to draw; all lie in the same two frames.
    """
    t, size = int(pairs.t[indices[0]]), pairs.size
    figure = plt.figure(figsize=(9.5, 6.4))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    for axes, frame in zip(left.subplots(2, 1), (t, t + 1)):
        show(axes, movie.frames[frame], movie.levels[frame], movie.masks[frame])
        axes.set_title(f"frame {frame}")
        for number, i in enumerate(indices, 1):
            axes.add_patch(Rectangle((pairs.x[i], pairs.y[i]), size, size, fill=False, color=ORANGE, linewidth=1.5))
            axes.annotate(str(number), (pairs.x[i], pairs.y[i]), color=ORANGE, fontsize=10, weight="bold",
                          xytext=(2, -2), textcoords="offset points", va="top")  # inside: never cut off
    grid = right.subplots(len(indices), 4, width_ratios=(1, 1, 1, 1), squeeze=False)
    for row, (number, i) in zip(grid, enumerate(indices, 1)):
        for column, frame in enumerate((t, t + 1)):
            crop, mask = window(movie, frame, pairs.y[i], pairs.x[i], size)
            show(row[column], crop, movie.levels[frame])
            row[2 + column].imshow(mask, cmap=ListedColormap(["#EEEEEE", *EVENT_COLOURS.values()]), vmin=0, vmax=2,
                                   interpolation="nearest")
            row[2 + column].set_axis_off()
            row[2 + column].set_title(f"{areas[i, column]} px", fontsize=8)
        row[0].set_title(f"{number}: frame {t}", fontsize=8)
        row[1].set_title(f"frame {t + 1}", fontsize=8)
        row[3].text(1.12, 0.5, "event" if labels[i] else "no event", transform=row[3].transAxes, va="center",
                    fontsize=9, color=VERMILLION if labels[i] else "black", rotation=90)
    right.suptitle("crops, labelled pixels, label", fontsize=10)
    return figure


@styled
def event_gallery(movie: Movie, windows: pd.DataFrame, size: int = 64, before: int = 2, after: int = 3) -> Figure:
    """Example events: one per row, several frames around it, labelled pixels outlined.

    Parameters
    ----------
    movie : Movie
    windows : DataFrame
        Columns ``t``, ``y``, ``x`` (centre, pixels) and ``kind``.
    size : int
        Side of the pictures, in pixels.
    before, after : int
        Frames shown before and after ``t``.
    """
    offsets = range(-before, after + 1)
    figure, grid = plt.subplots(len(windows), len(offsets), squeeze=False,
                                figsize=(1.25 * len(offsets) + 0.9, 1.35 * len(windows)))
    for row, event in zip(grid, windows.itertuples()):
        y = int(np.clip(event.y - size // 2, 0, movie.shape[1] - size))
        x = int(np.clip(event.x - size // 2, 0, movie.shape[2] - size))
        for axes, offset in zip(row, offsets):
            t = int(event.t) + offset
            axes.set_axis_off()
            if 0 <= t < len(movie.frames):
                show(axes, *_pair_with_levels(movie, t, y, x, size))
                axes.set_title(f"frame {t}", fontsize=7, pad=2)
        row[0].text(-0.08, 0.5, event.kind, transform=row[0].transAxes, rotation=90, va="center", ha="right",
                    fontsize=8)
    return figure


def _pair_with_levels(movie: Movie, t: int, y: int, x: int, size: int):
    crop, mask = window(movie, t, y, x, size)
    return crop, movie.levels[t], mask


@styled
def positives_over_time(t: np.ndarray, labels: np.ndarray, minutes_per_frame: float | None = None) -> Figure:
    """Share of positive crop pairs in each frame pair.

    Parameters
    ----------
    t : int array, shape (N,)
        Frame index of every crop pair.
    labels : bool array, shape (N,)
    minutes_per_frame : float, optional
        Adds a second axis in hours.
    """
    share = pd.Series(labels).groupby(t).mean() * 100
    figure, axes = plt.subplots(figsize=(6.5, 2.6))
    axes.plot(share.index, share, color=BLUE)
    axes.axhline(labels.mean() * 100, color="black", linestyle="--", linewidth=1)
    axes.set(title=f"dashed: all frames, {labels.mean() * 100:.1f} %",
             xlabel="frame index t", ylabel="positive crop pairs (%)", ylim=(0, None))
    if minutes_per_frame:
        hours = minutes_per_frame / 60
        top = axes.secondary_xaxis("top", functions=(lambda frame: frame * hours, lambda hour: hour / hours))
        top.set_xlabel("hours", fontsize=8)
    return figure
