"""Divisions from a tracked movie in Cell Tracking Challenge layout.

The layout, for sequence ``NN``: frames ``NN/tTTT.tif``, small tracking markers
``NN_GT/TRA/man_trackTTT.tif``, the lineage table ``NN_GT/TRA/man_track.txt`` and, if available,
whole cells ``NN_ST/SEG/man_segTTT.tif`` with the same labels. The lineage holds divisions only: deaths are not
annotated.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from tapnb.movies.movie import Movie
from tapnb.movies.stacks import read_stack

__all__ = ["read_lineage", "divisions", "links", "division_masks", "division_events", "read_ctc", "ctc_sequences"]

COLUMNS = ["label", "first", "last", "parent"]
SINGLE_CHILD = ("link", "division")
"""What a track with one daughter can stand for."""


def read_lineage(path) -> pd.DataFrame:
    """Read a lineage table ``man_track.txt``.

    Parameters
    ----------
    path : str or pathlib.Path
        Text file with one track a line: label, first frame, last frame, label of the parent (0: none).

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``first``, ``last``, ``parent`` (``int64``), in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a line is not four whole numbers, a label comes twice, a track ends before it begins, or a
        parent is not in the table or does not end before its daughter begins.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no lineage table {path}: give the man_track.txt of the sequence.")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        if not re.fullmatch(r"\s*\d+\s+\d+\s+\d+\s+\d+\s*", line, re.ASCII):
            raise ValueError(f"{path}, line {number} is {line[:60]!r}: expected four whole numbers, "
                             "label, first frame, last frame, parent.")
        rows.append([int(word) for word in line.split()])
    if not rows:
        raise ValueError(f"{path} is empty: expected one track a line, "
                         "label, first frame, last frame, parent.")
    lineage = pd.DataFrame(rows, columns=COLUMNS, dtype=np.int64)
    _check_lineage(lineage, path)
    return lineage


def _check_lineage(lineage: pd.DataFrame, path: Path) -> None:
    """Raise a ValueError for the first track that contradicts itself or its parent."""
    last = {}
    for row in lineage.itertuples():
        if row.label == 0 or row.label in last:
            why = "0 is the background" if row.label == 0 else "it is used twice"
            raise ValueError(f"{path}: label {row.label} cannot name a track, {why}: "
                             "give each track its own label.")
        if row.last < row.first:
            raise ValueError(f"{path}: track {row.label} ends in frame {row.last}, before its first frame "
                             f"{row.first}: correct the line.")
        last[row.label] = row.last
    for row in lineage[lineage.parent > 0].itertuples():
        if row.parent not in last:
            raise ValueError(f"{path}: track {row.label} has parent {row.parent}, "
                             "which is not in the table: add it, or write 0.")
        if last[row.parent] >= row.first:
            raise ValueError(f"{path}: track {row.label} begins in frame {row.first}, but its parent "
                             f"{row.parent} lasts until frame {last[row.parent]}: "
                             "a mother ends before her daughters begin.")


def divisions(lineage, single_child="link") -> pd.DataFrame:
    """List the divisions of a lineage.

    Parameters
    ----------
    lineage : pandas.DataFrame
        As read by :func:`read_lineage`.
    single_child : {"link", "division"}
        What a parent of one daughter is: one cell that was lost and found again, or a division of which one
        daughter was never found.

    Returns
    -------
    pandas.DataFrame
        One row per mother, that is per distinct parent: ``mother`` (label), ``t`` (first frame of the
        earliest daughter), ``last`` (the mother's last frame), ``daughters`` (tuple of labels, as many as
        in the table: sometimes three, where the annotators merged a cell). Sorted by ``t``.

    Raises
    ------
    ValueError
        If `single_child` is neither word.

    Notes
    -----
    In the challenge's tables one daughter means that a cell left and was found again, see :func:`links`: HeLa 02 has
    three. A track that ends inside the image without daughters may be a division that was never linked; it is
    not counted.
    """
    if single_child not in SINGLE_CHILD:
        raise ValueError(f"single_child is {single_child!r}: choose 'link' (one cell found again) or 'division'.")
    return _parents(lineage, least=2 if single_child == "link" else 1)


def links(lineage) -> pd.DataFrame:
    """List the tracks with a single daughter: one cell that was lost and found again. As :func:`divisions`."""
    table = _parents(lineage, least=1)
    return table[table["daughters"].map(len) == 1].reset_index(drop=True)


def _parents(lineage, least: int) -> pd.DataFrame:
    """Return one row per parent of at least so many daughters, see :func:`divisions`."""
    last = lineage.set_index("label")["last"]
    rows = [(mother, daughters["first"].min(), last[mother], tuple(daughters["label"].tolist()))
            for mother, daughters in lineage[lineage.parent > 0].groupby("parent") if len(daughters) >= least]
    table = pd.DataFrame(rows, columns=["mother", "t", "last", "daughters"])
    return table.astype({"mother": np.int64, "t": np.int64, "last": np.int64}).sort_values(
        ["t", "mother"], ignore_index=True)


def division_masks(labels, lineage, before=1, after=1, single_child="link") -> np.ndarray:
    """Mark the pixels of dividing cells.

    Parameters
    ----------
    labels : numpy.ndarray
        (T, Y, X) integer track labels, 0 background.
    lineage : pandas.DataFrame
        As read by :func:`read_lineage`.
    before : int
        How many of the mother's last frames are marked.
    after : int
        How many of each daughter's first frames are marked.
    single_child : {"link", "division"}
        See :func:`divisions`.

    Returns
    -------
    numpy.ndarray
        (T, Y, X) ``uint8``: 1 on the pixels of mothers and daughters in those frames, else 0.

    Raises
    ------
    ValueError
        If `before` or `after` is negative, or a track lasts longer than the movie.

    Notes
    -----
    The paper's masks mark the pixels of a cell that divides or dies (Section 3) and do not say in how
    many frames. With 1 and 1 an event is exactly one pair of frames, (t - 1, t).
    """
    labels = np.asarray(labels)
    if before < 0 or after < 0:
        raise ValueError(f"before is {before} and after is {after}: give numbers of frames, 0 or more.")
    if labels.ndim != 3 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels have shape {labels.shape} and dtype {labels.dtype}: "
                         "give integers (T, Y, X).")
    if lineage["last"].max() >= len(labels):
        raise ValueError(f"The lineage lasts until frame {lineage['last'].max()}, but the label images end "
                         f"with frame {len(labels) - 1}: give the table and the masks of one sequence.")
    tracks = lineage.set_index("label")
    labels_by_frame = {}  # labels to mark
    for division in divisions(lineage, single_child).itertuples():
        mother = tracks.loc[division.mother]
        for t in range(max(mother["first"], mother["last"] - before + 1), mother["last"] + 1):
            labels_by_frame.setdefault(t, []).append(division.mother)
        for daughter in division.daughters:
            track = tracks.loc[daughter]
            for t in range(track["first"], min(track["last"], track["first"] + after - 1) + 1):
                labels_by_frame.setdefault(t, []).append(daughter)
    masks = np.zeros(labels.shape, np.uint8)
    for t, dividing in labels_by_frame.items():
        masks[t] = np.isin(labels[t], dividing)
    return masks


def division_events(labels, lineage, single_child="link") -> pd.DataFrame:
    """Locate the divisions of a lineage.

    Parameters
    ----------
    labels : numpy.ndarray
        (T, Y, X) integer track labels, 0 background.
    lineage : pandas.DataFrame
        As read by :func:`read_lineage`.
    single_child : {"link", "division"}
        See :func:`divisions`.

    Returns
    -------
    pandas.DataFrame
        One row per division, as in :attr:`tapnb.movies.movie.Movie.events`: ``t`` (the daughters' first frame),
        ``y``, ``x`` (pixels: the middle of the daughters' centroids in that frame, or the mother's last
        centroid if no daughter has a pixel there), ``kind`` ("division"), ``track`` (the mother's label).
    """
    rows = []
    for t, group in divisions(lineage, single_child).groupby("t"):
        where = dict(_centroids(labels[t], {label for row in group.itertuples() for label in row.daughters}))
        for row in group.itertuples():
            points = [where[label] for label in row.daughters if label in where]
            points = points or [point for _, point in _centroids(labels[row.last], [row.mother])]
            if points:
                rows.append((t, *np.mean(points, axis=0), "division", row.mother))
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind", "track"]).sort_values(
        ["t", "track"], ignore_index=True)


def _centroids(image, wanted):
    """Yield (label, (y, x)) of the wanted labels that have a pixel in one label image (Y, X)."""
    boxes = ndimage.find_objects(image)
    for label in sorted(wanted):
        if label <= len(boxes) and boxes[label - 1] is not None:
            rows, columns = boxes[label - 1]
            y, x = np.nonzero(image[rows, columns] == label)
            yield label, (y.mean() + rows.start, x.mean() + columns.start)


def ctc_sequences(folder) -> list[str]:
    """Return the annotated sequences of a folder: every ``NN`` with a ``NN_GT`` beside it, sorted."""
    folder = Path(folder)
    return sorted(path.name for path in folder.iterdir()
                  if re.fullmatch(r"\d\d", path.name) and (folder / f"{path.name}_GT").is_dir())


def read_ctc(folder, sequence, before=1, after=1, name=None, minutes_per_frame=None,
             um_per_pixel=None, single_child="link") -> Movie:
    """Read one sequence of a Cell Tracking Challenge folder, with masks of its divisions.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``01``, ``01_GT`` and, if there is one, ``01_ST``.
    sequence : str or int
        ``"01"``, or 1.
    before, after : int
        Frames marked before and after each division, see :func:`division_masks`.
    name : str, optional
        Name of the movie; by default such as ``ctc-01``.
    minutes_per_frame, um_per_pixel : float, optional
        Time between frames in minutes and size of a pixel in micrometres; the files do not contain them.
    single_child : {"link", "division"}
        What a track with one daughter is, see :func:`divisions`. The movie's ``source`` says how many there are.

    Returns
    -------
    Movie
        Frames (T, Y, X) in their own dtype, masks (T, Y, X) ``uint8`` (1 division), and the events.

    Raises
    ------
    FileNotFoundError
        If the frames, the masks or the lineage table are missing.
    ValueError
        If a file is damaged, or frames, masks and lineage do not fit together.
    """
    folder = Path(folder).expanduser()
    sequence = f"{sequence:02d}" if isinstance(sequence, int) else str(sequence)
    if not (folder / sequence).is_dir():
        raise FileNotFoundError(f"There is no sequence {sequence} in {folder}: expected the folders "
                                f"{sequence} and {sequence}_GT of a Cell Tracking Challenge movie.")
    lineage = read_lineage(folder / f"{sequence}_GT" / "TRA" / "man_track.txt")
    frames = read_stack(folder / sequence)
    whole, markers = folder / f"{sequence}_ST" / "SEG", folder / f"{sequence}_GT" / "TRA"
    label_folder, kind = whole, "whole cells"
    if len(list(whole.glob("*.tif"))) != len(frames):  # missing or partial
        label_folder, kind = markers, "tracking markers, smaller than the cells"
    if not any(label_folder.glob("*.tif")):
        raise FileNotFoundError(f"There are no label images in {whole} or {markers}: "
                                "unpack the whole data set.")
    labels = read_stack(label_folder, labels=True)
    if labels.shape != frames.shape:
        raise ValueError(f"{label_folder} holds labels {labels.shape}, but {folder / sequence} holds frames "
                         f"{frames.shape}: both need the same frames, rows and columns.")
    return Movie(
        frames,
        division_masks(labels, lineage, before, after, single_child),
        name or f"ctc-{sequence}",
        minutes_per_frame,
        um_per_pixel,
        f"Cell Tracking Challenge folder {folder.name}, sequence {sequence}; divisions from its lineage "
        f"table{_links_said(lineage, single_child)}, masks from {kind}",
        division_events(labels, lineage, single_child),
    )


def _links_said(lineage, single_child: str) -> str:
    """Return how many tracks have one daughter, and what they are taken for, in brackets; nothing if there are none."""
    count = len(links(lineage))
    taken = "linked, not divided" if single_child == "link" else "counted as divisions"
    return f" ({count} track{'s' * (count > 1)} with a single daughter {taken})" if count else ""
