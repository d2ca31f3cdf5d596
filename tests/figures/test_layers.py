"""Figure 7 shows the layers of the module."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import FancyBboxPatch
from torch import nn

from tapnb import models
from tapnb.figures.layers import layers


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def boxes(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]


def test_the_picture_holds_layers_shapes_weights_and_the_shortcut():
    figure = layers(models.ResNetHead(48))
    shown = texts(figure)
    assert shown.count("convolution 3 × 3, stride 1, padding 1, 64 channels") == 3
    assert shown.count("BatchNorm") == shown.count("ReLU") == 3
    for once in ("temporal mean pooling", "linear, 147\u202f456 to 2", "identity shortcut", "294\u202f914",
                 "18\u202f432", "N × 2 × 32 × 48 × 48", "N × 2 × 147\u202f456", "N × 2", "387\u202f458 in all"):
        assert shown.count(once) == 1, once
    assert not plt.get_fignums()


def test_the_shortcut_goes_round_the_block_and_ends_at_the_sum():
    axes = layers(models.ResNetHead(48)).axes[0]
    (line,) = axes.lines
    middle = {text.get_text(): text.get_position()[1] for text in axes.texts}
    start, end = line.get_ydata()[0], line.get_ydata()[-1]
    assert end == pytest.approx(middle["sum"])
    assert middle["stem.2"] < start < middle["block.0"]
    assert line.get_xdata().max() > max(box.get_x() + box.get_width() for box in boxes(axes.figure))


def test_another_head_is_another_picture():
    head = models.ResNetHead(48, width=32)
    head.stem[0] = nn.Conv2d(32, 32, 5, padding=2, bias=False)
    shown = texts(layers(head))
    assert "convolution 5 × 5, stride 1, padding 2, 32 channels" in shown and "linear, 73\u202f728 to 2" in shown
    assert shown.count("convolution 3 × 3, stride 1, padding 1, 32 channels") == 2
    linear = layers(models.LinearHead(16), size=16)
    assert "identity shortcut" not in texts(linear) and len(boxes(linear)) == 4


def test_boxes_touch_or_leave_room_for_an_arrow_and_nothing_leaves_the_picture():
    figure = layers(models.ResNetHead(48))
    axes = figure.axes[0]
    tops = sorted((box.get_y(), box.get_y() + box.get_height()) for box in boxes(figure))
    gaps = [after[0] - before[1] for before, after in zip(tops, tops[1:])]
    assert all(gap == pytest.approx(0) or gap > 0.2 for gap in gaps)
    figure.canvas.draw()
    inside = figure.bbox
    for text in axes.texts:
        extent = text.get_window_extent()
        assert extent.x0 >= inside.x0 and extent.x1 <= inside.x1 and extent.y0 >= inside.y0 and extent.y1 <= inside.y1


def test_a_size_that_the_head_does_not_take_is_refused():
    with pytest.raises(ValueError, match="does not take an input of N x 2 x 32 x 24 x 24"):
        layers(models.ResNetHead(48), size=24)
