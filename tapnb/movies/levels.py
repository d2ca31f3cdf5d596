"""Black and white levels of single frames, also of frames in which percentiles miss what there is."""

import numpy as np

from tapnb.movies.things import things

__all__ = ["BOUND", "NOISE", "SMALLEST_RANGE", "STRIDE", "level_sparse", "likeness", "outside", "percentiles",
           "without_outliers"]

SMALLEST_RANGE = 1e-6  # grey levels; floors high - low so that a constant frame becomes 0 and not NaN

BOUND = 20.0
"""No normalised pixel lies beyond -20 or 20: hot and dead pixels are clipped there. Where things lie beyond it and the
rest is noise or of one value, the percentiles have missed the cells, and other levels are taken."""

PERCENTILES = (1, 99.8)
STRIDE = 8  # levels are read off every 8th pixel along both axes
SMALL = 4096  # sampled pixels: in fewer a single hot one moves a percentile
LITTLE = 0.01  # of a frame's pixels, that are not of one value: a percentile may meet them or not
FEW = 1000  # pixels: a correlation of fewer is chance
NOISE = 0.1  # correlation of neighbouring pixels: a picture's is higher, for a microscope blurs


def percentiles(part: np.ndarray) -> np.ndarray:
    """Percentiles of every 8th pixel; of all pixels where these are few and a hot one among them moves the upper one."""
    sample = part[::STRIDE, ::STRIDE]
    low, high = sampled = np.percentile(sample, PERCENTILES)
    if sample.size < SMALL and high > low:
        lowest, highest = of_all = np.percentile(part, PERCENTILES)
        if np.mean(part == lowest) > 1 - LITTLE:  # and one pixel in 64 would decide whether that is met
            return np.repeat(lowest, 2)
        if high - low > 2 * (highest - lowest) and not things(part > 2 * highest - lowest).any():
            return of_all
    return sampled


def without_outliers(part: np.ndarray, levels: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """A frame without what lies outside its levels, if some of that lies beyond the bound; else the frame itself."""
    low, high = map(float, levels)
    reach = BOUND * max(high - low, SMALLEST_RANGE)
    if low - float(lowest) <= reach and float(highest) - high <= reach:
        return part
    return np.where((part < low) | (part > high), np.median(part), part)


def outside(part: np.ndarray, levels: np.ndarray, rest: np.ndarray) -> tuple | None:
    """Median of what lies far below the black level and far above the white one, if the percentiles miss all there is.

    None for a side on which no thing does, and None at all where the percentiles are good.
    """
    low, high = map(float, levels)
    reach = BOUND * max(high - low, SMALLEST_RANGE)
    if high - low > SMALLEST_RANGE and likeness(rest) >= NOISE:
        return None  # a picture, with hot pixels or a bright speck in it
    medians = []
    for mask in (part < low - reach, part > high + reach):
        mask = things(mask) if mask.any() else mask
        medians.append(float(np.median(part[mask])) if mask.any() else None)
    return None if medians == [None, None] else tuple(medians)


def level_sparse(levels: np.ndarray, beyond: dict[int, tuple]) -> None:
    """Set the levels of sparse frames, one for all of them: a frame with little in it is not stretched to white."""
    sparse = list(beyond)
    for side in (0, 1):
        if values := [one[side] for one in beyond.values() if one[side] is not None]:
            levels[[t for t in sparse if beyond[t][side] is not None], side] = np.median(values)
    if 2 * len(sparse) > len(levels):  # frames among them that show nothing at all
        common = np.median(levels[sparse], axis=0)
        levels[BOUND * (levels[:, 1] - levels[:, 0]) < common[1] - common[0]] = common


def likeness(part: np.ndarray) -> float:
    """Correlation of horizontal neighbours in every 8th row; NaN where nothing varies, or there are too few to tell."""
    rows = part[::STRIDE].astype(np.float64)
    if rows.size < FEW:
        return np.nan
    left, right = rows[:, :-1] - rows[:, :-1].mean(), rows[:, 1:] - rows[:, 1:].mean()
    spread = np.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum() / spread) if spread > 0 else np.nan
