"""TIFF files of small movies, for tests."""

import numpy as np
import tifffile



RNG = np.random.default_rng(0)


SIZE = (24, 32)


def pixels(*lead):
    return RNG.integers(0, 4000, (*lead, *SIZE), dtype=np.uint16)


def written(path, stack, axes, kind):
    if kind == "ome":
        tifffile.imwrite(path, stack, ome=True, metadata={"axes": axes, "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "µm",
                                                          "TimeIncrement": 15, "TimeIncrementUnit": "min"})
    else:
        tifffile.imwrite(path, stack, imagej=True, resolution=(2, 2),
                         metadata={"axes": axes, "unit": "um", "finterval": 900.0})
    return path


def stopped(path, stack, promised, missing=()):
    """An OME-TIFF whose metadata promise more time points than it has, as after a recording that was stopped."""
    xml = tifffile.OmeXml()
    xml.addimage(np.uint16, (promised, *SIZE), (promised, 1, 1, *SIZE, 1), axes="TYX")
    text = xml.tostring()
    there = [t for t in range(promised) if t not in missing][: len(stack)]
    data = "".join(f'<TiffData FirstT="{t}" FirstC="0" FirstZ="0" IFD="{i}" PlaneCount="1"/>' for i, t in enumerate(there))
    start = text.index("<TiffData")
    end = text.index("</TiffData>") + 11 if "</TiffData>" in text else text.index("/>", start) + 2
    with tifffile.TiffWriter(path) as tiff:
        for i, frame in enumerate(stack):
            tiff.write(frame, contiguous=False, metadata=None, description=text[:start] + data + text[end:] if not i else None)
    return path


def in_pages(path, frames, description):
    with tifffile.TiffWriter(path) as tiff:
        for i, frame in enumerate(frames):
            tiff.write(frame, photometric="minisblack", metadata=None, contiguous=False, description=None if i else description)
    return path
