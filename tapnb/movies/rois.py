"""Events marked in Fiji: the ROI Manager's ``.zip``, or a single ``.roi``.

A point, or each point of a multi-point, lies on a cell that is segmented there. An outline (polygon, freehand,
rectangle, oval, wand) is the cell itself. What has "death", "dead" or "apoptosis" in its name, or is in group 2, is a death;
all else is a division.

A ROI's frame is its ``t`` (of a hyperstack) or its position in the stack, both of which Fiji counts from 1; each point
of a multi-point has a position of its own, which is a frame if the stack has one channel and one plane.
"""

import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import roifile
from skimage.draw import polygon

from tapnb.movies.event_kinds import mentioned
from tapnb.system.files import said

__all__ = ["Outline", "read_rois", "fill"]

MOST, LARGEST, ALL = 100_000, 2**22, 2**28  # ROIs in an archive; bytes of each, 300 000 corners; bytes of all
CELLS = {roifile.ROI_TYPE.POINT, roifile.ROI_TYPE.POLYGON, roifile.ROI_TYPE.RECT, roifile.ROI_TYPE.OVAL,
         roifile.ROI_TYPE.FREEHAND, roifile.ROI_TYPE.TRACED}
SHAPES = {roifile.ROI_SUBTYPE.UNDEFINED, roifile.ROI_SUBTYPE.ELLIPSE, roifile.ROI_SUBTYPE.ROTATED_RECT}
TIED = "in Fiji, choose More, Options, 'Associate Show All ROIs with slices', and add the ROIs again in their frames"


@dataclass(frozen=True, eq=False)
class Outline:
    """The outline of one cell in one frame.

    Attributes
    ----------
    t : int
        Frame, from 0.
    corners : numpy.ndarray
        (n, 2) y and x in pixels, whole numbers at pixels' centres.
    kind : str
        "division" or "death".
    name : str
        What Fiji calls it.
    """

    t: int
    corners: np.ndarray
    kind: str
    name: str


def read_rois(path, several=False) -> tuple[pd.DataFrame, list[Outline]]:
    """Read ROIs.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``.zip`` of the ROI Manager, or a ``.roi``.
    several : bool
        Whether the stack that they were marked in has several channels or planes: then a position alone tells no frame.

    Returns
    -------
    points : pandas.DataFrame
        ``t`` (frame, from 0), ``y``, ``x`` (pixels), ``kind``.
    outlines : list of Outline

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no sound archive of ROIs, or one of them is neither point nor outline, or in no frame.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the path.")
    points, outlines = [], []
    for name, content in _contents(path):
        roi, corners = _decoded(content, f"{path}: {name[:60]}")
        where = f"{path}: the ROI {(roi.name or name)[:60]!r}"
        kind = _kind(roi, where)
        if not np.isfinite(corners).all() or not len(corners):
            raise ValueError(f"{where} has no place, or none that is finite: remove it.")
        if roi.roitype == roifile.ROI_TYPE.POINT:
            if roi.counters is not None and len(set(roi.counters.tolist())) > 1:
                raise ValueError(f"{where} has points of several counters, which do not say what is a death: make one "
                                 "ROI of the divisions, and one named death.")
            # Fiji's whole numbers name pixels, its fractions begin at a pixel's edge.
            corners = corners - (0.5 if roi.subpixel_coordinates is not None else 0)
            points += [(t, y, x, kind) for t, (y, x) in zip(_frames(roi, len(corners), where, several), corners)]
        else:
            outlines.append(Outline(_frames(roi, 1, where, several)[0], corners - 0.5, kind, roi.name or name))
    if not points and not outlines:
        raise ValueError(f"{path} holds no ROI: add them to the ROI Manager, and save all.")
    return pd.DataFrame(points, columns=["t", "y", "x", "kind"]), outlines


def fill(masks, outlines) -> None:
    """Mark the pixels whose centres lie in the outlines, in place.

    Parameters
    ----------
    masks : numpy.ndarray
        (T, Y, X) ``uint8``: 1 for divisions, 2 for deaths.
    outlines : list of Outline

    Raises
    ------
    ValueError
        If one lies outside the movie.
    """
    for outline in outlines:
        if outline.t < len(masks):
            rows, columns = polygon(*outline.corners.T, masks.shape[1:])
        if outline.t >= len(masks) or not len(rows):
            raise ValueError(f"The ROI {outline.name[:60]!r} in frame {outline.t + 1} covers no pixel of the movie of shape "
                             f"{masks.shape}: check which movie it was drawn in.")
        masks[outline.t, rows, columns] = 2 if outline.kind == "death" else 1


def _decoded(content: bytes, where: str):
    """Return a ROI and its points or corners, (n, 2) y and x, whole numbers at pixels' edges."""
    try:
        roi = roifile.ImagejRoi.frombytes(content)
        cell = roi.roitype in CELLS and roi.subtype in SHAPES and not roi.composite
        corners = np.asarray(roi.coordinates(), float)[:, ::-1] if cell else None
    except Exception as error:  # noqa: BLE001  each kind of damage has its own exception
        raise ValueError(f"{where} is not a readable ROI ({said(error)}): save the ROIs "
                         "again.") from None
    if not cell:
        what = "composite" if roi.composite else (roi.roitype if roi.subtype in SHAPES else roi.subtype).name.lower()
        raise ValueError(f"{where} is of the kind {what}: mark a cell with a point, or with one outline.")
    return roi, corners


class _Refused(ValueError):
    """An archive that is sound, but not what it should be."""


def _contents(path: Path):
    """Yield the name and the bytes of every ROI; nothing is unpacked to the disk."""
    if path.suffix.lower() == ".roi":
        with path.open("rb") as file:
            yield path.name, _limited(file, path, path.name)
        return
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist()
                       if not member.is_dir() and not member.filename.startswith("__MACOSX/")]
            if len(members) > MOST:
                raise _Refused(f"{path} holds {len(members)} files, more than {MOST} ROIs: check which file it is.")
            for member in members:
                if not member.filename.lower().endswith(".roi") or stat.S_ISLNK(member.external_attr >> 16):
                    raise _Refused(f"{path} holds {member.filename[:60]!r}, which is no .roi file: give the archive "
                                   "that Fiji's ROI Manager saves.")
                with archive.open(member) as file:
                    content = _limited(file, path, member.filename)
                total += len(content)
                if total > ALL:
                    raise _Refused(f"{path} unpacks to more than {ALL >> 20} MiB, too much for ROIs: check which file "
                                   "it is.")
                yield member.filename, content
    except _Refused:
        raise
    except Exception as error:  # noqa: BLE001  each way of compression has its own exceptions
        raise ValueError(f"{path} is not a sound zip archive ({said(error)}): save the ROIs again.") from None


def _limited(file, path: Path, name: str) -> bytes:
    """Read a file that claims any size, up to the largest size of a ROI."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _Refused(f"{path}: {name[:60]} has more than {LARGEST >> 20} MiB, too much for a ROI: check which file it is.")
    return content


def _kind(roi, where: str) -> str:
    """Return what a ROI's name and its group say; without either it is a division."""
    kinds = mentioned(roi.name or "") | ({"death"} if roi.group == 2 else set())
    if len(kinds) > 1:
        raise ValueError(f"{where} leaves open by its name and its group whether it is a division or a death: name it one of "
                         "the two.")
    if not kinds and roi.group > 2:
        raise ValueError(f"{where} is in group {roi.group}, which says neither division nor death: name it one of the two, or use "
                         "group 1 for divisions and 2 for deaths.")
    return kinds.pop() if kinds else "division"


def _frames(roi, count: int, where: str, several: bool) -> list[int]:
    """Return the frame, from 0, of each of a ROI's points, or of the ROI."""
    if roi.z_position > 1:
        raise ValueError(f"{where} lies in plane z = {roi.z_position}, but a movie has frames: in Fiji, exchange "
                         "slices and frames under Image, Properties, and mark the cells again.")
    if several and roi.t_position < 1:
        raise ValueError(f"{where} has a place in the stack, which holds more than time, and no frame: in Fiji, duplicate the "
                         "one channel or plane, and mark the cells there.")
    of_points = [] if several or roi.counter_positions is None else roi.counter_positions.tolist()
    if len(of_points) == count and all(of_points):
        return [position - 1 for position in of_points]
    position = roi.t_position or roi.position
    if position < 1:
        raise ValueError(f"{where} is in no frame: {TIED}.")
    return [position - 1] * count
