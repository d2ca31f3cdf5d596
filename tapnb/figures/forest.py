"""The claims as a forest plot: effect, interval and verdict, by colour and shape."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, VERMILLION, styled
from tapnb.movies.built_in import TITLES
from tapnb.studies.forest import PRIMARY
from tapnb.studies.verdicts import NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED

LOOKS = {REPRODUCED: (BLUE, "o", BLUE), NOT_REPRODUCED: (VERMILLION, "s", VERMILLION), UNDECIDED: ("0.35", "o", "white")}
"""Of a verdict: colour, shape, and what the mark is filled with."""

OUTSIDE = 0.45
"""Effects are drawn up to there; an interval that goes on ends in an arrow."""


@styled
def forest(effects: pd.DataFrame) -> Figure:
    """A panel a movie, a line a claim: right of the line in the middle is where the claim puts the effect.

    Parameters
    ----------
    effects : DataFrame
        From :func:`tapnb.studies.forest.rows`.
    """
    movies = list(dict.fromkeys(effects["movie"]))
    claims = effects.drop_duplicates("number").set_index("number")["claim"]
    n = max(1, len(movies))
    figure, panels = plt.subplots(1, n, figsize=(3.2 + 3.1 * n, 5.4), sharey=True, squeeze=False)
    for axes, movie in zip(panels[0], movies):
        own = effects[effects["movie"] == movie]
        axes.axvline(0, color="0.2", linewidth=1)
        for row in own.itertuples():
            _mark(axes, row)
        axes.set(title=TITLES.get(movie, movie), xlim=(-OUTSIDE, OUTSIDE), ylim=(max(claims.index, default=1) + 0.6, 0.4))
        axes.set_yticks(list(claims.index), [f"{number}. {claim}" for number, claim in claims.items()])
        axes.set_xticks([-0.4, -0.2, 0, 0.2, 0.4], ["\u22120.4", "\u22120.2", "bound", "+0.2", "+0.4"])
        axes.set_xlabel("against the claim  \u2190   \u2192  as claimed")
        axes.grid(axis="y", visible=False)
    handles = [plt.Line2D([], [], linestyle="none", color=colour, marker=shape, markerfacecolor=fill, label=verdict)
               for verdict, (colour, shape, fill) in LOOKS.items()]
    handles.append(plt.Line2D([], [], linestyle="none", color="0.55", marker="D", markersize=4,
                              label=f"{PRIMARY} (no verdict)"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _mark(axes, row) -> None:
    """One effect with its interval, or a word where there is none."""
    if np.isnan(row.value):
        word = "no experiment" if row.verdict == NOT_RUN else "too little to judge"
        axes.annotate(word, (0, row.number), ha="center", va="center", fontsize=8, color="0.35",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
        return
    second = row.measure == PRIMARY
    colour, shape, fill = ("0.55", "D", "0.55") if second else LOOKS[row.verdict]
    y = row.number + (0.24 if second else -0.1)
    low, high = max(row.low, -OUTSIDE), min(row.high, OUTSIDE)
    axes.plot([low, high], [y, y], color=colour, linewidth=1 if second else 1.6, solid_capstyle="butt")
    for end, sign, beyond in ((low, "<", row.low < -OUTSIDE), (high, ">", row.high > OUTSIDE)):
        if beyond:
            axes.plot(end, y, sign, color=colour, markersize=5, clip_on=False)
    if abs(row.value) <= OUTSIDE:
        axes.plot(row.value, y, shape, color=colour, markerfacecolor=fill, markersize=4 if second else 6)
