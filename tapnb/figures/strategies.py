"""Figures of the strategies: Table 2 as a picture."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, VERMILLION, styled
from tapnb.metrics.scores import SCORES


@styled
def strategy_scores(table: pd.DataFrame, paper: pd.DataFrame) -> Figure:
    """Table 2 as a picture: precision and recall of both classes by strategy, here and in the paper.

    Parameters
    ----------
    table : DataFrame
        One row per run: ``strategy`` and the columns of :data:`tapnb.metrics.scores.SCORES`.
    paper : DataFrame
        From :func:`tapnb.studies.paper.table2`.
    """
    titles = {"prec 0": "precision, no event", "rec 0": "recall, no event", "prec 1": "precision, event",
              "rec 1": "recall, event"}
    names = list(paper.index)
    figure, panels = plt.subplots(1, 4, figsize=(9.5, 2.9), sharey=True)
    for axes, score in zip(panels, SCORES):
        seaborn.stripplot(table, x=score, y="strategy", order=names, color=BLUE, alpha=0.7, size=5, jitter=False,
                          label="here, one dot a run", legend=False, ax=axes)
        axes.errorbar(paper[score], np.arange(len(names)) + 0.3, xerr=paper[f"{score} std"], fmt="D", color=VERMILLION,
                      markersize=4, capsize=2, elinewidth=1, label="paper, mean ± std")
        axes.set(title=titles[score], xlim=(-0.03, 1.03), xlabel="", ylabel="")
    handles = dict(zip(*reversed(panels[0].get_legend_handles_labels())))  # one entry per kind, not per strategy
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    return figure
