"""What the pages of a TIFF file stand for, where its metadata promise another number of them, or are damaged.

A recording that was stopped has fewer pages than its metadata say, in the order that they say: so its channels are told
apart, and what is there of the last time point is left out. What damaged metadata leave open is asked, never guessed.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from tapnb.movies.file_names import Choice
from tapnb.movies.tiff_sizes import ome_text

__all__ = ["Layout", "Open", "named_files", "promised_planes", "promised_times", "series_of", "stated"]

MOST_PLANES = 1_000_000
"""Of one time point; a promise of more is damage that would fill the memory."""


class Open(ValueError):
    """A file is whole, but leaves open what of it is the movie."""


@dataclass(frozen=True)
class Layout:
    """Pages by their axes.

    Attributes
    ----------
    axes : str
        A letter an axis; the last two are Y and X.
    shape : tuple of int
        Their lengths.
    planes : list
        The pages, in this order; None for those that are not there.
    promised : int, optional
        How many the metadata say there are along the first axis, of which `shape` has only those begun.
    remark : str
        What was odd, as a clause.
    """

    axes: str
    shape: tuple[int, ...]
    planes: list
    promised: int | None = None
    remark: str = ""


def stated(tiff, pages: list, all_series, choice: Choice, alone: bool, path) -> Layout | None:
    """Return what the pages are where they are more or fewer than promised, or the metadata damaged.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    pages : list of tifffile.TiffPage
        All of one grey kind.
    all_series : list of tifffile.TiffPageSeries
        As the reader understands them.
    choice : Choice
    alone : bool
        Whether the file is one of a folder.
    path : str or pathlib.Path
        For messages.

    Returns
    -------
    Layout or None
        None: the reader's series, or a plain stack.

    Raises
    ------
    Open
        If they could be more than time.
    """
    text = pages[0].description
    read_as = {series.kind for series in all_series}
    if re.search(r"<(\w+:)?OME\b", text) and not read_as & {"ome", "imagej", "mmstack"}:
        if alone or len(pages) < 2 or choice.axes is not None:
            return None
        if "<BinaryOnly" not in text:
            return _of_damaged_ome(text, pages, path)
        if (companion := ome_text(text, path)) is text:
            raise Open(f"{path} is one of a set whose axes are told in another file: put the .companion.ome file beside it, or "
                       "say what its pages are with `axes`, such as TYX.")
        if not _all_time(companion, Path(path).name, len(pages)):
            raise Open(f"{path} is one of a set whose .companion.ome file does not tell that its {len(pages)} pages are time "
                       "points: say what they are with `axes`, such as TYX.")
        return None
    if "ome" in read_as:
        return None
    if tiff.is_imagej:
        axes, lead = _of_imagej(tiff.imagej_metadata, pages)
    elif pages[0].shaped_description is not None:
        axes, lead = _of_shape(pages[0].shaped_description, pages)
    else:
        return None
    if math.prod(lead) in (1, len(pages)):
        return None
    if len(pages) == 1:  # all pixels may lie behind the first page, which alone is described
        start, size = pages[0].dataoffsets[0], pages[0].nbytes
        behind = (tiff.filehandle.size - start) // size if pages[0].is_contiguous and size else 0
        if behind >= math.prod(lead):
            return None
        if behind > 1:
            raise Open(f"{path} is truncated or damaged: copy it again.")
    plain = Layout("QYX", (len(pages), *pages[0].shape), pages)
    if alone and len(pages) == 1 or choice.axes is not None and len(choice.axes) == 3 and sum(n > 1 for n in lead) > 1:
        return plain  # a page of a stack that was taken apart, or what the user says
    if math.prod(lead[1:]) > MOST_PLANES:
        raise Open(f"{path} has {len(pages)} pages, but its metadata promise {math.prod(lead[1:])} of each time point: say what its "
                   "pages are with `axes`, such as TYX.")
    return _begun(axes, lead, pages)


def series_of(all_series, choice: Choice, alone: bool, path) -> tuple[object | None, str]:
    """Return the series that is the movie, None for all pages as they come, and a remark.

    Raises
    ------
    Open
        If several may be the movie, or none.
    """
    n = len(all_series)
    if n < 2:
        return (all_series[0] if n else None), ""
    kinds = {series.kind for series in all_series}
    moving = [i for i, series in enumerate(all_series)
              if any(length > 1 for letter, length in zip(series.axes, series.shape) if letter not in "YXS")]
    told = kinds <= {"ome", "mmstack"}  # each series is an image of its own; else they may be pages that were written one by one
    if not moving and (not told or choice.axes is not None):
        return None, ""
    if not moving and not alone:
        raise Open(f"{path} holds {n} images of one time point each, such as positions, and no time: if they are its time "
                   "points, set `axes: TYX`.")
    if len(moving) < n and "generic" in kinds:
        return None, ""
    if len(moving) == 1 and choice.position is None:
        beside = "image" if n == 2 else "images"
        return all_series[moving[0]], f"{n - 1} {beside} beside the movie left out"
    if choice.position is None:
        raise Open(f"{path} holds {n} positions: choose one with `position`, from 0 to {n - 1}.")
    if not 0 <= choice.position < n:
        raise Open(f"{path} has no position {choice.position}: it has {n}, from 0 to {n - 1}.")
    return all_series[choice.position], ""


def named_files(description: str) -> set[str]:
    """Return the files that OME metadata say the pixels are in."""
    return set(re.findall(r'FileName="([^"]*)"', description))


def promised_times(description: str) -> int:
    """Return how many time points OME metadata name, 1 if they name none."""
    return _most(description)["T"]


def promised_planes(description: str) -> int:
    """Return how many pages they name, of the largest image."""
    return math.prod(_most(description).values())


def _of_imagej(about: dict, pages: list) -> tuple[str, list[int]]:
    """Return the axes of an ImageJ hyperstack before Y and X, and their lengths as promised; none if it does not say."""
    lengths = {letter: about.get(name, 1) for letter, name in (("T", "frames"), ("Z", "slices"), ("C", "channels"))}
    images = about.get("images", 1)
    if set(lengths.values()) == {1} and isinstance(images, int) and images > len(pages):
        lengths["T"] = images  # a plain stack
    if not all(isinstance(n, int) and n >= 1 for n in lengths.values()):
        return "", []
    order = str(about.get("order", "czt")).upper()  # the fastest first
    axes = order[::-1] if sorted(order) == ["C", "T", "Z"] else "TZC"
    return axes, [lengths[letter] for letter in axes]


def _of_shape(description: str, pages: list) -> tuple[str, list[int]]:
    """Return the same of a stack of tifffile, which says its shape; none if there are at least as many pages."""
    try:
        about = json.loads(description)
        shape = [int(n) for n in about["shape"]]
        axes = about.get("axes", "")
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        return "", []
    lead, frame = shape[:-2], tuple(shape[-2:])
    if frame != pages[0].shape or not lead or min(lead) < 1 or math.prod(lead) <= len(pages):
        return "", []
    return (axes[:-2] if isinstance(axes, str) and len(axes) == len(shape) and axes.endswith("YX") else "Q" * len(lead)), lead


def _begun(axes: str, lead: list[int], pages: list) -> Layout:
    """Return pages in order, of which the first axis holds as many as were begun."""
    one = math.prod(lead[1:])
    begun = -(-len(pages) // one)
    if begun > lead[0]:  # more than promised: those that are whole
        begun, pages = max(len(pages) // one, 1), pages[: len(pages) // one * one]
    return Layout(axes + "YX", (begun, *lead[1:], *pages[0].shape), pages + [None] * (begun * one - len(pages)), lead[0])


def _of_damaged_ome(description: str, pages: list, path) -> Layout | None:
    """Return the pages of an OME-TIFF whose metadata cannot be read as a whole, by what is left of them.

    Parameters
    ----------
    description : str
        What is left.
    pages : list
        At least two, all of one grey kind.
    path : str or pathlib.Path
        For the message.

    Returns
    -------
    Layout or None
        None: nothing tells of anything but time.

    Raises
    ------
    Open
        If there is more than time, and not all is told of it.
    """
    most, images = _most(description), len(re.findall(r"<(?:\w+:)?Pixels\b", description))
    files = set(re.findall(r'FileName="([^"]*)"', description))
    if most["C"] == most["Z"] == 1 and images < 2:
        return None
    order = re.search(r'DimensionOrder="XY([CTZ]{3})"', description)
    if images == 1 and len(files) < 2 and order and sorted(order[1]) == ["C", "T", "Z"] \
            and math.prod(most.values()) == len(pages):
        axes = order[1][::-1]
        return Layout(axes + "YX", (*(most[letter] for letter in axes), *pages[0].shape), pages,
                      remark="its OME metadata are damaged, so its pages are read in the order that is left of them")
    seen = [f"{most[letter]} {name}" for letter, name in (("C", "channels"), ("Z", "planes")) if most[letter] > 1]
    seen += [f"{images} images"] if images > 1 else []
    raise Open(f"{path} has OME metadata that are damaged and tell of {' and '.join(seen)}, but not which of its {len(pages)} "
               "pages is what: save it again, or set `axes: TYX` if each page is a time point.")


def _all_time(companion: str, name: str, pages: int) -> bool:
    """Whether a companion file says that the pages of a file are the time points of one channel and one plane."""
    most = _most(companion)
    entries = re.findall(rf'<TiffData\b([^>]*)>\s*<UUID\b[^>]*FileName="{re.escape(name)}"', companion)
    places = [tuple(int((re.search(rf'\b{key}="([0-9]{{1,9}})"', entry) or [0, 0])[1])
                    for key in ("IFD", "FirstT", "FirstC", "FirstZ")) for entry in entries]
    if most["C"] == most["Z"] == 1:
        return most["T"] >= pages
    return len(places) == pages and len({place[2:] for place in places}) == 1 \
        and [place[1] for place in sorted(places)] == sorted(place[1] for place in places)


def _most(description: str) -> dict[str, int]:
    """Return the largest number of time points, channels and planes that OME metadata name, 1 if they name none."""
    return {letter: max([1, *map(int, re.findall(rf"""\bSize{letter}=["']([0-9]{{1,12}})["']""", description))])
            for letter in "TCZ"}
