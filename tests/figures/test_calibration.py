"""Reliability diagrams show the bins of the table."""

import numpy as np
import pandas as pd
import pytest

from tapnb.figures import calibration

SEEDS = (20, 40)


@pytest.fixture
def bins():
    rng = np.random.default_rng(0)
    rows = []
    for head in ("linear", "ResNet"):
        for scaling in ("before", "after", "platt"):
            for seed in SEEDS:
                for low in np.arange(5) / 5:
                    pairs = 0 if low == 0.4 else int(rng.integers(20, 300))
                    rows.append({"head": head, "scaling": scaling, "seed": seed, "temperature": 2.0, "ece": 0.125,
                                 "low": low, "high": low + 0.2, "pairs": pairs,
                                 "confidence": low + 0.1 if pairs else np.nan, "events": pairs // 4})
    return pd.DataFrame(rows)


def panel_of(bins, head, scaling):
    return bins[(bins["head"] == head) & (bins["scaling"] == scaling) & (bins["seed"] == SEEDS[0])]


def test_shares_are_drawn_over_their_mean_probability_with_the_bins_counts(bins):
    figure = calibration.reliability(bins)
    upper, lower = (figure.axes[row : row + 3] + figure.axes[row + 6 : row + 9] for row in (0, 3))
    titles = [axes.get_title(loc="left") for axes in upper]
    assert titles == [f"{head}, {what}" for head in ("linear", "ResNet")
                      for what in ("as trained", "T = 2.00", "scale and offset")]
    panel = panel_of(bins, "ResNet", "before")
    drawn = next(line for line in upper[3].lines if line.get_marker() == "o")
    filled = panel[panel["pairs"] > 0]  # an empty bin has no share
    np.testing.assert_allclose(drawn.get_xdata().astype(float), filled["confidence"])
    np.testing.assert_allclose(drawn.get_ydata().astype(float), filled["events"] / filled["pairs"])
    np.testing.assert_allclose([bar.get_height() for bar in lower[3].patches], filled["pairs"])
    assert upper[3].texts[0].get_text() == "ECE, class 1: 0.125"
    diagonal = next(line for line in upper[3].lines if line.get_linestyle() == "--")
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["other seeds", "seed 20, with 95 % intervals"]


def test_a_single_run_needs_no_other_seeds(bins):
    figure = calibration.reliability(bins[bins["seed"] == SEEDS[0]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["seed 20, with 95 % intervals"]


def test_the_papers_form_has_a_bar_a_bin_of_the_first_seed(bins):
    bins = bins[bins["scaling"] != "platt"]  # the scripts know no such cure
    figure = calibration.paper_reliability(bins)
    panel = panel_of(bins, "linear", "after")
    np.testing.assert_allclose([bar.get_height() for bar in figure.axes[1].patches],
                               panel["events"] / panel["pairs"].clip(lower=1))
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts == [*panel["pairs"].astype(str), "ECE 0.125"]
