"""Figures of the pretraining: Figure 6, and the accuracy of other recipes for drawing crops."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, VERMILLION, styled


@styled
def training_curves(history: pd.DataFrame) -> Figure:
    """Figure 6: total loss, decorrelation loss and accuracy, training and held-out.

    Parameters
    ----------
    history : DataFrame
        From :func:`tapnb.pretrain.pretrain`.
    """
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.0))
    lines = {"train": ("training pairs", VERMILLION, "-"), "uniform": ("held-out, uniform", BLUE, "-"),
             "change": ("held-out, by change", BLUE, ":")}
    for axes, quantity, title in zip(panels, ("loss", "decorrelation", "accuracy"),
                                     ("total loss (Eq. 4)", "decorrelation loss (Eq. 5)", "accuracy")):
        for prefix, (text, colour, style) in lines.items():
            axes.plot(history["pairs"] / 1000, history[f"{prefix}_{quantity}"], style, color=colour, label=text,
                      marker="." if len(history) < 15 else None)
        axes.set(xlabel="crop pairs seen (thousands)", title=title)
    panels[1].set_yscale("symlog", linthresh=1e-3)  # the unnormalised term spans zero to its first epoch's hundreds
    panels[2].axhline(0.5, color="black", linewidth=1, linestyle="--")
    panels[2].set_ylim(bottom=min(panels[2].get_ylim()[0], 0.47))  # room for a word below the line
    panels[2].annotate("chance", (1, 0.5), xycoords=("axes fraction", "data"), ha="right", va="top", fontsize=8,
                       xytext=(0, -2), textcoords="offset points")
    panels[0].legend()
    return figure


@styled
def recipes(histories: dict[str, pd.DataFrame]) -> Figure:
    """Held-out accuracy against pairs and minutes, for uniform 96-pixel crops and for other recipes.

    Parameters
    ----------
    histories : dict of DataFrame
        By recipe, from :func:`tapnb.pretrain.pretrain`.
    """
    figure, grid = plt.subplots(2, 2, figsize=(9.0, 5.4), sharey="row", sharex="col")
    for (name, history), style in zip(histories.items(), ("-o", "--s", "-.^", ":D", "-v", "--P")):
        for row, sampler in zip(grid, ("uniform", "change")):
            for axes, (column, factor) in zip(row, (("pairs", 1 / 1000), ("minutes", 1))):
                axes.plot(history[column] * factor, history[f"{sampler}_accuracy"], style, markersize=4, label=name)
    for row, kind in zip(grid, ("uniform crops", "crops drawn by change")):
        row[0].set_ylabel(f"held-out accuracy,\n{kind}")
        for axes in row:
            axes.axhline(0.5, color="black", linewidth=1, linestyle="--")
    grid[1, 0].set_xlabel("crop pairs seen (thousands)")
    grid[1, 1].set_xlabel("minutes of training")
    grid[0, 0].legend(title="sampler, crop sizes in pixels", title_fontsize=8)
    return figure
