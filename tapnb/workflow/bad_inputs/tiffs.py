"""TIFF files that are damaged, or whose axes leave something open."""

from pathlib import Path

import numpy as np
import tifffile

from tapnb.movies.catalogue import open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import FRAMES, Maker, content, folder_of, pixels, stack

__all__ = ["ROWS"]

GROUP = "TIFF files and their axes"


def _imagej(axes: str, *lead: int) -> Maker:
    return stack("stack.tif", pixels(*lead), imagej=True, photometric=None, metadata={"axes": axes})


def _cut(folder: Path) -> Path:
    path = stack("stack.tif", pixels(FRAMES), metadata=None)(folder)
    path.write_bytes(path.read_bytes()[:-1000])
    return path


def _two_kinds(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "stack.tif") as tiff:
        tiff.write(pixels(), photometric="minisblack")
        tiff.write(pixels(size=(48, 64)), photometric="minisblack")
    return folder / "stack.tif"


def _odd_page(folder: Path) -> Path:
    """A small copy behind six frames, which nothing flags as such."""
    with tifffile.TiffWriter(folder / "stack.tif") as tiff:
        for frame in [*pixels(6), pixels(size=(12, 16))]:
            tiff.write(frame, photometric="minisblack", metadata=None, contiguous=False)
    return folder / "stack.tif"


def _two_positions(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "stack.ome.tif", ome=True) as tiff:
        for _ in range(2):
            tiff.write(pixels(FRAMES), photometric="minisblack", metadata={"axes": "TYX"})
    return folder / "stack.ome.tif"


def _one_of_many(folder: Path) -> Path:
    """Metadata that promise ten time points, and one page."""
    xml = tifffile.OmeXml()
    size = pixels().shape
    xml.addimage(np.uint16, (10, *size), (10, 1, 1, *size, 1), axes="TYX")
    text = xml.tostring()
    start, end = text.index("<TiffData"), text.index("</Pixels>")
    there = '<TiffData FirstT="0" FirstC="0" FirstZ="0" IFD="0" PlaneCount="1"/>'
    return stack("stack.ome.tif", pixels(), metadata=None, description=text[:start] + there + text[end:])(folder)


def _of_damaged_ome(folder: Path) -> Path:
    """Metadata that were cut before they said which of nine pages is which channel."""
    text = '<?xml version="1.0"?><OME><Image ID="Image:0"><Pixels DimensionOrder="XYCZT" SizeT="6" SizeC="2"'
    return stack("stack.ome.tif", pixels(9), metadata=None, description=text)(folder)


def _positions_of_one_time(folder: Path) -> Path:
    with tifffile.TiffWriter(folder / "stack.ome.tif", ome=True) as tiff:
        for frame in pixels(3):
            tiff.write(frame, photometric="minisblack", metadata={"axes": "YX"})
    return folder / "stack.ome.tif"


def _stopped(folder: Path) -> Path:
    """Nine of the twelve pages of a hyperstack with two channels."""
    says = "ImageJ=1.53\nimages=12\nchannels=2\nframes=6\nhyperstack=true\n"
    return stack("stack.tif", pixels(9), metadata=None, description=says)(folder)


def _channels_in_files(folder: Path) -> Path:
    (folder / "movie").mkdir()
    for t in range(2):
        stack(f"t{t}.tif", pixels(2), imagej=True, photometric=None, metadata={"axes": "CYX"})(folder / "movie")
    return folder / "movie"


def _narrower(name: str, frame: np.ndarray) -> np.ndarray:
    return frame[:, :-8] if name == "t2.tif" else frame


ROWS = (
    BadInput(GROUP, "text named as TIFF", content("stack.tif", "no picture"), r"not a readable TIFF file.*save or copy",
             "stack.tif"),
    BadInput(GROUP, "an empty file", content("stack.tif", b""), r"not a readable TIFF file", "stack.tif"),
    BadInput(GROUP, "a copy that was broken off", _cut, r"truncated or damaged: copy it again", "stack.tif"),
    BadInput(GROUP, "pages of two sizes in one file", _two_kinds, r"save frames of one shape", "(48, 64)"),
    BadInput(GROUP, "a small copy behind the frames", _odd_page, r"page 6 is \(12, 16\) .*leave this page out", "stack.tif"),
    BadInput(GROUP, "a folder with one frame of another size",
             folder_of("t0.tif", "t1.tif", "t2.tif", change=_narrower), r"all frames need one shape and one dtype",
             "t2.tif"),
    BadInput(GROUP, "a folder of stacks",
             folder_of("t0.tif", "t1.tif", change=lambda name, frame: np.stack([frame, frame])),
             r"each file is one grey frame.*by its own path", "t0.tif"),
    BadInput(GROUP, "two channels in a hyperstack of ImageJ", _imagej("TCYX", FRAMES, 2),
             r"4 time points of 2 channels: choose one with `channel`", "stack.tif"),
    BadInput(GROUP, "planes in a hyperstack of ImageJ", _imagej("TZYX", FRAMES, 3),
             r"3 planes: choose one with `plane`, such as 0 or `plane: max`", "stack.tif"),
    BadInput(GROUP, "a stack whose file calls its frames planes", _imagej("ZYX", 6),
             r"6 planes and no time: .*set `axes: TYX`", "stack.tif"),
    BadInput(GROUP, "two channels of one moment", _imagej("CYX", 2), r"2 channels and no time", "stack.tif"),
    BadInput(GROUP, "a channel beyond the last", _imagej("TCYX", FRAMES, 2), r"no channel 2: it has 2, from 0 to 1",
             "channel 2", lambda path: open_whole(path, channel=2)),
    BadInput(GROUP, "axes that do not fit the file", _imagej("TYX", FRAMES), r"axes 'TCYX' do not fit: give `axes` 3",
             "'TCYX'", lambda path: open_whole(path, axes="TCYX")),
    BadInput(GROUP, "two positions in one OME-TIFF", _two_positions, r"holds 2 positions: choose one with `position`",
             "stack.ome.tif"),
    BadInput(GROUP, "an OME-TIFF with one of the ten time points that it promises", _one_of_many,
             r"1 whole of the 10 time points that its metadata promise", "stack.ome.tif"),
    BadInput(GROUP, "a hyperstack with two channels that stopped early", _stopped,
             r"2 channels: choose one with `channel`", "stack.tif"),
    BadInput(GROUP, "an OME-TIFF whose metadata were cut", _of_damaged_ome,
             r"damaged and tell of 2 channels, but not which of its 9 pages is what", "stack.ome.tif"),
    BadInput(GROUP, "positions of one time point each in one OME-TIFF", _positions_of_one_time,
             r"3 images of one time point each.*no time", "stack.ome.tif"),
    BadInput(GROUP, "a folder whose files hold two channels each", _channels_in_files,
             r"2 channels: choose one with `channel`", "t0.tif"),
    BadInput(GROUP, "a stack whose last axis is time", stack("stack.tif", np.moveaxis(pixels(FRAMES), 0, -1)),
             r"as if time stood last: say with `axes`", "stack.tif"),
)
