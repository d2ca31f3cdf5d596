"""What the axes of an image file stand for, and which part of it is the movie: one channel, one plane, all of time.

Axes bear one letter: T time, C channel, Z plane, Y rows, X columns; other letters are of files that do not say. A channel or
a plane is never chosen silently: the message says what is there and which option decides. Axes may stand in any order.
"""

import math
from dataclasses import dataclass

import numpy as np

from tapnb.movies.file_names import Choice

__all__ = ["Part", "part"]

NARROW = 16  # pixels: frames narrower than that are no movie's

NAMES = {"T": "time points", "C": "channels", "Z": "planes", "R": "regions", "A": "angles", "H": "phases"}
OPTIONS = {"C": "channel", "Z": "plane"}
UNNAMED = "QIS"  # tifffile's letters for an axis that nothing names, and for three or four frames in a row


@dataclass(frozen=True)
class Part:
    """Which part of an array is the movie.

    Attributes
    ----------
    index : tuple
        Into all axes but Y and X, in the order below: a number, or a slice for time and for planes that are projected.
    projected : int, optional
        The axis of the result along which the brightest value is taken: 1, behind time; None: none.
    order : tuple of int
        Where in the file each axis stands: the others as there, then Y and X.
    still : bool
        Whether it has no time.
    """

    index: tuple
    projected: int | None = None
    order: tuple[int, ...] = ()
    still: bool = False

    @property
    def in_pages(self) -> bool:
        """Whether Y and X are the last two axes of the file, as they are in a file of pages."""
        return self.order == tuple(range(len(self.order)))

    def numbers(self, lead) -> np.ndarray:
        """Return which pages of a file make up each time point, (T, pages); `lead` are the lengths of its axes before Y, X."""
        numbers = np.arange(math.prod(lead)).reshape(lead)[self.index]
        if not any(isinstance(wanted, slice) for wanted in self.index) or self.still:
            return numbers.reshape(1, -1)
        return (numbers.T if self.projected == 0 else numbers).reshape(numbers.shape[self.projected == 0], -1)

    @property
    def time(self) -> int:
        """Which axis of the file is time."""
        slices = [i for i, wanted in enumerate(self.index) if isinstance(wanted, slice)]
        return self.order[slices[1 if self.projected == 0 else 0]]

    def of(self, array: np.ndarray) -> np.ndarray:
        """Return the movie, (T, Y, X), of an array with all axes: a view, unless planes are projected."""
        chosen = array.transpose(self.order)[self.index]
        return chosen if self.projected is None else chosen.max(axis=self.projected)


def part(axes, shape, choice: Choice, where, still=False) -> Part:
    """Decide which part of a file is the movie.

    Parameters
    ----------
    axes : str
        A letter an axis.
    shape : tuple of int
        Their lengths.
    choice : Choice
        ``channel``, ``plane`` (a number, or "max" for the brightest value over all planes) and ``axes``, which overrules the
        letters of axes longer than 1, and of the last two.
    where : str or pathlib.Path
        Name of the file, for messages.
    still : bool
        Whether the file is one time point of a folder, so that it need not have time.

    Raises
    ------
    ValueError
        If something besides time is left open, there is no time, or the choice does not fit.
    """
    if 0 in shape:
        raise ValueError(f"{where} has shape {tuple(shape)}: there is no pixel in it.")
    axes = list(axes)
    if choice.axes is not None:
        axes = _told(axes, shape, choice.axes.upper(), where)
    if sorted(letter for letter in axes if letter in "YX") != ["X", "Y"]:
        raise ValueError(f"{where} has the axes {''.join(axes)[:60]}, of which no two are Y and X: say with `axes` what they "
                         "are.")
    order = [i for i, letter in enumerate(axes) if letter not in "YX"] + [axes.index("Y"), axes.index("X")]
    axes, shape = [axes[i] for i in order[:-2]], [shape[i] for i in order]
    long = [i for i, n in enumerate(shape[:-2]) if n > 1]
    if not still and choice.axes is None and "T" not in [axes[i] for i in long]:
        unnamed = [i for i in long if axes[i] in UNNAMED]
        if len(unnamed) == 1 or len(long) == 1 and unnamed:
            axes[unnamed[0]] = "T"  # a plain stack
            if len(long) == 1 and choice.lone is None and _time_last(shape[long[0]], *shape[-2:]):
                raise ValueError(f"{where} has {shape[long[0]]} images of {shape[-2]} x {shape[-1]} pixels, as if time stood "
                                 "last: say with `axes` what its axes are, YXT, or TYX if the images are its time points.")
        elif len(long) == 1 and choice.lone:
            axes[long[0]] = choice.lone
    time = [i for i in long if axes[i] == "T"]
    index: list = [0] * len(axes)
    projected = None
    for i in long:
        letter, n = axes[i], shape[i]
        wanted = getattr(choice, OPTIONS.get(letter, ""), None)
        if letter == "T":
            index[i] = slice(None)
        elif letter == "Z" and wanted == "max":
            index[i] = slice(None)
            projected = 1 if time and i > time[0] else 0
        elif wanted is not None:
            if not 0 <= wanted < n:
                raise ValueError(f"{where} has no {OPTIONS[letter]} {wanted}: it has {n}, from 0 to {n - 1}.")
            index[i] = wanted
    if not time and not still:
        raise ValueError(f"{where} has {_seen(axes, shape, long)} and no time: " + (
            f"if the {NAMES.get(axes[long[0]], 'images')} are its time points, set `axes: TYX`." if len(long) == 1 else
            "give a movie, or say with `axes` which axis is time." if long else
            "a movie needs at least 2 frames."))
    for i in long:
        if axes[i] in OPTIONS and index[i] == 0 and getattr(choice, OPTIONS[axes[i]]) is None:
            option = OPTIONS[axes[i]]
            more = " or `plane: max` for their brightest value" if option == "plane" else ""
            raise ValueError(f"{where} has {_seen(axes, shape, long)}: choose one with `{option}`, such as 0{more}.")
        if axes[i] not in OPTIONS and axes[i] != "T":
            raise ValueError(f"{where} has {_seen(axes, shape, long)}, axes {''.join(axes)}YX: save one of each but time, or "
                             "say with `axes` what they are.")
    return Part(tuple(index), projected, tuple(order), still and not time)


def _told(axes: list[str], shape, told: str, where) -> list[str]:
    """Return the letters of all axes, those of axes longer than 1 and of the last two as told."""
    *lead, _, _ = range(len(axes))
    places = [i for i in lead if shape[i] > 1] + [len(axes) - 2, len(axes) - 1]
    if len(told) != len(places) or not {"Y", "X"} <= set(told) or len(set(told)) != len(told):
        raise ValueError(f"{where} has {_seen(axes, shape, places[:-2])} of {shape[-2]} x {shape[-1]} pixels, which the axes "
                         f"{told!r} do not fit: give `axes` {len(places)} different letters, Y and X among them.")
    letters = dict(zip(places, told))
    return [letters.get(i, "Q" if letter in told else letter) for i, letter in enumerate(axes)]


def _time_last(t: int, y: int, x: int) -> bool:
    """Whether an array without names of its axes looks like (Y, X, T): few columns, or as many images as rows."""
    return x < NARROW and min(t, y) >= 4 * x or t == y > x


def _seen(axes, shape, long) -> str:
    """Return what there is of everything, as "6 time points of 2 channels"."""
    return " of ".join(f"{shape[i]} {NAMES.get(axes[i], 'images')}" for i in long) or "one image"
