"""The figure of Table 6 shows the numbers of its table."""

import numpy as np
import pytest

from tapnb import figures
from tapnb.studies import content_view, paper

pytestmark = pytest.mark.usefixtures("nothing_stays_open")


def summary(samplers, settings=content_view.SETTINGS):
    rows = [{"setting": s.name, "crop": s.crop, "view": s.view, "factor": s.factor, "sampler": sampler, "draw": draw,
             "right": 30 + s.view // 12 + draw, "n": 50}
            for sampler in samplers for s in settings for draw in range(3)]
    return content_view.summary(rows)


def test_both_ways_meet_at_the_same_setting():
    table = summary(["uniform", "change"])
    figure = figures.content_view(table, paper.TABLE6_SETTINGS)
    uniform, change = figure.axes
    lines = dict(zip(*reversed(uniform.get_legend_handles_labels())))
    by_crop, by_resolution = (lines[f"here, {what} changed"].lines[0] for what in ("crop", "resolution"))
    assert by_crop.get_linestyle() != by_resolution.get_linestyle()
    assert by_crop.get_marker() != by_resolution.get_marker()
    accuracy = table[table["sampler"] == "uniform"].set_index("setting")["accuracy"]
    np.testing.assert_allclose(by_crop.get_ydata(orig=False), accuracy[["crop halved", "same", "crop doubled"]])
    resolutions = ["resolution doubled", "same", "resolution halved"]
    np.testing.assert_allclose(by_resolution.get_ydata(orig=False), accuracy[resolutions])
    np.testing.assert_allclose(lines["paper, crop changed"].get_ydata(), [0.824, 0.974, 1.0])
    np.testing.assert_allclose(lines["paper, resolution changed"].get_ydata(), [0.709, 0.974, 0.938])
    assert "paper" not in " ".join(line.get_label() for line in change.lines)


def test_what_does_not_fit_is_not_drawn():
    figure = figures.content_view(summary(["uniform"], content_view.SETTINGS[:3]), paper.TABLE6_SETTINGS)
    assert len(figure.axes) == 1 and [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["48", "96"]
