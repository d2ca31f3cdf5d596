"""The first look at a movie: what `tapnb data` says of it, as numbers; `tapnb.figures.first_look` has the pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from skimage import measure
from skimage.registration import phase_cross_correlation

from tapnb.movies import Movie, catalogue, normalise
from tapnb.movies.ctc import ctc_sequences
from tapnb.movies.event_labels import are_points
from tapnb.movies.movie_file import SUFFIXES, MovieFile, described, read_movie_file
from tapnb.movies.quality import frame_name, gap_sentence

SIDE = 256
"""Pixels to which a frame's longer side is reduced, by means, to measure drift: quick, and without a camera's noise."""

FINE = 10
"""Drift is measured to this part of a reduced pixel: one pixel a frame is much in a hundred frames."""

KINDS = {1: "division", 2: "death"}

NEAR = 2
"""Marks of one division lie closer than this, in diameters: mother and daughters seldom touch."""

EDGE = 16
"""Pixels from a frame's edge beyond which a cell that divides is seen with both daughters."""

PROMISED = r"metadata promise \d+ time points, of which \d+ (?:is|are) not there"
"""In a movie's source, of :func:`tapnb.movies.frame_times.missing_times`: no other place knows how many are missing."""

OPTIONS = ("sequence", "channel", "position", "plane", "axes", "pattern", "gaps", "single_child", "radius")
"""What somebody chose of a movie of their own, and the page repeats."""


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What can be said of a movie without training anything.

    Attributes
    ----------
    over_time : DataFrame
        Index frame; ``black``, ``median``, ``white`` (grey levels), ``change`` (mean absolute difference from the frame
        before, normalised), ``down``, ``right`` (drift from the first frame, pixels), ``note`` (what is wrong with it).
    findings : list of str
        Sentences: what was found, and what is done about it.
    regions : DataFrame
        Labelled regions: ``t``, ``y``, ``x`` (centre, pixels), ``kind``, ``area`` (pixels), ``new`` (whether it touches
        none of its kind in the frame before), ``event`` (number of the event to which it seems to belong).
    options : dict
        What was chosen of a movie's files, by option or in its YAML file.
    labels : str
        Where the events were counted: in a list, or in which labels.
    numbers : str
        Which files the first and the last frame are, where names of files count otherwise than frames; else empty.
    """

    over_time: pd.DataFrame
    findings: list[str]
    regions: pd.DataFrame
    options: dict[str, object] = field(default_factory=dict)
    labels: str = ""
    numbers: str = ""


def first_look(movie: Movie, name=None, options: dict[str, object] | None = None) -> FirstLook:
    """Look at every frame of a movie, one at a time.

    Parameters
    ----------
    movie : Movie
        The whole of it.
    name : str or pathlib.Path, optional
        By which it was opened, see :func:`tapnb.movies.catalogue.open_whole`; its YAML file tells what was chosen.
    options : dict, optional
        With which it was opened.
    """
    own = _description(name, options or {})
    quality, rows, before, seen, moved = movie.quality, [], None, None, np.zeros(2)
    step = max(1, max(movie.shape[1:]) // SIDE)
    for t, frame in enumerate(movie.frames):
        reduced = _reduced(movie, t, step)
        if t not in (*quality.empty, *quality.saturated):  # their neighbours are compared across them
            faded = _faded(reduced)
            if seen is not None and faded.any() and seen.any():
                shift, *_ = phase_cross_correlation(faded, seen, normalization=None, upsample_factor=FINE)
                # No stage goes a quarter of the field between two frames: that is two pictures of nothing in common.
                moved = moved + np.where(np.abs(shift) < np.array(faded.shape) / 4, shift, 0) * step
            seen = faded
        rows.append({"black": movie.levels[t, 0], "median": float(np.median(frame[::8, ::8])),
                     "white": movie.levels[t, 1],
                     "change": np.nan if before is None else float(np.abs(reduced - before).mean()),
                     "down": moved[0], "right": moved[1], "note": _note(movie, t)})
        before = reduced
    findings = quality.sentences()
    if promised := re.search(PROMISED, movie.source):
        findings.append(f"the movie's {promised[0]}")
    if movie.unusable_pairs is not None:
        findings.append(gap_sentence(movie.unusable_pairs, movie.times))
    if own is not None and (narrow := _too_narrow(movie, own)):
        findings.append(narrow)
    chosen = {} if own is None else {option: getattr(own, option) for option in OPTIONS
                                     if getattr(own, option) is not None}
    return FirstLook(pd.DataFrame(rows).rename_axis("frame"), findings, labelled_regions(movie), chosen,
                     _where_labelled(movie, own), _numbers(movie))


def chosen_in_words(look: FirstLook) -> str:
    """What was chosen of a movie's files, such as channel 1."""
    return ", ".join(f"{option} {value:g}" if isinstance(value, float) else f"{option} {value}"
                     for option, value in look.options.items())


def _numbers(movie: Movie) -> str:
    """The numbers of a movie's frames and files, empty if they are the same or not known."""
    first, last = (frame_name(t, movie.times) for t in (0, len(movie.frames) - 1))
    return f"{first} to {last}" if first != "frame 0" else ""


def _description(name, options: dict[str, object]) -> MovieFile | None:
    """Return what belongs to a movie of one's own; None of another."""
    if name is None or catalogue.is_built_in(name):
        return None
    path = catalogue.checked(name)
    return read_movie_file(path) if path.lower().endswith(SUFFIXES) else described({"frames": path} | options, path)


def _too_narrow(movie: Movie, own: MovieFile) -> str:
    """One sentence if nothing can be held out of a movie, the only one and too narrow to be cut; else empty."""
    if own.held_out is not None or own.sequence is None and own.frames.is_dir() and len(ctc_sequences(own.frames)) > 1:
        return ""
    width = enough = movie.shape[2]
    while not _can_be_cut(enough):
        enough += 1
    return "" if width == enough else (
        f"the movie is {width} pixels wide, too narrow to be cut into a training part and a held-out part, as "
        f"`tapnb run` does: {enough} pixels would do, or a second movie under held_out in its YAML file; "
        "`tapnb events` needs neither")


def _can_be_cut(width: int) -> bool:
    """Whether a movie of a width, in pixels, can be cut in two; its rows do not matter."""
    try:
        return bool(catalogue.part_of(Movie(np.zeros((2, 1, width), np.uint8)), "held-out"))
    except ValueError:
        return False


def _where_labelled(movie: Movie, own: MovieFile | None) -> str:
    """Say in what the events of :func:`events_table` are counted."""
    if movie.events is not None:
        return "a list of events"
    if own is None or own.labels is None:
        return "masks"
    return f"{'marks' if are_points(own.labels) else 'masks'} ({Path(own.labels).name})"


def _reduced(movie: Movie, t: int, step: int) -> np.ndarray:
    """A normalised frame, reduced by means of step x step pixels; 0 in a border that was never imaged."""
    top, bottom, left, right = movie.quality.imaged[t]
    pixels = np.zeros(movie.shape[1:], np.float32)
    pixels[top:bottom, left:right] = normalise(movie.frames[t, top:bottom, left:right], movie.levels[t]).clip(0, 1.5)
    height, width = (side // step * step for side in pixels.shape)
    return pixels[:height, :width].reshape(height // step, step, width // step, step).mean((1, 3))


def _faded(picture: np.ndarray) -> np.ndarray:
    """A picture faded to its mean at the edges, which else look like a thing that never moves."""
    window = np.multiply.outer(*(np.hanning(side + 2)[1:-1] for side in picture.shape))
    return (picture - picture.mean()) * window


def labelled_regions(movie: Movie) -> pd.DataFrame:
    """Connected labelled pixels of every frame: where, of which kind, how large, whether new, and of which event.

    A region is of the event that it touches in the frame before. A division's that touches none is of the one that lies
    near, in the frame before or in its own, because a mother and her daughters are seldom in one place.
    """
    rows, count, earlier = [], 0, []
    before = {}  # numbers of the events in the last frame, (Y, X), by a mask's value
    for t, mask in enumerate([] if movie.masks is None else movie.masks):
        now, regions = {}, []
        for value, kind in KINDS.items():
            if not (mask == value).any():
                continue
            now[value] = np.zeros(mask.shape, np.int32)
            for r in measure.regionprops(measure.label(mask == value)):
                touched = before[value][r.slice][r.image] if value in before else np.zeros(1, np.int32)
                row = {"t": t, "y": r.centroid[0], "x": r.centroid[1], "kind": kind, "area": int(r.area),
                       "new": not touched.any(), "event": int(touched.max())}
                if row["new"]:
                    row["event"] = _near(row, earlier + regions) if kind == "division" else 0
                if not row["event"]:
                    count += 1
                    row["event"] = count
                now[value][r.slice][r.image] = row["event"]
                regions.append(row)
        rows += regions
        earlier, before = regions, now
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind", "area", "new", "event"])


def _near(region: dict, others: list[dict]) -> int:
    """Return the event of the nearest other region of a kind, 0 if none is near."""
    apart = [(np.hypot(region["y"] - other["y"], region["x"] - other["x"])
              / np.sqrt(4 / np.pi * max(region["area"], other["area"])), other["event"])
             for other in others if other["kind"] == region["kind"]]  # in diameters of a circle as large
    nearest, event = min(apart, default=(np.inf, 0))
    return event if nearest < NEAR else 0


def events_table(movie: Movie, regions: pd.DataFrame) -> pd.DataFrame:
    """How many events of each kind there are, and how many labelled regions, how large; as text, a row a kind.

    Where the movie has no list of events, one is a region that touches none of its kind in the frame before.
    """
    listed = {} if movie.events is None else movie.events["kind"].value_counts().to_dict()
    rows = []
    for kind in [*KINDS.values(), *(kind for kind in listed if kind not in KINDS.values())]:
        own = regions[regions["kind"] == kind]
        events = listed.get(kind, 0) if movie.events is not None else int(own["new"].sum())
        small, middle, large = own["area"].quantile([0, 0.5, 1]).astype(int) if len(own) else ("", "", "")
        if events or len(own):
            rows.append({"kind": kind, "events": events, "labelled regions": len(own), "in frames": own["t"].nunique(),
                         "pixels, median": middle, "smallest to largest": f"{small} to {large}" if len(own) else ""})
    return pd.DataFrame(rows)


def example_events(movie: Movie, regions: pd.DataFrame, count: int) -> pd.DataFrame:
    """A few divisions and deaths over the whole movie, each where the frame before differs from its own.

    Returns
    -------
    DataFrame
        ``t`` (of a division the daughters' first frame, of a death the first that shows it; at least 1), ``y``, ``x``
        (pixels; of a division between the daughters), ``kind``. From the movie's list of events; without one from the
        labelled regions, but for the smallest quarter.
    """
    if movie.events is not None:
        events = movie.events[movie.events["kind"].isin(KINDS.values())]
    else:
        rows = [_moment(own) for _, own in regions.groupby("event")]
        events = pd.DataFrame(rows, columns=["t", "y", "x", "kind", "area"])
        events = events[events["area"] >= events.groupby("kind")["area"].transform(lambda area: area.quantile(0.25))]
    events = events[["t", "y", "x", "kind"]].sort_values("t", kind="stable")
    if not len(events):
        return events
    each = -(-count // events["kind"].nunique())
    kinds = [own.iloc[np.unique(np.linspace(0, len(own) - 1, each).astype(int))]
             for own in (_well_seen(own, movie.shape) for _, own in events.groupby("kind"))]
    return pd.concat(kinds).head(count).sort_values(["kind", "t"], ascending=[False, True])


def _well_seen(events: pd.DataFrame, shape: tuple[int, int, int]) -> pd.DataFrame:
    """Return the events of which all is seen, if there are any; at least 1 is the frame of each."""
    frames, height, width = shape
    in_view = events["t"] > 0  # of the others nothing before is seen
    whole = (in_view & (events["t"] < frames - 1)  # in the last one it may have only begun
             & events["y"].between(EDGE, height - EDGE) & events["x"].between(EDGE, width - EDGE))
    return next((events[those] for those in (whole, in_view) if those.any()), events.assign(t=1))


def _moment(regions: pd.DataFrame) -> dict[str, object]:
    """Frame and place at which the event of some labelled regions happens.

    A division does where one region becomes several, or the first is already several. If none does, it lies in the
    middle of the frames in which it is labelled, because labels begin with the mother and end with the daughters.
    """
    kind, frames = regions["kind"].iloc[0], regions.groupby("t").size()
    t, grown = frames.index[0], frames.index[1:][np.diff(frames) > 0]
    if kind == "division" and len(grown):
        t = grown[0]
    elif kind == "division" and len(frames) > 1 and frames.iloc[0] == 1:  # else only daughters are labelled
        t = frames.index[(len(frames) + 1) // 2]
    place = regions[regions["t"] == t]
    return {"t": t, "y": place["y"].mean(), "x": place["x"].mean(), "kind": kind, "area": regions["area"].max()}


def _note(movie: Movie, t: int) -> str:
    """What is wrong with a frame, in a word or two."""
    quality, gaps = movie.quality, movie.unusable_pairs
    found = [("repeats another", t in quality.repeats), ("nearly the one before", t in quality.near_repeats),
             ("shows nothing", t in quality.empty), ("saturated", t in quality.saturated),
             ("bright things cut off", t in quality.clipped and t not in quality.saturated),
             ("sparse", t in quality.sparse), ("border", bool(quality.bordered[t])),
             ("after a gap in time", gaps is not None and t > 0 and bool(gaps[t - 1]))]
    return ", ".join(word for word, true in found if true)
