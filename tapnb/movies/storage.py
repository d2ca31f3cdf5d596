"""Arrays larger than memory: mapped to a temporary file that goes with the array."""

import math
import shutil
import tempfile

import numpy as np

__all__ = ["LARGE", "NoRoom", "converted", "empty"]

LARGE = 2**30
"""Stacks of at least this many bytes are mapped, not loaded. Smaller frames and masks fit into 8 GB together with a
training, and random crops are read faster from memory than from a disk."""


def converted(stack, dtype, where) -> np.ndarray:
    """Convert a stack to a dtype, frame by frame; a stack that already has it is returned itself.

    Parameters
    ----------
    stack : numpy.ndarray
        (T, Y, X), or any other array; converted along its first axis.
    dtype : numpy.dtype
        The new dtype, byte order included; values must fit into it.
    where : str
        Name of the stack in the error message: a path, or the movie's name.

    Returns
    -------
    numpy.ndarray
        From ``LARGE`` bytes on a map of a temporary file that is deleted with the array.

    Raises
    ------
    ValueError
        If that file does not fit on its disk.
    """
    if stack.dtype == dtype or stack.ndim < 2:  # numbers without frames
        return stack.astype(dtype, copy=False)
    result = empty(stack.shape, dtype, where)
    for before, after in zip(stack, result):
        after[...] = before
    return result


class NoRoom(ValueError):
    """A temporary file does not fit on its disk."""


def empty(shape, dtype, where) -> np.ndarray:
    """Allocate an array to fill: in memory or, if large, mapped to a temporary file that goes with the array.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    where : str
        Name of the array in the error message: a path, or the movie's name.

    Returns
    -------
    numpy.ndarray
        With undefined values; a :class:`numpy.memmap` from ``LARGE`` bytes on.

    Raises
    ------
    ValueError
        If the temporary file does not fit on its disk.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < LARGE:
        return np.empty(shape, dtype)
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < size:  # checked now: a disk that fills up under a map kills the process
        raise NoRoom(f"{where} takes {size / 1e9:.1f} GB unpacked, but {folder} has {free / 1e9:.1f} GB left: "
                      "set TMPDIR to a folder with more room.")
    with tempfile.TemporaryFile() as file:  # without a name nothing is left behind; lives as long as its map
        return np.memmap(file, dtype, "w+", shape=shape)
