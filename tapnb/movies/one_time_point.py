"""One file of a folder, which is one time point, but holds several channels or planes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile

from tapnb.movies.axes import part
from tapnb.movies.file_names import Choice

__all__ = ["image_of"]


def image_of(file: Path, pixels: np.ndarray, times: int, choice: Choice) -> np.ndarray:
    """Return the chosen channel and plane of a file.

    Parameters
    ----------
    file : pathlib.Path
        A readable TIFF file.
    pixels : numpy.ndarray
        All its pages, (N, Y, X) or more axes.
    times : int
        How many such files the folder holds.
    choice : Choice
        ``axes``, with or without T for the files themselves, overrules what the file says.

    Returns
    -------
    numpy.ndarray
        (Y, X); or `pixels` as they are, if nothing says what their axes are.

    Raises
    ------
    ValueError
        If a channel or a plane is to be chosen, or the choice does not fit.
    """
    axes, pixels = _by_axes(file, pixels)
    told = choice.axes and choice.axes.upper()
    if told == "TYX":  # the names are meant
        told = None
    if told and "T" not in told:
        told = f"T{told}"
    if times < 2 or axes[-2:] != "YX" or "T" in axes or not (told or set(axes[:-2]) & set("CZ")):
        return pixels
    return part(f"T{axes}", (times, *pixels.shape), replace(choice, axes=told), file).of(pixels[None])[0]


def _by_axes(file: Path, pixels: np.ndarray) -> tuple[str, np.ndarray]:
    """Return what a file says of its axes, and its pixels in their order; unnamed axes where it says nothing."""
    unnamed = "Q" * (pixels.ndim - 2) + "YX" if pixels.shape[-1] not in (3, 4) else "S" * pixels.ndim
    try:
        with tifffile.TiffFile(file) as tiff:
            series = tiff.series[0]
            axes = "".join(letter for letter, n in zip(series.axes, series.shape) if n > 1 or letter in "YX")
            whole = series.size == pixels.size and len(series.pages) == len(tiff.pages) and None not in list(series.pages)
            if len(tiff.series) == 1 and whole and axes.endswith("YX"):
                shape = [n for letter, n in zip(series.axes, series.shape) if n > 1 or letter in "YX"]
                return axes, series.asarray().reshape(shape).astype(pixels.dtype, copy=False)
    except Exception:  # noqa: BLE001  metadata as nobody should write them: the pages were read without them
        pass
    return unnamed, pixels
