"""Frames with events as 8-bit pictures, of a size that a page or a film can hold."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tapnb.figures.style import ORANGE, PURPLE, SKY
from tapnb.movies import Movie, normalise

KIND_COLOURS = {"division": SKY, "death": ORANGE, "candidate": PURPLE}
"""On dark pictures, where the blue of plots is hardly seen; the same palette for colour-blind readers."""


def ring_radius(longer: float) -> float:
    """Radius of the ring around an event, in pixels of a picture whose longer side is given."""
    return max(15.0, 0.024 * longer)


def reduced_size(movie: Movie, longest: int) -> tuple[int, int]:
    """Height and width of a frame whose longer side is at most so many pixels."""
    height, width = movie.shape[1:]
    factor = min(1.0, longest / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def frame_picture(movie: Movie, t: int, size: tuple[int, int]) -> Image.Image:
    """One frame between its levels, black to white, in a smaller size by means (or a larger one by repeating).

    Parameters
    ----------
    movie : Movie
    t : int
    size : tuple of int
        Height and width in pixels.
    """
    picture = Image.fromarray(normalise(movie.frames[t], movie.levels[t]))  # means of grey levels, then clipped
    if size != movie.shape[1:]:
        picture = picture.resize(size[::-1], Image.Resampling.BOX)  # of smaller pictures: means
    return _eight_bits(np.asarray(picture))


def crop_pair(movie: Movie, event, side: int = 64) -> Image.Image:
    """The place of an event in the frame before and in its own, side by side; black where there is no movie.

    Parameters
    ----------
    movie : Movie
    event : row with ``t``, ``y``, ``x``
    side : int
        Of each crop, in pixels.
    """
    pair = np.zeros((side, 2 * side + 2), np.float32)
    top, left = round(event.y) - side // 2, round(event.x) - side // 2
    rows = slice(max(top, 0), max(min(top + side, movie.shape[1]), 0))
    columns = slice(max(left, 0), max(min(left + side, movie.shape[2]), 0))
    for half, t in enumerate((event.t - 1, event.t)):
        if t >= 0:
            crop = normalise(movie.frames[t, rows, columns], movie.levels[t])
            y, x = rows.start - top, columns.start - left + half * (side + 2)
            pair[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    pair[:, side : side + 2] = 0.5  # a line between the two
    return _eight_bits(pair)


def _eight_bits(grey: np.ndarray) -> Image.Image:
    return Image.fromarray((np.clip(grey, 0, 1) * 255 + 0.5).astype(np.uint8))
