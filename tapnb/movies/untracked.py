"""Folders in the layout of the Cell Tracking Challenge that hold frames and no tracking, and label images given as frames."""

import re
from pathlib import Path

from tapnb.movies.ctc import ctc_sequences
from tapnb.movies.kinds_of_names import has_word_of_labels
from tapnb.movies.stacks import image_files

__all__ = ["check_no_labels", "frames_of", "lacks_tracking", "tracked_sequences"]

OF_CHALLENGE = re.compile(r"(?:man_(?:track|seg)|mask)[0-9]+(?:_[0-9]+)?", re.IGNORECASE)
"""Names of the challenge's label images, without their suffix."""


def tracked_sequences(folder) -> list[str]:
    """Return the sequences of a folder that hold something of a tracking, sorted.

    ``NN_GT`` counts if there is anything in its ``TRA``, ``NN_RES`` if it is not empty: what of it is missing is then said.
    """
    folder = Path(folder)
    return [sequence for sequence in ctc_sequences(folder)
            if any(_not_empty(place) for place in (folder / f"{sequence}_GT" / "TRA", folder / f"{sequence}_RES"))]


def _not_empty(folder: Path) -> bool:
    return folder.is_dir() and any(not file.name.startswith(".") for file in folder.iterdir())


def frames_of(path: Path, sequence: str | None = None) -> Path:
    """Return the folder of frames ``NN`` of a data set without any tracking, or `path` if it is no such data set.

    Raises
    ------
    ValueError
        If it has several sequences, of which none is chosen.
    """
    if not path.is_dir() or image_files(path):
        return path
    sequences = sorted(folder.name for folder in path.iterdir()
                       if re.fullmatch(r"\d\d", folder.name) and folder.is_dir() and image_files(folder))
    if sequence in sequences:
        return path / sequence
    if len(sequences) > 1 and sequence is None:
        raise ValueError(f"{path} holds the sequences {', '.join(sequences)}, and no tracking of any: give the folder of one, "
                         f"{path / sequences[0]}.")
    return path / sequences[0] if sequences and sequence is None else path


def lacks_tracking(frames: Path) -> str:
    """Return the remark on frames ``NN`` whose ``NN_GT`` or ``NN_RES`` holds no tracking; empty if there is neither."""
    if frames.name not in (ctc_sequences(frames.parent) if frames.is_dir() else ()):
        return ""
    beside = next(place for place in (f"{frames.name}_GT", f"{frames.name}_RES") if (frames.parent / place).is_dir())
    return f"no labels, since {beside} holds no tracking"


def check_no_labels(path: Path) -> str:
    """Return the remark on frames whose name says that they are labels; empty if it does not.

    Raises
    ------
    ValueError
        If it is a folder of label images of the challenge.
    """
    if not path.is_dir():
        return "its name says that it holds labels, not frames" if has_word_of_labels(path.stem.lower()) else ""
    files = image_files(path)
    if files and all(OF_CHALLENGE.fullmatch(file.stem) for file in files) and (
            path.name in ("TRA", "SEG") or re.fullmatch(r"\d\d_(?:GT|ST|RES)", path.name)):
        data_set = path if "_" in path.name else path.parent
        movie = data_set.parent / data_set.name[:2]
        where = str(movie) if movie.is_dir() else "such as 01"
        raise ValueError(f"{path} holds label images, such as {files[0].name}, and no frames: give the folder of the frames, "
                         f"{where}.")
    said = files and has_word_of_labels(path.name.lower()) and all(has_word_of_labels(file.stem.lower()) for file in files)
    return "the names of the folder and of its files say that they are labels, not frames" if said else ""
