"""Movies that are no TIFF: OME-Zarr, NumPy arrays, folders of PNG or JPEG; and what to export other files to."""

import json
import math
from pathlib import Path

import numpy as np

from tapnb.movies.axes import part
from tapnb.movies.file_names import Choice
from tapnb.movies.storage import LARGE, empty
from tapnb.movies.tiff import MICROMETRES, MINUTES, Recording
from tapnb.system.files import said

__all__ = ["PICTURES", "is_zarr", "read_npy", "read_picture", "read_zarr", "refused"]

PICTURES = (".png", ".jpg", ".jpeg")
"""Images that a folder may hold instead of TIFF files; JPEG loses pixels."""

EXPORTS = {
    (".ome",): "it holds the metadata of a set, so give the folder of its .ome.tif files",
    (".nd2",): "in NIS-Elements, or in Fiji by Bio-Formats, save it as OME-TIFF",
    (".czi",): "in ZEN choose Export, OME-TIFF, or open it in Fiji and save it as TIFF",
    (".lif", ".lof", ".xlef"): "in LAS X choose Export, TIFF, or open it in Fiji by Bio-Formats and save it as TIFF",
    (".ims",): "open it in Fiji by Bio-Formats and save it as OME-TIFF",
    (".oir", ".vsi", ".oib", ".dv", ".flex", ".mvd2"): "open it in Fiji by Bio-Formats and save it as OME-TIFF",
    (".avi", ".mp4", ".mov", ".mkv", ".webm", ".gif"): "a video has lost pixels, so go back to the recording and save it as "
                                                       "TIFF",
    (".h5", ".hdf5", ".mat", ".npz"): "save the array (T, Y, X) as TIFF or .npy",
    (".csv", ".txt", ".xml", ".xlsx", ".json", ".zip"): "it holds no frames, so give a TIFF stack or a folder of them",
}


def refused(path: Path) -> str | None:
    """Return the sentence for a file of a kind that is not read, or None if it may be a TIFF."""
    advice = next((text for suffixes, text in EXPORTS.items() if path.suffix.lower() in suffixes), None)
    return advice and f"{path} is a {path.suffix.lower()} file, which is not read: {advice}."


def read_npy(path: Path, choice=Choice()) -> Recording:
    """Map a NumPy array (T, Y, X), or one with the axes that `choice` names; arrays of objects are refused."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # noqa: BLE001  a damaged header ends in any of them
        raise ValueError(f"{path} is no whole NumPy array of numbers ({said(error)}): save it again with numpy.save.") from None
    if array.ndim < 3:
        return Recording(array)
    return Recording(part("Q" * (array.ndim - 2) + "YX", array.shape, choice, path).of(array))


def read_picture(path: Path) -> np.ndarray:
    """Read one PNG or JPEG image, (Y, X) if it is grey."""
    import imageio.v3 as imageio  # here: a movie of TIFF files does without

    try:
        image = imageio.imread(path)
    except Exception as error:  # each decoder has its own
        raise ValueError(f"{path} is not a readable image ({type(error).__name__}): save or copy it again.") from error
    if image.ndim == 3 and (image[..., :1] == image[..., :3]).all():
        image = image[..., 0]  # grey, written as colours
    return image


def is_zarr(path: Path) -> bool:
    """Whether a folder is an OME-Zarr image, version 2 or 3."""
    return any((path / name).is_file() for name in (".zattrs", ".zgroup", "zarr.json", ".zarray"))


def read_zarr(path: Path, choice=Choice()) -> Recording:
    """Read the largest resolution of an OME-Zarr image.

    Raises
    ------
    ValueError
        If the folder holds no multiscale image, an array is damaged, or something besides time is left open.
    """
    import zarr  # here: it takes half a second, and other movies do without

    axes, units, level, scale = _described(path)
    try:
        array = zarr.open_array(path / level, mode="r")
    except Exception as error:  # missing, cut or of a codec that is not there
        raise ValueError(f"{path}/{level[:60]} is not a readable Zarr array ({said(error)}): copy the whole folder "
                         "again.") from None
    if array.dtype.kind not in "biuf":  # before a chunk is read: objects may be pickles
        raise ValueError(f"{path} holds {str(array.dtype)[:60]} and no numbers: export it again.")
    if len(axes) != array.ndim or axes[-2:] != "YX":
        raise ValueError(f"{path} has the axes {axes[:60]} for an array of {array.ndim}: export it again.")
    if (size := math.prod(array.chunks) * array.dtype.itemsize) > LARGE:  # a whole chunk is unpacked, however little is read
        raise ValueError(f"{path} has chunks of {size / 1e9:.1f} GB: export it again with one frame a chunk.")
    chosen = part(axes, array.shape, choice, path)
    index = [i if isinstance(i, int) else None for i in chosen.index]
    time = axes.index("T") if "T" in axes else chosen.index.index(slice(None))
    frames = empty((array.shape[time], *array.shape[-2:]), array.dtype, path)
    for t in range(len(frames)):  # frame by frame: only what is chosen is read
        place = tuple(t if i == time else slice(None) if n is None else n for i, n in enumerate(index))
        try:
            plane = np.asarray(array[place])
        except Exception as error:  # each codec has its own; a damaged chunk may claim any size, the sound ones do not
            raise ValueError(f"{path} is damaged in frame {t} ({said(error)}): copy the whole folder again.") from None
        frames[t] = plane.max(axis=0) if plane.ndim == 3 else plane
    lengths = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3} | MICROMETRES
    times = {"second": 1 / 60, "millisecond": 1 / 60_000, "minute": 1.0, "hour": 60.0} | MINUTES
    if len(scale) != len(axes):
        return Recording(frames)
    sizes = lengths.get(units[-1], 0) * scale[-1], times.get(units[time], 0) * scale[time]
    return Recording(frames, *(size if 0 < size < np.inf else None for size in sizes))


def _described(path: Path) -> tuple[str, list[str], str, list[float]]:
    """Return what the metadata say: axes and units, the path of the largest resolution, and its scale (empty: not said)."""
    about = _attributes(path)
    try:
        scales = about.get("ome", about).get("multiscales")
    except AttributeError:  # neither is a mapping
        scales = about
    if not scales:
        raise ValueError(f"{path} is a Zarr folder without an image in it (no `multiscales`): give the folder of one image, such "
                         "as the one named 0.")
    try:
        level = scales[0]["datasets"][0]
        named = [axis if isinstance(axis, dict) else {"name": axis} for axis in scales[0].get("axes", "tczyx")]
        axes = "".join(axis["name"][0].upper() for axis in named)
        steps = level.get("coordinateTransformations", [])
        scale = next((step["scale"] for step in steps if step.get("type") == "scale"), [])
        return axes, [str(axis.get("unit", "")) for axis in named], level["path"] + "", [float(step) for step in scale]
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path} has metadata that describe no OME-Zarr image ({said(error)}): export it again.") from None


def _attributes(path: Path) -> dict:
    """Return the metadata of a Zarr group, version 2 or 3."""
    for name in (".zattrs", "zarr.json"):
        if (path / name).is_file():
            try:
                about = json.loads((path / name).read_text("utf-8"))
                return about.get("attributes", {}) if name == "zarr.json" else about
            except (ValueError, AttributeError):
                raise ValueError(f"{path / name} is no readable JSON: copy the folder again.") from None
    return {}
