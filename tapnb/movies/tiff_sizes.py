"""The size of a pixel and the time between frames, as OME and ImageJ metadata in a TIFF file, or beside it, say them."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

__all__ = ["MICROMETRES", "MINUTES", "ome_text", "scales"]

MICROMETRES = {"um": 1.0, "\u00b5m": 1.0, "\u03bcm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3}
MINUTES = {"s": 1 / 60, "sec": 1 / 60, "ms": 1 / 60_000, "min": 1.0, "h": 60.0, "hr": 60.0}

LONGEST = 2**27  # bytes of a companion file


def scales(tiff, path) -> tuple[float | None, float | None]:
    """Return the size of a pixel in micrometres and the time between frames in minutes, where the file says so.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    path : pathlib.Path
        Its path; a companion file lies beside it.
    """
    try:
        if tiff.pages[0].is_ome:  # not tiff.is_ome, which is switched off where a file of a set is read alone
            return _of_ome(ome_text(tiff.pages[0].description, path))
        if tiff.is_imagej:
            return _of_imagej(tiff.imagej_metadata, tiff.pages[0])
    except (KeyError, OSError, TypeError, ValueError, ZeroDivisionError, StopIteration, ElementTree.ParseError):
        pass  # none in this file of a set, or metadata as nobody should write them: the pixels are what counts
    return None, None


def ome_text(description: str, path) -> str:
    """Return OME metadata: a file's own, or those of the companion file that it names and that lies beside it."""
    named = re.search(r'<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile="([^"]+)"', description)
    companion = Path(path).parent / Path(named[1].replace("\\", "/")).name if named else None
    if companion is None or not companion.is_file() or companion.stat().st_size > LONGEST:
        return description
    return companion.read_text("utf-8", errors="replace")


def _of_ome(xml: str) -> tuple[float | None, float | None]:
    pixels = next(e for e in ElementTree.fromstring(xml).iter() if e.tag.rpartition("}")[2] == "Pixels").attrib
    return (_scaled(pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeXUnit", "\u00b5m"), MICROMETRES),
            _scaled(pixels.get("TimeIncrement"), pixels.get("TimeIncrementUnit", "s"), MINUTES))


def _of_imagej(about: dict, page) -> tuple[float | None, float | None]:
    unit = about.get("unit", "").replace("\\u00B5", "\u00b5")
    per_unit = page.tags["XResolution"].value if "XResolution" in page.tags else (0, 1)
    size = per_unit[1] / per_unit[0] if per_unit[0] else None
    return _scaled(size, unit, MICROMETRES), _scaled(about.get("finterval"), about.get("tunit", "s"), MINUTES)


def _scaled(value, unit: str, units: dict[str, float]) -> float | None:
    """Return a positive value in our unit, or None."""
    value = None if value is None or unit.strip() not in units else float(value) * units[unit.strip()]
    return value if value and np.isfinite(value) and value > 0 else None
