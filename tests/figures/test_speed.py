"""Figures of run time and memory show what was measured, and say what was not."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_results import measurements

from tapnb import figures
from tapnb.studies import speed

pytestmark = pytest.mark.usefixtures("nothing_stays_open")


@pytest.fixture
def measured():
    return measurements()


def drawn_sizes(figure):
    """Sizes of all texts that are drawn, in points."""
    return [t.get_fontsize() for t in figure.findobj(plt.Text) if t.get_visible() and t.get_text().strip()]


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_a_ratio_is_a_dot_with_its_extremes_and_its_goal(measured):
    figure = figures.speed_ratios(speed.ratios(measured))
    (axes,) = figure.axes
    dots, goals, one = axes.lines
    np.testing.assert_allclose(dots.get_xdata(), [4, 50])
    np.testing.assert_allclose(goals.get_xdata(), [6, 30])
    assert list(one.get_xdata()) == [1, 1] and axes.get_xscale() == "log"
    (extremes,) = axes.collections
    np.testing.assert_allclose(extremes.get_segments()[0][:, 0], [4, 4.75])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["TAP training step", "event map of a whole movie"]
    assert axes.get_xlabel().startswith("times as fast") and words(axes) == ["4", "50"]
    low, high = axes.get_xlim()
    assert low < 1 and high > 50 and axes.yaxis_inverted()
    assert dots.get_marker() != goals.get_marker() and dots.get_color() != goals.get_color()


def test_a_row_without_a_goal_has_no_mark_of_one(measured):
    table = speed.ratios(measured)
    table.loc[1, "goal"] = np.nan
    assert list(figures.speed_ratios(table).axes[0].lines[1].get_xdata()) == [6]


def test_growth_has_a_panel_for_time_and_memory_of_each_kind(measured):
    figure = figures.cost_growth_panels(measured["growth"])
    times, memories = figure.axes[:5], figure.axes[5:]
    assert [axes.get_title(loc="left") for axes in times] == list(speed.GROWTH.values())
    assert times[0].get_ylabel() == "seconds" and memories[0].get_ylabel() == "peak memory (GB)"
    assert memories[1].get_xlabel().replace("\n", " ") == "side of the frame (pixels)"
    first, second, *guides = times[0].lines
    np.testing.assert_allclose(first.get_ydata(), [0.01, 0.02, 0.04])
    np.testing.assert_allclose(memories[0].lines[0].get_ydata(), [0.501, 0.502, 0.504])
    assert first.get_marker() != second.get_marker() and first.get_linestyle() != second.get_linestyle()
    np.testing.assert_allclose([guide.get_ydata() for guide in guides], [[0.01, 0.02, 0.04], [0.3, 0.6, 1.2]])
    np.testing.assert_allclose(times[1].lines[-1].get_ydata(), [0.3, 1.2, 4.8])  # the square of a side
    np.testing.assert_allclose(times[4].lines[-1].get_ydata(), [0.3, 0.15, 0.075])
    assert all(axes.get_xscale() == axes.get_yscale() == "log" for axes in figure.axes)
    assert [t.get_text() for t in times[0].get_legend().get_texts()] == ["reading", "event map", "in proportion"]


def test_what_hardly_grows_looks_flat(measured):
    low, high = figures.cost_growth_panels(measured["growth"]).axes[5].get_ylim()
    assert high / low >= 5.99


def test_parts_that_are_missing_are_said_to_be(measured):
    del measured["growth"]["seeds"]
    for point in measured["growth"]["frames"]["points"]:
        point["memory_gb"] = None
    panels = figures.cost_growth_panels(measured["growth"]).axes
    assert words(panels[3]) == words(panels[8]) == words(panels[5]) == ["not measured"]
    assert not words(panels[0]) and sorted(panels[0].get_xticks()) == [1, 2, 4]
    for figure in (figures.speed_ratios(speed.ratios({"rows": {}})), figures.cost_growth_panels({}),
                   figures.precision_curves([])):
        assert all(words(axes) == ["not measured"] for axes in figure.axes)


def test_precisions_are_told_apart_by_colour_and_style(measured):
    figure = figures.precision_curves(measured["precision"]["runs"])
    loss, uniform, change = figure.axes
    seeds = [line for line in loss.lines if len(line.get_xdata())]
    assert len(seeds) == 6 and len({(line.get_color(), line.get_linestyle()) for line in seeds}) == 2
    np.testing.assert_allclose(seeds[0].get_ydata(), [0.62, 0.52, 0.42])
    np.testing.assert_allclose(change.lines[0].get_ydata(), [0.6, 0.7, 0.8])
    np.testing.assert_allclose(uniform.lines[0].get_xdata(), [1, 2, 3])
    assert [t.get_text() for t in loss.get_legend().get_texts()] == ["float32, 3 seeds", "bfloat16, 3 seeds"]
    assert all(axes.get_xlabel() == "crop pairs seen (thousands)" for axes in figure.axes)


def test_pages_can_hold_the_figures(measured):
    for figure in (figures.speed_ratios(speed.ratios(measured)), figures.cost_growth_panels(measured["growth"]),
                   figures.precision_curves(measured["precision"]["runs"])):
        assert figure.get_size_inches()[0] <= 9.5 and min(drawn_sizes(figure)) >= 7
        assert figure.get_facecolor() == (1, 1, 1, 1)
