"""Crop pairs in one image, and the precision-recall curve as a path: what the book's matrix opens and moves along."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tapnb.movies import Movie, normalise

GAP, COLUMNS = 2, 16  # pixels between the two frames of a pair; pairs in a row of the image


def sheet(movie: Movie, places: np.ndarray, size: int, columns: int = COLUMNS) -> Image.Image:
    """Crop pairs side by side, row by row: the earlier frame, a grey line, the later frame.

    Parameters
    ----------
    movie : Movie
    places : int array, shape (n, 3)
        Earlier frame, upper left corner (y, x) in pixels.
    size : int
        Side of a crop, in pixels.
    columns : int
        Pairs in a row.

    Returns
    -------
    Image
        8-bit grey; tile ``i`` begins at row ``i // columns`` and column ``i % columns``, each tile 2 ``size`` +
        :data:`GAP` wide and ``size`` high.
    """
    wide = 2 * size + GAP
    rows = -(-len(places) // columns)
    pixels = np.full((rows * size, min(columns, len(places)) * wide), 0.5, np.float32)
    for i, (t, y, x) in enumerate(places):
        top, left = i // columns * size, i % columns * wide
        for half, frame in enumerate((t, t + 1)):
            crop = normalise(movie.frames[frame, y : y + size, x : x + size], movie.levels[frame])
            begin = left + half * (size + GAP)
            pixels[top : top + size, begin : begin + size] = crop
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def path(curve: np.ndarray, wide: float, high: float) -> str:
    """A curve of recall and precision as the path of an SVG ``wide`` by ``high``, the origin below on the left.

    Parameters
    ----------
    curve : float array, shape (K, 2)
        Points without a precision are left out.
    """
    known = curve[~np.isnan(curve).any(axis=1)]
    points = [f"{wide * recall:.1f} {high * (1 - precision):.1f}" for recall, precision in known]
    return "M" + " L".join(points)
