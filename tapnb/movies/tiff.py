"""TIFF files, OME-TIFF and ImageJ hyperstacks included: pixels that are there, by their axes, with sizes and times.

What metadata promise and the file lacks is left out and said, never read as zeros. A vendor's tag that is broken while the
pixels are whole stops nothing.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import tifffile

from tapnb.movies import storage
from tapnb.movies.axes import part
from tapnb.movies.file_names import Choice
from tapnb.movies.storage import NoRoom, converted, empty
from tapnb.system.files import said

__all__ = ["Recording", "missing_times", "read_tiff"]

NEEDED = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 339}
"""Tags that pixels cannot be read without."""

MICROMETRES = {"um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3}
MINUTES = {"s": 1 / 60, "sec": 1 / 60, "ms": 1 / 60_000, "min": 1.0, "h": 60.0, "hr": 60.0}


@dataclass(frozen=True)
class Recording:
    """What a file holds.

    Attributes
    ----------
    pixels : numpy.ndarray
        (T, Y, X), or (Y, X) of a single image, as stored.
    um_per_pixel, minutes_per_frame : float, optional
        As the file says.
    remark : str
        What of the file was left out, as a clause; empty if nothing.
    gaps : numpy.ndarray, optional
        Between which frames others are missing, bool (T - 1,).
    """

    pixels: np.ndarray
    um_per_pixel: float | None = None
    minutes_per_frame: float | None = None
    remark: str = ""
    gaps: np.ndarray | None = None


def missing_times(promised: int, there: int) -> str:
    """Return the remark on time points that the metadata promise and the file lacks."""
    return f"its metadata promise {promised} time points, of which {promised - there} are not there"


def read_tiff(path, choice=Choice(), alone=False) -> Recording:
    """Read or map one TIFF file.

    Parameters
    ----------
    path : str or pathlib.Path
        Of an OME set of several files, any of them.
    choice : Choice
        Channel, plane, position and axes.
    alone : bool
        Whether the file is one of a folder: then only its own pages count, whatever it says of the others.

    Raises
    ------
    ValueError
        If it is no readable TIFF, pages are cut off or of several kinds, or something besides time is left open.
    """
    path = Path(path)
    reader_log = logging.getLogger("tifffile")
    complaints = _Complaints()
    reader_log.addHandler(complaints)
    try:
        with tifffile.TiffFile(path, **({"is_ome": False} if alone else {})) as tiff:
            pages = [page.aspage() for page in tiff.pages]
            kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
            needed = max((start + length for page in pages
                          for start, length in zip(page.dataoffsets, page.databytecounts)), default=0)
            # A damaged page list is only logged by the reader, and missing pixels would be read as zeros.
            damage = complaints.damage or needed > tiff.filehandle.size or not pages \
                or not all(isinstance(n, int) for shape, _ in kinds for n in shape)
            if not damage and len(kinds) == 1:
                recording = _recording(tiff, pages, path, None if alone else choice)
    except _Open as error:
        raise ValueError(str(error)) from None
    except (NoRoom, MemoryError):
        raise  # nothing is wrong with the file
    except Exception as error:  # each codec has its own exceptions
        raise ValueError(f"{path} is not a readable TIFF file ({said(error)}): "
                         "save or copy it again.") from error
    finally:
        reader_log.removeHandler(complaints)
    if damage:
        raise ValueError(f"{path} is truncated or damaged: copy it again.")
    if len(kinds) > 1:
        raise ValueError(f"{path} holds pages {kinds[0][0]} {kinds[0][1]} and {kinds[1][0]} {kinds[1][1]}: "
                         "save frames of one shape and one dtype as one stack.")
    return recording


class _Open(ValueError):
    """The file is whole, but leaves open what of it is the movie."""


def _recording(tiff, pages, path, choice: Choice | None) -> Recording:
    """Read the pixels of an open, undamaged file; without a choice all of them."""
    try:
        all_series = tiff.series
    except Exception:  # metadata as nobody should write them: the pages are what counts
        all_series = []
    if choice is not None and choice.axes is None and len(pages) > 1 and "<BinaryOnly" in pages[0].description \
            and not any(series.kind == "ome" for series in all_series):
        raise _Open(f"{path} is one of a set whose axes are told in another file: put the .companion.ome file beside it, or "
                    "say what its pages are with `axes`, such as TYX.")
    several = len(all_series) > 1 and all(len(series.pages) > 1 for series in all_series)
    if len(all_series) != 1 and not several:  # a page a series: a plain stack
        stack = empty((len(pages), *pages[0].shape), pages[0].dtype, path)
        for page, pixels in zip(pages, stack):
            pixels[...] = page.asarray()
        return Recording(_native(stack, path))
    series = all_series[_position(len(all_series), choice, path) if several else 0]
    lead, planes = series.shape[:-2], series.pages
    # RGB, which is refused later, a single image, or one of a folder's.
    if series.axes[-2:] != "YX" or not any(n > 1 for n in lead) or choice is None:
        return Recording(_native(_squeezed(_whole(tiff, series, path)), path), *_scales(tiff))
    try:
        chosen = part(series.axes, series.shape, choice, path)
    except ValueError as error:
        raise _Open(str(error)) from None
    if len(planes) == int(np.prod(lead)) and any(page is None for page in planes):
        return _those_there(tiff, series, chosen, path)
    if len(planes) == int(np.prod(lead)) and not all(i == slice(None) for i in chosen.index if not isinstance(i, int)
                                                     or i) and chosen.projected is None:
        index = chosen.of(np.arange(len(planes)).reshape(*lead, 1, 1)).ravel()
        stack = empty((len(index), *series.shape[-2:]), series.dtype, path)
        for i, pixels in zip(index, stack):
            pixels[...] = planes[i].asarray()
        return Recording(_native(stack, path), *_scales(tiff))
    return Recording(_native(chosen.of(_whole(tiff, series, path)), path), *_scales(tiff))


def _those_there(tiff, series, chosen, path) -> Recording:
    """Read the time points of which the file has all planes."""
    lead, planes = series.shape[:-2], series.pages
    index = np.arange(len(planes)).reshape(*lead, 1, 1)[chosen.index].reshape(-1, *([-1] if chosen.projected is not None
                                                                                   else []))
    if chosen.projected == 0:
        index = index.T
    index = index.reshape(len(index), -1)  # (T, planes of one time point)
    whole = [t for t, of_frame in enumerate(index) if all(planes[i] is not None for i in of_frame)]
    if len(whole) < 2:
        raise _Open(f"{path} has {len(whole)} whole of the {len(index)} time points that its metadata promise: copy all files "
                    "of the set, or record it again.")
    stack = empty((len(whole), *series.shape[-2:]), series.dtype, path)
    for t, pixels in zip(whole, stack):
        pixels[...] = np.max([planes[i].asarray() for i in index[t]], axis=0)
    return Recording(_native(stack, path), *_scales(tiff), missing_times(len(index), len(whole)), np.diff(whole) > 1)


def _position(n: int, choice: Choice, path) -> int:
    """Return which of several series is asked for."""
    if choice.position is None:
        raise _Open(f"{path} holds {n} positions: choose one with `position`, from 0 to {n - 1}.")
    if not 0 <= choice.position < n:
        raise _Open(f"{path} has no position {choice.position}: it has {n}, from 0 to {n - 1}.")
    return choice.position


def _whole(tiff, series, path) -> np.ndarray:
    """Return all pixels of a series: mapped in place if there are many and the file allows it."""
    if series.nbytes >= storage.LARGE and series.dataoffset is not None and series.keyframe.is_memmappable:
        return series.asarray(out="memmap")
    return series.asarray(out=empty(series.shape, series.dtype, path))


def _squeezed(stack: np.ndarray) -> np.ndarray:
    """Drop axes of length 1 before the last two."""
    return stack.reshape([n for n in stack.shape[:-2] if n != 1] + list(stack.shape[-2:]))


def _native(stack: np.ndarray, path) -> np.ndarray:
    return converted(stack, stack.dtype.newbyteorder("="), path)  # ImageJ writes big-endian files


def _scales(tiff) -> tuple[float | None, float | None]:
    """Return the size of a pixel in micrometres and the time between frames in minutes, where the file says so."""
    try:
        if tiff.pages[0].is_ome:  # not tiff.is_ome, which is switched off where a file of a set is read alone
            return _ome_scales(tiff.pages[0].description)
        if tiff.is_imagej:
            return _imagej_scales(tiff.imagej_metadata, tiff.pages[0])
    except (KeyError, TypeError, ValueError, ZeroDivisionError, StopIteration, ElementTree.ParseError):
        pass  # none in this file of a set, or metadata as nobody should write them: the pixels are what counts
    return None, None


def _ome_scales(xml: str) -> tuple[float | None, float | None]:
    pixels = next(e for e in ElementTree.fromstring(xml).iter() if e.tag.rpartition("}")[2] == "Pixels").attrib
    return (_scaled(pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeXUnit", "\u00b5m"), MICROMETRES),
            _scaled(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"), MINUTES))


def _imagej_scales(about: dict, page) -> tuple[float | None, float | None]:
    unit = about.get("unit", "").replace("\\u00B5", "\u00b5")
    per_unit = page.tags["XResolution"].value if "XResolution" in page.tags else (0, 1)
    size = per_unit[1] / per_unit[0] if per_unit[0] else None
    return _scaled(size, unit, MICROMETRES), _scaled(about.get("finterval"), about.get("tunit", "s"), MINUTES)


def _scaled(value, unit: str, units: dict[str, float]) -> float | None:
    """Return a positive value in our unit, or None."""
    value = None if value is None or unit.strip() not in units else float(value) * units[unit.strip()]
    return value if value and np.isfinite(value) and value > 0 else None


class _Complaints(logging.Handler):
    """Keeps what the TIFF reader logs as an error while a file is open."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())

    @property
    def damage(self) -> bool:
        """Whether one is about more than a tag that no pixel depends on."""
        tags = [re.search(r"TiffTag (\d+)", line) for line in self.lines]
        return any(tag is None or int(tag[1]) in NEEDED for tag in tags)
