"""Stacks and folders of label images, whose files may be of several types of whole numbers."""

from pathlib import Path

import numpy as np

from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import image_files, read_recording
from tapnb.movies.tiff import Recording, read_tiff

__all__ = ["read_label_images"]


def read_label_images(path, choice=Choice()) -> Recording:
    """Read labels (T, Y, X), see :func:`tapnb.movies.stacks.read_recording`.

    Raises
    ------
    ValueError
        Besides, if the images of a folder are of types that no one type of whole numbers holds, such as uint64 and int8.
    """
    path = Path(path)
    try:
        labels = read_recording(path, labels=True, choice=choice)
    except ValueError:
        _check_types(path)
        raise
    if labels.pixels.dtype.kind == "f":
        _check_types(path)
    return labels


def _check_types(path: Path) -> None:
    """Say which types do not go together, if that is what is wrong."""
    if not path.is_dir():
        return
    first = {}  # file of each type
    for file in image_files(path):
        try:
            first.setdefault(read_tiff(file, alone=True).pixels.dtype, file.name)
        except ValueError:  # which is said already
            return
    if first and all(dtype.kind in "iu" for dtype in first) and np.result_type(*first).kind == "f":
        types = " and ".join(f"{dtype} ({name})" for dtype, name in first.items())
        raise ValueError(f"{path} holds labels of the types {types}, which no one type of whole numbers holds: save all "
                         "label images as uint32.")
