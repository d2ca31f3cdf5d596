"""Where a lineage table and its label images contradict each other: events are lost there, or marked in part."""

import numpy as np

from tapnb.movies.lineage import divisions

__all__ = ["check_agreement", "disagreements", "frames_of_labels"]


def frames_of_labels(labels) -> dict[int, list[int]]:
    """Return the frames, ascending, in which each label of images (T, Y, X) has a pixel, without the background."""
    frames = {}
    for t, image in enumerate(labels):
        for label in _present(image):
            frames.setdefault(label, []).append(t)
    return frames


def check_agreement(frames, lineage, table, images) -> None:
    """Refuse a table of which most contradicts the label images.

    Parameters
    ----------
    frames : dict
        From :func:`frames_of_labels`.
    lineage : pandas.DataFrame
        As read by :func:`tapnb.movies.lineage_file.read_lineage`, in frames from 0.
    table, images : pathlib.Path
        Where both come from, for messages.

    Raises
    ------
    ValueError
        If most tracks begin or end in other frames than their labels do, or most labels are in no line of the table.
    """
    late_by = [frames[row.label][0] - row.first for row in lineage.itertuples() if row.label in frames]
    if not late_by:
        raise ValueError(f"No label of {table} is in the images of {images}: give the table and the label images of one "
                         "sequence.")
    values, counts = np.unique(late_by, return_counts=True)
    usual = int(values[counts.argmax()])
    if usual != 0 and counts.max() > len(late_by) / 2:
        raise ValueError(f"Most tracks of {table} begin {abs(usual)} frame{'s' * (abs(usual) > 1)} "
                         f"{'before' if usual > 0 else 'after'} their label appears in {images}: number the "
                         "frames of the table as the files are.")
    advice = ("give the table and the label images of one tracking"
              + (f", or take {images.parent.name} away: the markers are read then." if images.name == "SEG" else "."))
    unlisted = sorted(set(frames) - set(lineage["label"]))
    if len(unlisted) > len(frames) / 2:
        raise ValueError(f"Most labels of {images}, such as {unlisted[0]}, are not in {table}: {advice}")
    tracks = [row for row in lineage.itertuples() if row.first <= row.last]  # others lie in frames that nobody has
    other = [row for row in tracks if row.label not in frames
             or (frames[row.label][0], frames[row.label][-1]) != (row.first, row.last)]
    if len(other) > len(tracks) / 2:
        raise ValueError(f"Most tracks of {table}, such as {other[0].label}, begin or end in other frames than their labels in "
                         f"{images}, or have no pixel there: {advice}")


def disagreements(frames, lineage, numbers, single_child="link") -> list[str]:
    """Say which labels the table lacks, and which tracks the images lack where that concerns a division.

    Parameters
    ----------
    frames, lineage
        See :func:`check_agreement`.
    numbers : list of int
        What each frame is called.
    single_child : {"link", "division"}
        See :func:`tapnb.movies.lineage.divisions`.

    Returns
    -------
    list of str
        A clause each; none if both agree.
    """
    first, last = (lineage.set_index("label")[end].to_dict() for end in ("first", "last"))
    unlisted = [f"label {label} in frame {numbers[frames[label][0]]}" for label in sorted(set(frames) - set(first))]
    outside = [f"track {label} in frame {numbers[beyond[0]]}" for label in first if first[label] <= last[label]
               if (beyond := [t for t in frames.get(label, ()) if not first[label] <= t <= last[label]])]
    partial = []
    for division in divisions(lineage, single_child).itertuples():
        beside = [(division.mother, division.last), *((daughter, first[daughter]) for daughter in division.daughters)]
        missing = [(label, t) for label, t in beside if first[label] <= last[label] and t not in frames.get(label, ())]
        partial += [f"track {label} has no pixel in frame {numbers[t]}" for label, t in missing[:1]]
    return [clause for clause in (
        _clause(unlisted, "label is in the images and not in the table", "labels are in the images and not in the table"),
        _clause(outside, "track has pixels outside its frames", "tracks have pixels outside their frames"),
        _clause(partial, "division is marked in part or not at all", "divisions are marked in part or not at all")) if clause]


def _clause(cases, one: str, several: str) -> str:
    """Return how many cases there are and the first of them; empty if there is none."""
    return f"{len(cases)} {several if len(cases) > 1 else one}{', such as' if len(cases) > 1 else ':'} {cases[0]}" if cases else ""


def _present(image) -> list[int]:
    """Return the labels in one image (Y, X), without the background."""
    small = image.dtype.kind == "u" and image.dtype.itemsize <= 2  # counting is thirty times as fast as sorting
    labels = np.flatnonzero(np.bincount(image.ravel())) if small else np.unique(image)
    return labels[labels > 0].tolist()
