"""Figure 2 shows the map, the boxes and their pixels in both frames."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from toys import shrinking_discs

from tapnb import explain
from tapnb.figures.grad_cam import grad_cam_map, touching_regions
from tapnb.movies import normalise


def panels(figure):
    above, below = figure.subfigs
    return above.axes[0], np.array(below.axes).reshape(2, 8)


def test_figure_2_numbers_the_regions_and_shows_them_in_both_frames():
    movie = shrinking_discs(1, frames=6, side=160)
    importance = np.random.default_rng(0).random((160, 160)) - 0.2
    boxes = np.array([[100, 90], [4, 20]])
    figure = grad_cam_map(movie, 2, importance, boxes, "Grad-CAM")
    assert not plt.get_fignums()
    frame, insets = panels(figure)
    np.testing.assert_allclose(frame.images[0].get_array(), normalise(movie.frames[2], movie.levels[2]))
    np.testing.assert_allclose(frame.images[1].get_array(), importance)
    drawn = [p for p in frame.patches if isinstance(p, Rectangle)]
    assert [(p.get_y(), p.get_x(), p.get_width()) for p in drawn] == [(100, 90, 48), (4, 20, 48)]
    assert [text.get_text() for text in frame.texts] == ["1", "2"]
    assert frame.texts[0].xy == (90, 100) and frame.texts[1].xy == (20, 52)  # below a box at the top of the frame
    for row, t in zip(insets, (2, 3)):
        crop = normalise(movie.frames[t, 100:148, 90:138], movie.levels[t])
        np.testing.assert_allclose(row[0].images[0].get_array(), crop)
        assert not row[2].images  # two regions, no more
    assert figure.subfigs[0].axes[1].get_ylabel() == "Grad-CAM"


def test_nothing_is_drawn_over_the_frame_where_the_map_is_not_positive():
    movie = shrinking_discs(1, frames=4, side=160)
    figure = grad_cam_map(movie, 1, -np.ones((160, 160)), np.zeros((0, 2), int), "votes")
    overlay = panels(figure)[0].images[1]
    assert (overlay.to_rgba(overlay.get_array())[..., 3] == 0).all()


@pytest.mark.parametrize("roles", [["train", "held-out"], ["train"]])
def test_shares_stand_in_per_cent_beside_random_boxes(roles):
    rows = [*explain.MAPS, "random", "grad_cam - random"]
    table = pd.DataFrame({"share": np.linspace(0.1, 0.6, 6), "low": 0.05, "high": 0.7}, index=rows)
    figure = touching_regions({role: table for role in roles})
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.get_yticklabels()] == [*explain.MAPS.values(), "random boxes"]
    for role, drawn in zip(roles, axes.containers):
        np.testing.assert_allclose(drawn[0].get_xdata(orig=False), [10, 20, 30, 40, 50])
        assert drawn.get_label() == {"train": "training movie", "held-out": "held-out movie"}[role]
        np.testing.assert_allclose(drawn[2][0].get_segments()[0][:, 0], [5, 70])
