"""TIFF files, OME-TIFF and ImageJ hyperstacks included: pixels that are there, by their axes, with sizes and times.

What metadata promise and the file lacks is left out and said, never read as zeros. A vendor's tag that is broken while the
pixels are whole stops nothing.
"""

import logging
import math
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tifffile

from tapnb.movies import storage
from tapnb.movies.axes import part
from tapnb.movies.file_names import Choice
from tapnb.movies.frame_times import gaps_of, missing_times, time_point_of
from tapnb.movies.storage import NoRoom, converted, empty
from tapnb.movies.tiff_colours import EQUAL, grey_of, in_colours
from tapnb.movies.tiff_layout import Layout, Open, named_files, promised_planes, promised_times, series_of, stated
from tapnb.movies.tiff_sizes import ome_text, scales
from tapnb.system.files import said

__all__ = ["Recording", "read_tiff"]

NEEDED = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 339}
"""Tags that pixels cannot be read without."""

MOST = 1_000_000  # planes promised for each that is there: beyond that it is damage that would fill the memory


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
    times : tuple of int, optional
        The number of each frame, as the name of its file says it.
    promised : int, optional
        Of a file of a set, how many time points the whole set should have.
    clock : dict, optional
        Of a file of a set, when each of its time points was recorded, see :class:`tapnb.movies.tiff_sizes.Scales`.
    recorded : float, optional
        Of a file of a folder, when it was recorded, in minutes.
    """

    pixels: np.ndarray
    um_per_pixel: float | None = None
    minutes_per_frame: float | None = None
    remark: str = ""
    gaps: np.ndarray | None = None
    times: tuple[int, ...] | None = None
    promised: int | None = None
    clock: dict[int, float] | None = None
    recorded: float | None = None


def read_tiff(path, choice=Choice(), alone=False) -> Recording:
    """Read or map one TIFF file.

    Parameters
    ----------
    path : str or pathlib.Path
        Of an OME set of several files, any of them.
    choice : Choice
        Channel, plane, position and axes.
    alone : bool
        Whether the file is one of a folder: then only its own pages count, whatever it says of the others, and one time
        point is enough.

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
        with tifffile.TiffFile(path) as tiff, warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*reading array from closed file")  # another of a set: it opens it again
            pages = [page.aspage() for page in tiff.pages]
            kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
            needed = max((start + length for page in pages
                          for start, length in zip(page.dataoffsets, page.databytecounts)), default=0)
            # A damaged page list is only logged by the reader, and missing pixels would be read as zeros.
            damage = complaints.damage or needed > tiff.filehandle.size or not pages \
                or not all(isinstance(n, int) for shape, _ in kinds for n in shape)
            if not damage:
                recording = _recording(tiff, pages, path, choice, alone)
    except Open as error:
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
    return recording


def _recording(tiff, pages, path, choice: Choice, alone: bool) -> Recording:
    """Read what is asked for of an open, undamaged file."""
    pages, reduced = _without_reduced(pages)
    text = pages[0].description
    of_set = "<BinaryOnly" in text or len(named_files(text)) > 1 or promised_planes(text) > len(pages)
    if alone and of_set or promised_planes(text) > len(pages) * MOST:
        tiff.is_ome = False  # only its own pages count; and the reader keeps a place for every page that is promised
    try:
        all_series = tiff.series
    except Exception:  # metadata as nobody should write them: the pages are what counts
        all_series = []
    kinds = list(dict.fromkeys((page.shape, str(page.dtype)) for page in pages))
    layout = stated(tiff, pages, all_series, choice, alone, path) if len(kinds) == 1 and len(kinds[0][0]) == 2 else None
    series, remark = series_of(all_series, choice, alone, path) if layout is None else (None, layout.remark)
    if len(kinds) > 1 and (series is None or series.kind != "ome"):
        raise Open(_of_several_kinds(path, [(page.shape, str(page.dtype)) for page in pages]))
    remarks = [reduced or remark] if reduced or remark else []
    if pages[0].photometric == 0:
        remarks.append("its grey levels are inverted, high ones dark (MinIsWhite), and read as stored")
    as_images = [one.kind for one in all_series] == ["ome"] * len(all_series)
    sizes = scales(tiff, path, all_series.index(series) if series is not None and as_images else 0)
    about = {"um_per_pixel": sizes.um_per_pixel, "minutes_per_frame": sizes.minutes_per_frame}
    remarks += [sizes.remark] if sizes.remark else []
    if alone and sizes.clock:
        own = time_point_of(ome_text(text, path), path.name)
        about["recorded"] = sizes.clock.get(min(sizes.clock) if len(sizes.clock) == 1 else own)
    if alone and of_set:
        about |= {"promised": (times := promised_times(whole := ome_text(text, path))), "clock": sizes.clock}
        if times > 1 and len(pages) > promised_planes(whole) // times:
            raise Open(f"{path} is a file of an OME set, each of which holds several time points: give this file instead of its "
                       "folder, and the whole set is read.")
    if alone and choice.axes is not None and layout is None and series is None and len(pages) > 1:
        layout = Layout("QYX", (len(pages), *pages[0].shape), list(pages))  # whoever says what they are knows
    if layout is None and series is None:  # a page a series: a plain stack
        stack = empty((len(pages), *pages[0].shape), pages[0].dtype, path)
        for page, pixels in zip(pages, stack):
            pixels[...] = page.asarray()
        as_pages = Layout("Q" + pages[0].axes, stack.shape, [])
        if in_colours(pages[0], as_pages, alone=True):
            stack = grey_of(stack, as_pages.axes.index("S"), choice.channel, path)
            remarks += [EQUAL] if choice.channel is None else []
        pixels = _squeezed(stack) if alone else stack
        recording, numbers = Recording(pixels), range(len(pixels))
    else:
        layout = layout or Layout(series.axes, series.shape, list(series.pages))
        recording, numbers = _of_layout(layout, series, choice, alone, path)
    in_time = len(numbers) == len(recording.pixels) and numbers[-1] < promised_times(ome_text(text, path))
    if not alone and sizes.clock and in_time:  # else its pages are read otherwise than its metadata say
        gaps, remark = gaps_of(sizes.clock, numbers)
        remarks += [remark] if remark else []
        if gaps.any():
            recording = replace(recording, gaps=gaps if recording.gaps is None else gaps | recording.gaps)
    remarks += [recording.remark] if recording.remark else []
    return replace(recording, pixels=_native(recording.pixels, path), remark="; ".join(remarks), **about)


def _without_reduced(pages: list) -> tuple[list, str]:
    """Return pages without small copies that are flagged as such, where the others are of one kind, and a remark."""
    small = [i for i, page in enumerate(pages) if isinstance(page.subfiletype, int) and page.subfiletype & 1]
    few = set(small)
    whole = [page for i, page in enumerate(pages) if i not in few]
    kinds = {(page.shape, page.dtype) for page in whole}
    if len(kinds) != 1 or not small or any((pages[i].shape, pages[i].dtype) in kinds for i in small):
        return pages, ""
    listed = f"page {small[0]} (counted from 0), a copy" if len(small) == 1 else f"{len(small)} pages, copies"
    return whole, f"{listed} of {' x '.join(map(str, pages[small[0]].shape))} pixels that it calls reduced, left out"


def _of_several_kinds(path, kinds: list) -> str:
    """Return the refusal of pages of several shapes or dtypes, with the odd ones: those that are not of the commonest kind."""
    usual = max(dict.fromkeys(kinds), key=kinds.count)
    odd = [i for i, kind in enumerate(kinds) if kind != usual]
    shape, dtype = kinds[odd[0]]
    which = f"page {odd[0]} is" if len(odd) == 1 else f"{len(odd)} are of another kind, such as page {odd[0]},"
    return (f"{path} holds {len(kinds)} pages, most of them {usual[0]} {usual[1]}, but {which} {shape} {dtype} (counted from 0): "
            f"save frames of one shape and one dtype as one stack{', and leave this page out' if len(odd) == 1 else ''}.")


def _of_layout(layout: Layout, series, choice: Choice, alone: bool, path) -> tuple[Recording, range | list[int]]:
    """Read what is asked for of pages whose axes are known, and the numbers of its time points.

    `series` is None if they are no series of the reader's.
    """
    if series is not None and in_colours(series.keyframe, layout, alone):
        try:
            return _of_colours(layout, series, choice, alone, path)
        except Open:
            if not alone or choice.channel is not None or not layout.axes.endswith("SYX"):
                raise  # else it may be a stack of three frames, which a folder of frames cannot take
    long = [letter for letter, n in zip(layout.axes[:-2], layout.shape) if n > 1]
    colours = not set("YX") <= set(layout.axes) or layout.axes.endswith("S")
    if series is not None and (colours or not long and layout.axes.endswith("YX") or alone and choice.axes is None and not set(long) <= set("CZ")):
        return _every(_squeezed(_whole(series, path)))  # for whoever refuses colours, or a stack in a folder of frames
    few = None if alone or layout.promised in (None, 1) or layout.shape[0] > 1 else layout.promised
    if few:
        raise Open(_too_few(path, int(None not in layout.planes), few))
    try:
        chosen = part(layout.axes, layout.shape, choice, path, alone)
    except ValueError as error:
        raise Open(str(error)) from None
    if not chosen.in_pages or len(layout.planes) != math.prod(layout.shape[:-2]):
        return _every(chosen.of(_whole(series, path)))
    wanted = chosen.numbers(layout.shape[:-2])
    if series is not None and wanted.ravel().tolist() == list(range(len(layout.planes))) and None not in layout.planes \
            and wanted.shape[1] == 1:
        return _every(chosen.of(_whole(series, path)))
    kept = [t for t, of_frame in enumerate(wanted) if all(layout.planes[i] is not None for i in of_frame)]
    promised = layout.promised if layout.promised and chosen.time == 0 else len(wanted)
    if len(kept) < 2 and not alone:
        raise Open(_too_few(path, len(kept), promised))
    first = next(page for page in layout.planes if page is not None)
    stack = empty((len(kept), *layout.shape[-2:]), first.dtype, path)
    for t, pixels in zip(kept, stack):
        pixels[...] = np.max([layout.planes[i].asarray() for i in wanted[t]], axis=0)
    if alone:
        return Recording(_squeezed(stack)), kept
    remark = missing_times(promised, len(kept), kept) if len(kept) < promised else ""
    return Recording(stack, remark=remark, gaps=np.diff(kept) > 1 if len(kept) < promised else None), kept


def _of_colours(layout: Layout, series, choice: Choice, alone: bool, path) -> tuple[Recording, range]:
    """Read what is asked for of pages in colours: equal ones as grey, or the one that is chosen."""
    samples = layout.axes.index("S")
    axes, shape = layout.axes.replace("S", ""), layout.shape[:samples] + layout.shape[samples + 1 :]
    colour = None if dict(zip(axes, shape)).get("C", 1) > 1 else choice.channel
    grey = grey_of(_whole(series, path), samples, colour, path)
    if not alone or max(shape[:-2], default=1) > 1:
        try:
            grey = part(axes, shape, choice, path, alone).of(grey) if len(shape) > 2 else grey
        except ValueError as error:
            raise Open(str(error)) from None
    recording, numbers = _every(_squeezed(grey) if alone else grey)
    return replace(recording, remark=EQUAL if colour is None else ""), numbers


def _every(pixels: np.ndarray) -> tuple[Recording, range]:
    """Return a recording of which no time point is missing, and their numbers."""
    return Recording(pixels), range(len(pixels))


def _too_few(path, there: int, promised: int) -> str:
    return (f"{path} has {there} whole of the {promised} time points that its metadata promise: copy all files of the set, or "
            "record it again.")


def _whole(series, path) -> np.ndarray:
    """Return all pixels of a series: mapped in place if there are many and the file allows it."""
    if series.nbytes >= storage.LARGE and series.dataoffset is not None and series.keyframe.is_memmappable:
        return series.asarray(out="memmap")
    return series.asarray(out=empty(series.shape, series.dtype, path))


def _squeezed(stack: np.ndarray) -> np.ndarray:
    """Drop axes of length 1 before the last two."""
    return stack.reshape([n for n in stack.shape[:-2] if n != 1] + list(stack.shape[-2:]))


def _native(stack: np.ndarray, path) -> np.ndarray:
    return converted(stack, stack.dtype.newbyteorder("="), path)  # ImageJ writes big-endian files


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
