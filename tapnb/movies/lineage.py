"""Divisions of a tracked movie, from its lineage table and its label images.

The lineage holds divisions only: deaths are not annotated.
"""

import numpy as np
import pandas as pd

__all__ = ["apart", "divisions", "links", "late", "division_masks", "division_events", "unexplained_ends"]

SINGLE_CHILD = ("link", "division")
"""What a track with one daughter can stand for."""

RIM = 20
"""Pixels from the edge of the image within which a track may end because the cell leaves."""


def divisions(lineage, single_child="link") -> pd.DataFrame:
    """List the divisions of a lineage.

    Parameters
    ----------
    lineage : pandas.DataFrame
        As read by :func:`tapnb.movies.lineage_file.read_lineage`.
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


def late(division_table) -> pd.DataFrame:
    """Return those divisions, as of :func:`divisions`, that have frames between the mother and the first daughter.

    The annotators left these frames out, or the tracker lost the cells in them, so that it is not known when the cell
    divided. Marked are the mother's last frames and each daughter's first ones, as of any other division, and nothing
    in between.
    """
    return division_table[division_table["t"] > division_table["last"] + 1].reset_index(drop=True)


def apart(lineage, division_table) -> pd.DataFrame:
    """Return those divisions whose daughters begin in different frames: the place is that of the first one alone."""
    first = lineage.set_index("label")["first"]
    begins = division_table["daughters"].map(lambda daughters: first[list(daughters)].nunique())
    return division_table[begins > 1].reset_index(drop=True)


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
        As read by :func:`tapnb.movies.lineage_file.read_lineage`.
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
        masks[t] = _pixels_of(labels[t], dividing)
    return masks


def division_events(labels, lineage, single_child="link") -> pd.DataFrame:
    """Locate the divisions of a lineage.

    Parameters
    ----------
    labels : numpy.ndarray
        (T, Y, X) integer track labels, 0 background.
    lineage : pandas.DataFrame
        As read by :func:`tapnb.movies.lineage_file.read_lineage`.
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


def unexplained_ends(labels, lineage) -> pd.DataFrame:
    """Locate the tracks that end inside the image, before the movie does, without daughters: a division that nobody linked, or a cell lost.

    Parameters
    ----------
    labels, lineage
        See :func:`division_masks`.

    Returns
    -------
    pandas.DataFrame
        One row a track: ``t`` (the first frame without it, in which its daughters would be), ``y``, ``x`` (its last centroid, farther than
        :data:`RIM` from the edge), ``track``.
    """
    childless = lineage[~lineage["label"].isin(lineage["parent"]) & (lineage["last"] < len(labels) - 1)]
    rows = []
    for last, group in childless.groupby("last"):
        for label, (y, x) in _centroids(labels[last], set(group["label"])):
            if min(y, x, labels.shape[1] - 1 - y, labels.shape[2] - 1 - x) > RIM:
                rows.append((last + 1, y, x, label))
    return pd.DataFrame(rows, columns=["t", "y", "x", "track"]).sort_values(["t", "track"], ignore_index=True)


def _pixels_of(image, wanted):
    """Return where one label image (Y, X) holds one of the wanted labels, at a cost that their values do not change."""
    largest = np.iinfo(image.dtype).max
    return np.isin(image, np.array([label for label in wanted if label <= largest], image.dtype))


def _centroids(image, wanted):
    """Yield (label, (y, x)) of the wanted labels that have a pixel in one label image (Y, X)."""
    rows, columns = np.nonzero(_pixels_of(image, wanted))
    present, index, counts = np.unique(image[rows, columns], return_inverse=True, return_counts=True)
    y, x = (np.bincount(index, places, len(present)) / counts for places in (rows, columns))
    yield from zip(present.tolist(), zip(y, x))
