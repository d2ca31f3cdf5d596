"""Options of a movie that decide nothing: refused, since whoever sets one expects something of it."""

import dataclasses
from pathlib import Path

from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import read_recording
from tapnb.movies.zarr_image import is_zarr

__all__ = ["FOR", "check_used"]

IMPOSSIBLE = {"channel": 10**6, "position": 10**6, "plane": 10**6, "axes": "ABDEFGHIJKLMNOPQYX"}
"""Values that are refused wherever an option is looked at."""

FOR = {"channel": "files or names that tell several channels", "position": "files or names that tell several positions",
       "plane": "files or names that tell several planes", "axes": "a file with more axes than rows and columns",
       "pattern": "a folder of images", "gaps": "a folder of images, whose names tell time"}


def check_used(options, choice: Choice, frames: list[Path], labels: list[Path]) -> None:
    """Refuse an option that nothing in a movie's files depends on.

    Parameters
    ----------
    options : sequence of str
        Those that are set.
    choice : Choice
        With their values.
    frames : list of pathlib.Path
        Files and folders of frames to which they apply.
    labels : list of pathlib.Path
        Of labels, to which only ``gaps`` applies.

    Raises
    ------
    ValueError
        Naming the option, and what it is for.
    """
    for option in options:
        paths = frames + labels if option == "gaps" else frames
        if not any(_matters(option, choice, path) for path in paths):
            raise ValueError(f"{frames[0]} leaves nothing open that {option} decides, which is for {FOR[option]}: "
                             f"leave out {option}.")


def _matters(option: str, choice: Choice, path: Path) -> bool:
    """Whether files are read by an option; no pixel is read to find that out, unless they are not."""
    if option not in IMPOSSIBLE:
        return path.is_dir() and not is_zarr(path)
    try:
        read_recording(path, choice=dataclasses.replace(choice, **{option: IMPOSSIBLE[option]}))
    except (ValueError, FileNotFoundError):  # it was looked at, or the movie is refused for another reason
        return True
    return False
