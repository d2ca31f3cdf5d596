"""The size of a pixel and the time between frames, as OME and ImageJ metadata in a TIFF file, or beside it, say them."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from tapnb.movies.frame_times import usual_step

__all__ = ["MICROMETRES", "MINUTES", "Scales", "ome_text", "oblong", "scales"]

MICROMETRES = {"um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3}
MINUTES = {"us": 1 / 60e6, "\u00b5s": 1 / 60e6, "\u03bcs": 1 / 60e6, "ms": 1 / 60_000, "s": 1 / 60, "sec": 1 / 60, "min": 1.0,
           "h": 60.0, "hr": 60.0, "d": 1440.0}
OF_OME = MICROMETRES | {"\u00c5": 1e-4, "\u212b": 1e-4, "pm": 1e-6, "cm": 1e4, "dm": 1e5, "m": 1e6}
"""Of ImageJ, cm is mostly what a printer's resolution was taken for, so it is no size there."""

LONGEST = 2**27  # bytes of a companion file


@dataclass(frozen=True)
class Scales:
    """What metadata say of sizes and times.

    Attributes
    ----------
    um_per_pixel, minutes_per_frame : float, optional
        Size of a pixel along X in micrometres, time between two frames in minutes.
    clock : dict
        By the number of a time point, from 0, when it was recorded, in minutes; empty if that is not said.
    remark : str
        What is odd, as a clause; empty if nothing.
    """

    um_per_pixel: float | None = None
    minutes_per_frame: float | None = None
    clock: dict[int, float] = field(default_factory=dict)
    remark: str = ""


def scales(tiff, path, image: int = 0) -> Scales:
    """Return the size of a pixel and the times of the frames, where the file says so.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    path : pathlib.Path
        Its path; a companion file lies beside it.
    image : int
        Which one, of an OME-TIFF with several.
    """
    try:
        if tiff.pages[0].is_ome:  # not tiff.is_ome, which is switched off where a file of a set is read alone
            return _of_ome(ome_text(tiff.pages[0].description, path), image)
        if tiff.is_imagej:
            return _of_imagej(tiff.imagej_metadata, tiff.pages[0])
    except (KeyError, OSError, TypeError, ValueError, ZeroDivisionError, StopIteration, ElementTree.ParseError):
        pass  # none in this file of a set, or metadata as nobody should write them: the pixels are what counts
    return Scales()


def oblong(x: float | None, y: float | None) -> str:
    """Return the remark on pixels whose sides, in micrometres, differ by more than 1 %; empty if they do not."""
    if not x or not y or abs(x - y) <= 0.01 * max(x, y):
        return ""
    return f"its pixels are no squares, {x:g} micrometres along X and {y:g} along Y, of which that along X is taken for both"


def ome_text(description: str, path) -> str:
    """Return OME metadata: a file's own, or those of the companion file that it names and that lies beside it."""
    named = re.search(r'<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile="([^"]+)"', description)
    companion = Path(path).parent / Path(named[1].replace("\\", "/")).name if named else None
    if companion is None or not companion.is_file() or companion.stat().st_size > LONGEST:
        return description
    return companion.read_text("utf-8", errors="replace")


def _of_ome(xml: str, image: int) -> Scales:
    images = [e for e in ElementTree.fromstring(xml).iter() if _name(e) == "Pixels"]
    pixels = images[image if image < len(images) else 0] if images else ElementTree.Element("Pixels")
    x, y = (_scaled(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "\u00b5m"), OF_OME) for axis in "XY")
    said = _scaled(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"), MINUTES)
    clock = _clock([e for e in pixels if _name(e) == "Plane"])
    usual, remarks = usual_step(clock), [oblong(x, y)]
    if said and usual and abs(said - usual) > 0.1 * said:
        remarks.append(f"its metadata say that a frame was taken each {said:.4g} minutes, but its frames are {usual:.4g} minutes "
                       "apart by the times of each, so set `minutes_per_frame`")
    elif clock and usual is None and len(set(clock.values())) > 1:
        remarks.append("the times that its metadata say of each frame do not run forward, and are not used")
    return Scales(x, said or usual, clock if usual or len(clock) == 1 else {}, "; ".join(filter(None, remarks)))


def _name(element) -> str:
    """Return what an element is, whatever the version of the schema."""
    return element.tag.rpartition("}")[2]


def _clock(planes: list) -> dict[int, float]:
    """Return when the first plane of each time point was recorded, in minutes."""
    clock = {}
    for plane in planes:
        minutes, t = MINUTES.get(plane.get("DeltaTUnit", "s").strip()), plane.get("TheT", "")
        try:
            when = float(plane.get("DeltaT", "nan")) * (minutes or np.nan)
        except ValueError:
            continue
        if np.isfinite(when) and re.fullmatch("[0-9]{1,9}", t):
            clock[int(t)] = min(when, clock.get(int(t), when))
    return clock


def _of_imagej(about: dict, page) -> Scales:
    unit = about.get("unit", "").replace("\\u00B5", "\u00b5").replace("\\u00b5", "\u00b5")
    x, y = (_scaled(per[1] / per[0] if per[0] else None, unit, MICROMETRES) for per in (
        page.tags[f"{axis}Resolution"].value if f"{axis}Resolution" in page.tags else (0, 1) for axis in "XY"))
    # `fps` is no time between frames: ImageJ writes there how fast a stack is to be played.
    return Scales(x, _scaled(about.get("finterval"), about.get("tunit", "s"), MINUTES), remark=oblong(x, y))


def _scaled(value, unit: str, units: dict[str, float]) -> float | None:
    """Return a positive value in our unit, or None."""
    value = None if value is None or unit.strip() not in units else float(value) * units[unit.strip()]
    return value if value and np.isfinite(value) and value > 0 else None
