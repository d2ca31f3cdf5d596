"""A movie with the events that a person has labelled, from labels in any form: what a search learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tapnb.detect import KINDS
from tapnb.event_groups import events_of_masks
from tapnb.metrics.events import PUBLISHED
from tapnb.movies import Movie, catalogue
from tapnb.movies.event_labels import are_points, read_events, read_labels
from tapnb.movies.file_names import Choice

OWN = "own"
"""Labels that belong to the movie: a lineage, or what its YAML file names."""

UNLABELLED = 0.2
"""Share of a movie's frames in a row without a label from which on the command asks whether somebody looked there."""

FEW = 10
"""Labelled events of a kind below which the command always says that all else is learned as no event. Who has marked so few has rarely looked at the
whole movie, and with five that is known to cost much (the book's page Events). With ten it was not measured: the bound is a judgement."""


def open_labelled(name: str, labels: str | None, answers: pd.DataFrame | None = None) -> Movie:
    """A movie with a list of events from labels in any form.

    Parameters
    ----------
    name : str
        As for :func:`tapnb.movies.catalogue.open_movie`.
    labels : str
        A table of points or Fiji's ROIs, which need no radius here; a stack of masks; "own"; or None: only the answers.
    answers : DataFrame, optional
        Events that a person has confirmed, as of :func:`tapnb.asking.read_answers`.

    Raises
    ------
    FileNotFoundError, ValueError
        If something cannot be read, or there is no event.
    """
    return labelled(catalogue.open_whole(name), labels, answers, catalogue.choice_of(name))


def labelled(movie: Movie, labels: str | None, answers: pd.DataFrame | None,
             choice: Choice = Choice()) -> Movie:
    """The same of a movie that is open, with what was chosen of its files.

    An answer at a labelled event of its kind is that very event, and counts once.
    """
    if labels is None:
        events = pd.DataFrame(columns=["t", "y", "x", "kind"])
    elif labels == OWN:
        if movie.events is None and movie.masks is None:
            raise ValueError(f"the movie {movie.name!r} has no labels of its own: give a file with --labels")
        events = events_of_masks(movie.masks) if movie.events is None else movie.events
    elif are_points(labels):
        events = read_events(labels, movie.shape, choice.one_of_several)
    else:
        masks, *_ = read_labels(labels, movie.frames, times=movie.times, gaps=choice.gaps)
        events = events_of_masks(replace(movie, masks=masks).masks)  # checked against the frames
    if answers is not None:
        new = answers[~at_events(answers, events, of_kind=True)]
        events = pd.concat([events, new], ignore_index=True) if len(events) else new
    events = events[events["kind"].isin(("division", "death")) & (events["t"] > 0)].reset_index(drop=True)
    if events.empty:
        raise ValueError(f"{labels or 'the answers'}: no division and no death is marked after the first frame, and a "
                         "detector learns from a frame and the one before it: mark some, or leave out --labels for "
                         "candidates to look at first")
    return replace(movie, events=events, masks=None)


def at_events(places: pd.DataFrame, events: pd.DataFrame, *, of_kind: bool = False) -> np.ndarray:
    """Which places lie at an event, as near as a found event that counts as right.

    Parameters
    ----------
    places, events : DataFrame
        ``t``, ``y``, ``x``; with ``of_kind`` also ``kind``.
    of_kind : bool
        At an event of the same kind.

    Returns
    -------
    bool array
        One a place.
    """
    apart = places[["t", "y", "x"]].to_numpy(float)[:, None] - events[["t", "y", "x"]].to_numpy(float)
    near = (np.abs(apart[..., 0]) <= PUBLISHED.frames) & (np.hypot(apart[..., 1], apart[..., 2]) < PUBLISHED.pixels)
    if of_kind:
        near &= places["kind"].to_numpy(object)[:, None] == events["kind"].to_numpy(object)
    return near.any(1)


def labels_in_words(movie: Movie, complete: bool, answers: pd.DataFrame | None = None) -> str:
    """What is labelled, for whoever forgot a kind; and where every event should be, that few are, or none in a long stretch.

    Parameters
    ----------
    movie : Movie
    complete : bool
        Whether all that is not labelled is learned as no event.
    answers : DataFrame, optional
        Of the labelled events those that a detector named and a person confirmed: they do not tell that anybody looked elsewhere.
    """
    counts = movie.events["kind"].value_counts()
    named = " and ".join(f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in KINDS if kind in counts)
    frames = len(movie.frames)
    t = np.unique([0, *movie.events["t"].astype(int), frames - 1])
    longest = int(np.argmax(np.diff(t)))
    first, last = int(movie.events["t"].min()), int(movie.events["t"].max())
    said = f"labelled: {named}, " + (f"frames {first} to {last}" if first < last else f"frame {first}") + f" of 0 to {frames - 1}"
    marked = movie.events if answers is None else movie.events[~at_events(movie.events, answers, of_kind=True)]
    if complete and marked["kind"].value_counts().reindex(counts.index, fill_value=0).min() < FEW:  # the whole movie, so a long stretch need not be named as well
        said += "; all else in the movie is learned as no event: unless you marked every event, add --partial"
    elif complete and t[longest + 1] - t[longest] > max(frames * UNLABELLED, 3 * frames / len(movie.events)):
        said += (f"; between frames {t[longest]} and {t[longest + 1]} there is none, and that is learned as empty: if nobody looked there, "
                 "add --partial")
    return said
