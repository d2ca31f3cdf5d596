"""A figure for a phone: its panels below one another, and no text smaller than a reader can read there.

A page shows a figure on a phone some 340 pixels wide. Drawn for a desktop, its smallest text would be 4 pixels high there.
"""

from __future__ import annotations

import math
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.ticker import FixedLocator, FuncFormatter, LogFormatter
from matplotlib.text import Text

WIDTH = 3.6
"""Of the figure, in inches. On 340 pixels a point is then 1.31 pixels."""

SMALLEST = 8.6
"""Of text, in points: 11 pixels."""

SETTINGS = {"xtick.labelsize": SMALLEST, "ytick.labelsize": SMALLEST, "legend.fontsize": SMALLEST, "legend.title_fontsize": SMALLEST,
            "axes.labelsize": 9, "axes.titlesize": 9.5, "figure.labelsize": 9, "figure.titlesize": 9.5}
"""Of matplotlib, for drawing a figure that is to become narrow."""

LINE = 0.15  # inches from one line of text to the next
PANEL = 2.3  # inches: a panel is no higher unless its labels need it
LETTERS = 20  # of a line of a tick label


def narrow(figure: Figure) -> Figure | None:
    """Rearrange a figure that was just drawn, and return it; None if it has no panels, such as a flow chart."""
    panels = _panels(figure)
    if not panels:
        return None
    height = figure.get_figheight() / max(1, panels[0][0].get_gridspec().nrows)
    for group in panels:
        for axes in group:
            _show_labels(axes, figure)
    slots, heights = _slots(panels, height)
    below = sum(_one_column(legend) for legend in figure.legends)
    figure.set_size_inches(WIDTH, sum(heights) + LINE * (below + 2))
    grid = GridSpec(len(heights), 2, figure=figure, height_ratios=heights)
    for group, (row, columns) in zip(panels, slots):
        for axes in group:
            axes.set_subplotspec(grid[row, columns])
    for text in figure.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), SMALLEST))
    return figure


def _panels(figure: Figure) -> list[list[Axes]]:
    """Axes by their place, in reading order; where small panels hang below large ones, down each column first."""
    by_place: dict[tuple[int, int], list[Axes]] = {}
    for axes in list(figure.axes):
        if axes.get_subplotspec() is None:
            continue
        if axes.axison or axes.texts:
            by_place.setdefault(_place(axes), []).append(axes)
        else:  # left over in the grid
            axes.remove()
    hanging = any(_hanging(group[0]) for group in by_place.values())
    return [by_place[place] for place in sorted(by_place, key=lambda place: place[::-1] if hanging else place)]


def _show_labels(axes: Axes, figure: Figure) -> None:
    """Write at a panel what stood at its neighbours only: ticks, the names of axes, and the title of its column."""
    for axis, side in ((axes.xaxis, "labelbottom"), (axes.yaxis, "labelleft")):
        sizes = [tick.label1.get_fontsize() for tick in axis.get_major_ticks()[:1]]
        axis.set_tick_params(labelsize=max([SMALLEST, *sizes]), **{side: True})
        if isinstance(axis.get_major_formatter(), LogFormatter):  # its exponents would be small
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    row, column = _place(axes)
    others = [other for other in figure.axes if other.get_subplotspec() is not None]
    left = [other.get_ylabel() for other in others if _place(other)[0] == row and _place(other)[1] < column]
    below = [other.get_xlabel() for other in others if _place(other)[1] == column and _place(other)[0] > row]
    above = [other.get_title(loc="left") for other in others if _place(other)[1] == column and _place(other)[0] < row]
    label = axes.get_ylabel() or next(filter(None, reversed(left)), "")
    axes.set_ylabel(_wrapped(label, LETTERS + 4))
    axes.set_xlabel(axes.get_xlabel() or next(filter(None, below), ""))
    if not axes.get_title(loc="left") and not _hanging(axes):
        axes.set_title(next(filter(None, above), ""))
    if len(axes.get_xlabel()) > LETTERS:
        axes.set_xlabel(_wrapped(axes.get_xlabel(), 2 * LETTERS), loc="right")  # there is room on its left, below the labels of the other axis
    if names := _names(axes):
        axes.set_yticks(axes.get_yticks(), [textwrap.fill(name, LETTERS) for name in names])


def _wrapped(label: str, letters: int) -> str:
    """A label in lines of so many letters; where it has a new line already, it keeps it."""
    return "\n".join(textwrap.fill(line, letters) for line in label.splitlines())


def _place(axes: Axes) -> tuple[int, int]:
    """Row and column of a panel."""
    spec = axes.get_subplotspec()
    return spec.rowspan.start, spec.colspan.start


def _hanging(axes: Axes) -> bool:
    """Whether the rows are of different height, so that a small panel belongs to the large one above it."""
    return len(set(axes.get_gridspec().get_height_ratios())) > 1


def _names(axes: Axes) -> list[str]:
    """The words at the ticks of the vertical axis, if they are words."""
    texts = [label.get_text() for label in axes.get_yticklabels()]
    return texts if isinstance(axes.yaxis.get_major_locator(), FixedLocator) and any(map(str.isalpha, "".join(texts))) else []


def _slots(panels: list[list[Axes]], height: float) -> tuple[list[tuple[int, slice]], list[float]]:
    """The row of every panel and its columns of two, and the heights of the rows in inches; square pictures without words go in pairs."""
    slots, heights = [], []
    beside = False
    for group in panels:
        axes = group[0]
        square = axes.get_aspect() == 1 and not axes.texts and len(panels) > 1
        if square and beside:
            slots.append((len(heights) - 1, slice(1, 2)))
            beside = False
            continue
        slots.append((len(heights), slice(0, 1) if square else slice(0, 2)))
        beside = square
        spec = axes.get_subplotspec()
        ratios = spec.get_gridspec().get_height_ratios()
        share = ratios[spec.rowspan.start] / sum(ratios) * len(ratios)
        lines = [1 + name.count("\n") for name in _names(axes)]
        needed = LINE * 1.1 * max(lines) * len(lines) + 0.7 if lines else 0
        heights.append(max(min(height * share, PANEL * min(share, 1)), needed) + LINE * _lines_below(axes))
    return slots, heights


def _lines_below(axes: Axes) -> int:
    """Put a legend that is long, or hangs below its panel, under the names that stand there; return its number of lines."""
    legend = axes.get_legend()
    if legend is None or (len(legend.get_texts()) < 4 and legend.get_bbox_to_anchor().y0 >= axes.bbox.y0):
        return 0
    legend.set_loc("upper center")
    legend.set_bbox_to_anchor((0.5, -0.35), axes.transAxes)
    return sum(1 + text.get_text().count("\n") for text in (legend.get_title(), *legend.get_texts()))


def _one_column(legend) -> int:
    """Put the entries of a legend below one another, unless two fit beside one another; return their number of lines."""
    columns = legend._legend_handle_box.get_children()
    entries = [entry for column in columns for entry in column.get_children()]
    longest = max((len(text.get_text()) for text in legend.get_texts()), default=0)
    wide = 2 if longest <= 18 else 1
    lines = math.ceil(len(entries) / wide)
    for k, column in enumerate(columns):
        column.get_children()[:] = entries[k * lines:(k + 1) * lines] if k < wide else []
    del columns[wide:]
    return lines
