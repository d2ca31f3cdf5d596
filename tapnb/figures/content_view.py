"""Figure of the content view: Table 6 as a picture."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tapnb.figures.style import BLUE, VERMILLION, styled

TITLES = {"uniform": "uniform windows", "change": "windows drawn by change"}


@styled
def content_view(summary: pd.DataFrame, paper: dict[str, tuple[float, float | None]]) -> Figure:
    """Table 6 as a picture: accuracy against the content view, changed by crop size or by resolution.

    Parameters
    ----------
    summary : DataFrame
        From :func:`tapnb.studies.content_view.summary`.
    paper : dict
        Mean and spread by setting, see :data:`tapnb.studies.paper.TABLE6_SETTINGS`; drawn beside uniform windows.
    """
    samplers = summary["sampler"].unique()
    figure, panels = plt.subplots(1, len(samplers), figsize=(4.7 * len(samplers), 3.7), sharey=True, squeeze=False)
    for axes, sampler in zip(panels[0], samplers):
        measured = summary[summary["sampler"] == sampler].sort_values("view")
        series = {"crop": measured[measured["factor"] == 1],
                  "resolution": measured[(measured["factor"] != 1) | (measured["setting"] == "same")]}
        for (what, rows), style, shift in zip(series.items(), ("-o", "--s"), (0.97, 1.03)):  # bars side by side
            error = [rows["accuracy"] - rows["low"], rows["high"] - rows["accuracy"]]
            axes.errorbar(rows["view"] * shift, rows["accuracy"], yerr=error, fmt=style, color=BLUE, markersize=5,
                          capsize=3, elinewidth=1, label=f"here, {what} changed")
            if sampler == "uniform":
                paper_accuracy = [paper[name][0] for name in rows["setting"]]
                axes.plot(rows["view"] * shift, paper_accuracy, style, color=VERMILLION, markersize=5,
                          markerfacecolor="white", label=f"paper, {what} changed")
        axes.axhline(0.5, color="black", linewidth=1, linestyle=":")
        views = sorted(summary["view"].unique())
        between = (views[-2] * views[-1]) ** 0.5  # between two views, clear of all bars
        axes.annotate("chance", (between, 0.5), ha="center", va="bottom", fontsize=8, xytext=(0, 2),
                      textcoords="offset points")
        axes.set_xscale("log", base=2)
        axes.set_xticks(views, [str(view) for view in views])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set(title=TITLES[sampler], xlabel="content view: side of the window in original pixels",
                 xlim=(views[0] * 0.8, views[-1] * 1.25))
    panels[0, 0].set_ylabel("time-arrow accuracy, held out")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2 * len(samplers))
    return figure
