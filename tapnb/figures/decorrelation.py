"""Figures of the decorrelation term: how it saturates with the crop size, and the channels that result."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tapnb import losses
from tapnb.figures.style import BLUE, ORANGE, VERMILLION, styled

CASES = {("untrained", "movie"): "untrained, on the movie", ("trained", "movie"): "trained, on the movie",
         ("untrained", "noise"): "untrained, on noise"}
"""Network and images, see :func:`tapnb.studies.decorrelation.measure_sizes`."""

LINES = {"unscaled": ("-o", VERMILLION, "unscaled (paper)"), "capped": (":s", ORANGE, "unscaled, capped (scripts)"),
         "unit length": ("--^", BLUE, "unit length")}


def _sizes(axes, sizes) -> None:
    """A logarithmic axis of crop sides, with a tick at each."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())


def _case(rows: pd.DataFrame, network: str, images: str) -> pd.DataFrame:
    return rows[(rows["network"] == network) & (rows["images"] == images)]


@styled
def decorrelation_term(terms: pd.DataFrame, saturation: pd.DataFrame) -> Figure:
    """Value and gradients of Eq. 5 against the side of the crop, in three forms: a dot per seed, a line at the median.

    Parameters
    ----------
    terms, saturation : DataFrame
        Of the rows of :func:`tapnb.studies.decorrelation.measure_sizes`.
    """
    panels = {"value": ("value", 1.0, 1e-3), "gradient_z": ("norm of its gradient, features", 1.0, 1e-4),
              "gradient_weights": ("λ × norm of its gradient, weights", losses.DECORRELATION_WEIGHT, 1e-3)}
    sizes = sorted(terms["size"].unique())
    figure, grid = plt.subplots(len(CASES), len(panels), figsize=(9.5, 6.8), sharex=True, sharey="col")
    for row, ((network, images), title) in zip(grid, CASES.items()):
        for axes, (quantity, (_, factor, smallest)) in zip(row, panels.items()):
            rows = _case(terms, network, images)
            for form, (style, colour, text) in LINES.items():
                of_form = rows[rows["form"] == form]
                median = of_form.groupby("size")[quantity].median() * factor
                axes.plot(median.index, median, style[:-1], color=colour, label=text)
                axes.plot(of_form["size"], of_form[quantity] * factor, style[-1], color=colour, markersize=4, alpha=0.6)
            axes.set_yscale("symlog", linthresh=smallest)  # zero has to be visible: the term falls to it
            axes.set_ylim(bottom=-0.3 * smallest)
        arrow = _case(saturation, network, images).groupby("size")["arrow_gradient_weights"].median()
        row[2].plot(arrow.index, arrow, "-", color="black", linewidth=1, label="gradient of the time-arrow loss")
        row[0].set_ylabel(title)
    for axes, (title, _, _) in zip(grid[0], panels.values()):
        axes.set_title(title)
    for axes in grid[-1]:
        _sizes(axes, sizes)
        axes.set_xlabel("side of the crop (pixels)")
    figure.legend(*grid[0, 2].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


@styled
def decorrelation_saturation(saturation: pd.DataFrame) -> Figure:
    """The products in the softmax of Eq. 5 against the side of the crop, and the share of channels that it decides.

    Parameters
    ----------
    saturation : DataFrame
        Of the rows of :func:`tapnb.studies.decorrelation.measure_sizes`.
    """
    sizes = sorted(saturation["size"].unique())
    figure, panels = plt.subplots(1, 1 + len(CASES), figsize=(9.5, 3.0), width_ratios=[1.35, 1, 1, 1])
    first = panels[0]
    for (network, images), style in zip(CASES, ("-", "--", ":")):
        medians = _case(saturation, network, images).groupby("size")[["own", "other"]].median()
        for quantity, colour, marker in (("own", BLUE, "o"), ("other", VERMILLION, "s")):
            first.plot(medians.index, medians[quantity], style, marker=marker, markersize=4, color=colour,
                       label=f"with {'itself' if quantity == 'own' else 'another channel'}" if style == "-" else None)
    first.plot(sizes, np.square(sizes) / losses.TEMPERATURE, color="black", linewidth=1, label="side² / τ")
    first.set(yscale="log", title="products z·z / τ", xlabel="side of the crop (pixels)")
    _sizes(first, sizes)
    place = np.arange(len(sizes))
    for axes, ((network, images), text) in zip(panels[1:], CASES.items()):
        shares = _case(saturation, network, images).groupby("size")[["won", "lost", "beyond_floor"]].mean() * 100
        parts = {"won": shares["won"], "not decided": 100 - shares["won"] - shares["lost"],
                 "lost": shares["lost"] - shares["beyond_floor"], "lost beyond the cap": shares["beyond_floor"]}
        bottom = np.zeros(len(sizes))
        fills = ((BLUE, ""), ("white", ""), (ORANGE, "//"), (VERMILLION, "xx"))
        for (name, heights), (colour, hatch) in zip(parts.items(), fills):
            axes.bar(place, heights, 0.8, bottom, color=colour, hatch=hatch, edgecolor="black", linewidth=0.5,
                     label=name)
            bottom += heights.to_numpy()
        axes.set_xticks(place, [str(size) for size in sizes])
        axes.set(title=text, xlabel="side of the crop (pixels)", ylim=(0, 100))
        axes.grid(axis="x", visible=False)
    panels[1].set_ylabel("feature channels (%)")
    handles, texts = (a + b for a, b in zip(first.get_legend_handles_labels(), panels[1].get_legend_handles_labels()))
    figure.legend(handles, texts, loc="outside lower center", ncols=7, fontsize=7, columnspacing=1.2)
    return figure


@styled
def channel_correlations(channels: list[dict]) -> Figure:
    """Correlations of the feature channels, one panel per network, channels in their own order.

    Parameters
    ----------
    channels : list of dict
        From :func:`tapnb.studies.decorrelation_channels.compare`.
    """
    columns = min(4, len(channels))
    rows = -(-len(channels) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(2.15 * columns + 0.8, 2.5 * rows + 0.2), squeeze=False)
    for axes, network in zip(grid.flat, channels):
        values = np.array(network["correlation"])
        i, j = np.tril_indices(len(values), -1)  # a symmetric matrix: half of it halves the file as well
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
        drawn = axes.add_collection(PolyCollection(np.stack([j, i], -1)[:, None] + corners, array=values[i, j],
                                                   cmap="RdBu_r", clim=(-1, 1), linewidths=0))
        axes.set(xlim=(0, len(values)), ylim=(len(values), 0), aspect="equal")
        axes.grid(False)
        axes.spines[:].set_visible(False)
        axes.set_title(network["network"], fontsize=8)
        axes.set_xlabel(f"mean |r| {network['mean_absolute_correlation']:.2f},\neffective rank "
                        f"{network['effective_rank']:.1f}", fontsize=8)
        axes.set(xticks=[], yticks=[])
    for axes in grid.flat[len(channels):]:
        axes.set_axis_off()
    grid[0, 0].set_ylabel("feature channel")
    bar = figure.colorbar(drawn, ax=grid, label="correlation", shrink=0.8)
    bar.solids.set_rasterized(False)  # a plot under results/ holds no picture
    return figure
