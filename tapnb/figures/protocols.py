"""Pictures of the steps of the how-to pages, drawn from the simulated movie when the book is built.

They are narrow, so that their words can be read on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import ndimage

from tapnb.detector_training import DetectorSettings
from tapnb.figures.diagrams import WIDTH, WORDS
from tapnb.figures.event_pictures import KIND_COLOURS
from tapnb.figures.style import BLUE, GREEN, ORANGE, show, styled, window
from tapnb.figures.time_arrow import calmest_division
from tapnb.movies import Movie
from tapnb.studies.first_look import first_look

SIDE = 64


@styled
def two_stacks(movie: Movie) -> Figure:
    """What the two files hold: frames above, labels below, around one division."""
    event = calmest_division(movie)
    y, x = _corner(event)
    figure, grid = plt.subplots(2, 3, figsize=(WIDTH, 2.9))
    for column, t in zip(grid.T, range(int(event["t"]) - 1, int(event["t"]) + 2)):
        crop, mask = window(movie, t, y, x, SIDE)
        show(column[0], crop, movie.levels[t])
        column[1].imshow(mask > 0, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        column[1].set_axis_off()
        column[0].set_title(f"frame {t}", fontsize=WORDS)
    for axes, words in zip(grid[:, 0], ("frames", "labels")):
        axes.text(-0.12, 0.5, words, transform=axes.transAxes, rotation=90, va="center", ha="center", fontsize=WORDS)
    return figure


@styled
def damaged_frames(movie: Movie, repeated: int = 8, black: int = 15) -> Figure:
    """The first look's curves of a movie in which one frame was repeated and one is black."""
    frames = movie.frames.copy()
    frames[repeated], frames[black] = frames[repeated - 1], 0
    table = first_look(replace(movie, frames=frames, masks=None, events=None)).over_time
    figure, panels = plt.subplots(2, 1, figsize=(WIDTH, 3.4), sharex=True)
    for column, colour in (("white", ORANGE), ("median", GREEN), ("black", BLUE)):
        panels[0].plot(table.index, table[column], color=colour, label=column)
    panels[0].set_ylabel("grey levels", fontsize=WORDS)
    panels[0].legend(fontsize=WORDS, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    panels[1].plot(table.index, table["change"], color=BLUE)
    panels[1].set_ylabel("change", fontsize=WORDS)
    panels[1].set_xlabel("frame", fontsize=WORDS)
    for axes in panels:
        axes.tick_params(labelsize=WORDS)
        for t in table.index[table["note"] != ""]:
            axes.axvspan(t - 0.5, t + 0.5, color="0.8", zorder=0)
    return figure


@styled
def marked_pixels(movie: Movie) -> Figure:
    """The last frame of a mother and the first of her daughters, with the pixels that are labelled."""
    event = calmest_division(movie)
    y, x = _corner(event)
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 2.3))
    for axes, t, words in zip(panels, (int(event["t"]) - 1, int(event["t"])), ("the mother", "her daughters")):
        crop, mask = window(movie, t, y, x, SIDE)
        show(axes, crop, movie.levels[t], mask)
        axes.set_title(f"frame {t}: {words}", fontsize=WORDS)
    return figure


@styled
def clicks(movie: Movie) -> Figure:
    """The same two frames with a point on each cell, and the table that they make."""
    event = calmest_division(movie)
    y, x = _corner(event)
    figure, panels = plt.subplots(1, 2, figsize=(WIDTH, 2.3))
    for axes, t in zip(panels, (int(event["t"]) - 1, int(event["t"]))):
        crop, mask = window(movie, t, y, x, SIDE)
        show(axes, crop, movie.levels[t])
        for place in _middles(mask, ((event["y"] - y), (event["x"] - x))):
            axes.plot(place[1], place[0], "+", color=KIND_COLOURS["division"], markersize=14, markeredgewidth=2.5)
        axes.set_title(f"t = {t}", fontsize=WORDS)
    return figure


@styled
def circled(movie: Movie, kinds: Sequence[str] = ("division", "death")) -> Figure:
    """The frame with most events in it and beside it, each of them circled."""
    events = movie.events[movie.events["kind"].isin(kinds)]
    near = [(events["t"].sub(t).abs() <= 1).sum() for t in range(len(movie.frames))]
    t = int(np.argmax(near))
    figure, axes = plt.subplots(figsize=(WIDTH, 4.3))
    show(axes, movie.frames[t], movie.levels[t])
    for event in events[events["t"].sub(t).abs() <= 1].itertuples():
        axes.plot(event.x, event.y, "o", color=KIND_COLOURS[event.kind], markersize=17, fillstyle="none",
                  markeredgewidth=2.5 if event.t == t else 1.2)
    axes.set_title(f"frame {t}", fontsize=WORDS)
    return figure


@styled
def doubtful(movie: Movie, kinds: Sequence[str] = ("division", "death", "round-up", "bright")) -> Figure:
    """One place of each kind, in the frame before and in its own: what a question looks like."""
    inside = movie.events[movie.events["t"].between(1, len(movie.frames) - 1)
                          & movie.events[["y", "x"]].ge(SIDE / 2).all(axis=1)
                          & movie.events["y"].le(movie.shape[1] - SIDE / 2) & movie.events["x"].le(movie.shape[2] - SIDE / 2)]
    chosen = pd.concat([inside[inside["kind"] == kind].head(1) for kind in kinds])
    figure, grid = plt.subplots(2, len(chosen), figsize=(WIDTH, 2.5), squeeze=False)
    for column, event in zip(grid.T, chosen.to_dict("records")):
        y, x = _corner(event)
        for axes, t in zip(column, (int(event["t"]) - 1, int(event["t"]))):
            show(axes, window(movie, t, y, x, SIDE)[0], movie.levels[t])
        column[0].set_title("none" if event["kind"] not in KIND_COLOURS else event["kind"], fontsize=WORDS)
    return figure


@styled
def target(movie: Movie) -> Figure:
    """A frame pair with a division in its middle, and the map of scores that a detector learns for it."""
    event = calmest_division(movie)
    y, x, t = *_corner(event), int(event["t"])
    figure, panels = plt.subplots(1, 3, figsize=(WIDTH, 1.75))
    for axes, frame in zip(panels, (t - 1, t)):
        show(axes, window(movie, frame, y, x, SIDE)[0], movie.levels[frame])
        axes.set_title(f"frame {frame}", fontsize=WORDS)
    sigma = DetectorSettings().sigma
    rows, columns = (np.arange(SIDE) - (event[axis] - corner) for axis, corner in (("y", y), ("x", x)))
    panels[2].imshow(np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * sigma**2)), cmap="cividis", vmin=0, vmax=1)
    panels[2].set_axis_off()
    panels[2].set_title("score", fontsize=WORDS)
    return figure


def _corner(event) -> tuple[int, int]:
    """First row and column of a window with an event in its middle."""
    return round(event["y"]) - SIDE // 2, round(event["x"]) - SIDE // 2


def _middles(mask: np.ndarray, place: tuple[float, float]) -> list[tuple[float, float]]:
    """Middles of the labelled regions near a place of a window, (row, column); of two daughters two."""
    regions, count = ndimage.label(ndimage.binary_erosion(mask > 0, iterations=4))  # daughters may touch
    middles = ndimage.center_of_mass(regions > 0, regions, range(1, count + 1))
    return [middle for middle in middles if np.hypot(middle[0] - place[0], middle[1] - place[1]) < SIDE / 3]
