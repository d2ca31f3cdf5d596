"""Which pixels of a Zarr array were stored, and which are only its fill value.

A recording that stopped early, or a copy that lost files, lacks chunks; a reader of Zarr gives their pixels the fill value,
mostly 0. A writer may leave out a chunk that is black throughout, too. So what is read tells the two apart.
"""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np

__all__ = ["Chunks", "black_by_right"]


class Chunks:
    """A Zarr array that knows what of it was stored.

    Parameters
    ----------
    array : zarr.Array
        Of numbers.
    folder : pathlib.Path
        Where its files are.
    """

    def __init__(self, array, folder: Path):
        files = array.shards or array.chunks  # shape of what one file holds, in pixels
        grid = [math.ceil(n / step) for n, step in zip(array.shape, files)]
        self._stored = {place for place in _places(folder, len(grid)) if all(i < n for i, n in zip(place, grid))}
        self._steps, self._shape = files, array.shape
        self.fill = 0 if array.fill_value is None else array.fill_value
        # Within a shard, chunks may be missing as well.
        whole = array.shards is None and len(self._stored) == math.prod(grid)
        self._readers = (array,) if whole else tuple(_filled(array, value) for value in (0, 1))

    def length(self, axis: int) -> int:
        """Return where the last file along an axis ends, in pixels: nothing beyond was stored."""
        last = max((place[axis] for place in self._stored), default=-1)
        return min((last + 1) * self._steps[axis], self._shape[axis])

    def read(self, place: tuple) -> tuple[np.ndarray, np.ndarray | None]:
        """Read a part of the array.

        Parameters
        ----------
        place : tuple
            A number or a slice an axis.

        Returns
        -------
        pixels, missing : numpy.ndarray
            `missing` is bool, True where nothing was stored; None if all was.
        """
        pixels, *other = (np.asarray(reader[place]) for reader in self._readers)
        if not other:
            return pixels, None
        bits = f"u{pixels.dtype.itemsize}"  # of a number that is none, too, which is never equal to itself
        missing = pixels.view(bits) != other[0].view(bits)
        if not missing.any():
            return pixels, None
        return np.where(missing, np.asarray(self.fill, pixels.dtype), pixels), missing


def black_by_right(pixels: np.ndarray, missing: np.ndarray, fill) -> bool:
    """Whether a frame's missing chunks may well have been left out by a writer because nothing but the fill value is in them.

    If they were, then some stored pixel of the same frame is as black. Where a camera's offset keeps all pixels above
    that, a chunk of black ones was lost.
    """
    stored = pixels[~missing]
    return bool((stored == fill).any() or fill != fill and np.isnan(stored).any())


def _places(folder: Path, axes: int):
    """Yield which chunk each stored file is: a number an axis, as in 0.0.1, 0/0/1 and c/0/0/1."""
    name = re.compile("(?:c[./])?" + "[./]".join(["([0-9]{1,18})"] * axes))
    for file in folder.rglob("*"):
        if match := name.fullmatch(file.relative_to(folder).as_posix()):
            yield tuple(map(int, match.groups()))


def _filled(array, value: int):
    """Return a view of an array in which chunks that were not stored read as `value`."""
    import zarr  # here: it takes half a second

    about = dataclasses.replace(array.metadata, fill_value=array.dtype.type(value))
    return zarr.Array(zarr.AsyncArray(about, array.store_path))
