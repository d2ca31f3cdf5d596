"""A movie of one's own, described by one small YAML file, so that one name stands for all that belongs to it::

    frames: stack.tif             # a TIFF stack, a folder of TIFF files, or one in Cell Tracking Challenge layout
    labels: labels.tif            # 0 nothing, 1 division, 2 death; or points.csv, or rois.zip
    held_out:                     # a second movie; without it the right part of the first is held out
      frames: other.tif
      labels: other_labels.tif
    um_per_pixel: 0.65
    minutes_per_frame: 15

Only ``frames`` is needed. A path is seen from the folder of the YAML file. A key that is none of these is refused.
"""

import difflib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tapnb.movies.ctc import sequence_name
from tapnb.movies.file_names import Choice
from tapnb.system import yaml12

__all__ = ["MovieFile", "HeldOut", "described", "read_movie_file", "SUFFIXES"]

SUFFIXES = (".yaml", ".yml")

Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
# Written without quotes, 02 is the number two; 5, "5" and "05" are one sequence.
Sequence = Annotated[str, BeforeValidator(lambda value: sequence_name(value) if type(value) in (int, str) else value)]
Index = Annotated[int, Field(strict=True, ge=0)]
Axes = Annotated[str, Field(pattern="^[A-Za-z]{2,6}$")]


class HeldOut(BaseModel):
    """The held-out movie of a :class:`MovieFile`: its ``frames``, ``labels`` and ``sequence``, as there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: Path
    labels: Path | None = None
    sequence: Sequence | None = None


class MovieFile(BaseModel):
    """What a movie of one's own consists of.

    Attributes
    ----------
    frames : Path
        A TIFF stack, a folder of TIFF files, or a folder in Cell Tracking Challenge layout.
    labels : Path, optional
        A stack of the same shape: 0 nothing, 1 division, 2 death. Or a table of points, or Fiji's ROIs, see
        :func:`tapnb.movies.event_labels.read_labels`. A tracked movie has its lineage instead.
    radius : float, optional
        Radius of a typical nucleus in pixels, for labels that are points; of both movies.
    sequence : str, optional
        Which sequence of a tracked movie, such as "02".
    single_child : {"link", "division"}, optional
        What a track with one daughter is, see :func:`tapnb.movies.lineage.divisions`; of both movies.
    held_out : HeldOut, optional
        Another movie, on which the network is only tried.
    channel, position, plane : int, optional
        Which one, if the files hold several; of both movies, as all below. For ``plane`` also "max".
    axes : str, optional
        What the axes of a file are, such as "TYX", see :mod:`tapnb.movies.axes`.
    pattern : str, optional
        Names of the files in a folder that are frames, such as ``img_*.tif``.
    gaps : {"refuse", "allow"}, optional
        Whether time points may be missing, see :mod:`tapnb.movies.file_names`.
    um_per_pixel, minutes_per_frame : float, optional
        Size of a pixel in micrometres, time between two frames in minutes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: Path
    labels: Path | None = None
    sequence: Sequence | None = None
    radius: Positive | None = None
    single_child: Literal["link", "division"] | None = None
    held_out: HeldOut | None = None
    channel: Index | None = None
    position: Index | None = None
    plane: Index | Literal["max"] | None = None
    axes: Axes | None = None
    pattern: str | None = None
    gaps: Literal["refuse", "allow"] | None = None
    um_per_pixel: Positive | None = None
    minutes_per_frame: Positive | None = None

    @property
    def choice(self) -> Choice:
        """What it decides of its files."""
        return Choice(self.channel, self.position, self.plane, self.pattern, self.gaps or "refuse",
                      self.axes)


def described(values: dict[str, object], where) -> MovieFile:
    """Return a checked description of a movie.

    Parameters
    ----------
    values : dict
        By key, as in a YAML file.
    where : str or pathlib.Path
        Where they are from, for the message.

    Raises
    ------
    ValueError
        If a key or a value is not as described.
    """
    try:
        return MovieFile.model_validate(values)
    except ValidationError as error:
        raise ValueError(f"{where}: {_sentence(error.errors()[0])}") from None


def read_movie_file(path) -> MovieFile:
    """Read the description of a movie.

    Parameters
    ----------
    path : str or pathlib.Path
        The YAML file.

    Returns
    -------
    MovieFile
        With absolute paths, all of which exist.

    Raises
    ------
    FileNotFoundError
        If the file, or one that it names, is not there.
    ValueError
        If it is no mapping, or a key or a value is not as described; the message names file and key.
    """
    path = Path(path).expanduser().absolute()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the path.")
    description = described(yaml12.read_mapping(path), path)
    held_out = description.held_out and _placed(description.held_out, path, "held_out: ")
    return _placed(description, path).model_copy(update={"held_out": held_out})


def _placed(description, path: Path, of: str = ""):
    """Return the description with absolute paths, or name the file that is missing."""
    paths = {}
    for key in ("frames", "labels"):
        if (value := getattr(description, key)) is None:
            continue
        try:
            paths[key] = path.parent / Path(value).expanduser()
            there = paths[key].exists()
        except (OSError, RuntimeError, ValueError):  # a name too long, of no user, or with a zero byte in it
            there = False
        if not there:
            raise FileNotFoundError(f"{path}: {of}{key}: there is no file or folder "
                                    f"{yaml12.shown(str(value))}; a path is seen from the folder of "
                                    "this file.")
    return description.model_copy(update=paths)


def _sentence(error: dict) -> str:
    """Return one of pydantic's errors as a sentence that names the key, and what was probably meant."""
    *inside, key = [part for part in error["loc"] if part not in ("constrained-int", "literal['max']")]
    place = ": ".join(str(part)[:60] for part in [*inside, key])
    known = list((HeldOut if inside else MovieFile).model_fields)
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
        return f"there is no key {place!r}; " + (f"did you mean {near[0]!r}?" if near
                                                 else f"the keys are {', '.join(known)}.")
    if error["type"] == "missing":
        return f"the key {place!r} is missing: add it."
    if error["type"] in ("model_type", "model_attributes_type"):
        return f"{place} must be a mapping of its own, with the keys {', '.join(HeldOut.model_fields)}."
    if error["type"] == "literal_error":
        return f"{place} must be {error['ctx']['expected']}, not {yaml12.shown(error['input'])}."
    wanted = {"path_type": "a path", "float_type": "a number", "int_type": "a whole number", "string_type": "text",
              "greater_than": "a number above 0", "greater_than_equal": "a whole number from 0", "finite_number": "a finite number"}.get(error["type"], error["msg"])
    return f"{place} must be {wanted}, not {yaml12.shown(error['input'])}."
