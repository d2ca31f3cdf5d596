"""Figures of the evidence that need no trained network."""

import pandas as pd

from tapnb import figures
from tapnb.figures.evidence import COLOURS


def estimated(*rows):
    return pd.DataFrame([{"name": name, "labels": labels, "runs": 3, "measure": "average precision", "value": value,
                          "low": value - 0.1, "high": value + 0.1} for name, labels, value in rows],
                        columns=["name", "labels", "runs", "measure", "value", "low", "high"])


def test_few_labels_are_a_line_a_strategy_and_a_dashed_control():
    figure = figures.pairs_from_few_labels(estimated(("extra trees", 2, 0.3), ("A1", 2, 0.4), ("A1", 20, 0.6), ("C1", 20, 0.5)))
    (axes,) = figure.axes
    lines = {bars.get_label(): bars.lines[0] for bars in axes.containers}
    assert list(lines) == ["A1", "C1", "extra trees"], "the control last"
    assert lines["A1"].get_color() == COLOURS["A"] and lines["extra trees"].get_linestyle() == "--"
    assert axes.get_xscale() == "log" and [text.get_text() for text in axes.get_xticklabels()] == ["2", "20"]
    assert [f"{y:.1f}" for y in lines["A1"].get_ydata()] == ["0.4", "0.6"]


def test_where_nothing_was_trained_from_few_labels_that_is_said():
    (axes,) = figures.pairs_from_few_labels(estimated()).axes
    assert [text.get_text() for text in axes.texts] == ["nothing was trained from few labels"]
