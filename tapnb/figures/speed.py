"""Figures of run time and memory: ratios to the plain way, growth, and both precisions."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from tapnb.figures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, styled
from tapnb.studies import speed_growth
from tapnb.studies.speed import GROWTH, MISSING, text

SERIES = (("o-", BLUE), ("s--", VERMILLION), ("^-.", GREEN), ("D:", PURPLE), ("v-", ORANGE))
"""Marker, line and colour of the series of one panel."""

PRECISIONS = {"float32": ("-", BLUE), "bfloat16": ("--", VERMILLION)}


@styled
def speed_ratios(table: pd.DataFrame) -> Figure:
    """How many times as fast as the plain way, one dot per row, with the extremes of the repetitions and the goal.

    Parameters
    ----------
    table : DataFrame
        From :func:`tapnb.studies.speed.ratios`.
    """
    figure, axes = plt.subplots(figsize=(8.5, 1.3 + 0.42 * max(1, len(table))))
    if table.empty:
        return _nothing(figure, axes)
    places = np.arange(len(table))
    axes.hlines(places, table["low"], table["high"], color=BLUE, linewidth=2.4)
    axes.plot(table["ratio"], places, "o", color=BLUE, label="here, with the extremes of the repetitions")
    goals = table["goal"].notna()
    axes.plot(table.loc[goals, "goal"], places[goals], "|", color=VERMILLION, markersize=17, markeredgewidth=2.4,
              label="goal")
    for place, row in zip(places, table.itertuples()):
        axes.annotate(text(row.ratio), (row.ratio, place), xytext=(0, 9), textcoords="offset points", ha="center",
                      va="bottom", fontsize=8)  # above the goal's stroke, wherever that is
    axes.axvline(1, color="black", linewidth=1, linestyle="--", label="the plain way")
    axes.set_xscale("log")
    _plain_ticks(axes.xaxis, (1, 2, 5))
    ends = table[["low", "high", "goal"]].to_numpy()
    axes.set(ylim=(len(table) - 0.5, -0.6), xlim=(min(0.8, np.nanmin(ends) / 1.3), np.nanmax(ends) * 1.5),
             xlabel="times as fast as the plain way (median of plain / median of ours)")
    axes.set_yticks(places, [textwrap.fill(title, 36) for title in table["title"]])
    figure.legend(loc="outside upper right", ncols=3)
    return figure


@styled
def cost_growth_panels(measured: dict[str, dict]) -> Figure:
    """Seconds and peak memory against frames, frame size, crop pairs, seeds and threads, on logarithmic axes.

    Parameters
    ----------
    measured : dict
        The part ``growth`` of :func:`tapnb.studies.speed.read`. The dotted lines show a cost in proportion, from
        the first point of a series: to the square of a frame's side, and to one over the number of threads.
    """
    figure, grid = plt.subplots(2, len(GROWTH), figsize=(9.5, 5.2), sharex="col")
    for (key, title), (times, memory) in zip(GROWTH.items(), grid.T):
        kind = measured.get(key)
        times.set_title(title)
        if not kind or not kind["points"]:
            for axes in (times, memory):
                _nothing(figure, axes)
            continue
        lines = {series: speed_growth.line(kind, series) for series in speed_growth.all_series(kind)}
        for (series, points), (style, colour) in zip(lines.items(), SERIES * len(lines)):
            times.vlines(points["x"], points["low"], points["high"], color=colour)
            times.plot(points["x"], points["seconds"], style, color=colour, markersize=4,
                       label=textwrap.fill(series, 20))
            memory.plot(points["x"], points["memory_gb"], style, color=colour, markersize=4)
        for place, points in enumerate(lines.values()):
            guide = (points["x"] / points["x"][0]) ** speed_growth.natural(key, kind) * points["seconds"][0]
            times.plot(points["x"], guide, ":", color="black", linewidth=1.2, label="" if place else "in proportion")
        if unknown := all(points["memory_gb"].isna().all() for points in lines.values()):
            _nothing(figure, memory)
        for axes in (times,) if unknown else (times, memory):
            axes.set(xscale="log", yscale="log")
            low, high = axes.get_ylim()
            wider = max(1.0, 6 / (high / low)) ** 0.5  # a cost that hardly grows has to look flat
            axes.set_ylim(low / wider, high * wider)
            _plain_ticks(axes.yaxis, (1,) if high * wider / (low / wider) > 60 else (1, 2, 5))
        every = np.unique(np.concatenate([points["x"] for points in lines.values()]))
        _plain_ticks(memory.xaxis, (1,))  # of both: the axis is shared
        if every[-1] < 100 * every[0]:
            memory.xaxis.set_major_locator(FixedLocator(every[::-1][::-(-len(every) // 4)]))
        memory.xaxis.set_minor_locator(NullLocator())
        memory.set_xlabel(textwrap.fill(kind["against"], 22))
        times.legend(loc="upper center", bbox_to_anchor=(0.5, -0.03), fontsize=7, handlelength=2.4)
    grid[0, 0].set_ylabel("seconds")
    grid[1, 0].set_ylabel("peak memory (GB)")
    return figure


@styled
def precision_curves(runs: list[dict]) -> Figure:
    """Loss and held-out accuracy of trainings in either precision, one line per seed.

    Parameters
    ----------
    runs : list of dict
        The ``runs`` of the part ``precision`` of :func:`tapnb.studies.speed.read`.
    """
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.3))
    if not runs:
        return _nothing(figure, *panels)
    columns = {"train_loss": "training loss (Eq. 4)", "uniform_accuracy": "held-out accuracy,\nuniform windows",
               "change_accuracy": "held-out accuracy,\nwindows by change"}
    for axes, (column, title) in zip(panels, columns.items()):
        for run in runs:
            history, (style, colour) = pd.DataFrame(run["history"]), PRECISIONS[run["precision"]]
            axes.plot(history["pairs"] / 1000, history[column], style, color=colour, linewidth=1.3,
                      marker="." if len(history) < 15 else None)
        axes.set(title=title, xlabel="crop pairs seen (thousands)")
        if column.endswith("accuracy"):
            axes.axhline(0.5, color="black", linewidth=1, linestyle=":")
            axes.annotate("chance", (1, 0.5), xycoords=("axes fraction", "data"), xytext=(0, 2), ha="right",
                          textcoords="offset points", fontsize=8)
    for name, (style, colour) in PRECISIONS.items():
        seeds = len({run["seed"] for run in runs if run["precision"] == name})
        panels[0].plot([], [], style, color=colour, label=f"{name}, {seeds} seed{'s' * (seeds != 1)}")
    panels[0].legend()
    return figure


def _nothing(figure: Figure, *panels) -> Figure:
    """Write in each panel that there is nothing to draw."""
    for axes in panels:
        axes.text(0.5, 0.5, MISSING, ha="center", va="center", transform=axes.transAxes, fontsize=9)
        axes.grid(visible=False)
        axes.xaxis.set_major_locator(NullLocator())
        axes.yaxis.set_major_locator(NullLocator())
    return figure


def _plain_ticks(axis, steps: tuple[int, ...]) -> None:
    """Numbers instead of powers of ten, at these multiples of them."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())
