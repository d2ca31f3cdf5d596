"""Figures of the errors: Table 3 as a picture, Figures 3 and 4, error rates, the surest mistakes, false alarms."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tapnb.figures.style import BLUE, GREEN, ORANGE, VERMILLION, show, styled, window
from tapnb.metrics import confusion
from tapnb.movies import Movie

LINES = ({"color": VERMILLION, "linewidth": 1.3}, {"color": BLUE, "linestyle": "--", "linewidth": 1.3},
         {"color": GREEN, "linewidth": 4, "alpha": 0.35, "zorder": 1})  # a mistake, the right answers, the ground truth
COLUMNS = 4  # mistakes side by side, each a pair of crops


@styled
def confusion_matrices(matrices: dict[str, np.ndarray]) -> Figure:
    """Table 3 as a picture: counts, and their share of the actual class, shown by the colour too.

    Parameters
    ----------
    matrices : dict of int array, shape (4,)
        By title, in the order of :data:`tapnb.metrics.confusion.OUTCOMES`.
    """
    figure, panels = plt.subplots(1, len(matrices), figsize=(3.5 * len(matrices), 3.0), squeeze=False)
    for axes, (title, counts) in zip(panels[0], matrices.items()):
        matrix = np.reshape(np.asarray(counts, int), (2, 2))  # rows: actual, columns: predicted
        share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        axes.pcolormesh(share, cmap="Blues", vmin=0, vmax=1)  # vector shapes: imshow would put pixels into an SVG
        for (row, column), count in np.ndenumerate(matrix):
            name = confusion.OUTCOMES[2 * row + column].upper()
            axes.text(column + 0.5, row + 0.5, f"{name}  {count}\n{100 * share[row, column]:.1f} %", ha="center",
                      va="center", fontsize=10, color="white" if share[row, column] > 0.6 else "black")
        axes.set(title=title, xticks=(0.5, 1.5), yticks=(0.5, 1.5), xticklabels=("no event", "event"),
                 yticklabels=("no event", "event"), xlabel="predicted", ylabel="actual", aspect="equal")
        axes.invert_yaxis()
        axes.grid(False)
    return figure


@styled
def shares_over_time(shares: pd.DataFrame, names: tuple[str, str, str]) -> Figure:
    """Figures 3 and 4: a mistake, its correct counterpart and the ground truth over time.

    Parameters
    ----------
    shares : DataFrame
        From :func:`tapnb.studies.errors.shares_over_time`.
    names : (str, str, str)
        Columns of ``shares``: the mistake, the correct answers and the ground truth.
    """
    figure, axes = plt.subplots(figsize=(7.5, 3.0))
    for name, style in zip(names, LINES):
        text = f"{name}, ground truth" if name == names[2] else name
        axes.plot(shares.index, shares[name], label=text if shares[name].notna().any() else f"{text}: none", **style)
    axes.set(xlabel="frame index t", ylabel="share of its own total (%)", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside upper left", ncols=3)
    return figure


@styled
def error_rates(rates: pd.DataFrame, per_frame: pd.DataFrame | None = None) -> Figure:
    """Error rate of each class over time, with 95 % intervals.

    Parameters
    ----------
    rates : DataFrame
        From :func:`tapnb.studies.errors.rates_over_time`.
    per_frame : DataFrame, optional
        The same for single frame pairs (``least`` 0), drawn as pale dots.
    """
    figure, panels = plt.subplots(2, 1, figsize=(7.5, 4.6), sharex=True)
    for axes, name, colour, marker in zip(panels, ("false positives / negatives", "false negatives / positives"),
                                          (VERMILLION, BLUE), "os"):
        bins = rates[rates["rate"] == name]
        axes.set(ylabel=f"{name} (%)".replace(" / ", "\n/ "), ylim=(0, 100))
        if bins.empty:
            axes.set_title("this class is not among the test pairs")
            continue
        if per_frame is not None:
            single = per_frame[per_frame["rate"] == name]
            axes.plot((single["first"] + single["last"]) / 2, 100 * single["share"], ".", color=colour, alpha=0.3)
        middle, share = (bins["first"] + bins["last"]) / 2, 100 * bins["share"]
        axes.errorbar(middle, share, xerr=(bins["last"] - bins["first"] + 1) / 2,
                      yerr=(share - 100 * bins["low"], 100 * bins["high"] - share), fmt=marker, color=colour,
                      markersize=4, elinewidth=1, capsize=0)
        overall = 100 * bins["mistakes"].sum() / bins["pairs"].sum()
        axes.axhline(overall, color="black", linestyle="--", linewidth=1)
        axes.set(title=f"dashed: all frames, {overall:.1f} %", ylim=(0, min(103, 120 * bins["high"].max())))
    panels[1].set_xlabel("frame index t")
    panels[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


@styled
def surest_mistakes(movie: Movie, false_positives: pd.DataFrame, false_negatives: pd.DataFrame,
                    size: int = 48) -> Figure:
    """A gallery of the most confident mistakes: both frames of each, labelled pixels outlined.

    Parameters
    ----------
    movie : Movie
    false_positives, false_negatives : DataFrame
        ``t``, ``y``, ``x`` (frame, upper left corner in pixels), ``probability`` of an event and ``margin`` (difference
        of the logits), the surest first; the text of an optional column ``holds`` is written below.
    size : int
        Side of the crops, in pixels.

    Raises
    ------
    ValueError
        If there is no mistake to show.
    """
    tables = {"false positives: an event is seen, none is labelled": false_positives,
             "false negatives: an event is labelled, none is seen": false_negatives}
    groups = {title: rows for title, rows in tables.items() if len(rows)}
    if not groups:
        raise ValueError("there is no mistake to show; say so in a sentence instead")
    lines = {title: -(-len(rows) // COLUMNS) for title, rows in groups.items()}
    figure = plt.figure(figsize=(9.5, 1.62 * sum(lines.values()) + 0.35 * len(groups)))
    parts = figure.subfigures(len(groups), 1, height_ratios=[1.62 * n + 0.35 for n in lines.values()], squeeze=False)
    for part, (title, rows) in zip(parts[:, 0], groups.items()):
        part.suptitle(title, fontsize=10, x=0.01, ha="left")
        cells = part.subfigures(lines[title], COLUMNS, squeeze=False, wspace=0.03)
        for cell, row in zip(cells.flat, rows.itertuples()):
            for axes, frame in zip(cell.subplots(1, 2), (row.t, row.t + 1)):
                crop, mask = window(movie, frame, row.y, row.x, size)
                show(axes, crop, movie.levels[frame], mask)
                axes.set_title(f"frame {frame}", fontsize=7, pad=2)
            cell.suptitle(f"p(event) = {row.probability:.3f} ({row.margin:+.1f})".replace("-", "\u2212"), fontsize=8)
            if "holds" in rows:
                cell.supxlabel(row.holds, fontsize=7)
    return figure


@styled
def false_alarms(tables: dict[str, pd.DataFrame]) -> Figure:
    """False-positive rate by the content of a negative crop, one marker per strategy, with 95 % intervals.

    Parameters
    ----------
    tables : dict of DataFrame
        By the panel's title, from :func:`tapnb.studies.limitations.false_alarms_by_kind`; all with the same kinds in
        the same order.
    """
    kinds = list(dict.fromkeys(next(iter(tables.values()))["kind"]))
    figure, panels = plt.subplots(1, len(tables), figsize=(9.5, 0.4 * len(kinds) + 1.3), sharey=True, squeeze=False)
    for axes, (title, table) in zip(panels[0], tables.items()):
        strategies = list(dict.fromkeys(table["strategy"]))
        for i, (strategy, colour, marker) in enumerate(zip(strategies, (BLUE, VERMILLION, ORANGE), "osD")):
            rows = table[table["strategy"] == strategy].set_index("kind").loc[kinds]
            place = np.arange(len(kinds)) + 0.3 * (i - (len(strategies) - 1) / 2)
            rate = 100 * rows["rate"]
            spread = [(rate - 100 * rows["low"]).clip(lower=0), (100 * rows["high"] - rate).clip(lower=0)]
            axes.errorbar(rate, place, xerr=spread, fmt=marker, color=colour, markersize=5, elinewidth=1.2, capsize=2,
                          label=strategy)
            axes.axvline(rate.iloc[-1], color=colour, linewidth=1, linestyle=(0, (4, 2 + 3 * i)))
        for kind, n in table.drop_duplicates("kind").set_index("kind")["negatives"].loc[kinds].items():
            axes.annotate(str(n), (0.99, kinds.index(kind)), xycoords=("axes fraction", "data"), ha="right",
                          va="center", fontsize=7)
        most = 100 * table["high"].max()
        axes.set(title=title, xlabel="negatives taken for an event (%)",
                 xlim=(0, 1.2 * most if most > 0 else 1))  # room for the numbers, right of all bars
        axes.set_xticks([tick for tick in axes.get_xticks() if tick <= min(100, axes.get_xlim()[1])])
        axes.grid(axis="y", visible=False)
    panels[0, 0].set(yticks=range(len(kinds)), yticklabels=kinds, ylim=(len(kinds) - 0.4, -0.6))
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names),
                  title=f"dashed: {kinds[-1]}; numbers at the right: negatives", title_fontsize=8)
    return figure
