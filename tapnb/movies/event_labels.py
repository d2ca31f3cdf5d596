"""The labels of a movie of one's own, in whichever form: a stack, a table of points, or Fiji's ROIs."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tapnb.movies.file_names import Choice
from tapnb.movies.label_images import read_label_images
from tapnb.movies.tiff import Recording

__all__ = ["read_labels", "read_events", "check_inside", "are_points"]

NEAR = 30
"""Pixels between points of one event at most: a mother and her daughters."""

TABLES, ROIS = (".csv", ".tsv", ".txt"), (".zip", ".roi")


def are_points(path) -> bool:
    """Say whether labels are marked cells, by the ending of the file's name, and not a stack of masks."""
    return path is not None and Path(path).suffix.lower() in TABLES + ROIS


def read_labels(path, frames, radius=None, times=None, gaps="refuse", several=False) -> tuple[np.ndarray, pd.DataFrame | None, str]:
    """Read the event masks of a movie.

    Parameters
    ----------
    path : str or pathlib.Path
        A TIFF stack or a folder of TIFF files; a table of points (``.csv``, ``.tsv``, ``.txt``), see
        :func:`tapnb.movies.points_file.read_points`; or ROIs (``.zip``, ``.roi``), see :mod:`tapnb.movies.rois`.
    frames : numpy.ndarray
        (T, Y, X) bright nuclei on a dark background, in which those at points are segmented, see
        :func:`tapnb.movies.points.segmented`.
    radius : float, optional
        Radius of a typical nucleus in pixels; points need it.
    times : tuple of int, optional
        The numbers of the frames, if their files' names hold any: those of a folder of label files have to be the same.
    gaps : {"refuse", "allow"}
        Whether a folder of label images may lack time points, as the frames do.
    several : bool
        Whether the frames are one channel or plane of several, so that a place in Fiji's stack tells no frame.

    Returns
    -------
    masks : numpy.ndarray
        A stack as stored; of points and ROIs (T, Y, X) ``uint8``: 1 division, 2 death.
    events : pandas.DataFrame or None
        If a table says which points are one event.
    remark : str
        What is odd about them, as a clause; empty if nothing.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If the file cannot be read, lies outside the movie, is numbered otherwise than the frames, or the radius is missing
        or larger than the frames allow.
    """
    if not are_points(path):
        # Where numbers are compared, a time point that the frames lack as well is no gap.
        labels = _read_masks(Path(path), gaps if times is None else "allow")
        _check_numbers(path, labels.times, times)
        return labels.pixels, None, ""
    # Here, because no other movie needs them.
    from tapnb.movies.points import segmented
    from tapnb.movies.points_file import events_of_points, read_points

    events, outlines = None, []
    if Path(path).suffix.lower() in TABLES:
        points = read_points(path)
        events = events_of_points(points)
    else:
        from tapnb.movies.rois import fill, read_rois

        points, outlines = read_rois(path, several)
    largest = min(frames.shape[1:]) / 2
    if len(points) and not (radius and 0 < radius <= largest):
        wrong = f"but the radius is {radius:g}" if radius else "but no radius"
        raise ValueError(f"{path} holds points, {wrong}: say in the movie's YAML file how large a typical cell is, as "
                         f"`radius` in pixels, at most half a frame's shorter side, {largest:g}.")
    try:
        masks, blank = segmented(frames, points, radius)
        if outlines:
            fill(masks, outlines)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    remark = f"no nucleus stands out at {blank} of its {len(points)} points: check that they are in pixels, and nuclei bright" if blank else ""
    return masks, events, remark


def _check_numbers(path, of_labels: tuple[int, ...] | None, of_frames: tuple[int, ...] | None) -> None:
    """Raise a ValueError if frames and labels are both numbered, and not alike."""
    if of_labels is None or of_frames is None or of_labels == of_frames:
        return
    ranges = (f"{path} holds {len(of_labels)} label files numbered {of_labels[0]} to {of_labels[-1]}, but the "
              f"{len(of_frames)} frames are numbered {of_frames[0]} to {of_frames[-1]}")
    offset = of_labels[0] - of_frames[0]
    if of_labels == tuple(number + offset for number in of_frames):
        raise ValueError(f"{ranges}, which may mean that one program counts from another number, or that labels are "
                         "missing: if both are in the same order, rename the label files to the numbers of the frames; if "
                         "not, add what is missing.")
    unlabelled, lone = sorted(set(of_frames) - set(of_labels)), sorted(set(of_labels) - set(of_frames))
    which = " and ".join(f"{one} {number}, and no {other}" for one, other, numbers in (
        ("a frame", "label", unlabelled), ("a label", "frame", lone)) if numbers for number in numbers[:1])
    raise ValueError(f"{ranges}; there is {which}: give each frame the label file of its number (all 0 where nothing "
                     "happens), or choose the frames that have one with `pattern`.")


def _read_masks(path: Path, gaps: str) -> Recording:
    """Read a stack of labels, which has time and nothing besides: what is chosen of the frames says nothing of them."""
    try:
        return read_label_images(path, Choice(lone="T", gaps=gaps))
    except ValueError as error:
        if several := re.search(r"`(channel|position|plane)\b", str(error)):
            raise ValueError(f"{path} holds more than one {several[1]}, but labels are one image a frame: save the one with the "
                             "labels by itself.") from None
        if "`axes`" in str(error):
            raise ValueError(f"{str(error).partition(': ')[0]}, but labels are one grey image a frame: save them with time first, and "
                             "without colours, channels or planes (in Fiji: Image > Type > 8-bit).") from None
        raise


def read_events(path, shape, several=False) -> pd.DataFrame:
    """Read events that were marked as points or outlines, each in its frame: no cell has to be segmented for that.

    Parameters
    ----------
    path : str or pathlib.Path
        A table of points or ROIs, see :func:`are_points`. Of a division, mark the daughters' first frame, between them;
        of a death the cell in its first frame. Points of one number in the column ``event`` are one event. So are, where
        there is no such column and most points have another beside them, those that do: a mother and her daughters.
    shape : tuple of int
        (T, Y, X) of the movie.
    several : bool
        See :func:`read_labels`.

    Returns
    -------
    pandas.DataFrame
        ``t``, ``y``, ``x``, ``kind`` ("division" unless it is said).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it cannot be read, or an event lies outside the movie.
    """
    from tapnb.movies.points_file import events_of_points, read_points

    path = Path(path).expanduser()
    if path.suffix.lower() in TABLES:
        points = read_points(path)
        points = points if "kind" in points else points.assign(kind="division")
        if "event" not in points:
            points = _with_events(points)
        events = events_of_points(points)
    else:
        from tapnb.movies.rois import read_rois

        points, outlines = read_rois(path, several)
        # not the mean of the corners, which leans to where they are many
        middles = [(outline.t, *(outline.corners.min(0) + outline.corners.max(0)) / 2, outline.kind) for outline in outlines]
        events = pd.concat([points, pd.DataFrame(middles, columns=["t", "y", "x", "kind"])], ignore_index=True)
        events = events_of_points(_with_events(events))
    events = check_inside(events, shape, path)
    return events[["t", "y", "x", "kind"]].astype({"t": int, "y": float, "x": float}).reset_index(drop=True)


def _with_events(points: pd.DataFrame) -> pd.DataFrame:
    """Number the events that points belong to: each its own, or two or three that lie together, where nearly all do.

    Whoever marks mothers and daughters marks them everywhere, and events that happen to be near are few, or crowds.
    """
    t, places = points["t"].to_numpy(float), points[["y", "x"]].to_numpy(float)
    kind = points["kind"].to_numpy(object)
    pairs = cKDTree(places).query_pairs(NEAR, output_type="ndarray")
    first, second = pairs.T
    joined = pairs[(np.abs(t[first] - t[second]) <= 1) & (kind[first] == kind[second])]
    graph = coo_matrix((np.ones(len(joined)), tuple(joined.T)), (len(points), len(points)))
    _, event = connected_components(graph, directed=False)
    size = np.bincount(event)[event]
    span = pd.Series(t).groupby(event).transform(np.ptp)
    grouped = ((size == 2) | (size == 3)) & (span <= 1)
    return points.assign(event=event if grouped.mean() > 0.8 else np.arange(len(points)))


def check_inside(events: pd.DataFrame, shape, path) -> pd.DataFrame:
    """Return events, or raise ValueError if one lies outside a movie of the shape (T, Y, X)."""
    inside = [events[axis].between(-0.5, side - 0.5) for axis, side in zip("tyx", shape)]
    outside = events[~np.logical_and.reduce(inside)]
    if len(outside):
        first = outside.iloc[0]
        raise ValueError(f"{path}: the event t={first.t:g}, y={first.y:g}, x={first.x:g} lies outside the movie of "
                         f"{shape[0]} frames of {shape[1]} x {shape[2]} pixels: check which movie it was marked in.")
    return events
