"""Movies that are no TIFF: NumPy arrays, folders of PNG or JPEG; and what to export other files to."""

from pathlib import Path

import numpy as np

from tapnb.movies.axes import part
from tapnb.movies.file_names import Choice
from tapnb.movies.storage import converted
from tapnb.movies.tiff import Recording
from tapnb.system.files import said

__all__ = ["PICTURES", "read_npy", "read_picture", "refused"]

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
    if array.ndim >= 3:
        array = part("Q" * (array.ndim - 2) + "YX", array.shape, choice, path).of(array)
    return Recording(converted(array, array.dtype.newbyteorder("="), path))


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
