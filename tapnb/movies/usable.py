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

    def shows(self, t, y, x, size) -> np.ndarray:
        """Whether windows lie in what was imaged of both frames, and change by a single grey level at least.

        Parameters
        ----------
        t, y, x : int arrays, shape (N,)
            Earlier frame, first row, first column of each window.
        size : int
            Side, in pixels.

        Returns
        -------
        bool array, shape (N,)
        """
        shown = np.ones(len(t), bool)
        for frame in (t, t + 1):
            top, bottom, left, right = self.quality.imaged[frame].T
            shown &= (y >= top) & (y + size <= bottom) & (x >= left) & (x + size <= right)
        for still in np.intersect1d(t, np.flatnonzero(self.quality.still)):
            windows = np.flatnonzero(t == still)
            table = np.zeros(np.add(self.frames.shape[1:], 1), np.int32)  # of pixels that change, summed from the corner
            changes = self.frames[still] != self.frames[still + 1]
            np.cumsum(np.cumsum(changes, axis=0, dtype=np.int32), axis=1, out=table[1:, 1:])
            y0, x0 = y[windows], x[windows]
            y1, x1 = y0 + size, x0 + size
            shown[windows] &= table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0] > 0
        return shown
