"""Grey levels of TIFF files that were saved in colours: red, green and blue that are equal, or one of them."""

import numpy as np

from tapnb.movies.storage import empty
from tapnb.movies.tiff_layout import Layout, Open

__all__ = ["EQUAL", "grey_of", "in_colours"]

COLOURS = ("red", "green", "blue")
IN_COLOURS = (2, 6)
"""What TIFF calls them: RGB, and YCbCr, which the reader turns into RGB."""

EQUAL = "its red, green and blue are equal, so it is read as grey"


def in_colours(page, layout: Layout, alone: bool) -> bool:
    """Whether pages are in colours.

    Parameters
    ----------
    page : tifffile.TiffPage
        The first.
    layout : Layout
        Of all.
    alone : bool
        Whether the file is one of a folder.
    """
    if page.photometric not in IN_COLOURS or "S" not in layout.axes:
        return False
    lengths = dict(zip(layout.axes, layout.shape))
    # Three frames in a row look like planes of colours: writers that were told nothing of an array call them so.
    row = layout.axes.endswith("SYX") and not alone and all(n == 1 for letter, n in lengths.items() if letter not in "SYX")
    return lengths["S"] >= 3 and not row


def grey_of(whole: np.ndarray, samples: int, chosen: int | None, path) -> np.ndarray:
    """Return the grey levels of pixels in colours.

    Parameters
    ----------
    whole : numpy.ndarray
        With an axis of colours; a fourth one, such as opacity, counts for nothing.
    samples : int
        Which axis that is.
    chosen : int, optional
        Which colour; by default the first of equal ones.
    path : str or pathlib.Path
        For messages.

    Returns
    -------
    numpy.ndarray
        Without the axis of colours.

    Raises
    ------
    Open
        If colours differ and none is chosen, or there is none of that number.
    """
    if chosen is not None and not 0 <= chosen < len(COLOURS):
        raise Open(f"{path} has no channel {chosen}: it has 3, from 0 to 2, which are red, green and blue.")
    coloured = np.moveaxis(whole, samples, -1)
    grey = empty(coloured.shape[:-1], whole.dtype, path)
    for at in np.ndindex(grey.shape[:-2]):  # frame by frame: no copy of a whole movie
        frame = coloured[at]
        if chosen is None and (frame[..., :1] != frame[..., :3]).any():
            where = f" in its image {at[0]}" if at else ""
            raise Open(f"{path} is in colours, which differ{where}, and frames are expected in grey: save one channel and one "
                       "plane, no RGB, or choose one with `channel`, 0 for red, 1 for green or 2 for blue.")
        grey[at] = frame[..., chosen or 0]
    return grey
