"""Figures of the calibration: reliability diagrams in their standard form and in the paper's (Figure 5)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, VERMILLION, styled
from tapnb.metrics.scores import share_interval

GREY = "#999999"


def _panels(bins: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Titles and bins of the panels, in the order of the rows: a head and what was done to its probabilities."""
    titles = {"before": "{0}, as trained", "after": "{0}, T = {1:.2f}", "platt": "{0}, scale and offset"}
    return [(titles[scaling].format(head, panel["temperature"].iloc[0]), panel)
            for (head, scaling), panel in bins.groupby(["head", "scaling"], sort=False)]


def _diagonal(axes, ece: float, name: str) -> None:
    """The line of true probabilities, and the error in the top left corner."""
    axes.plot([0, 1], [0, 1], "--", color=VERMILLION, linewidth=1.2)
    axes.text(0.04, 0.96, f"{name} {ece:.3f}", transform=axes.transAxes, va="top", fontsize=8, zorder=5,
              bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1})
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))


@styled
def reliability(bins: pd.DataFrame) -> Figure:
    """Reliability diagram: share of events in every bin against its mean probability, and crop pairs by bin.

    The first seed is drawn in full, as the paper draws one run. The bins of one seed share no crop pair, so that
    Wilson's intervals hold. The other seeds are thin lines.

    Parameters
    ----------
    bins : DataFrame
        From :func:`tapnb.studies.calibration.bins`, with :func:`~tapnb.studies.calibration.cured_bins`: one row of
        diagrams a head, one column a scaling.
    """
    first, heads, scalings = bins["seed"].iloc[0], bins["head"].unique(), bins["scaling"].unique()
    size = 2.5 * len(scalings), 3.5 * len(heads)
    figure, grid = plt.subplots(2 * len(heads), len(scalings), figsize=size, sharex=True, sharey="row",
                                height_ratios=(3, 1) * len(heads))
    bins = bins.assign(head=pd.Categorical(bins["head"], heads), scaling=pd.Categorical(bins["scaling"], scalings))
    panels = _panels(bins.sort_values(["head", "scaling"], kind="stable"))
    for (title, panel), axes, below in zip(panels, grid[::2].flat, grid[1::2].flat):
        filled = panel[panel["pairs"] > 0].assign(share=lambda b: b["events"] / b["pairs"])
        for seed, others in filled[filled["seed"] != first].groupby("seed"):
            axes.plot(others["confidence"], others["share"], color=GREY, linewidth=0.8, label="other seeds")
        one = filled[filled["seed"] == first]
        ends = np.array([share_interval(k, n) for k, n in zip(one["events"], one["pairs"])])
        lengths = np.abs(ends - one[["share"]].to_numpy()).T
        axes.errorbar(one["confidence"], one["share"], yerr=lengths, fmt="o-", markersize=3.5, color=BLUE, capsize=1.5,
                      elinewidth=1, linewidth=1.2, label=f"seed {first}, with 95 % intervals")
        _diagonal(axes, one["ece"].iloc[0], "ECE, class 1:")
        axes.set_title(title, fontsize=9)
        below.bar(one["low"], one["pairs"], one["high"] - one["low"], align="edge", color=BLUE, edgecolor="white")
        below.set(yscale="log", ylim=(0.7, None))
    for axes, below in zip(grid[::2, 0], grid[1::2, 0]):
        axes.set_ylabel("share of events")
        below.set_ylabel("crop pairs")
    for axes in grid[-1]:
        axes.set_xlabel("probability of an event")
    handles = dict(zip(*reversed(grid[0, 0].get_legend_handles_labels())))  # one entry for all other seeds
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    return figure


@styled
def paper_reliability(bins: pd.DataFrame) -> Figure:
    """Figure 5 as the authors' scripts draw it: recognised events as a share of five bins of sigmoid(logit 1).

    A bar is the share of its pairs that are events *and* are recognised. It is therefore low wherever the answer is
    "no event", even if that answer is right. The number above a bar counts its pairs. Only the first seed is drawn.

    Parameters
    ----------
    bins : DataFrame
        From :func:`tapnb.studies.calibration.bins` in the paper's form.
    """
    first_seed = bins[bins["seed"] == bins["seed"].iloc[0]]
    figure, panels = plt.subplots(1, 4, figsize=(9.5, 2.8), sharey=True)
    for (title, panel), axes in zip(_panels(first_seed), panels):
        share = panel["events"] / panel["pairs"].clip(lower=1)
        axes.bar(panel["low"], share, panel["high"] - panel["low"], align="edge", color=BLUE, edgecolor="white")
        for low, high, top, n in zip(panel["low"], panel["high"], share, panel["pairs"]):
            axes.annotate(str(n), ((low + high) / 2, top), xytext=(0, 3), textcoords="offset points", ha="center",
                          fontsize=7, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5})
        _diagonal(axes, panel["ece"].iloc[0], "ECE")
        axes.set_title(title, fontsize=9)
        axes.set(xlabel="sigmoid of logit 1", ylim=(0, 1.12))
    panels[0].set_ylabel("share of events found")
    return figure
