"""Figures of detectors of events: how many they find, at what price, and what they get wrong."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.event_pictures import crop_pair
from tapnb.figures.evidence import COLOURS, against_labels, said
from tapnb.figures.style import BLUE, GREEN, ORANGE, SKY, VERMILLION, styled
from tapnb.movies import Movie

MARKS = ((BLUE, "o"), (VERMILLION, "s"), (ORANGE, "^"), (GREEN, "D"))
"""Colour and mark of every measure."""

CONTROL_COLOURS = (SKY, VERMILLION, "0.5", "#882255", "#999933", "black")  # two are of Tol's palette, also for colour-blind readers

COLUMNS = 4
"""Pairs of crops in a line."""


@styled
def event_scores(estimated: pd.DataFrame, measures: dict[str, str], controls: list[str]) -> Figure:
    """Average precision and F1 with 95 % intervals, a panel a kind of event, a line a detector or control.

    Parameters
    ----------
    estimated : DataFrame
        From :func:`tapnb.studies.event_scores.estimates`.
    measures : dict of str
        Their titles.
    controls : list of str
        Names that are controls, shown in italics.
    """
    kinds = list(dict.fromkeys(estimated["kind"]))
    if not kinds:
        return said("no event is labelled in the movie that was searched")
    most = estimated.groupby("kind")["name"].nunique().max()
    figure, panels = plt.subplots(1, len(kinds), figsize=(max(6.5, 3.4 * len(kinds) + 2), 1.3 + 0.5 * most), squeeze=False)
    for axes, kind in zip(panels[0], kinds):
        own = estimated[estimated["kind"] == kind]
        names = list(dict.fromkeys(own["name"]))
        for k, ((measure, title), (colour, mark)) in enumerate(zip(measures.items(), MARKS)):
            of = own[own["measure"] == measure].set_index("name").loc[names]
            place = np.arange(len(names)) + 0.18 * (k - (len(measures) - 1) / 2)
            errors = [(of["value"] - of["low"]).clip(lower=0), (of["high"] - of["value"]).clip(lower=0)]
            axes.errorbar(of["value"], place, xerr=errors, fmt=mark, color=colour, markersize=4.5, capsize=2, elinewidth=1,
                          label=title)
        axes.set(title=f"{kind}s", xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
        axes.set_yticks(range(len(names)), names)
        for text in axes.get_yticklabels():
            text.set_fontstyle("italic" if text.get_text() in controls else "normal")
    handles, titles = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, titles, loc="outside lower center", ncols=2)
    return figure


@styled
def free_response(curves: pd.DataFrame, controls: list[str]) -> Figure:
    """Recall against false alarms per frame, a panel a kind of event.

    Parameters
    ----------
    curves : DataFrame
        From :func:`tapnb.studies.event_scores.free_response`.
    controls : list of str
        Names that are controls, dashed.
    """
    kinds = list(dict.fromkeys(curves["kind"]))
    if not kinds:
        return said("no event is labelled in the movie that was searched")
    figure, panels = plt.subplots(1, len(kinds), figsize=(max(6.5, 3.6 * len(kinds) + 1), 4), sharey=True, squeeze=False)
    for axes, kind in zip(panels[0], kinds):
        for name, own in curves[curves["kind"] == kind].groupby("name", sort=False):
            control = name in controls
            colour = CONTROL_COLOURS[controls.index(name)] if control else COLOURS[name]
            axes.step(own["false_per_frame"], own["recall"], "--" if control else "-", where="post", color=colour, label=name)
        axes.set(title=f"{kind}s", xlabel="false alarms per frame", ylim=(0, 1))
        axes.set_xscale("symlog", linthresh=0.1, linscale=0.5)
        axes.set_xlim(0, 50)
        axes.set_xticks([0, 0.1, 1, 10], ["0", "0.1", "1", "10"])
    panels[0, 0].set_ylabel("share of the true events that is found")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


@styled
def events_from_few_labels(estimated: pd.DataFrame) -> Figure:
    """Average precision against labelled events, a line a strategy, with 95 % intervals.

    Parameters
    ----------
    estimated : DataFrame
        From :func:`tapnb.studies.event_few.estimates`.
    """
    own = estimated[estimated["measure"] == "average precision"]
    if own.empty:
        return said("no detector was trained from few labels")
    figure, axes = plt.subplots(figsize=(6.5, 3.8))
    against_labels(axes, own, COLOURS)
    figure.legend(loc="outside lower center", ncols=3)
    return figure


@styled
def events_from_answers(estimated: pd.DataFrame) -> Figure:
    """Average precision against answered places, a line a way of choosing them, with 95 % intervals.

    Parameters
    ----------
    estimated : DataFrame
        From :func:`tapnb.studies.event_few.estimates` of :func:`tapnb.studies.event_asking.points`.
    """
    own = estimated[estimated["measure"] == "average precision"]
    if own.empty:
        return said("nobody was asked")
    figure, axes = plt.subplots(figsize=(6.5, 3.8))
    apart = own["labels"].max() / 80
    for k, (name, of) in enumerate(own.groupby("name")):
        colour, mark = MARKS[k]
        axes.errorbar(of["labels"] + apart * (k - 0.5), of["value"], yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                      fmt=f"-{mark}", color=colour, markersize=4.5, capsize=2, elinewidth=1, label=f"{name} places")
    axes.set(xlabel="answered places", ylabel="average precision", ylim=(0, 1), xticks=sorted(own["labels"].unique()))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@styled
def event_mistakes(movie: Movie, mistakes: dict[str, pd.DataFrame], side: int = 64) -> Figure:
    """A gallery of mistakes: the frame before and the event's own, side by side.

    Parameters
    ----------
    movie : Movie
    mistakes : dict of DataFrame
        By title: ``t``, ``y``, ``x``, ``score``.
    side : int
        Of the crops, in pixels.
    """
    groups = {title: rows for title, rows in mistakes.items() if len(rows)}
    lines = {title: -(-len(rows) // COLUMNS) for title, rows in groups.items()}
    heights = [1.35 * n + 0.35 for n in lines.values()]
    figure = plt.figure(figsize=(9, sum(heights)))
    parts = figure.subfigures(len(groups), 1, height_ratios=heights, squeeze=False)
    for part, (title, rows) in zip(parts[:, 0], groups.items()):
        part.suptitle(title, x=0.01, ha="left")
        for axes, row in zip(part.subplots(lines[title], COLUMNS, squeeze=False).flat, [*rows.itertuples(), *[None] * COLUMNS]):
            axes.set_axis_off()
            if row is not None:
                axes.imshow(crop_pair(movie, row, side), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
                axes.set_title(f"frames {row.t - 1}, {row.t}: {row.score:.2f}", fontsize=8, pad=2)
    return figure
