"""Frames that nearly repeat the one before: a camera that stalled, after lossy compression or with noise put on.

Two pictures of a camera differ by its noise at least, wherever nothing moves. A copy that was compressed or changed by
a grey level differs by less. Both differences are measured where they are smallest, so that cells, and how fast they
move, do not matter. A copy is only suspected, and said; nothing is left out for it. Where the camera's own noise is
about a grey level, or was removed before, copies that are not exact are not found.
"""

import numpy as np

__all__ = ["QuietChange", "nearly_repeated"]

STRIDE = 8  # pixels are compared at every 8th place along both axes
BLOCK = 4  # of 4 x 4 of these places the mean is taken
QUIET = 20  # percentile over such blocks: without cells
USUAL = 20  # percentile over frame pairs: so many of them may be copies
MUCH_LESS = 0.4  # of the usual ratio, which is 1 for noise that is independent from pixel to pixel and frame to frame
RARE = 0.05  # of the pairs: more are rather a stage that stands still now and then, unless they differ by less than noise
PAIRS = 5  # in fewer it cannot be told what is usual
SMOOTH = np.outer((1, -2, 1), (1, -2, 1)) * np.sqrt(2 / 36)
"""Second differences along both axes: nothing is left of what is smooth over 3 pixels, and of noise as much as in the
difference of two frames (variances of 36 and 2). Immerkaer (1996), Fast noise variance estimation."""


class QuietChange:
    """Change from frame to frame over change from pixel to pixel, where both are smallest; frame by frame.

    Neither ratio depends on the lamp, since noise changes with it in both.

    Attributes
    ----------
    ratios : list of (float, float)
        For every pair, over the change to the next pixel, and over noise alone; NaN where there is none.
    """

    def __init__(self):
        self.ratios: list[tuple[float, float]] = []
        self._before = None

    def add(self, frame: np.ndarray) -> None:
        """Take the next frame (Y, X)."""
        height, width = frame.shape[0] - 2, frame.shape[1] - 2
        places = {(row, column): frame[row : height + row : STRIDE, column : width + column : STRIDE].astype(np.float64)
                  for row, column in np.ndindex(3, 3)}
        middle = places[1, 1]
        if self._before is not None:
            change = _quietest(middle - self._before)
            noises = _quietest(middle - places[1, 2]), _quietest(sum(SMOOTH[at] * pixels for at, pixels in places.items()))
            self.ratios.append(tuple(change / noise if noise > 0 else np.nan for noise in noises))
        self._before = middle


def _quietest(change: np.ndarray) -> float:
    """The 20th percentile of mean absolute changes over blocks; NaN without any pixel."""
    if not change.size:
        return np.nan
    rows, columns = (min(side, BLOCK) for side in change.shape)
    height, width = change.shape[0] // rows, change.shape[1] // columns
    blocks = np.abs(change[: height * rows, : width * columns]).reshape(height, rows, width, columns)
    return float(np.percentile(blocks.mean(axis=(1, 3)), QUIET))


def nearly_repeated(ratios: np.ndarray) -> tuple[int, ...]:
    """Frames that differ from the one before by much less than most do.

    Parameters
    ----------
    ratios : float array, shape (T - 1, 2)
        Of :class:`QuietChange`; NaN for pairs that are no pair of pictures.
    """
    if np.isfinite(ratios).all(axis=1).sum() < PAIRS:
        return ()
    usual = np.minimum(np.nanpercentile(ratios, USUAL, axis=0), 1)
    less, less_than_noise = (np.nan_to_num(ratios, nan=np.inf) < MUCH_LESS * usual).T
    if less.sum() > max(1, RARE * len(less)):
        less &= less_than_noise
    return tuple((np.flatnonzero(less) + 1).tolist())
