"""Grey TIFF stacks as arrays (T, Y, X): a multi-page file, or a folder of single-page files.

The error for a bad stack is one sentence: what is wrong, in which file, and what to do. A large stack is
memory-mapped instead of loaded: its pixels stay on disk, and the system reads only those that are used.
"""

import logging
import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
import tifffile

from tapnb.movies.file_names import Choice, Series, in_time, natural_key

__all__ = ["read_stack", "check_frames", "converted", "empty", "frame_files", "image_files"]

SUFFIXES = (".tif", ".tiff")

LARGE = 2**30
"""Stacks of at least this many bytes are mapped, not loaded. Smaller frames and masks fit into 8 GB together with a
training, and random crops are read faster from memory than from a disk."""


def read_stack(path, labels=False, choice=Choice()) -> np.ndarray:
    """Read a TIFF stack, or a folder of single-page TIFF files, as one array.

    Parameters
    ----------
    path : str or pathlib.Path
        A multi-page TIFF file, or a folder whose ``.tif`` and ``.tiff`` files, in the order of time that their names
        tell, are the frames, see :mod:`tapnb.movies.file_names`.
    labels : bool
        Whether the stack holds labels instead of grey levels: any integer dtype or booleans are then allowed, and
        may change from file to file.
    choice : Choice
        What decides where the names of a folder's files leave something open.

    Returns
    -------
    numpy.ndarray
        (T, Y, X), at least 2 frames, as stored: ``uint8``, ``uint16`` or floating point in grey levels. From
        ``LARGE`` bytes on a read-only :class:`numpy.memmap`: of the file itself if it is uncompressed, contiguous
        and in this machine's byte order, else of a temporary file that is deleted with the array.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If a file is not a readable TIFF, the frames are not grey, finite, of one shape and of one of
        the dtypes above, or the temporary file does not fit on its disk.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}: check the path.")
    stack = _read_folder(path, labels, choice) if path.is_dir() else read_tiff(path)
    if isinstance(stack, np.memmap):
        stack.flags.writeable = False  # a map of a temporary file is as read-only as one of the file itself
    check_frames(stack, str(path), labels)
    return stack


def check_frames(frames, where, labels=False) -> None:
    """Raise a ValueError unless frames are (T >= 2, Y, X), of a supported dtype, and finite.

    Parameters
    ----------
    frames : numpy.ndarray
        The frames to check.
    where : str
        Their name in the error message: a path, or the movie's name.
    labels : bool
        Whether any integer dtype or booleans are allowed.

    Raises
    ------
    ValueError
        Saying what is wrong, where, and what to do.
    """
    if not isinstance(frames, np.ndarray):
        raise ValueError(f"{where} is of type {type(frames).__name__}: give an array (T, Y, X).")
    if frames.ndim == 2 or (frames.ndim == 3 and len(frames) < 2):
        raise ValueError(f"{where} holds one frame of shape {frames.shape[-2:]}: "
                         "a movie needs at least 2 frames (T, Y, X).")
    if frames.ndim != 3 or frames.shape[-1] in (3, 4):
        raise ValueError(f"{where} has shape {frames.shape}, expected (T, Y, X) in grey: "
                         "save one channel and one plane, no RGB.")
    if frames.size == 0:
        raise ValueError(f"{where} has shape {frames.shape}: there is no pixel in it.")
    if frames.dtype not in (np.uint8, np.uint16) and frames.dtype.kind != "f" \
            and not (labels and frames.dtype.kind in "iub"):
        raise ValueError(f"{where} has dtype {frames.dtype}, expected uint8, uint16 or floating point: "
                         "convert it to one of these.")
    if frames.dtype.kind == "f":
        for t, frame in enumerate(frames):  # frame by frame, to name the first bad one
            if not np.isfinite(frame).all():
                raise ValueError(f"{where} holds NaN or infinite pixels in frame {t}: "
                                 "replace them by grey levels.")


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
    if stack.dtype == dtype:
        return stack
    result = empty(stack.shape, dtype, where)
    for before, after in zip(stack, result):
        after[...] = before
    return result


class _NoRoom(ValueError):
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
        raise _NoRoom(f"{where} takes {size / 1e9:.1f} GB unpacked, but {folder} has {free / 1e9:.1f} GB left: "
                      "set TMPDIR to a folder with more room.")
    with tempfile.TemporaryFile() as file:  # without a name nothing is left behind; lives as long as its map
        return np.memmap(file, dtype, "w+", shape=shape)


def read_tiff(path) -> np.ndarray:
    """Read or map all pages of one TIFF file, as stored, without singleton axes before the last two."""
    path = Path(path)
    reader_log = logging.getLogger("tifffile")
    complaints = _Complaints()
    reader_log.addHandler(complaints)
    try:
        with tifffile.TiffFile(path) as tiff:
            pages = [page.aspage() for page in tiff.pages]
            kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
            needed = max((start + length for page in pages
                          for start, length in zip(page.dataoffsets, page.databytecounts)), default=0)
            # A damaged page list is only logged by the reader, and missing pixels would be read as zeros.
            damage = complaints.lines or needed > tiff.filehandle.size or not pages
            if not damage and len(kinds) == 1:
                stack = _pixels(tiff, pages, path)
    except (_NoRoom, MemoryError):
        raise  # nothing is wrong with the file
    except Exception as error:  # each codec has its own exceptions
        raise ValueError(f"{path} is not a readable TIFF file ({type(error).__name__}: {error}): "
                         "save or copy it again.") from error
    finally:
        reader_log.removeHandler(complaints)
    if damage:
        raise ValueError(f"{path} is truncated or damaged: copy it again.")
    if len(kinds) > 1:
        raise ValueError(f"{path} holds pages {kinds[0][0]} {kinds[0][1]} and {kinds[1][0]} {kinds[1][1]}: "
                         "save frames of one shape and one dtype as one stack.")
    stack = converted(stack, stack.dtype.newbyteorder("="), path)  # ImageJ writes big-endian files
    return stack.reshape([n for n in stack.shape[:-2] if n != 1] + list(stack.shape[-2:]))


def _pixels(tiff, pages, path) -> np.ndarray:
    """All pixels of an open file: mapped in place if there are many and the file allows it, else page by page."""
    if len(tiff.series) > 1:
        stack = empty((len(pages), *pages[0].shape), pages[0].dtype, path)
        for page, pixels in zip(pages, stack):
            pixels[...] = page.asarray()
        return stack
    series = tiff.series[0]
    if series.nbytes >= LARGE and series.dataoffset is not None and series.keyframe.is_memmappable:
        return tiff.asarray(out="memmap")
    return tiff.asarray(out=empty(series.shape, series.dtype, path))


class _Complaints(logging.Handler):
    """Keeps what the TIFF reader logs as an error while a file is open."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def image_files(folder: Path) -> list[Path]:
    """Return the TIFF files of a folder in natural order of their names; none if there is no such folder."""
    return sorted((file for file in folder.glob("*") if file.suffix.lower() in SUFFIXES
                   and not file.name.startswith(".")), key=natural_key)


def frame_files(folder: Path, choice: Choice = Choice()) -> Series:
    """Return the TIFF files of a folder in the order of time, see :func:`tapnb.movies.file_names.in_time`."""
    files = image_files(folder)
    if not files:
        raise ValueError(f"The folder {folder} holds no .tif or .tiff file: "
                         "give the folder that holds the frames.")
    return in_time(folder, files, choice)


def _read_folder(folder: Path, labels: bool = False, choice: Choice = Choice()) -> np.ndarray:
    """Stack the TIFF files of a folder in the order of time; (T, Y, X)."""
    files = frame_files(folder, choice).files
    stack = None
    for index, file in enumerate(files):
        frame = read_tiff(file)
        if frame.ndim != 2:
            raise ValueError(f"{file} has shape {frame.shape}, but in a folder each file is one grey frame "
                             "(Y, X): give a multi-page stack by its own path.")
        if stack is None:
            stack = empty((len(files), *frame.shape), frame.dtype, folder)  # (T, Y, X)
        elif labels and frame.shape == stack.shape[1:] and {frame.dtype.kind, stack.dtype.kind} <= set("iub"):
            # Programs choose the type by the largest label, so that it may change from file to file.
            stack = converted(stack, np.result_type(stack, frame), folder)
        elif frame.shape != stack.shape[1:] or frame.dtype != stack.dtype:
            raise ValueError(f"{file} is {frame.shape} {frame.dtype}, but {files[0].name} is "
                             f"{stack.shape[1:]} {stack.dtype}: all frames need one shape and one dtype.")
        stack[index] = frame
    return stack
