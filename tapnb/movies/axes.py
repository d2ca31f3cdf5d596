"""What the axes of an image file stand for, and which part of it is the movie: one channel, one plane, all of time.

Axes bear one letter: T time, C channel, Z plane, Y rows, X columns; other letters are of files that do not say. A channel or
a plane is never chosen silently: the message says what is there and which option decides.
"""

from dataclasses import dataclass

import numpy as np

from tapnb.movies.file_names import Choice

__all__ = ["Part", "part"]

NAMES = {"T": "time points", "C": "channels", "Z": "planes", "R": "regions", "A": "angles", "H": "phases"}
OPTIONS = {"C": "channel", "Z": "plane"}
UNNAMED = "QIS"  # tifffile's letters for an axis that nothing names, and for three or four frames in a row


@dataclass(frozen=True)
class Part:
    """Which part of an array is the movie.

    Attributes
    ----------
    index : tuple
        Into all axes but the last two: a number, or a slice for time and for planes that are projected.
    projected : int, optional
        The axis of the result along which the brightest value is taken: 1, behind time; None: none.
    """

    index: tuple
    projected: int | None = None

    def of(self, array: np.ndarray) -> np.ndarray:
        """Return the movie, (T, Y, X), of an array with all axes: a view, unless planes are projected."""
        chosen = array[self.index]
        return chosen if self.projected is None else chosen.max(axis=self.projected)


def part(axes, shape, choice: Choice, where) -> Part:
    """Decide which part of a file is the movie.

    Parameters
    ----------
    axes : str
        A letter an axis, the last two Y and X.
    shape : tuple of int
        Their lengths.
    choice : Choice
        ``channel``, ``plane`` (a number, or "max" for the brightest value over all planes) and ``axes``, which overrules the
        letters of axes longer than 1.
    where : str or pathlib.Path
        Name of the file, for messages.

    Raises
    ------
    ValueError
        If something besides time is left open, there is no time, or the choice does not fit.
    """
    if 0 in shape:
        raise ValueError(f"{where} has shape {tuple(shape)}: there is no pixel in it.")
    axes = list(axes[:-2])
    long = [i for i, n in enumerate(shape[:-2]) if n > 1]
    if choice.axes is not None:
        told = choice.axes.upper()
        if len(told) != len(long) + 2 or not told.endswith("YX") or len(set(told)) != len(told):
            raise ValueError(f"{where} has {_seen(axes, shape, long)} of {shape[-2]} x {shape[-1]} pixels, which the axes "
                             f"{choice.axes!r} do not fit: give `axes` {len(long) + 2} different letters, the last two YX.")
        for i, letter in zip(long, told):
            axes[i] = letter
    elif "T" not in [axes[i] for i in long]:
        unnamed = [i for i in long if axes[i] in UNNAMED]
        if len(unnamed) == 1 or len(long) == 1 and unnamed:
            axes[unnamed[0]] = "T"  # a plain stack
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
    if not time:
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
    return Part(tuple(index), projected)


def _seen(axes, shape, long) -> str:
    """Return what there is of everything, as "6 time points of 2 channels"."""
    return " of ".join(f"{shape[i]} {NAMES.get(axes[i], 'images')}" for i in long) or "one image"
