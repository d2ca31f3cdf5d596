"""Figures of the evidence: how well pairs are ranked, and how the heads were trained."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tapnb.figures.style import BLUE, GREEN, ORANGE, PURPLE, VERMILLION, styled

MARKS = {"held-out": (BLUE, "o"), "test": (VERMILLION, "s"), "seen": (ORANGE, "^"), "new": (GREEN, "D")}
"""Colour and mark of every part that is asked about."""

COLOURS = {"A": BLUE, "B": ORANGE, "C": GREEN, "D": PURPLE, "P": VERMILLION}
"""Of strategies, by where their features come from."""


@styled
def average_precisions(estimates: pd.DataFrame, titles: dict[str, str], controls: list[str]) -> Figure:
    """Average precision with 95 % intervals, a line a strategy or control.

    Parameters
    ----------
    estimates : DataFrame
        ``name``, ``part``, ``value``, ``low``, ``high``; the best on the first part first.
    titles : dict of str
        By part, in the order in which they are drawn.
    controls : list of str
        Names that are controls, shown in italics.
    """
    names = list(dict.fromkeys(estimates["name"]))
    figure, axes = plt.subplots(figsize=(7, 1.1 + 0.42 * len(names)))
    for k, (part, title) in enumerate(titles.items()):
        own = estimates[estimates["part"] == part].set_index("name").reindex(names)
        colour, mark = MARKS[part]
        place = np.arange(len(names)) + 0.22 * (k - (len(titles) - 1) / 2)
        errors = [own["value"] - own["low"], own["high"] - own["value"]]
        axes.errorbar(own["value"], place, xerr=errors, fmt=mark, color=colour, markersize=5, capsize=2, elinewidth=1,
                      label=title)
    axes.set(xlim=(0, 1), xlabel="average precision of the event class")
    axes.set_yticks(range(len(names)), names)
    for text in axes.get_yticklabels():
        text.set_fontstyle("italic" if text.get_text() in controls else "normal")
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=1)
    return figure


@styled
def head_curves(course: pd.DataFrame) -> Figure:
    """Loss on the training pairs and on the watched validation pairs against steps, a panel a strategy.

    Parameters
    ----------
    course : DataFrame
        From :func:`tapnb.studies.evidence.curves`.
    """
    names = list(dict.fromkeys(course["strategy"]))
    if not names:
        return said("no strategy has been trained yet")
    columns = min(3, max(1, len(names)))
    rows = -(-len(names) // columns) or 1
    figure, panels = plt.subplots(rows, columns, figsize=(max(5.5, 3.1 * columns + 0.6), 2.5 * rows + 0.4), sharey=True,
                                  squeeze=False)
    for axes, name in zip(panels.flat, names):
        for _, run in course[course["strategy"] == name].groupby("seed"):
            axes.plot(run["steps"], run["training_loss"], ":", color=COLOURS[name[0]], label="training")
            axes.plot(run["steps"], run["validation_loss"], "-", color=COLOURS[name[0]], label="validation")
            kept = run[run["kept"]]
            axes.plot(kept["steps"], kept["validation_loss"], "o", color=COLOURS[name[0]], label="weights kept")
        axes.axhline(np.log(2), color="black", linewidth=1, linestyle="--", label="a coin")
        axes.set(title=name, xlabel="steps", yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    for axes in panels.flat[len(names):]:
        axes.set_axis_off()
    for axes in panels[:, 0]:
        axes.set_ylabel("cross entropy")
    handles = dict(zip(*reversed(panels[0, 0].get_legend_handles_labels())))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4)
    return figure


@styled
def pairs_from_few_labels(estimated: pd.DataFrame) -> Figure:
    """Average precision against labelled events, a line a strategy; a control is dashed.

    Parameters
    ----------
    estimated : DataFrame
        From :func:`tapnb.studies.evidence_few.estimates`.
    """
    if estimated.empty:
        return said("nothing was trained from few labels")
    figure, axes = plt.subplots(figsize=(6.5, 3.8))
    against_labels(axes, estimated, {name: COLOURS[name[0]] for name in estimated["name"] if name[1:].isdigit()})
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def against_labels(axes: Axes, estimated: pd.DataFrame, colours: dict[str, str]) -> None:
    """Lines of ``value`` with error bars from ``low`` to ``high`` over ``labels``, a line a ``name``; black, dashed and in the
    legend's last place where it has no colour."""
    names = sorted(dict.fromkeys(estimated["name"]), key=lambda name: name not in colours)
    for k, name in enumerate(names):
        of = estimated[estimated["name"] == name].sort_values("labels")
        beside = of["labels"] * 1.04 ** (k - (len(names) - 1) / 2)  # so that error bars do not hide each other
        axes.errorbar(beside, of["value"], yerr=[of["value"] - of["low"], of["high"] - of["value"]],
                      fmt="-o" if name in colours else "--s", color=colours.get(name, "black"), markersize=4.5, capsize=2,
                      elinewidth=1, label=name)
    ticks = sorted(estimated["labels"].unique())
    axes.set(xlabel="labelled events", ylabel="average precision", ylim=(0, 1), xscale="log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()


def said(what: str) -> Figure:
    """A figure that only says something: there is nothing to draw."""
    figure, axes = plt.subplots(figsize=(6, 1))
    axes.set_axis_off()
    axes.text(0.5, 0.5, what, ha="center", va="center")
    return figure
