"""One function per figure: numbers in, ``Figure`` out. Nothing is shown or saved here."""

from __future__ import annotations

from functools import wraps
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tapnb import crops
from tapnb.evaluate import SCORES
from tapnb.movies import Movie, normalise

BLUE, VERMILLION, GREEN, PURPLE, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"
EVENT_COLOURS = {1: BLUE, 2: VERMILLION}  # division, death
STYLE = Path(__file__).with_name("tapnb.mplstyle")


def _styled(function):
    """Draw in the book's style without touching the caller's settings, and close what pyplot opened."""

    @wraps(function)
    def drawn(*args, **kwargs) -> Figure:
        with plt.style.context(STYLE):
            figure = function(*args, **kwargs)
        plt.close(figure)
        return figure

    return drawn


def _show(axes, frame: np.ndarray, levels: np.ndarray, mask: np.ndarray | None = None) -> None:
    """A frame or crop in grey between its levels, with the outlines of labelled pixels."""
    axes.imshow(normalise(frame, levels), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    if mask is not None:
        for value, colour in EVENT_COLOURS.items():
            if (mask == value).any():
                axes.contour(mask == value, levels=[0.5], colors=[colour], linewidths=1.2)
    axes.set_axis_off()


def _window(movie: Movie, t: int, y: int, x: int, size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels and mask of one window."""
    place = (t, slice(y, y + size), slice(x, x + size))
    return movie.frames[place], None if movie.masks is None else movie.masks[place]


@_styled
def preprocessing(movie: Movie, pairs: crops.CropPairs, areas: np.ndarray, labels: np.ndarray,
                  chosen: list[int]) -> Figure:
    """Figure 1: from two frames to crop pairs, masks and labels, drawn from the movie itself.

    Parameters
    ----------
    movie : Movie
    pairs, areas, labels
        Of an event dataset; all ``chosen`` pairs lie in the same two frames.
    chosen : list of int
        Pairs to draw.
    """
    t, size = int(pairs.t[chosen[0]]), pairs.size
    figure = plt.figure(figsize=(9.5, 6.4))
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    for axes, frame in zip(left.subplots(2, 1), (t, t + 1)):
        _show(axes, movie.frames[frame], movie.levels[frame], movie.masks[frame])
        axes.set_title(f"frame {frame}")
        for number, i in enumerate(chosen, 1):
            axes.add_patch(Rectangle((pairs.x[i], pairs.y[i]), size, size, fill=False, color=ORANGE, linewidth=1.5))
            axes.annotate(str(number), (pairs.x[i], pairs.y[i]), color=ORANGE, fontsize=10, weight="bold",
                          xytext=(2, -2), textcoords="offset points", va="top")  # inside: never cut off
    grid = right.subplots(len(chosen), 4, width_ratios=(1, 1, 1, 1), squeeze=False)
    for row, (number, i) in zip(grid, enumerate(chosen, 1)):
        for column, frame in enumerate((t, t + 1)):
            crop, mask = _window(movie, frame, pairs.y[i], pairs.x[i], size)
            _show(row[column], crop, movie.levels[frame])
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


@_styled
def event_gallery(movie: Movie, windows: pd.DataFrame, size: int = 64, before: int = 2, after: int = 3) -> Figure:
    """Example events: one a row, several frames around it, labelled pixels outlined.

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
                _show(axes, *_pair_with_levels(movie, t, y, x, size))
                axes.set_title(f"frame {t}", fontsize=7, pad=2)
        row[0].text(-0.08, 0.5, event.kind, transform=row[0].transAxes, rotation=90, va="center", ha="right",
                    fontsize=8)
    return figure


def _pair_with_levels(movie: Movie, t: int, y: int, x: int, size: int):
    crop, mask = _window(movie, t, y, x, size)
    return crop, movie.levels[t], mask


@_styled
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


@_styled
def training_curves(history: pd.DataFrame) -> Figure:
    """Figure 6: total loss, decorrelation loss and accuracy, training and held-out.

    Parameters
    ----------
    history : DataFrame
        From :func:`tapnb.pretrain.pretrain`.
    """
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.0))
    lines = {"train": ("training pairs", VERMILLION, "-"), "uniform": ("held-out, uniform", BLUE, "-"),
             "change": ("held-out, by change", BLUE, ":")}
    for axes, quantity, title in zip(panels, ("loss", "decorrelation", "accuracy"),
                                     ("total loss (Eq. 4)", "decorrelation loss (Eq. 5)", "accuracy")):
        for prefix, (text, colour, style) in lines.items():
            axes.plot(history["pairs"] / 1000, history[f"{prefix}_{quantity}"], style, color=colour, label=text,
                      marker="." if len(history) < 15 else None)
        axes.set(xlabel="crop pairs seen (thousands)", title=title)
    panels[1].set_yscale("symlog", linthresh=1e-3)  # the unnormalised term spans zero to its first epoch's hundreds
    panels[2].axhline(0.5, color="black", linewidth=1, linestyle="--")
    panels[2].annotate("chance", (1, 0.5), xycoords=("axes fraction", "data"), ha="right", va="top", fontsize=8,
                       xytext=(0, -2), textcoords="offset points")
    panels[0].legend()
    return figure


@_styled
def recipes(histories: dict[str, pd.DataFrame]) -> Figure:
    """What the deviations from uniform 96-pixel crops buy: held-out accuracy against pairs and minutes.

    Parameters
    ----------
    histories : dict of DataFrame
        By recipe, from :func:`tapnb.pretrain.pretrain`.
    """
    figure, grid = plt.subplots(2, 2, figsize=(9.0, 5.4), sharey="row", sharex="col")
    for (name, history), style in zip(histories.items(), ("-o", "--s", "-.^", ":D", "-v", "--P")):
        for row, sampler in zip(grid, ("uniform", "change")):
            for axes, (column, factor) in zip(row, (("pairs", 1 / 1000), ("minutes", 1))):
                axes.plot(history[column] * factor, history[f"{sampler}_accuracy"], style, markersize=4, label=name)
    for row, kind in zip(grid, ("uniform crops", "crops drawn by change")):
        row[0].set_ylabel(f"held-out accuracy,\n{kind}")
        for axes in row:
            axes.axhline(0.5, color="black", linewidth=1, linestyle="--")
    grid[1, 0].set_xlabel("crop pairs seen (thousands)")
    grid[1, 1].set_xlabel("minutes of training")
    grid[0, 0].legend(title="sampler, crop sizes in pixels", title_fontsize=8)
    return figure


@_styled
def strategy_scores(table: pd.DataFrame, paper: pd.DataFrame) -> Figure:
    """Table 2 as a picture: precision and recall of both classes by strategy, ours and the paper's.

    Parameters
    ----------
    table : DataFrame
        One row a run: ``strategy`` and the columns of :data:`tapnb.evaluate.SCORES`.
    paper : DataFrame
        From :func:`tapnb.paper.table2`.
    """
    titles = {"prec 0": "precision, no event", "rec 0": "recall, no event", "prec 1": "precision, event",
              "rec 1": "recall, event"}
    names = list(paper.index)
    figure, panels = plt.subplots(1, 4, figsize=(9.5, 2.9), sharey=True)
    for axes, score in zip(panels, SCORES):
        seaborn.stripplot(table, x=score, y="strategy", order=names, color=BLUE, alpha=0.7, size=5, jitter=False,
                          label="here, one dot a run", legend=False, ax=axes)
        axes.errorbar(paper[score], np.arange(len(names)) + 0.3, xerr=paper[f"{score} std"], fmt="D", color=VERMILLION,
                      markersize=4, capsize=2, elinewidth=1, label="paper, mean ± std")
        axes.set(title=titles[score], xlim=(-0.03, 1.03), xlabel="", ylabel="")
    handles = dict(zip(*reversed(panels[0].get_legend_handles_labels())))  # one entry a kind, not one a strategy
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    return figure
