"""Figures show the values of their tables; no figure stays open."""

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb import dataset, figures
from tapnb.studies import paper

pytestmark = pytest.mark.usefixtures("nothing_stays_open")


def history(epochs=4):
    frame = pd.DataFrame({"pairs": np.arange(1, epochs + 1) * 100, "minutes": np.arange(1, epochs + 1) * 0.5})
    for prefix in ("train", "uniform", "change"):
        for quantity in ("loss", "decorrelation", "accuracy"):
            frame[f"{prefix}_{quantity}"] = np.linspace(0.5, 0.9, epochs)
    return frame


def test_training_curves_show_three_quantities_of_three_kinds_of_pairs():
    panels = figures.training_curves(history()).axes
    assert [a.get_title(loc="left") for a in panels] == ["total loss (Eq. 4)", "decorrelation loss (Eq. 5)", "accuracy"]
    for axes, quantity in zip(panels, ("loss", "decorrelation", "accuracy")):
        assert len(axes.lines) >= 3
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), history()[f"train_{quantity}"])


def test_recipes_are_told_apart_without_colour():
    figure = figures.recipes({"uniform 96": history(), "change 48": history()})
    first, second = figure.axes[0].lines[:2]
    assert first.get_linestyle() != second.get_linestyle() and first.get_marker() != second.get_marker()
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["uniform 96", "change 48"]


def test_strategies_show_a_dot_a_run():
    reference = paper.table2()
    table = pd.DataFrame([{"strategy": name, "prec 0": 0.9, "rec 0": 0.8, "prec 1": 0.5, "rec 1": r}
                          for name in reference.index for r in (0.6, 0.7, 0.8)])
    figure = figures.strategy_scores(table, reference)
    assert len(figure.axes) == 4
    dots = np.concatenate([c.get_offsets() for c in figure.axes[3].collections if len(c.get_offsets()) == 3])
    np.testing.assert_allclose(np.sort(dots[:, 0]), np.repeat([0.6, 0.7, 0.8], 6))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["here, one dot a run", "paper, mean ± std"]


def test_pictures_of_the_data_are_drawn_from_the_movie():
    movie = shrinking_discs(1, side=96)
    data = dataset.event_dataset(movie, dataset.DatasetSettings(crop_size=24, crops_per_frame_pair=20))
    indices = np.flatnonzero(data.pairs.t == 3)[:3].tolist()
    flow = figures.preprocessing(movie, data.pairs, data.areas, data.labels, indices)
    assert len([a for f in flow.subfigs for a in f.axes]) == 2 + 4 * 3
    events = pd.DataFrame({"t": [0, 5], "y": [3, 50], "x": [90, 50], "kind": ["division", "death"]})
    gallery = figures.event_gallery(movie, events, size=32)
    assert len(gallery.axes) == 2 * 6 and not gallery.axes[0].images  # two frames before frame 0 there is nothing
    over_time = figures.positives_over_time(data.pairs.t, data.labels, 15)
    assert over_time.axes[0].lines[0].get_ydata().mean() == pytest.approx(100 * data.labels.mean())
