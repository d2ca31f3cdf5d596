"""What raises a false alarm: negatives by what they hold, and the false-positive rate of each kind (Section 5).

The paper names polarised cells that move, cells of high contrast at the crop's edge, dead bodies and debris. A
simulated movie knows which is which; of a real one only the masks and the pixels can tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from tapnb import crops, dataset
from tapnb.dataset import EventDataset
from tapnb.metrics import confusion, scores
from tapnb.movies import Movie, normalise
from tapnb.store import results
from tapnb.store.runs import Run
from tapnb.studies import tables

LOOKALIKES = ("polarised", "bright", "round-up", "dead body", "debris", "blob")
"""What only a simulated movie's table of events names; "dead body" is debris that a death has left."""

KINDS = ("edge of an event", "before or after an event", "high contrast at the edge", *LOOKALIKES)
"""What a crop may hold; the first three can be told of any movie with masks."""

UNCERTAIN, NONE = "cannot be told", "none of these"
AROUND = (-2, -1, 2, 3)  # frames, from t, in which an event counts as just over or about to begin
BORDER = 6  # pixels from a crop's border that are its edge
HIGH, PLAIN = 0.75, 0.5  # quantiles of all crops' largest deviations: high contrast, and at most this much inside
FROM_DEATH = 20  # pixels, three standard deviations of how far a simulated cell's remains scatter when it breaks up


def kinds(movie: Movie, data: EventDataset, index: np.ndarray) -> pd.DataFrame:
    """What each crop pair holds that may look like an event (Section 5).

    * "edge of an event": labelled pixels, but too few for the label; an event that the crop's border cuts.
    * "before or after an event": an event in the same window within two frames before or after the pair.
    * "high contrast at the edge": see :func:`contrast_at_edge`; a cell, or a bright speck.
    * The :data:`LOOKALIKES`, where the movie's table of events has them, see :func:`holds`.
    * "cannot be told": a look-alike has its place outside, but moves so far that it may have been inside.
    * "none of these": nothing of all that. A crop may hold several kinds.

    Parameters
    ----------
    movie : Movie
    data : EventDataset
        Of that movie.
    index : int array, shape (N,)
        Into ``data.pairs``.

    Returns
    -------
    DataFrame of bool
        Index ``pair``; those of :data:`KINDS` that this movie can tell, "cannot be told" if it has look-alikes, and
        "none of these". For positives the first kind is False.
    """
    pairs = data.pairs[index]
    negative = ~data.labels[index]
    held_kinds = {"edge of an event": negative & (data.areas[index] > 0).any(axis=1),
                  "before or after an event": _event_around(movie.masks, pairs),
                  "high contrast at the edge": contrast_at_edge(movie, pairs)}
    perhaps = np.zeros(len(pairs), bool)
    has_lookalikes = movie.events is not None and "moves" in movie.events
    if has_lookalikes:
        events = with_dead_bodies(movie.events)
        for kind in LOOKALIKES:
            held_kinds[kind], near = holds(events[events["kind"] == kind], pairs)
            perhaps |= near
    any_of_them = np.any(list(held_kinds.values()), axis=0)
    held_kinds |= ({UNCERTAIN: perhaps & ~any_of_them} if has_lookalikes else {}) | {NONE: ~perhaps & ~any_of_them}
    return pd.DataFrame(held_kinds, index=pd.Index(index, name="pair"))


def holds(events: pd.DataFrame, pairs: crops.CropPairs) -> tuple[np.ndarray, np.ndarray]:
    """Which crop pairs hold one of these events, and which may.

    The table has one place per event, that of frame ``t``; in the frames from ``first`` to ``last`` it is up to
    ``moves`` pixels from there. A pair holds it if the window contains the place, the event lasts in one of the
    two frames, and by then it has, at an even pace, gone at most a quarter of the window's side. A pair may hold it
    if the window, grown by ``moves`` on all sides, contains the place.

    Parameters
    ----------
    events : DataFrame
        ``t``, ``y``, ``x``, ``first``, ``last``, ``moves``.
    pairs : CropPairs

    Returns
    -------
    held, perhaps : bool arrays, shape (N,)
        The second contains the first.
    """
    held, perhaps = np.zeros((2, len(pairs)), bool)
    for event in events.itertuples():
        near = np.flatnonzero((pairs.t + 1 >= event.first) & (pairs.t <= event.last)
                              & (np.abs(pairs.y + pairs.size / 2 - event.y) <= pairs.size / 2 + event.moves)
                              & (np.abs(pairs.x + pairs.size / 2 - event.x) <= pairs.size / 2 + event.moves))
        dy, dx, t = event.y - pairs.y[near], event.x - pairs.x[near], pairs.t[near]
        away = np.maximum(np.maximum(t - event.t, event.t - t - 1), 0)  # frames from the one whose place is known
        gone = event.moves * away / max(event.t - event.first, event.last - event.t, 1)
        inside = (dy >= 0) & (dy < pairs.size) & (dx >= 0) & (dx < pairs.size)
        held[near[inside & (gone <= pairs.size / 4)]] = True
        perhaps[near] = True
    return held, perhaps


def with_dead_bodies(events: pd.DataFrame) -> pd.DataFrame:
    """Call debris "dead body" that appears where and when a cell has died.

    A simulated cell breaks up at the end of its death: its remains are debris from the next frame on. What a death
    before frame 0 or outside the field has left cannot be told from dirt, and stays debris.
    """
    deaths = events[events["kind"] == "death"]
    debris = events["kind"] == "debris"
    place = events.loc[debris, ["y", "x", "moves", "first"]].to_numpy(float)[:, None]  # (D, 1, 4)
    death = deaths[["y", "x", "moves", "last"]].to_numpy(float)[None]  # (1, E, 4)
    apart = np.hypot(place[..., 0] - death[..., 0], place[..., 1] - death[..., 1])
    left = (place[..., 3] == death[..., 3] + 1) & (apart <= FROM_DEATH + place[..., 2] + death[..., 2])
    renamed = events["kind"].to_numpy(object).copy()
    renamed[np.flatnonzero(debris)[left.any(axis=1)]] = "dead body"
    return events.assign(kind=renamed)


def contrast_at_edge(movie: Movie, pairs: crops.CropPairs) -> np.ndarray:
    """Which crop pairs have high contrast at their edge only, in either frame.

    Contrast is a pixel's distance from the median of its frame, both normalised. It is high above the third quartile
    of all these crops' largest contrasts, and must not exceed their median farther than 6 pixels from the border.

    Returns
    -------
    bool array, shape (N,)
    """
    inner = slice(BORDER, pairs.size - BORDER)
    within, at_edge = np.zeros((2, len(pairs)), np.float32)
    place = np.arange(pairs.size)
    for t in np.unique(pairs.t):
        chosen = np.flatnonzero(pairs.t == t)
        rows, columns = pairs.y[chosen, None, None] + place[:, None], pairs.x[chosen, None, None] + place
        for frame in (t, t + 1):
            picture = normalise(movie.frames[frame], movie.levels[frame])
            contrast = np.abs(picture - np.median(picture[::8, ::8]))[rows, columns]  # (n, size, size)
            within[chosen] = np.maximum(within[chosen], contrast[:, inner, inner].max(axis=(1, 2), initial=0))
            contrast[:, inner, inner] = 0
            at_edge[chosen] = np.maximum(at_edge[chosen], contrast.max(axis=(1, 2)))
    high, plain = np.quantile(np.maximum(within, at_edge), (HIGH, PLAIN)) if len(pairs) else (0, 0)
    return (at_edge > high) & (within <= plain)


def _event_around(masks: np.ndarray, pairs: crops.CropPairs) -> np.ndarray:
    """Whether the window passes the size filter in one of the frames around the pair, (N,) bool."""
    frames = pairs.t[:, None] + AROUND  # (N, 4)
    pair, column = np.nonzero((frames >= 0) & (frames < len(masks)))
    frame = frames[pair, column]
    first = np.minimum(frame, len(masks) - 2)  # areas come for pairs of frames
    areas = dataset.labelled_areas(masks, replace(pairs[pair], t=first))[np.arange(len(pair)), frame - first]
    around = np.zeros(len(pairs), bool)
    around[pair[areas >= dataset.AREA_THRESHOLD]] = True
    return around


def false_alarms_by_kind(strategies: dict[str, pd.DataFrame], held: pd.DataFrame, frame_pairs: int,
                         alone: bool = False) -> pd.DataFrame:
    """False-positive rate by what a negative crop holds, and its difference to crops that hold nothing.

    Rates are means over a strategy's runs. For intervals blocks of frames are resampled and the variance between runs is
    added (:func:`tapnb.metrics.confusion.share`); where every run calls all of a kind right, or all wrong, or one block holds
    them all, that does not say how they vary, and Wilson's interval for one run and Newcombe's difference stand in.

    Parameters
    ----------
    strategies : dict of DataFrame
        By name, from :func:`tapnb.studies.errors.tested`, all of the same pairs.
    held : DataFrame of bool
        From :func:`kinds`, of these pairs.
    frame_pairs : int
        Frames of the movie minus one.
    alone : bool
        Only negatives that hold that kind and no other.

    Returns
    -------
    DataFrame
        One row per kind and strategy: ``kind``, ``strategy``, ``negatives``, ``rate``, ``low``, ``high``,
        ``difference``, ``difference_low``, ``difference_high``; NaN where there is no such negative.
    """
    if alone:
        held = held[held.sum(axis=1) == 1]
    counts = {}
    for name, rows in strategies.items():
        rows = rows[~rows["label"] & rows["pair"].isin(held.index)]
        seeds, run = np.unique(rows["seed"], return_inverse=True)
        counts[name] = np.zeros((len(seeds), frame_pairs, len(held.columns), 2), int)  # right, wrong
        what = held.loc[rows["pair"]].to_numpy()
        row, kind = np.nonzero(what)
        wrong = (rows["outcome"] == "fp").to_numpy(int)
        np.add.at(counts[name], (run[row], rows["t"].to_numpy()[row], kind, wrong[row]), 1)
    return pd.concat([_rates(name, held.columns, of_one) for name, of_one in counts.items()], ignore_index=True)


def in_per_cent(rates: pd.DataFrame) -> pd.DataFrame:
    """:func:`false_alarms_by_kind` as text: a row a kind, the strategies side by side; a dash where there is none."""
    rows = {}
    for one in rates.itertuples():
        row = rows.setdefault(one.kind, {"a crop holds": one.kind, "pairs": one.negatives})
        row |= {f"{one.strategy} (%)": "–", f"{one.strategy} \u2212 none (%)": "–"}
        if np.isfinite(one.rate):
            row[f"{one.strategy} (%)"] = scores.with_interval(100 * one.rate, 100 * one.low, 100 * one.high, 0)
        if np.isfinite(one.difference):
            numbers = (100 * value for value in (one.difference, one.difference_low, one.difference_high))
            row[f"{one.strategy} \u2212 none (%)"] = tables.signed(*numbers, digits=0)
    return pd.DataFrame(rows.values())


def numbers(rates: pd.DataFrame, asked: list[Run]) -> dict[str, dict]:
    """:func:`false_alarms_by_kind` as numbers of the book, in per cent; kinds that no crop holds are left out."""
    return {f"{row.strategy}_{row.kind.replace(' ', '_').replace('-', '_')}": results.number(
        100 * row.rate, asked, 1, interval=(100 * row.low, 100 * row.high), unit="%")
        for row in rates.dropna(subset=["rate"]).itertuples()}


def in_words(movie: Movie, data: EventDataset, held: pd.DataFrame, index: np.ndarray) -> list[str]:
    """What crop pairs hold, a line each: the class and labelled pixels of a positive, the kinds of a negative.

    Parameters
    ----------
    movie, data
        See :func:`kinds`.
    held : DataFrame of bool
        From :func:`kinds`.
    index : int array
        Into ``data.pairs``.
    """
    lines = []
    for i in index:
        t, y, x, size = data.pairs.t[i], data.pairs.y[i], data.pairs.x[i], data.pairs.size
        there = np.unique(movie.masks[t : t + 2, y : y + size, x : x + size])
        classes = [name for value, name in ((1, "division"), (2, "death")) if value in there]
        lines.append(f"{' and '.join(classes)}, {data.areas[i].max()} px" if data.labels[i]
                     else ", ".join(held.columns[held.loc[i]]))
    return lines


def _rates(strategy: str, columns: pd.Index, counts: np.ndarray) -> pd.DataFrame:
    """The rows of one strategy; counts (R, T, K, 2)."""
    runs, (right, wrong) = len(counts), counts.sum(axis=(0, 1)).T  # (K,) each, over all runs
    none, rows = columns.get_loc(NONE), []
    one_run = [(round(w / runs), (r + w) // runs) for r, w in zip(right.tolist(), wrong.tolist())]  # (wrong, all)
    for k, kind in enumerate(columns):
        n, held = int(right[k] + wrong[k]), counts[:, :, k].sum(-1)
        varies = bool(right[k] and wrong[k]) and confusion.blocks_with(held) > 1
        row = {"kind": kind, "strategy": strategy, "negatives": n // runs}
        if n:
            low, high = np.clip(_interval(counts[:, :, [k]]), 0, 1) if varies else scores.share_interval(*one_run[k])
            row |= {"rate": wrong[k] / n, "low": low, "high": high}
        if n and k != none and one_run[none][1]:
            low, high = (_interval(counts[:, :, [k, none]]) if varies
                         else scores.difference_interval(*one_run[k], *one_run[none]))
            of_none = wrong[none] / (right[none] + wrong[none])
            row |= {"difference": row["rate"] - of_none, "difference_low": low, "difference_high": high}
        rows.append(row)
    return pd.DataFrame(rows, columns=["kind", "strategy", "negatives", "rate", "low", "high", "difference",
                                       "difference_low", "difference_high"])


def _interval(counts: np.ndarray) -> tuple[float, float]:
    """95 % interval of the share of wrong answers about one kind, or of that less the share about another; counts (R, T, 1 or 2, 2)."""
    every_and_wrong = np.stack([counts.sum(-1), counts[..., 1]], axis=-1)
    found = confusion.share(every_and_wrong.reshape(*counts.shape[:2], -1))
    return found.low, found.high
