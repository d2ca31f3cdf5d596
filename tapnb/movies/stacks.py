"""Grey TIFF stacks as arrays (T, Y, X): a multi-page file, or a folder of single-page files.

The error for a bad stack is one sentence: what is wrong, in which file, and what to do. A large stack is
memory-mapped instead of loaded: its pixels stay on disk, and the system reads only those that are used.
"""

import fnmatch
from dataclasses import replace
from pathlib import Path

import numpy as np

from tapnb.movies.file_names import Choice, Series, in_time, natural_key
from tapnb.movies.file_numbers import named
from tapnb.movies.frame_times import gaps_of, missing_times, usual_step
from tapnb.movies.other_formats import PICTURES, read_npy, read_picture, refused
from tapnb.movies.storage import converted, empty
from tapnb.movies.tiff import Recording, read_tiff
from tapnb.movies.zarr_image import is_zarr, read_zarr

__all__ = ["read_stack", "check_frames", "read_recording", "frame_files", "image_files"]

SUFFIXES = (".tif", ".tiff")


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
    return read_recording(path, labels, choice).pixels


def read_recording(path, labels=False, choice=Choice()) -> Recording:
    """The same with what the files say of sizes and times, what of them was left out, and gaps in time.

    Besides TIFF, an OME-Zarr folder, an array in a ``.npy`` file and a folder of PNG or JPEG images are read.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}: check the path.")
    if path.is_dir():
        recording = read_zarr(path, choice, labels) if is_zarr(path) else _read_folder(path, labels, choice)
    elif path.suffix.lower() == ".npy":
        recording = read_npy(path, choice)
    elif why := refused(path):
        raise ValueError(why)
    else:
        recording = read_tiff(path, choice)
    if isinstance(recording.pixels, np.memmap):
        recording.pixels.flags.writeable = False  # a map of a temporary file is as read-only as one of the file itself
    check_frames(recording.pixels, str(path), labels)
    return recording


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
                                 "replace them by grey levels, or by 0 where a shift has left a border that was "
                                 "never imaged.")


def image_files(folder: Path) -> list[Path]:
    """Return the images of a folder in natural order of their names: TIFF, or PNG or JPEG where there is no TIFF."""
    tiffs, pictures = _images(folder)
    return tiffs or pictures


def frame_files(folder: Path, choice: Choice = Choice()) -> Series:
    """Return the images of a folder in the order of time, see :func:`tapnb.movies.file_names.in_time`."""
    tiffs, pictures = _images(folder)
    if choice.pattern is not None and not _fitting(tiffs, choice):
        tiffs = _fitting(pictures, choice) or tiffs  # the pattern asks for pictures
    files = tiffs or pictures
    if not files:
        raise ValueError(f"The folder {folder} holds no .tif or .tiff file: "
                         "give the folder that holds the frames.")
    return in_time(folder, files, choice)


def _images(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the TIFF files of a folder, and the PNG and JPEG images."""
    files = sorted((file for file in folder.glob("*") if not file.name.startswith(".")), key=natural_key)
    return tuple([file for file in files if file.suffix.lower() in kind] for kind in (SUFFIXES, PICTURES))


def _fitting(files: list[Path], choice: Choice) -> list[Path]:
    """Return the files that the pattern asks for."""
    return [file for file in files if choice.pattern is None or fnmatch.fnmatch(file.name, choice.pattern)]


def _read_folder(folder: Path, labels: bool, choice: Choice) -> Recording:
    """Stack the images of a folder in the order of time; (T, Y, X)."""
    left_out = _left_out(folder, choice)
    series, stack, first, recorded = frame_files(folder, choice), None, Recording(np.empty(0)), []
    files, of_file = series.files, replace(choice, axes=_within(choice.axes))
    for index, file in enumerate(files):
        picture = file.suffix.lower() in PICTURES
        one = Recording(read_picture(file)) if picture else read_tiff(file, of_file, alone=True)
        frame = one.pixels
        recorded.append(one.recorded)
        if frame.ndim != 2:
            raise ValueError(f"{file} has shape {frame.shape}, but in a folder each file is one grey frame "
                             "(Y, X): give a multi-page stack by its own path, or say with `axes` what the folder holds, such "
                             "as TCYX.")
        if stack is None:
            first, stack = one, empty((len(files), *frame.shape), frame.dtype, folder)  # (T, Y, X)
        elif labels and frame.shape == stack.shape[1:] and {frame.dtype.kind, stack.dtype.kind} <= set("iub"):
            # Programs choose the type by the largest label, so that it may change from file to file.
            stack = converted(stack, np.result_type(stack, frame), folder)
        elif frame.shape != stack.shape[1:] or frame.dtype != stack.dtype:
            raise ValueError(f"{file} is {frame.shape} {frame.dtype}, but {files[0].name} is "
                             f"{stack.shape[1:]} {stack.dtype}: all frames need one shape and one dtype.")
        stack[index] = frame
    remarks = [remark for remark in (left_out, first.remark) if remark]
    if lossy := sum(file.suffix.lower() in PICTURES[1:] for file in files):
        some = "" if lossy == len(files) else f"{lossy} of {len(files)} frames {'is' if lossy == 1 else 'are'} JPEG: "
        remarks.append(some + "JPEG has lost pixels, which no format brings back: use the recording itself where there is one")
    if first.promised and first.promised > len(files):
        remarks.append(missing_times(first.promised, len(files)))
    clock = _clock(series, recorded, first)
    of_clock, remark = gaps_of(clock, series.counted)
    remarks += [remark] if remark else []
    return Recording(stack, first.um_per_pixel, first.minutes_per_frame or usual_step(clock), "; ".join(remarks),
                     series.gaps | of_clock, series.times if series.numbered else None)


def _clock(series: Series, recorded: list[float | None], first: Recording) -> dict[int, float]:
    """Return when the files of a folder were recorded, in minutes, by the time points that their names count."""
    clock = {t: when for t, when in zip(series.counted, recorded) if when is not None}
    if not clock and first.clock and sorted(first.clock) == list(range(len(series.files))):
        return first.clock  # a whole set whose files were named anew: they are its time points
    return clock


def _within(axes: str | None) -> str | None:
    """Return the axes of one file of a folder whose files are its time points: T is the files."""
    of_file = axes and axes.upper().replace("T", "")
    return None if of_file == "YX" else of_file


def _left_out(folder: Path, choice: Choice) -> str:
    """Return the remark on PNG and JPEG images beside TIFF files, empty if there are none.

    Raises
    ------
    ValueError
        If they go on with the numbers of the TIFF files.
    """
    tiffs, pictures = (_fitting(files, choice) for files in _images(folder))
    if not tiffs or not pictures:
        return ""
    kinds, stems = {named(file).text for file in tiffs}, {file.stem.lower() for file in tiffs}
    if more := next((file for file in pictures if named(file).text in kinds and file.stem.lower() not in stems), None):
        raise ValueError(f"{folder} holds {len(tiffs)} TIFF files, such as {tiffs[0].name}, and {len(pictures)} PNG or JPEG "
                         f"images, such as {more.name}, that go on with their names: save all frames as TIFF, or choose the "
                         f"TIFF files with `pattern`, such as '*{tiffs[0].suffix}'.")
    return (f"{len(pictures)} PNG or JPEG {'image' if len(pictures) == 1 else 'images'} beside the TIFF files, such as "
            f"{pictures[0].name}, {'was' if len(pictures) == 1 else 'were'} left out")
