"""The figure of the front page: time arrow and strategies, for every movie and the paper."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, GREEN, PURPLE, VERMILLION, styled

MARKS = ("D", "o", "s", "^", "v")
COLOURS = ("black", BLUE, VERMILLION, GREEN, PURPLE)
"""Of the paper and of the movies, in the order of the sources; the marks differ as well as the colours."""


@styled
def findings(arrow: pd.DataFrame, strategies: pd.DataFrame) -> Figure:
    """Accuracy of the time arrow, F1 of event recognition, and average precision of the ranked crop pairs.

    Parameters
    ----------
    arrow, strategies : DataFrame
        From :func:`tapnb.studies.findings.arrow` and :func:`tapnb.studies.findings.strategies`.
    """
    sources = list(dict.fromkeys([*arrow["source"], *strategies["source"]]))
    sizes, names = sorted(arrow["size"].unique()), list(dict.fromkeys(strategies["strategy"]))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10.5, 3.2), width_ratios=(1, 1.7, 1.7))
    for place, source in enumerate(sources):
        shift = 0.16 * (place - (len(sources) - 1) / 2)
        look = dict(fmt=MARKS[place % len(MARKS)], color=COLOURS[place % len(COLOURS)], markersize=5, capsize=2,
                    elinewidth=1, linestyle="none")
        sized = arrow[arrow["source"] == source]
        left.errorbar([sizes.index(size) + shift for size in sized["size"]], sized["accuracy"],
                      yerr=[sized["accuracy"] - sized["low"], sized["high"] - sized["accuracy"]], label=source, **look)
        scores = strategies[strategies["source"] == source]
        positions = [names.index(name) + shift for name in scores["strategy"]]
        middle.errorbar(positions, scores["f1"], yerr=scores["std"].fillna(0), **look)
        right.errorbar(positions, scores["ap"], yerr=scores["ap_std"].fillna(0), **look)
    left.axhline(0.5, color="0.4", linestyle=":", linewidth=1)
    left.annotate("chance", (0, 0.5), xycoords=("axes fraction", "data"), xytext=(3, 3), textcoords="offset points",
                  fontsize=8)
    left.set(xticks=range(len(sizes)), xticklabels=sizes, xlim=(-0.6, len(sizes) - 0.4), ylim=(0.45, 1.02),
             xlabel="side of the crop (pixels)", ylabel="accuracy", title="time arrow told")
    for axes, score, title in ((middle, "F1", "events recognised"), (right, "average precision", "crop pairs ranked")):
        axes.set(xticks=range(len(names)), xticklabels=names, ylim=(0, 1), xlim=(-0.6, len(names) - 0.4), ylabel=score,
                 xlabel="strategy", title=title)
        for edge in np.arange(1.5, len(names) - 1, 2):  # between A, B and C
            axes.axvline(edge, color="0.85", linewidth=1)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(sources))
    return figure
