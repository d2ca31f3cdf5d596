"""Figures of the errors show the values of their tables."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb import figures
from tapnb.studies import errors, limitations, paper

COUNTS = np.random.default_rng(0).integers(1, 30, (40, 4))


@pytest.fixture(autouse=True)
def nothing_stays_open():
    plt.close(plt.figure())
    before = plt.rcParams.copy()
    yield
    assert not plt.get_fignums() and plt.rcParams == before


def svg(figure):
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


def test_matrices_show_counts_and_their_share_of_the_actual_class():
    figure = figures.confusion_matrices({"here": COUNTS.sum(0), "paper": np.array(list(paper.TABLE3.values()))})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["here", "paper"]
    texts = [text.get_text() for text in figure.axes[1].texts]
    assert texts == ["TN  15502\n93.8 %", "FP  1028\n6.2 %", "FN  272\n11.0 %", "TP  2198\n89.0 %"]
    assert figure.axes[1].yaxis_inverted()  # the first row is the actual 0
    assert "<image" not in svg(figure)


def test_shares_are_drawn_unchanged_and_an_empty_line_says_so():
    shares = errors.shares_over_time(COUNTS * [1, 0, 1, 1])
    figure = figures.shares_over_time(shares, ("false positives", "true positives", "positives"))
    mistaken, right, truth = figure.axes[0].lines
    np.testing.assert_array_equal(right.get_ydata(), shares["true positives"])
    np.testing.assert_array_equal(truth.get_xdata(), shares.index)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "false positives: none", "true positives", "positives, ground truth"]
    assert mistaken.get_linestyle() != right.get_linestyle() and truth.get_linewidth() > 2 * right.get_linewidth()


def test_rates_are_drawn_with_their_bins_and_the_mean_of_all():
    rates = errors.rates_over_time(COUNTS, 100)
    figure = figures.error_rates(rates)
    wrong = rates[rates["rate"] == "false positives / negatives"]
    points = figure.axes[0].lines[0]
    np.testing.assert_allclose(np.array(points.get_ydata(), float), 100 * wrong["share"])
    np.testing.assert_allclose(np.array(points.get_xdata(), float), (wrong["first"] + wrong["last"]) / 2)
    tn, fp = COUNTS.sum(0)[:2]
    assert figure.axes[0].get_title(loc="left") == f"dashed: all frames, {100 * fp / (tn + fp):.1f} %"
    none = figures.error_rates(errors.rates_over_time(COUNTS * [1, 1, 0, 0], 100))
    assert none.axes[1].get_title(loc="left") == "this class is not among the test pairs"


def places(n, first=0):
    return pd.DataFrame({"t": np.arange(n) % 9, "y": 3 * np.arange(n) + first, "x": 5, "margin": -1.25,
                         "probability": 0.223, "holds": "debris"})


@pytest.mark.parametrize(("positives", "negatives"), [(6, 2), (0, 3), (1, 0)])
def test_the_gallery_shows_both_frames_of_every_mistake(positives, negatives):
    movie = shrinking_discs(1)
    figure = figures.surest_mistakes(movie, places(positives), places(negatives, 2), size=24)
    assert len(figure.subfigs) == (positives > 0) + (negatives > 0)
    cells = [cell for part in figure.subfigs for cell in part.subfigs if cell.axes]
    assert len(cells) == positives + negatives
    for cell in cells:
        assert cell.get_suptitle() == "p(event) = 0.223 (−1.2)" and cell.get_supxlabel() == "debris"
        before, after = (int(axes.get_title(loc="left").removeprefix("frame ")) for axes in cell.axes)
        assert after == before + 1
    first = (places(positives) if positives else places(negatives, 2)).iloc[0]
    expected = movie.frames[first.t, first.y : first.y + 24, first.x : first.x + 24].astype(float)
    drawn = np.asarray(cells[0].axes[0].images[0].get_array(), float)
    assert np.corrcoef(expected.ravel(), drawn.ravel())[0, 1] == pytest.approx(1)


def test_a_gallery_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no mistake to show"):
        figures.surest_mistakes(shrinking_discs(1), places(0), places(0))


def test_false_alarms_stand_by_kind_one_marker_a_strategy():
    rows = [{"kind": kind, "strategy": name, "negatives": n, "rate": rate, "low": rate - 0.05, "high": rate + 0.05}
            for name, add in (("A0", 0.1), ("A1", 0.0))
            for kind, n, rate in (("debris", 50, 0.2 + add), ("blob", 0, np.nan), (limitations.NONE, 80, 0.1 + add))]
    table = pd.DataFrame(rows)
    figure = figures.false_alarms({"all": table, "alone": table.assign(rate=table["rate"] / 2)})
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["debris", "blob", "none of these"]
    assert [text.get_text() for text in right.texts] == ["50", "0", "80"]
    markers = [line for line in left.lines if line.get_marker() in "os"]
    np.testing.assert_allclose(np.array(markers[0].get_xdata(), float), [30, np.nan, 20])
    dashed = [line.get_xdata()[0] for line in left.lines if line.get_linestyle() == "--"]
    assert dashed == pytest.approx([20, 10])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A0", "A1"]
