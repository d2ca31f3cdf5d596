"""Where in a movie there is something to see: which frame pairs, and which windows of them, crop pairs may be drawn from."""

from dataclasses import dataclass

import numpy as np

from tapnb.movies.quality import Quality

__all__ = ["Usable"]


@dataclass(frozen=True, eq=False)
class Usable:
    """What of a movie crop pairs may be drawn from; an ordinary movie has none of this, and is drawn from everywhere.

    Attributes
    ----------
    frames : numpy.ndarray
        (T, Y, X), grey levels.
    quality : Quality
        What was found in them.
    t : numpy.ndarray
        Earlier frames of the usable frame pairs, ascending.
    """

    frames: np.ndarray
    quality: Quality
    t: np.ndarray

    def places(self, t: int, size: int) -> np.ndarray:
        """Which windows of a frame pair lie in what was imaged of both frames, without a mark, and change by a grey level at least.

        Parameters
        ----------
        t : int
            Earlier frame.
        size : int
            Side of the windows, in pixels.

        Returns
        -------
        bool array, shape (Y - size + 1, X - size + 1)
            By first row and first column of the window.
        """
        _, height, width = self.frames.shape
        shown = np.zeros((height - size + 1, width - size + 1), bool)
        top, _, left, _ = self.quality.imaged[t : t + 2].max(axis=0)
        _, bottom, _, right = self.quality.imaged[t : t + 2].min(axis=0)
        shown[top : max(bottom - size + 1, top), left : max(right - size + 1, left)] = True
        for first, last, start, stop in self.quality.burnt_in.marks:
            shown[max(first - size + 1, 0) : last, max(start - size + 1, 0) : stop] = False
        if self.quality.still[t] and shown.any():
            table = np.zeros((height + 1, width + 1), np.int32)  # of pixels that change, summed from the corner
            changes = self.frames[t] != self.frames[t + 1]
            np.cumsum(np.cumsum(changes, axis=0, dtype=np.int32), axis=1, out=table[1:, 1:])
            shown &= table[size:, size:] - table[:-size, size:] - table[size:, :-size] + table[:-size, :-size] > 0
        return shown
