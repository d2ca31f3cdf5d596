"""Shared by all figures: one style, a palette for colour-blind readers, movie windows in grey."""

from __future__ import annotations

from functools import partial, wraps
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from tapnb.figures.narrow import SETTINGS, narrow
from tapnb.movies import Movie, normalise

BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
"""Of the palette by Okabe and Ito."""

EVENT_COLOURS = {1: BLUE, 2: VERMILLION}
"""Of a mask's values: division, death."""

STYLE = Path(__file__).with_name("tapnb.mplstyle")


def styled(function):
    """Draw in the book's style without touching the caller's settings, and close what pyplot opened.

    ``figure.narrow()`` draws the same for a phone or returns None, see ``tapnb/figures/narrow.py``.
    """

    def draw(settings: dict, finish, *args, **kwargs) -> Figure | None:
        with plt.style.context([STYLE, settings]):
            figure = function(*args, **kwargs)
            finished = finish(figure)
        plt.close(figure)
        return finished

    @wraps(function)
    def drawn(*args, **kwargs) -> Figure:
        figure = draw({}, lambda wide: wide, *args, **kwargs)
        figure.narrow = partial(draw, SETTINGS, narrow, *args, **kwargs)
        return figure

    return drawn


def show(axes, frame: np.ndarray, levels: np.ndarray, mask: np.ndarray | None = None) -> None:
    """A frame or crop in grey between its levels, with the outlines of labelled pixels."""
    axes.imshow(normalise(frame, levels), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    if mask is not None:
        for value, colour in EVENT_COLOURS.items():
            if (mask == value).any():
                axes.contour(mask == value, levels=[0.5], colors=[colour], linewidths=1.2)
    axes.set_axis_off()


def window(movie: Movie, t: int, y: int, x: int, size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels and mask of one window."""
    place = (t, slice(y, y + size), slice(x, x + size))
    return movie.frames[place], None if movie.masks is None else movie.masks[place]
