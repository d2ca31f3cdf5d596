"""Figure of the labelling criteria: the cases of Table 4 in the movie itself."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from tapnb.dataset import EventDataset
from tapnb.figures.style import EVENT_COLOURS, VERMILLION, show, styled, window
from tapnb.movies import Movie
from tapnb.studies.criteria import CRITERIA


@styled
def criteria_examples(movie: Movie, data: EventDataset, examples: pd.DataFrame) -> Figure:
    """Table 4: crop pairs on which the criteria disagree, their masks, labelled areas and labels.

    Parameters
    ----------
    movie : Movie
    data : EventDataset
    examples : DataFrame
        From :func:`tapnb.studies.criteria.examples`; a row without a pair stays empty.
    """
    widths = (1, 1, 1, 1, 0.65, 0.65, 0.65)
    figure, grid = plt.subplots(len(examples), 7, figsize=(8.6, 1.55 * len(examples) + 0.5), squeeze=False,
                                width_ratios=widths)
    titles = ("crop t", "crop t + 1", "mask t", "mask t + 1", *(name.replace(", ", ",\n") for name in CRITERIA))
    for axes, title in zip(grid[0], titles):
        axes.set_title(title, fontsize=9, loc="center", pad=18)  # above the small titles of the first row
    for number, (row, example) in enumerate(zip(grid, examples.to_dict("records")), 1):
        for axes, width in zip(row, widths):
            axes.set_axis_off()
            axes.set_box_aspect(1 / width)  # as high as the pictures, so that the titles stand in line
        for axes, criterion in zip(row[4:], CRITERIA):
            axes.text(0.5, 0.5, str(example[criterion]), transform=axes.transAxes, ha="center", va="center",
                      fontsize=14, color=VERMILLION if example[criterion] else "black")
        row[0].text(-0.12, 0.5, str(number), transform=row[0].transAxes, ha="right", va="center", fontsize=11)
        if example["pair"] < 0:
            row[0].text(0, 0.5, "none in this movie", transform=row[0].transAxes, va="center", fontsize=9)
            continue
        i = example["pair"]
        for offset in (0, 1):
            t = int(data.pairs.t[i]) + offset
            crop, mask = window(movie, t, data.pairs.y[i], data.pairs.x[i], data.pairs.size)
            show(row[offset], crop, movie.levels[t])
            row[2 + offset].imshow(mask, cmap=ListedColormap(["#EEEEEE", *EVENT_COLOURS.values()]), vmin=0, vmax=2,
                                   interpolation="nearest")
            row[offset].text(0.5, 1.02, f"frame {t}", transform=row[offset].transAxes, ha="center", fontsize=8)
            row[2 + offset].text(0.5, 1.02, f"{data.areas[i, offset]} px", transform=row[2 + offset].transAxes,
                                 ha="center", fontsize=8)
    return figure
