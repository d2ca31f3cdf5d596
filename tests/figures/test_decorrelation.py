"""Figures of the decorrelation term show the measured values, and hold no pixels."""

import io

import numpy as np
import pandas as pd
import pytest

from tapnb import figures
from tapnb.figures.decorrelation import CASES
from tapnb.studies.decorrelation import FORMS

pytestmark = pytest.mark.usefixtures("nothing_stays_open")


@pytest.fixture
def measured():
    where = [{"network": network, "images": images, "seed": seed, "size": size}
             for network, images in CASES for seed in (1, 2, 3) for size in (16, 32)]
    state = {"own": 1000.0, "other": 100.0, "won": 0.7, "lost": 0.2, "beyond_floor": 0.05,
             "arrow_gradient_weights": 2.0}
    terms = [w | {"form": form, "value": w["seed"] * 0.1, "gradient_z": 0.0, "gradient_weights": 5.0}
             for w in where for form in FORMS]
    return pd.DataFrame(terms), pd.DataFrame([w | state for w in where])


def test_the_term_shows_every_seed_and_the_median(measured):
    figure = figures.decorrelation_term(*measured)
    assert len(figure.axes) == 9
    value, _, weights = figure.axes[:3]
    median, dots = value.lines[:2]
    np.testing.assert_allclose(median.get_ydata(), [0.2, 0.2])
    np.testing.assert_allclose(np.sort(dots.get_ydata()), np.repeat([0.1, 0.2, 0.3], 2))
    assert len({line.get_linestyle() for line in value.lines[::2]}) == 3
    np.testing.assert_allclose(weights.lines[0].get_ydata(), 0.05)  # lambda times 5
    np.testing.assert_allclose(weights.lines[-1].get_ydata(), 2.0)
    assert weights.get_ylim()[0] < 0  # zero is on the axis


def test_bars_add_up_to_all_channels(measured):
    figure = figures.decorrelation_saturation(measured[1])
    bars = figure.axes[1]
    heights = np.array([[bar.get_height() for bar in group] for group in bars.containers])
    np.testing.assert_allclose(heights[:, 0], [70, 10, 15, 5])
    assert len({group[0].get_hatch() for group in bars.containers}) >= 3
    np.testing.assert_allclose(figure.axes[0].lines[-1].get_ydata(), [16**2 / 0.2, 32**2 / 0.2])


def test_correlations_are_drawn_once_each_and_as_vectors():
    matrix = np.eye(6) + 0.1 * (1 - np.eye(6))
    rows = [{"network": name, "seed": 1, "mean_absolute_correlation": 0.1, "effective_rank": 5.0,
             "correlation": matrix.tolist()} for name in ("untrained", "trained", "a", "b", "c")]
    figure = figures.channel_correlations(rows)
    drawn = [axes for axes in figure.axes if axes.collections and axes.get_title(loc="left")]
    assert len(drawn) == 5
    np.testing.assert_allclose(drawn[0].collections[0].get_array(), np.full(15, 0.1))
    assert figure.get_size_inches()[0] <= 9.5
    file = io.StringIO()
    figure.savefig(file, format="svg")
    assert "<image" not in file.getvalue()
