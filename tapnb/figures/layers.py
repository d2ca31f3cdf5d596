"""Figure 7: a network drawn from the module object, so that the picture cannot go stale."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from torch import nn

from tapnb.figures.style import VERMILLION, styled
from tapnb.models import FEATURES
from tapnb.studies import layers as traced
from tapnb.studies.layers import Step, grouped

# In inches, the unit of the axes too: text and boxes keep their proportion for any number of layers.
WIDTH, MARGIN = 7.4, 0.2
LEFT, RIGHT = 1.3, 5.2  # sides of the boxes
HEIGHT, GAP = 0.28, 0.27
PATHS, SHORTCUT, WEIGHTS = LEFT - 0.12, RIGHT + 0.4, RIGHT + 1.1  # other columns

FILLS = {"convolution": "#CFE3F1", "linear": "#F0DDE8", "mean": "#FBE9C6", "sum": "#F9DDCB", "BatchNorm": "#D5EFE5",
         "activation": "#E9E9E9"}
"""Pale Okabe-Ito colours; the text in a box says what it is as well."""


@styled
def layers(head: nn.Module, size: int = 48, features: int = FEATURES) -> Figure:
    """Figure 7: the layers of an event head, from the features of a crop pair to its two logits.

    Parameters
    ----------
    head : Module
        Such as :class:`tapnb.models.ResNetHead`; takes features (N, 2, features, size, size).
    size : int
        Side of the crops, in pixels.
    features : int
        Channels of the dense features.

    Raises
    ------
    ValueError
        If the head does not take such features, see :func:`tapnb.studies.layers.steps`.
    """
    steps = traced.steps(head, (2, features, size, size))
    tops = _tops(steps)
    figure = plt.figure(figsize=(WIDTH, tops[-1] + HEIGHT + MARGIN), layout="none")
    axes = figure.add_axes((0, 0, 1, 1))  # all of it
    axes.set(xlim=(0, WIDTH), ylim=(tops[-1] + HEIGHT + MARGIN, 0))
    axes.set_axis_off()
    for i, (step, top) in enumerate(zip(steps, tops)):
        _box(axes, step, top)
        for source in step.inputs:
            if source == i - 1:
                _edge(axes, tops[source] + HEIGHT, top, steps[source].shape)
            else:
                _shortcut(axes, tops[source] + HEIGHT, top + HEIGHT / 2, step.kind == "sum")
    heading = {"y": tops[0] + HEIGHT / 2, "fontsize": 8, "weight": "bold", "va": "center"}
    axes.text(PATHS, s="in the code", ha="right", **heading)
    axes.text(WEIGHTS, s="weights", **heading)
    axes.text(WEIGHTS, s=grouped(sum(step.weights for step in steps)) + " in all",
              **heading | {"y": tops[-1] + HEIGHT / 2})
    return figure


def _tops(steps: list[Step]) -> list[float]:
    """Upper ends of the boxes: BatchNorm and activations touch the box before, if nothing else reads it."""
    tops = [MARGIN]
    for i, step in enumerate(steps[1:], 1):
        readers = sum(i - 1 in other.inputs for other in steps)
        sticks = step.kind in ("BatchNorm", "activation") and step.inputs == (i - 1,) and readers == 1
        tops.append(tops[-1] + HEIGHT + (0 if sticks else GAP))
    return tops


def _box(axes: Axes, step: Step, top: float) -> None:
    text = {"input": "features of a crop pair", "output": "logits: no event, event"}.get(step.kind, step.text)
    axes.add_patch(FancyBboxPatch((LEFT, top), RIGHT - LEFT, HEIGHT, boxstyle="round,pad=0,rounding_size=0.05",
                                  facecolor=FILLS.get(step.kind, "white"), edgecolor="black", linewidth=0.8,
                                  linestyle="--" if step.kind == "reshape" else "-"))
    place = {"y": top + HEIGHT / 2, "va": "center"}
    axes.text((LEFT + RIGHT) / 2, s=text, ha="center", fontsize=8.5, **place)
    axes.text(PATHS, s=step.path, ha="right", fontsize=7.5, family="monospace", **place)
    axes.text(WEIGHTS, s=grouped(step.weights) if step.weights else "", fontsize=8, **place)


def _edge(axes: Axes, start: float, end: float, shape: tuple) -> None:
    """Arrow from one box down to the next, with the shape of the tensor; nothing where they touch."""
    if end > start:
        centre = (LEFT + RIGHT) / 2
        axes.add_patch(_arrow((centre, start), (centre, end)))
        axes.text(centre - 0.1, (start + end) / 2, _by(shape), fontsize=7.5, ha="right", va="center")


def _shortcut(axes: Axes, start: float, end: float, identity: bool) -> None:
    """An arrow round the boxes between, from the edge above them to the side of the box below."""
    start += GAP / 3
    axes.plot([(LEFT + RIGHT) / 2, SHORTCUT, SHORTCUT], [start, start, end], color=VERMILLION)
    axes.add_patch(_arrow((SHORTCUT, end), (RIGHT, end), VERMILLION))
    axes.text(SHORTCUT + 0.08, (start + end) / 2, "identity shortcut" if identity else "shortcut", rotation=270,
              fontsize=8, va="center", color=VERMILLION)


def _arrow(start: tuple[float, float], end: tuple[float, float], colour: str = "black") -> FancyArrowPatch:
    return FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=8, color=colour, linewidth=1.2, shrinkA=0,
                           shrinkB=0)


def _by(shape: tuple) -> str:
    return " \u00d7 ".join(grouped(n) if isinstance(n, int) else n for n in shape)
