"""Figures of detectors show the values of their tables."""

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb import figures
from tapnb.studies import event_controls
from tapnb.studies.event_scores import MEASURES

pytestmark = pytest.mark.usefixtures("nothing_stays_open")

CONTROLS = ["blurred difference", "brightest blobs"]


def estimated(kinds=("division", "death")):
    return pd.DataFrame([{"name": name, "kind": kind, "runs": 1, "measure": measure, "value": v, "low": v - 0.1, "high": v + 0.1}
                         for kind in kinds for name, v in (("D", 0.8), ("blurred difference", 0.4)) for measure in MEASURES])


def test_a_panel_a_kind_and_controls_in_italics():
    figure = figures.event_scores(estimated(), MEASURES, CONTROLS)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["divisions", "deaths"]
    styles = {text.get_text(): text.get_fontstyle() for text in figure.axes[0].get_yticklabels()}
    assert styles == {"D": "normal", "blurred difference": "italic"}
    drawn = [np.asarray(container[0].get_xdata(), float) for container in figure.axes[0].containers]
    np.testing.assert_allclose(drawn, [[0.8, 0.4]] * len(MEASURES))


def test_recall_is_a_line_each_and_dashed_for_controls():
    curves = pd.DataFrame({"false_per_frame": [0, 1, 0, 2], "recall": [0.2, 0.9, 0.1, 0.5], "kind": "division",
                           "name": ["D", "D", "brightest blobs", "brightest blobs"]})
    lines = figures.free_response(curves, CONTROLS).axes[0].lines
    assert [line.get_linestyle() for line in lines] == ["-", "--"]
    np.testing.assert_array_equal(lines[0].get_ydata(), [0.2, 0.9])


def test_every_control_has_a_colour_of_its_own():
    controls = [*event_controls.CONTROLS, "windows of A1", "windows of A1 by margin", "candidates"]
    curves = pd.DataFrame([{"false_per_frame": false, "recall": 0.5, "kind": "division", "name": name}
                           for name in controls for false in (0, 1)])
    lines = figures.free_response(curves, controls).axes[0].lines
    assert len({line.get_color() for line in lines}) == len(controls) == 6


@pytest.mark.parametrize("make", [lambda: figures.event_scores(estimated(()).reindex(columns=["kind", "name"]), MEASURES, CONTROLS),
                                  lambda: figures.free_response(pd.DataFrame(columns=["kind"]), CONTROLS)])
def test_without_an_event_it_says_so(make):
    assert "no event is labelled" in make().axes[0].texts[0].get_text()


def test_a_mistake_is_shown_in_both_frames():
    movie = shrinking_discs(1)
    table = movie.events.head(5).assign(score=0.7)
    figure = figures.event_mistakes(movie, {"false alarms": table, "missed events": table.iloc[:0]})
    shown = [axes for part in figure.subfigs for axes in part.axes if axes.images]
    assert len(figure.subfigs) == 1 and len(shown) == 5
    assert shown[0].images[0].get_array().shape == (64, 130)
    assert shown[0].get_title(loc="left") == f"frames {table['t'].iloc[0] - 1}, {table['t'].iloc[0]}: 0.70"


def test_answers_are_a_line_for_each_way_of_asking():
    estimated = pd.DataFrame([{"name": way, "labels": answers, "measure": "average precision", "value": value, "low": value - 0.1,
                               "high": value + 0.1} for way, best in (("doubtful", 0.8), ("random", 0.7))
                              for answers, value in ((0, 0.5), (40, best))])
    figure = figures.events_from_answers(estimated)
    drawn = [np.asarray(container[0].get_ydata(), float) for container in figure.axes[0].containers]
    np.testing.assert_allclose(drawn, [[0.5, 0.8], [0.5, 0.7]])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["doubtful places", "random places"]


def test_without_an_answer_it_says_so():
    figure = figures.events_from_answers(pd.DataFrame(columns=["measure"]))
    assert figure.axes[0].texts[0].get_text() == "nobody was asked"
