"""Effects and runs are drawn at their values."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tapnb import figures
from tapnb.studies import paper
from tapnb.studies.effects import Effect

MEASURES = ("prec 0", "rec 0", "prec 1", "rec 1", "F1")


def made_up_effects():
    return [Effect(f"{name}_{score}", name, score, 0.5, 0.6, 0.1 * k, 0.1 * k - 0.2, 0.1 * k + 0.3)
            for name in ("A1: drawn with replacement", "B0: other scales") for k, score in enumerate(MEASURES)] + [
        Effect("spread", "B0: other scales", "spread of rec 0 over runs", 0.1, 0.2, 0.1)]


def test_every_effect_is_a_dot_within_its_interval():
    figure = figures.score_effects(made_up_effects())
    assert len(figure.axes) == 5 and not plt.get_fignums()
    assert [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()] == [
        "A1: drawn with replacement", "B0: other scales"]
    for k, axes in enumerate(figure.axes):
        drawn = [line.get_xdata() for line in axes.lines if line.get_linestyle() != "--"]
        np.testing.assert_allclose(np.concatenate(drawn), [0.1 * k - 0.2, 0.1 * k + 0.3, 0.1 * k] * 2)
        (zero,) = (line for line in axes.lines if line.get_linestyle() == "--")
        assert list(zero.get_xdata()) == [0, 0]


def test_runs_of_every_way_are_told_apart_without_colour():
    ways = ("here", "other scales", "other statistics")
    table = pd.DataFrame([{"strategy": name, "way": way, "seed": seed, "rec 0": 0.1 * seed, "rec 1": 0.2}
                          for name in ("B0", "B1") for way in ways for seed in (1, 2)])
    figure = figures.runs_both_ways(table, paper.table2())
    assert len(figure.axes) == 2 and not plt.get_fignums()
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == [f"{name}: {way}" for name in ("B0", "B1")
                    for way in (*ways, "paper, mean ± std")]
    dots = {int(line.get_ydata()[0]): line for line in figure.axes[0].lines if len(line.get_xdata()) == 2}
    assert len({dots[row].get_marker() for row in (0, 1, 2)}) == 3 and dots[0].get_marker() == dots[4].get_marker()
    np.testing.assert_allclose(dots[5].get_xdata(), [0.1, 0.2])
    paper_dot = next(line for line in figure.axes[0].lines if line.get_marker() == "D")
    assert list(paper_dot.get_xdata()) == [0.60] and list(paper_dot.get_ydata()) == [3]


def test_a_strategy_that_the_paper_lacks_has_no_mark_of_the_paper():
    table = pd.DataFrame({"strategy": ["B2"], "way": ["here"], "seed": [1], "rec 0": [0.5], "rec 1": [0.2]})
    figure = figures.runs_both_ways(table, paper.table2())
    assert not any(line.get_marker() == "D" for line in figure.axes[0].lines)
