"""A list of events as files: a table, a points layer of napari, and ROIs of Fiji."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import roifile

from tapnb.system.files import replacing

__all__ = ["COLUMNS", "TABLE", "NAPARI", "FIJI", "write_events"]

COLUMNS = ["t", "y", "x", "kind", "score", "probability"]
TABLE, NAPARI, FIJI = "events.csv", "events-napari.csv", "events-fiji.zip"
DIGITS = "%.7g"  # a hundredth of a pixel in the largest frame, and what a float32 score holds
COLOURS = {"division": b"\xff\x00\x72\xb2", "death": b"\xff\xe6\x9f\x00"}  # alpha, red, green, blue: blue and orange
OTHER = b"\xff\xcc\x79\xa7"  # purple: what is neither of the two, such as a candidate


def write_events(folder, events: pd.DataFrame, one_of_several: bool = False) -> None:
    """Write a list of events as ``events.csv``, ``events-napari.csv`` and ``events-fiji.zip``.

    Parameters
    ----------
    folder : str or pathlib.Path
        Made if it is not there. Files of these names are replaced, each whole or not at all.
    events : pandas.DataFrame
        One row per event: ``t`` (frame, from 0: the daughters' first one, or the first one of a death), ``y``, ``x``
        (pixels, whole numbers at pixels' centres), ``kind`` ("division", "death" or "candidate"), ``score`` and
        ``probability`` (NaN if unknown).
    one_of_several : bool
        Whether the movie is one channel or plane of a stack that has more, see
        :attr:`tapnb.movies.file_names.Choice.one_of_several`.

    Notes
    -----
    Divisions and deaths come back as labels, through :func:`tapnb.movies.points_file.read_points` and
    :func:`tapnb.movies.rois.read_rois`. A table with candidates is refused there until each is called one of the two.

    In Fiji an event is called "division 0.93 t12": kind, probability (or score), and frame as in the table, from 0. Its
    position in the stack is 13, since Fiji counts from 1; in a stack with several channels or planes its time is. Of a ROI
    with both Fiji takes the time alone, which a stack without channels and planes does not have. Fiji opens no archive without ROIs, so that an empty list
    leaves none, nor that of an earlier list; the tables then hold their header.

    Examples
    --------
    >>> import pandas as pd
    >>> from pathlib import Path
    >>> from tapnb.movies.event_files import write_events
    >>> events = pd.DataFrame({"t": [5], "y": [20.5], "x": [60.5], "kind": ["division"], "score": [0.9],
    ...                        "probability": [0.7]})
    >>> write_events(Path("events"), events)
    >>> sorted(path.name for path in Path("events").iterdir())
    ['events-fiji.zip', 'events-napari.csv', 'events.csv']
    """
    folder = Path(folder).expanduser()
    events = events[COLUMNS].reset_index(drop=True).astype({"t": int})
    with replacing(folder / TABLE) as temporary:
        events.to_csv(temporary, index=False, float_format=DIGITS)
    points = events.rename(columns={"t": "axis-0", "y": "axis-1", "x": "axis-2"})
    with replacing(folder / NAPARI) as temporary:
        points.to_csv(temporary, index_label="index", float_format=DIGITS)
    if events.empty:
        (folder / FIJI).unlink(missing_ok=True)
        return
    with replacing(folder / FIJI) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, event in zip(_names(events), events.itertuples()):
            archive.writestr(f"{name}.roi", _roi(name, event, one_of_several))


def _names(events: pd.DataFrame) -> list[str]:
    """What each event is called in Fiji, no two the same."""
    surest = events["probability"].fillna(events["score"])
    names, times = [], Counter()
    for kind, value, t in zip(events["kind"], surest, events["t"]):
        name = f"{kind} {value:.2f} t{t}"
        times[name] += 1
        names.append(name if times[name] == 1 else f"{name} ({times[name]})")
    return names


def _roi(name: str, event, one_of_several: bool) -> bytes:
    """One point; Fiji's fractions of pixels begin at a pixel's edge."""
    roi = roifile.ImagejRoi.frompoints(np.array([[event.x + 0.5, event.y + 0.5]], np.float32), name=name)
    roi.roitype = roifile.ROI_TYPE.POINT
    if one_of_several:
        roi.t_position = event.t + 1  # in all channels and planes
    else:
        roi.position = event.t + 1
    roi.stroke_color = COLOURS.get(event.kind, OTHER)
    return roi.tobytes()
