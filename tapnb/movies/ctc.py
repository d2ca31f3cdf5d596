"""Movies in the layout of the Cell Tracking Challenge, with masks of their divisions.

The layout, for sequence ``NN``: frames ``NN/tTTT.tif``, small tracking markers ``NN_GT/TRA/man_trackTTT.tif``, the
lineage table ``NN_GT/TRA/man_track.txt`` and, if available, whole cells ``NN_ST/SEG/man_segTTT.tif`` with the same
labels. Where nobody annotated a sequence, what a tracker found is taken: ``NN_RES/maskTTT.tif`` and
``NN_RES/res_track.txt``. Frames are told by the numbers in their names, with which the table has to agree.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tapnb.movies.label_images import read_label_images
from tapnb.movies.lineage import apart, division_events, division_masks, divisions, late, links, unexplained_ends
from tapnb.movies.lineage_file import read_lineage
from tapnb.movies.lineage_images import check_agreement, disagreements, frames_of_labels
from tapnb.movies.movie import Movie
from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import frame_files, image_files, read_stack

__all__ = ["read_ctc", "ctc_sequences", "sequence_name"]


@dataclass(frozen=True)
class Tracking:
    """Where the labels of a sequence and their lineage are, and what to call them."""

    labels: Path
    table: Path
    kind: str


def sequence_name(sequence) -> str:
    """Return the name of a sequence's folder: "05" for 5, "5" and "05"."""
    plain = str(sequence).strip()
    return f"{int(plain):02d}" if re.fullmatch(r"[0-9]{1,4}", plain) else plain


def ctc_sequences(folder) -> list[str]:
    """Return the tracked sequences of a folder: every ``NN`` with ``NN_GT`` or ``NN_RES`` beside it, sorted."""
    folder = Path(folder)
    return sorted(path.name for path in folder.iterdir() if re.fullmatch(r"\d\d", path.name) and path.is_dir()
                  and any((folder / f"{path.name}_{tracked}").is_dir() for tracked in ("GT", "RES")))


def read_ctc(folder, sequence, before=1, after=1, name=None, minutes_per_frame=None,
             um_per_pixel=None, single_child="link", choice=Choice()) -> Movie:
    """Read one sequence of a Cell Tracking Challenge folder, with masks of its divisions.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``01``, ``01_GT`` and, if there is one, ``01_ST``; or ``01`` and ``01_RES``.
    sequence : str or int
        ``"01"``, or 1.
    before, after : int
        Frames marked before and after each division, see :func:`tapnb.movies.lineage.division_masks`.
    name : str, optional
        Name of the movie; by default such as ``ctc-01``.
    minutes_per_frame, um_per_pixel : float, optional
        Time between frames in minutes and size of a pixel in micrometres; the files do not contain them.
    single_child : {"link", "division"}
        What a track with one daughter is, see :func:`tapnb.movies.lineage.divisions`. The movie's ``source`` says how
        many there are.
    choice : Choice
        What decides where the names of the files leave something open.

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
    sequence = sequence_name(sequence)
    if not (folder / sequence).is_dir():
        raise FileNotFoundError(f"There is no sequence {sequence} in {folder}: expected the folders "
                                f"{sequence} and {sequence}_GT of a Cell Tracking Challenge movie.")
    tracking = _tracking(folder, sequence, choice)
    numbers = _numbers(folder / sequence, tracking.labels, choice)
    lineage = _in_frames(read_lineage(tracking.table), numbers, tracking.table, folder / sequence)
    frames = read_stack(folder / sequence, choice=choice)
    labels = read_label_images(tracking.labels, replace(choice, pattern=None, gaps="allow")).pixels
    if labels.shape != frames.shape:
        raise ValueError(f"{tracking.labels} holds labels {labels.shape}, but {folder / sequence} holds frames "
                         f"{frames.shape}: both need the same frames, rows and columns.")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{image_files(tracking.labels)[0]} has dtype {labels.dtype}, but labels are whole numbers: save "
                         "the label images as uint16 or uint32.")
    frames_of = frames_of_labels(labels)
    check_agreement(frames_of, lineage, tracking.table, tracking.labels)
    remarks = "; ".join(_remarks(lineage, single_child) + disagreements(frames_of, lineage, numbers, single_child))
    series = frame_files(folder / sequence, choice)
    return Movie(
        frames,
        division_masks(labels, lineage, before, after, single_child),
        name or f"ctc-{sequence}",
        minutes_per_frame,
        um_per_pixel,
        f"Cell Tracking Challenge folder {folder.name}, sequence {sequence}; divisions from its lineage "
        f"table{f' ({remarks})' if remarks else ''}, masks from {tracking.kind}",
        division_events(labels, lineage, single_child),
        series.gaps,
        series.times if series.numbered else None,
        unexplained_ends(labels, lineage),
    )


def _tracking(folder: Path, sequence: str, choice: Choice) -> Tracking:
    """Find the labels of a sequence: whole cells, else markers, else what a tracker found."""
    whole, markers = folder / f"{sequence}_ST" / "SEG", folder / f"{sequence}_GT" / "TRA"
    found = folder / f"{sequence}_RES"
    annotated = (markers / "man_track.txt").is_file() or image_files(markers)
    if found.is_dir() and not annotated and not (found / "res_track.txt").is_file():
        raise FileNotFoundError(f"{found} lacks res_track.txt, the lineage table of its masks: copy it there as the tracker wrote it.")
    if not (markers / "man_track.txt").is_file() and (found / "res_track.txt").is_file():
        tracking = Tracking(found, found / "res_track.txt", "what a tracker found, which nobody corrected")
    elif image_files(whole) and len(image_files(whole)) == len(frame_files(folder / sequence, choice).files):  # neither missing nor partial
        return Tracking(whole, markers / "man_track.txt", "whole cells")
    else:
        tracking = Tracking(markers, markers / "man_track.txt", "tracking markers, smaller than the cells")
    if tracking.table.is_file() and not image_files(tracking.labels):
        places = tracking.labels if tracking.labels == found else f"{whole} or {tracking.labels}"
        raise FileNotFoundError(f"There are no label images in {places}: unpack the whole data set.")
    return tracking


def _numbers(frames: Path, labels: Path, choice: Choice) -> list[int]:
    """Return the number of every frame, as its file's name and that of its label image say it."""
    of_frames = frame_files(frames, choice).times
    of_labels = frame_files(labels, replace(choice, pattern=None, gaps="allow")).times
    if of_frames != of_labels:
        apart = sorted(set(of_frames) ^ set(of_labels))
        has, lacks = (frames, labels) if apart[0] in of_frames else (labels, frames)
        raise ValueError(f"{has} has a file number {apart[0]}, but {lacks} has none: both need the same frames.")
    return list(of_frames)


def _in_frames(lineage, numbers: list[int], table: Path, frames: Path):
    """Return the lineage with frames counted from 0, as arrays have them, instead of by the numbers in files' names."""
    first, last = lineage["first"].min(), lineage["last"].max()
    if numbers and (first < numbers[0] or last > numbers[-1]):
        raise ValueError(f"{table} has tracks in frames {first} to {last}, but the files in {frames} are numbered "
                         f"{numbers[0]} to {numbers[-1]}: number the frames of the table as the files are.")
    return lineage.assign(first=np.searchsorted(numbers, lineage["first"]),
                          last=np.searchsorted(numbers, lineage["last"], "right") - 1)


def _remarks(lineage, single_child: str) -> list[str]:
    """Say what is unusual: tracks with one daughter, daughters that begin late."""
    linked, belated = len(links(lineage)), len(late(divisions(lineage)))
    taken = "linked, not divided" if single_child == "link" else "counted as divisions"
    remarks = [f"{linked} track{'s' * (linked > 1)} with a single daughter {taken}"] if linked else []
    if belated:
        remarks.append(f"{belated} division{'s' * (belated > 1)} with frames left out between mother and daughters, in "
                       "which nothing is marked")
    if one_late := len(apart(lineage, divisions(lineage, single_child))):
        remarks.append(f"{one_late} division{'s' * (one_late > 1)} with daughters that begin in different frames, placed on the first")
    return remarks
