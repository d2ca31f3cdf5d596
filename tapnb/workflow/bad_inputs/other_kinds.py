"""Files of other kinds than TIFF: those that are not read, and damaged ones of those that are."""

import json
from pathlib import Path

import numpy as np

from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import content, pixels

__all__ = ["ROWS"]

GROUP = "Files of other kinds"


def _objects(folder: Path) -> Path:
    np.save(folder / "stack.npy", np.array([{}, {}], object), allow_pickle=True)
    return folder / "stack.npy"


def _broken_picture(folder: Path) -> Path:
    (folder / "movie").mkdir()
    for t in range(2):
        content(f"t{t}.png", b"\x89PNG")(folder / "movie")
    return folder / "movie"


def _zarr_without_image(folder: Path) -> Path:
    (folder / "movie.zarr").mkdir()
    content(".zattrs", "{}")(folder / "movie.zarr")
    return folder / "movie.zarr"


def _zarr_cut(folder: Path) -> Path:
    (folder / "movie.zarr").mkdir()
    content(".zattrs", '{"multiscales": [')(folder / "movie.zarr")
    return folder / "movie.zarr"


def _zarr_without_array(folder: Path) -> Path:
    image = {"axes": [{"name": axis} for axis in "tyx"], "datasets": [{"path": "0"}]}
    (folder / "movie.zarr").mkdir()
    content(".zattrs", json.dumps({"multiscales": [image]}))(folder / "movie.zarr")
    return folder / "movie.zarr"


def _zarr_with_channels(folder: Path) -> Path:
    import zarr  # here: it takes half a second

    stack = pixels(3, 2)
    group = zarr.open_group(folder / "movie.zarr", mode="w", zarr_format=2)
    group.create_array("0", shape=stack.shape, chunks=stack.shape, dtype=stack.dtype)[...] = stack
    group.attrs["multiscales"] = [{"axes": [{"name": axis} for axis in "tcyx"], "datasets": [{"path": "0"}]}]
    return folder / "movie.zarr"


def _zarr_plate(folder: Path) -> Path:
    """A plate with one well, and one image in it."""
    plate = {"wells": [{"path": "A/1"}]}
    (folder / "plate.zarr" / "A" / "1").mkdir(parents=True)
    content(".zattrs", json.dumps({"plate": plate}))(folder / "plate.zarr")
    content(".zattrs", json.dumps({"well": {"images": [{"path": "0"}]}}))(folder / "plate.zarr" / "A" / "1")
    _zarr_with_channels(folder / "plate.zarr" / "A" / "1").rename(folder / "plate.zarr" / "A" / "1" / "0")
    return folder / "plate.zarr"


def _zarr_positions(folder: Path) -> Path:
    (folder / "movie").mkdir()
    content(".zattrs", json.dumps({"bioformats2raw.layout": 3}))(folder / "movie")
    for number in "01":
        _zarr_with_channels(folder / "movie").rename(folder / "movie" / number)
    return folder / "movie"


def _zarr_without_chunks(folder: Path) -> Path:
    """Six time points, of which only the first was stored."""
    import zarr  # here: it takes half a second

    stack = pixels(6)
    array = zarr.create_array(folder / "movie.zarr", shape=stack.shape, chunks=(1, *stack.shape[1:]), dtype=stack.dtype,
                              dimension_names=["t", "y", "x"])
    array[0] = stack[0]
    return folder / "movie.zarr"


ROWS = (
    BadInput(GROUP, "a file of a Nikon microscope", content("cells.nd2", b"anything"), r"not read: in NIS-Elements",
             "cells.nd2"),
    BadInput(GROUP, "a file of a Zeiss microscope", content("cells.czi", b"anything"), r"not read: in ZEN",
             "cells.czi"),
    BadInput(GROUP, "a file of a Leica microscope", content("cells.lif", b"anything"), r"not read: in LAS X",
             "cells.lif"),
    BadInput(GROUP, "a file of Imaris", content("cells.ims", b"anything"), r"Fiji by Bio-Formats", "cells.ims"),
    BadInput(GROUP, "a video", content("cells.mp4", b"anything"), r"a video has lost pixels", "cells.mp4"),
    BadInput(GROUP, "an HDF5 file", content("cells.h5", b"anything"), r"save the array \(T, Y, X\)", "cells.h5"),
    BadInput(GROUP, "a table as the movie", content("points.csv", "t,y,x\n"), r"holds no frames", "points.csv"),
    BadInput(GROUP, "half an array of NumPy", content("stack.npy", b"\x93NUMPY\x01"), r"no whole NumPy array",
             "stack.npy"),
    BadInput(GROUP, "an array of Python objects", _objects, r"no whole NumPy array of numbers", "stack.npy"),
    BadInput(GROUP, "a folder with a damaged PNG", _broken_picture, r"not a readable image", "t0.png"),
    BadInput(GROUP, "a Zarr folder without an image", _zarr_without_image, r"no `multiscales`.*folder of one image",
             "movie.zarr"),
    BadInput(GROUP, "a Zarr folder whose metadata were cut", _zarr_cut, r"no readable JSON: copy the folder",
             ".zattrs"),
    BadInput(GROUP, "a Zarr folder without its pixels", _zarr_without_array, r"not a readable Zarr array",
             "movie.zarr/0"),
    BadInput(GROUP, "two channels in an OME-Zarr", _zarr_with_channels,
             r"3 time points of 2 channels: choose one with `channel`", "movie.zarr"),
    BadInput(GROUP, "a plate of OME-Zarr", _zarr_plate, r"no image itself.*give the folder of one image, such as .*A/1/0",
             "plate.zarr"),
    BadInput(GROUP, "two images in one folder of OME-Zarr", _zarr_positions,
             r"holds 2 images: choose one with `position`, of 0, 1", "movie"),
    BadInput(GROUP, "a Zarr image of which hardly anything was stored", _zarr_without_chunks,
             r"1 whole of the 6 time points that its metadata promise", "movie.zarr"),
)
