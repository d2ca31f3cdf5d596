"""A movie and its event masks, read from TIFF files and checked once.

Everything downstream takes a :class:`Movie`; whatever is wrong with a file is said here, in one sentence.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.movies.event_labels import are_points, read_labels
from tapnb.movies.file_names import Choice
from tapnb.movies.quality import BOUND, SMALLEST_RANGE, Quality, inspect
from tapnb.movies.stacks import check_frames, read_recording, read_stack
from tapnb.movies.storage import converted
from tapnb.movies.usable import Usable

__all__ = ["Movie", "read_stack", "read_movie", "normalise"]

EVENT_VALUES = (0, 1, 2)  # nothing, division, death


@dataclass(frozen=True, eq=False)
class Movie:
    """A time-lapse movie, with event masks if there are any.

    Parameters
    ----------
    frames : numpy.ndarray
        (T, Y, X), at least 2 frames, ``uint8``, ``uint16`` or floating point (finite), in grey levels.
    masks : numpy.ndarray, optional
        (T, Y, X) ``uint8``: 0 nothing, 1 pixel of a dividing cell, 2 pixel of a dying cell.
    name : str
        Short name, used in file names: ``"synthetic"``, ``"hela-02"``.
    minutes_per_frame : float, optional
        Time between two frames, in minutes.
    um_per_pixel : float, optional
        Size of a pixel, in micrometres.
    source : str
        One line: where the movie is from and how its masks were made.
    events : pandas.DataFrame, optional
        One row per event or confounder: ``t`` (frame), ``y``, ``x`` (pixels), ``kind``, ``track``.
    unusable_pairs : numpy.ndarray, optional
        (T - 1,) ``bool``: True where frames t and t + 1 are no consecutive pictures of the same place, as across a gap in
        time or beside a black frame. No crop pair is drawn there. None: all pairs are usable.
    times : tuple of int, optional
        The number of each frame, as the name of its file says it; labels that are numbered have to agree.
    unexplained : pandas.DataFrame, optional
        Places (``t``, ``y``, ``x``) where nobody knows whether there is an event, see
        :func:`tapnb.movies.lineage.unexplained_ends`.

    Raises
    ------
    ValueError
        If the frames or the masks are not as described.

    Notes
    -----
    The paper has masks with 0 and 1 only (Section 3); divisions and deaths are kept apart here and
    merged where its tables are reproduced.
    """

    frames: np.ndarray
    masks: np.ndarray | None = None
    name: str = "movie"
    minutes_per_frame: float | None = None
    um_per_pixel: float | None = None
    source: str = ""
    events: pd.DataFrame | None = None
    unusable_pairs: np.ndarray | None = None
    times: tuple[int, ...] | None = None
    unexplained: pd.DataFrame | None = None

    def __post_init__(self):
        if isinstance(self.frames, np.ndarray):
            native = converted(self.frames, self.frames.dtype.newbyteorder("="), f"the movie {self.name!r}")
            object.__setattr__(self, "frames", native)
        check_frames(self.frames, f"the movie {self.name!r}")
        if self.masks is not None:
            masks = _checked_masks(self.masks, self.frames.shape, f"the masks of {self.name!r}")
            object.__setattr__(self, "masks", masks)
        if self.unusable_pairs is not None:
            unusable = np.asarray(self.unusable_pairs, bool)
            if unusable.shape != (len(self.frames) - 1,):
                raise ValueError(f"unusable_pairs of {self.name!r} has shape {unusable.shape}, but there are "
                                 f"{len(self.frames) - 1} frame pairs: give one value a pair.")
            object.__setattr__(self, "unusable_pairs", unusable if unusable.any() else None)
        for label in ("minutes_per_frame", "um_per_pixel"):
            value = getattr(self, label)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ValueError(f"{label} of {self.name!r} is {value}: "
                                 "give a positive number, or None if unknown.")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(T, Y, X): frames, rows, columns."""
        return self.frames.shape

    @property
    def hours_per_frame(self) -> float | None:
        """Hours between two frames; None where that is unknown, or time points are missing: then frames tell no time."""
        return self.minutes_per_frame / 60 if self.minutes_per_frame and self.unusable_pairs is None else None

    @cached_property
    def usable(self) -> Usable | None:
        """What crop pairs may be drawn from; None if that is all of the movie.

        Raises
        ------
        ValueError
            If no frame pair can be used.
        """
        unusable = self.quality.unusable_pairs
        if self.unusable_pairs is not None:
            unusable = unusable | self.unusable_pairs
        if unusable.all():
            raise ValueError(f"No frame pair of {self.name!r} can be used, because no two consecutive frames show "
                             "something new: see what `tapnb data` says of it.")
        if not (unusable.any() or self.quality.partial_pairs.any()):
            return None
        return Usable(self.frames, self.quality, np.flatnonzero(~unusable))

    @cached_property
    def fingerprint(self) -> str:
        """12 hexadecimal digits of a SHA-256 over dtype, shape and bytes of the frames, and frame pairs left out."""
        frames = _fingerprint(self.frames)
        if self.unusable_pairs is None:
            return frames
        return hashlib.sha256(f"{frames} {np.flatnonzero(self.unusable_pairs).tolist()}".encode()).hexdigest()[:12]

    @cached_property
    def labels_fingerprint(self) -> str | None:
        """The same of the masks, apart, so that a mended label is another set of labels of the same movie."""
        return None if self.masks is None else _fingerprint(self.masks)

    @cached_property
    def quality(self) -> Quality:
        """What cannot be learned from in the movie; nothing, in an ordinary one. See :mod:`tapnb.movies.quality`."""
        return inspect(self.frames, f"the movie {self.name!r}")

    @property
    def levels(self) -> np.ndarray:
        """Black and white level of every frame, (T, 2) ``float32``, in grey levels.

        The percentiles 1 and 99.8 of every 8th pixel along both axes. The paper does not say how frames
        are normalised; rescaling each frame between two percentiles is what TAP's own code does, and
        makes the result independent of slow changes of the lamp. See :func:`normalise`.

        A border that was never imaged is left out. Where the percentiles miss the cells, because these are few and
        the rest is of one value, the median of what lies beyond them takes their place.
        """
        return self.quality.levels


def _fingerprint(array) -> str:
    """12 hexadecimal digits of a SHA-256 over dtype, shape and bytes, whatever the byte order in memory."""
    little = array.dtype.newbyteorder("<")
    digest = hashlib.sha256(f"{little.str} {array.shape}".encode())
    for frame in array:  # one frame at a time: a memory-mapped movie is never copied whole
        digest.update(np.ascontiguousarray(frame, dtype=little).tobytes())
    return digest.hexdigest()[:12]


def normalise(frames, levels) -> np.ndarray:
    """Rescale frames between their black and white levels.

    Parameters
    ----------
    frames : numpy.ndarray
        (..., Y, X), any real dtype, in grey levels: frames or crops of them.
    levels : numpy.ndarray
        (..., 2), low and high level of each frame, as in :attr:`Movie.levels`.

    Returns
    -------
    numpy.ndarray
        (..., Y, X) ``float32``: 0 at the low level, 1 at the high one, clipped only at -20 and 20
        (:data:`tapnb.movies.levels.BOUND`), which hot and dead pixels reach.

    Notes
    -----
    The paper is silent on normalisation; see :attr:`Movie.levels`.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.movies import normalise
    >>> normalise(np.array([[[100, 150], [200, 250]]]), [[100, 200]])
    array([[[0. , 0.5],
            [1. , 1.5]]], dtype=float32)
    """
    frames = np.asarray(frames)
    levels = np.asarray(levels, dtype=np.float32)
    if levels.shape != frames.shape[:-2] + (2,):
        raise ValueError(f"levels have shape {levels.shape}, expected {frames.shape[:-2] + (2,)}: "
                         "give one (low, high) per frame.")
    low, high = levels[..., 0, None, None], levels[..., 1, None, None]  # (..., 1, 1)
    rescaled = (frames.astype(np.float32) - low) / np.maximum(high - low, SMALLEST_RANGE)
    return np.clip(rescaled, -BOUND, BOUND, out=rescaled)


def read_movie(frames_path, masks_path=None, name=None, minutes_per_frame=None, um_per_pixel=None,
               radius=None, choice=Choice()) -> Movie:
    """Read your own movie: a stack of frames and, optionally, a stack of event masks.

    Parameters
    ----------
    frames_path : str or pathlib.Path
        TIFF stack or folder of TIFF files, see :func:`read_stack`.
    masks_path : str or pathlib.Path, optional
        The same for the masks, of the same shape (T, Y, X): 0 nothing, 1 division, 2 death. Or marked cells, a table of
        points or Fiji's ROIs, see :func:`tapnb.movies.event_labels.read_labels`.
    name : str, optional
        Name of the movie; the file's or folder's own name if not given.
    minutes_per_frame, um_per_pixel : float, optional
        Time between frames in minutes, and size of a pixel in micrometres; by default as the files say.
    radius : float, optional
        Radius of a typical nucleus in pixels, if the masks are points.
    choice : Choice
        What decides where the frames' files leave something open, see :mod:`tapnb.movies.file_names`.

    Returns
    -------
    Movie
        With frames in their own dtype and masks as ``uint8``.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If a stack cannot be read, the shapes differ, or the masks hold other values or no event at all.

    Examples
    --------
    >>> import numpy as np, tifffile
    >>> from tapnb.movies import read_movie
    >>> cells = np.random.default_rng(0).integers(0, 255, (4, 100, 120), dtype=np.uint8)
    >>> tifffile.imwrite("stack.tif", cells, photometric="minisblack")
    >>> movie = read_movie("stack.tif", minutes_per_frame=15)
    >>> movie.name, movie.shape, movie.masks is None
    ('stack', (4, 100, 120), True)
    """
    frames_path = Path(frames_path).expanduser()
    recording = read_recording(frames_path, choice=choice)
    frames = recording.pixels
    masks = events = None
    source = f"read from {frames_path.name}" + (f" ({recording.remark})" if recording.remark else "")
    if masks_path is not None:
        masks_path = Path(masks_path).expanduser()
        masks, events, remark = read_labels(masks_path, frames, radius, recording.times, choice.gaps, choice.one_of_several)
        masks = _checked_masks(masks, frames.shape, str(masks_path))
        if not masks.any():
            raise ValueError(f"{masks_path} has no labelled pixel: mark events with 1 (division) or "
                             "2 (death), or leave the masks out.")
        source += f", masks from {masks_path.name}" + (f" ({remark})" if remark else "")
        if are_points(masks_path) and recording.gaps is not None and recording.gaps.any():
            source += ", whose t counts the frames that are there"
    return Movie(frames, masks, name or frames_path.stem, minutes_per_frame or recording.minutes_per_frame,
                 um_per_pixel or recording.um_per_pixel, source, events, recording.gaps, recording.times)


def _checked_masks(masks, shape, where: str) -> np.ndarray:
    """Return masks as uint8 (T, Y, X), or raise one sentence."""
    masks = np.asanyarray(masks)  # a memory map stays one
    if masks.shape != tuple(shape):
        raise ValueError(f"{where}: shape {masks.shape} differs from the frames' {tuple(shape)}; "
                         "both need the same frames, rows and columns.")
    for t, mask in enumerate(masks):  # frame by frame: no sorted copy of a whole movie
        if mask.dtype == np.uint8 and mask.max() <= max(EVENT_VALUES):
            continue  # as in nearly every movie, and 100 times as fast as isin
        if not np.isin(mask, EVENT_VALUES).all():
            values = np.unique(mask)
            listed = ", ".join(f"{value:g}" for value in values[:8]) + (", ..." if len(values) > 8 else "")
            raise ValueError(f"{where}: values {listed} found in frame {t}, but an event mask holds "
                             "0 (nothing), 1 (division) and 2 (death) only"
                             + (": of a binary mask that marks divisions, divide by 255." if set(values.tolist()) == {0, 255} else "."))
    return converted(masks, np.dtype(np.uint8), where)
