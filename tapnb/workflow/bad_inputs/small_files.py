"""Small files and folders for the bad inputs: each function returns one that makes them in a given folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

__all__ = ["FRAMES", "Maker", "content", "described", "folder_of", "labelled", "pixels", "stack", "tracked"]

Maker = Callable[[Path], Path]
"""Makes files in an empty folder, and returns the path to ask for."""

SIZE = (24, 32)  # Y, X
FRAMES = 4


def pixels(*lead: int, dtype: str = "uint16", size: tuple[int, int] = SIZE) -> np.ndarray:
    """Return pixels (..., Y, X) that are the same every time, and no two frames alike."""
    return np.random.default_rng(0).integers(0, 200, (*lead, *size)).astype(dtype)


def stack(name: str, array: np.ndarray, **options) -> Maker:
    """A TIFF stack."""
    def make(folder: Path) -> Path:
        tifffile.imwrite(folder / name, array, **({"photometric": "minisblack"} | options))
        return folder / name
    return make


def content(name: str, written: bytes | str) -> Maker:
    """A file of just that content."""
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(written if isinstance(written, bytes) else written.encode())
        return folder / name
    return make


def folder_of(*names: str,
              change: Callable[[str, np.ndarray], np.ndarray] = lambda name, frame: frame) -> Maker:
    """A folder ``movie`` of TIFF files; ``change`` says what of the ordinary frame each holds."""
    def make(folder: Path) -> Path:
        (folder / "movie").mkdir()
        for name, frame in zip(names, pixels(len(names))):
            tifffile.imwrite(folder / "movie" / name, change(name, frame))
        return folder / "movie"
    return make


def described(text: str) -> Maker:
    """A description ``movie.yaml`` beside a stack ``stack.tif`` that is as it should be."""
    def make(folder: Path) -> Path:
        stack("stack.tif", pixels(FRAMES))(folder)
        return content("movie.yaml", text)(folder)
    return make


def labelled(make_labels: Maker, radius: str = "") -> Maker:
    """A description of such a stack with labels, and a radius if one is given."""
    def make(folder: Path) -> Path:
        text = f"frames: stack.tif\nlabels: {make_labels(folder).name}\n"
        return described(text + (f"radius: {radius}\n" if radius else ""))(folder)
    return make


def tracked(table: bytes | str | None = "1 0 1 0\n2 2 3 1\n3 2 3 1\n",
            change: Callable[[Path], object] = lambda folder: None, dtype: str = "uint16",
            first: int = 0) -> Maker:
    """A tracked movie: cell 1 divides into 2 and 3 between its second and third frame.

    Parameters
    ----------
    table : bytes, str or None
        The lineage table; None: there is none.
    change : callable
        What is done to the folder in the end.
    dtype : str
        Of the label images.
    first : int
        Number of the first frame's file.
    """
    def make(folder: Path) -> Path:
        frames, labels = folder / "movie" / "01", folder / "movie" / "01_GT" / "TRA"
        frames.mkdir(parents=True), labels.mkdir(parents=True)
        for t, frame in enumerate(pixels(FRAMES)):
            image = np.zeros(SIZE, dtype)
            if t < 2:
                image[8:14, 8:14] = 1
            else:
                image[4:9, 8:14], image[12:17, 8:14] = 2, 3
            tifffile.imwrite(frames / f"t{t + first:03}.tif", frame)
            tifffile.imwrite(labels / f"man_track{t + first:03}.tif", image)
        if table is not None:
            (labels / "man_track.txt").write_bytes(table if isinstance(table, bytes) else table.encode())
        change(folder / "movie")
        return folder / "movie"
    return make
