"""Figures for phones: panels below one another, everything that they shared written at each, all text large enough."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text

from tapnb.figures import narrow
from tapnb.figures.style import styled


@styled
def grid():
    """Two rows and columns that share their axes, and a legend in one line."""
    figure, panels = plt.subplots(2, 2, figsize=(9, 5), sharex=True, sharey="col")
    for axes in panels.flat:
        axes.plot([1, 10, 100], label="a line")
        axes.plot([2, 20, 200], label="another line, which has a long name")
    panels[0, 0].set(title="value", ylabel="upper")
    panels[0, 1].set(title="norm", yscale="log")
    panels[1, 0].set(xlabel="side", ylabel="lower")
    panels[1, 1].set(xlabel="side", yscale="log")
    panels[0, 0].text(0, 0, "small", fontsize=5)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=6)
    return figure


@styled
def words():
    """Two panels whose ticks are words, drawn at the first only."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 2), sharey=True)
    panels[0].set_yticks(range(3), ["one", "a name that is longer than a line of labels", "three"])
    return figure


@styled
def hanging():
    """A small panel below each of two large ones."""
    figure, panels = plt.subplots(2, 2, figsize=(9, 4), sharex=True, height_ratios=(3, 1))
    for k, axes in enumerate(panels[0]):
        axes.set_title(f"panel {k}")
    return figure


def test_panels_stand_below_one_another_in_reading_order():
    figure = grid().narrow()
    figure.draw_without_rendering()
    boxes = [axes.get_position() for axes in figure.axes]
    assert figure.get_figwidth() == narrow.WIDTH and len(boxes) == 4
    assert all(one.y0 > other.y1 for one, other in zip(boxes, boxes[1:])) and len({round(box.width, 3) for box in boxes}) == 1


def test_every_panel_says_what_it_shared_with_its_neighbours():
    panels = grid().narrow().axes
    assert [axes.get_ylabel() for axes in panels] == ["upper", "upper", "lower", "lower"]
    assert [axes.get_title(loc="left") for axes in panels] == ["value", "norm", "value", "norm"]
    assert all(axes.get_xlabel() == "side" and axes.xaxis.get_tick_params()["labelbottom"] for axes in panels)


def test_no_text_is_smaller_than_eleven_pixels_on_a_phone():
    figure = grid().narrow()
    figure.draw_without_rendering()
    shown = [text for text in figure.findobj(Text) if text.get_text()]
    assert min(text.get_fontsize() for text in shown) >= narrow.SMALLEST
    assert narrow.SMALLEST / 72 / narrow.WIDTH * 340 >= 11
    assert not [text.get_text() for text in shown if "^" in text.get_text()], "exponents are small"


def test_a_legend_has_a_column_where_its_names_are_long():
    [legend] = grid().narrow().legends
    assert len(legend._legend_handle_box.get_children()) == 1 and len(legend.get_texts()) == 2


def test_words_at_ticks_wrap_and_have_room():
    figure = words().narrow()
    assert all(any("\n" in label.get_text() for label in axes.get_yticklabels()) for axes in figure.axes)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = sorted((label.get_window_extent() for label in axes.get_yticklabels()), key=lambda box: box.y0)
        assert all(lower.y1 <= upper.y0 for lower, upper in zip(boxes, boxes[1:]))


def test_a_small_panel_stays_below_its_large_one():
    figure = hanging().narrow()
    figure.draw_without_rendering()
    order = sorted(figure.axes, key=lambda axes: -axes.get_position().y0)
    assert [axes.get_title(loc="left") for axes in order] == ["panel 0", "", "panel 1", ""]


def test_a_flow_chart_stays_as_it_is_and_the_wide_figure_is_not_touched():
    @styled
    def chart():
        figure = plt.figure(layout="none")
        figure.add_axes((0, 0, 1, 1))
        return figure

    assert chart().narrow() is None
    figure = grid()
    before = figure.get_size_inches().copy()
    figure.narrow()
    np.testing.assert_array_equal(figure.get_size_inches(), before)


@pytest.mark.parametrize("text", ["short", "share of the true events that is found"])
def test_names_of_axes_wrap(text):
    @styled
    def one():
        figure, axes = plt.subplots()
        axes.set_ylabel(text)
        return figure

    assert max(map(len, one().narrow().axes[0].get_ylabel().splitlines())) <= 24


def test_a_name_keeps_the_lines_that_it_has():
    @styled
    def one():
        figure, axes = plt.subplots()
        axes.set(xlabel="mean |r| 0.30,\neffective rank 6.1", ylabel="two\nlines")
        return figure

    drawn = one().narrow().axes[0]
    assert drawn.get_xlabel() == "mean |r| 0.30,\neffective rank 6.1" and drawn.get_ylabel() == "two\nlines"


def test_a_long_legend_hangs_below_its_panel():
    @styled
    def many():
        figure, panels = plt.subplots(1, 2)
        for k in range(5):
            panels[0].plot([k, k + 1], label=f"line {k}")
        panels[0].set_xlabel("side")
        panels[0].legend()
        return figure

    figure = many().narrow()
    figure.draw_without_rendering()
    upper, lower = figure.axes
    legend = upper.get_legend().get_window_extent()
    assert legend.y1 < upper.xaxis.label.get_window_extent().y0 and legend.y0 > lower.bbox.y1
