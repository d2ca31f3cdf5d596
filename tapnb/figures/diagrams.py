"""Boxes and arrows for the steps of the how-to pages whose picture is no image: what is read, and what comes of it."""

from __future__ import annotations

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from tapnb.figures.style import BLUE, styled

WIDTH, WORDS = 4.2, 10
"""Inches and points, those of the other pictures of steps: at 360 pixels a word is 12 pixels high."""

Places = dict[str, tuple[float, float]]
"""Words in boxes, by column and row from below."""

DIAGRAMS: dict[str, tuple[Places, tuple[tuple[str, str], ...]]] = {
    "restored": ({"published runs": (0, 1), "your runs": (0, 0), "notebooks": (1, 0.5), "the book": (2, 0.5)},
                 (("published runs", "notebooks"), ("your runs", "notebooks"), ("notebooks", "the book"))),
    "profiles": ({"smoke": (0, 2), "cpu": (0, 1), "paper": (0, 0), "simulated": (2, 2), "HeLa": (2, 1), "your movie": (2, 0),
                  "make book": (1, 1)},
                 (("smoke", "make book"), ("cpu", "make book"), ("paper", "make book"), ("simulated", "make book"),
                  ("HeLa", "make book"), ("your movie", "make book"))),
    "reproduced": ({"your training": (0, 1), "what is published": (0, 0), "each number\nand its spread": (1, 0.5),
                    "a verdict": (2, 0.5)},
                   (("your training", "each number\nand its spread"), ("what is published", "each number\nand its spread"),
                    ("each number\nand its spread", "a verdict"))),
    "needs": ({"02 pretraining": (0, 1), "06 strategies": (0, 0), "03 to 05, 15": (1, 1.5), "07 to 11, 14": (1, 0.5)},
              (("02 pretraining", "03 to 05, 15"), ("02 pretraining", "07 to 11, 14"), ("06 strategies", "07 to 11, 14"),
               ("02 pretraining", "06 strategies"))),
    "script": ({"script (.py)": (0, 0.5), "JupyterLab": (1, 1), "papermill": (1, 0), "executed": (2, 0.5)},
               (("script (.py)", "JupyterLab"), ("JupyterLab", "script (.py)"), ("script (.py)", "papermill"),
                ("papermill", "executed"))),
    "number": ({"a number": (0, 0.5), "its place": (1, 0.5), "records of runs": (2, 1), "a notebook's cell": (2, 0)},
               (("a number", "its place"), ("its place", "records of runs"), ("its place", "a notebook's cell"))),
    "away": ({"the book": (0, 0.5), "a folder": (1, 1), "one PDF": (1, 0)}, (("the book", "a folder"), ("the book", "one PDF"))),
    "small_first": ({"your movie": (0, 0.5), "smoke: minutes": (1, 1), "cpu: hours": (1, 0), "the book": (2, 0.5)},
                    (("your movie", "smoke: minutes"), ("smoke: minutes", "cpu: hours"), ("cpu: hours", "the book"))),
    "ways": ({"labels": (0, 2), "a detector": (0, 1), "nothing": (0, 0), "training, hours": (1, 2), "list of events": (2, 1.5),
              "candidates": (2, 0)},
             (("labels", "training, hours"), ("training, hours", "list of events"), ("a detector", "list of events"),
              ("nothing", "candidates"))),
    "travels": ({"your detector": (0, 0.5), "tapnb, other movies": (1, 1), "bioimage.io, ONNX": (1, 0)},
                (("your detector", "tapnb, other movies"), ("your detector", "bioimage.io, ONNX"))),
}


@styled
def diagram(name: str) -> Figure:
    """One of :data:`DIAGRAMS`: words in boxes, and arrows between them."""
    places, arrows = DIAGRAMS[name]
    columns, rows = (max(place[axis] for place in places.values()) for axis in (0, 1))
    figure, axes = plt.subplots(figsize=(WIDTH, 0.9 + 0.8 * rows))
    axes.set(xlim=(-0.25 - columns / 8, columns * 1.125 + 0.25), ylim=(-0.5, rows + 0.5))
    axes.set_axis_off()
    boxes = {words: axes.text(*place, words, ha="center", va="center", fontsize=WORDS,
                              bbox={"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": BLUE})
             for words, place in places.items()}
    for first, later in arrows:
        axes.annotate("", places[later], places[first], arrowprops={
            "arrowstyle": "->", "color": "black", "patchA": boxes[first].get_bbox_patch(), "patchB": boxes[later].get_bbox_patch(),
            "shrinkA": 3, "shrinkB": 3})
    return figure
