"""Figures of the differences from the scripts: effects on the scores, and the spread over seeds both ways."""

from __future__ import annotations

import textwrap

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, GREEN, VERMILLION, styled
from tapnb.metrics.scores import SCORES
from tapnb.studies.effects import Effect

TITLES = {"prec 0": "precision,\nno event", "rec 0": "recall,\nno event", "prec 1": "precision,\nevent",
          "rec 1": "recall,\nevent", "F1": "F1,\nevent"}


@styled
def score_effects(effects: list[Effect]) -> Figure:
    """Effect of each difference on the scores: the other way minus the way of this project, with 95 % intervals.

    Parameters
    ----------
    effects : list of Effect
        From :func:`tapnb.studies.differences.score_effects`; effects on anything but scores are left out.
    """
    names = list(dict.fromkeys(e.difference for e in effects if e.measured in TITLES))
    figure, panels = plt.subplots(1, len(TITLES), figsize=(9.5, 1.5 + 0.45 * len(names)), sharex=True, sharey=True)
    for axes, (score, title) in zip(panels, TITLES.items()):
        of_score = [e for e in effects if e.measured == score]
        middle = np.array([e.effect for e in of_score])
        ends = np.array([[e.low, e.high] for e in of_score]).reshape(-1, 2)
        for value, (low, high), e in zip(middle, ends, of_score):
            axes.plot([low, high], [names.index(e.difference)] * 2, color=BLUE, marker="|", markersize=7)
            axes.plot(value, names.index(e.difference), "o", color=BLUE, markersize=5)
        axes.axvline(0, color="black", linewidth=1, linestyle="--")
        axes.set(title=title, ylim=(len(names) - 0.5, -0.5))
    panels[0].set_yticks(range(len(names)), [textwrap.fill(name, 28) for name in names])
    figure.supxlabel("the other way minus ours", fontsize=9)
    return figure


@styled
def runs_both_ways(table: pd.DataFrame, reference: pd.DataFrame) -> Figure:
    """Recall of both classes in every run, trained as here and in each of the scripts' ways.

    Parameters
    ----------
    table : DataFrame
        From :func:`tapnb.studies.differences.runs_both_ways`.
    reference : DataFrame
        From :func:`tapnb.studies.paper.table2`.
    """
    ways = list(dict.fromkeys(zip(table["strategy"], table["way"])))
    styles = dict(zip(dict.fromkeys(table["way"]), (("o", BLUE), ("s", GREEN), ("^", "black"))))
    rows = [row for name in dict.fromkeys(table["strategy"])
            for row in (*(way for way in ways if way[0] == name), (name, "paper, mean \u00b1 std"))]
    figure, panels = plt.subplots(1, 2, figsize=(9.0, 0.9 + 0.36 * len(rows)), sharey=True)
    for axes, score in zip(panels, (SCORES[1], SCORES[3])):
        for place, (name, way) in enumerate(rows):
            if way in styles:
                marker, colour = styles[way]
                values = table.loc[(table["strategy"] == name) & (table["way"] == way), score]
                axes.plot(values, [place] * len(values), marker, color=colour, alpha=0.7, markersize=5)
            elif name in reference.index:
                axes.errorbar(reference.loc[name, score], place, xerr=reference.loc[name, f"{score} std"], fmt="D",
                              color=VERMILLION, markersize=4, capsize=2, elinewidth=1)
        axes.set(title=TITLES[score].replace("\n", " "), xlim=(-0.05, 1.08), ylim=(len(rows) - 0.5, -0.5))
    panels[0].set_yticks(range(len(rows)), [f"{name}: {way}" for name, way in rows])
    figure.supxlabel("one marker a run", fontsize=9)
    return figure
