"""What in a movie cannot be learned from: frames that repeat or show nothing, borders never imaged, levels that fail.

:func:`inspect` looks at a movie once, frame by frame, so that a memory-mapped one stays on its disk. An ordinary
movie has no finding, and its levels are the plain percentiles to the bit.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

__all__ = ["BOUND", "SMALLEST_RANGE", "Quality", "inspect"]

SMALLEST_RANGE = 1e-6  # grey levels; floors high - low so that a constant frame becomes 0 and not NaN

BOUND = 20.0
"""No normalised pixel lies beyond -20 or 20: hot and dead pixels are clipped there. Where even the median of all pixels
outside the percentiles lies beyond it, the percentiles have missed the cells, and other levels are taken."""

PERCENTILES = (1, 99.8)
STRIDE = 8  # levels are read off every 8th pixel along both axes
FILL = 5  # pixels: the side of a block that a camera's noise never leaves constant
IMAGED = 0.25  # of a frame: if less is left within its borders, these are its background
SPANNED = 0.4  # of an edge, which fill takes up after a shift (all) or a rotation (half)
FULL = 0.5  # of a frame's pixels at their highest possible value: it is saturated
CLIPPED = 0.01  # the same: bright things in it are cut off, which is only said
STILL = 4  # every 8th pixel: a place of 4 x 4 of them without any change
NEARLY = 0.02  # of the usual change from frame to frame: the frame was sent twice
NOISE = 0.1  # correlation of neighbouring pixels: a picture's is higher, for a microscope blurs


@dataclass(frozen=True, eq=False)
class Quality:
    """What :func:`inspect` finds in a movie of T frames.

    Attributes
    ----------
    levels : float32 array, shape (T, 2)
        Black and white level of every frame, see :attr:`tapnb.movies.Movie.levels`.
    imaged : int64 array, shape (T, 4)
        The rectangle of each frame that was imaged: first row, row after the last, first and after the last column.
    repeats : dict of int
        Frames that repeat another one, by frame: which.
    empty : tuple of int
        Frames that show nothing: of one value, or of noise only while the others show something.
    saturated : tuple of int
        Frames of which at least half is at the highest value, where that is not so in most of the movie.
    clipped : dict of float
        Share of the pixels at the highest value, by frame, where it is 1 % or more; the frame is used.
    sparse : tuple of int
        Frames whose percentiles miss the cells.
    still : bool array, shape (T - 1,)
        Frame pairs in which a place of about 32 x 32 pixels does not change at all, so that a crop may show no change.
    """

    levels: np.ndarray
    imaged: np.ndarray
    repeats: dict[int, int]
    empty: tuple[int, ...]
    saturated: tuple[int, ...]
    clipped: dict[int, float]
    sparse: tuple[int, ...]
    still: np.ndarray
    shape: tuple[int, int, int]

    @property
    def unusable_pairs(self) -> np.ndarray:
        """Frame pairs that have no arrow, bool (T - 1,): one of both shows nothing, or repeats."""
        lost = np.zeros(self.shape[0] - 1, bool)
        for t in (*self.empty, *self.saturated):
            lost[max(t - 1, 0) : t + 1] = True
        for t, other in self.repeats.items():
            lost[t - 1] = True
            if other < t - 1:  # out of its place in time: what follows it does not follow
                lost[t : t + 1] = True
        return lost

    @property
    def bordered(self) -> np.ndarray:
        """Frames with a border that was never imaged, bool (T,)."""
        return (self.imaged != (0, self.shape[1], 0, self.shape[2])).any(axis=1)

    @property
    def partial_pairs(self) -> np.ndarray:
        """Frame pairs in which not every window shows something, bool (T - 1,)."""
        return self.still | self.bordered[1:] | self.bordered[:-1]

    def sentences(self) -> list[str]:
        """One sentence a kind of finding, for people; none for an ordinary movie."""
        said, lost = [], int(self.unusable_pairs.sum())
        copies = [t for t, other in self.repeats.items() if other == t - 1]
        if copies:
            said.append(f"{_frames(copies)} the frame before, and nothing can be learned from that")
        for t in sorted(set(self.repeats) - set(copies)):
            said.append(f"frame {t} is frame {self.repeats[t]} once more, out of its place in time")
        if self.empty:
            said.append(f"{_frames(self.empty, 'shows', 'show')} nothing, black or of one grey level")
        if self.saturated:
            said.append(f"{_frames(self.saturated, 'is', 'are')} saturated, half of the pixels or more")
        if lost:
            said[-1] += f"; in all {lost} of {len(self.still)} frame pairs are left out"
        clipped = [t for t in self.clipped if t not in self.saturated]
        if clipped:
            said.append(f"{_frames(clipped, 'has', 'have')} up to {max(self.clipped[t] for t in clipped):.0%} of the "
                        "pixels at the highest value, where bright things are cut off: a shorter exposure would show "
                        "them")
        if self.bordered.any():
            top, bottom, left, right = np.abs(self.imaged - (0, self.shape[1], 0, self.shape[2])).max(axis=0)
            said.append(f"{_frames(np.flatnonzero(self.bordered), 'has', 'have')} a border that was never imaged, at "
                        f"most {top} pixels at the top, {bottom} at the bottom, {left} left and {right} right: it is "
                        "left out of levels and crops")
        if self.sparse:
            said.append(f"{_frames(self.sparse, 'is', 'are')} so sparse that the percentiles miss what is in "
                        f"{'it' if len(self.sparse) == 1 else 'them'}: the white level is the median of what stands "
                        "out, over all these frames")
        still = self.still & ~self.unusable_pairs
        if still.any():
            said.append(f"in {still.sum()} frame pairs some places do not change by a single grey level: no crop is "
                        "drawn there")
        return said


def inspect(frames: np.ndarray) -> Quality:
    """Look at every frame of a movie, once.

    Parameters
    ----------
    frames : numpy.ndarray
        (T, Y, X), real and finite, in grey levels.

    Returns
    -------
    Quality
    """
    count, height, width = frames.shape
    top = _highest(frames)
    levels, imaged = np.empty((count, 2), np.float32), np.empty((count, 4), np.int64)
    full, flat, still = np.zeros(count), np.zeros(count, bool), np.zeros(count - 1, bool)
    change, likeness = np.full(count - 1, np.nan), np.full(count, np.nan)
    repeats: dict[int, int] = {}
    beyond: dict[int, tuple[float, float]] = {}
    seen: dict[bytes, int] = {}
    before = None
    for t, frame in enumerate(frames):
        imaged[t] = imaged_part(frame)
        seen_part = frame[imaged[t, 0] : imaged[t, 1], imaged[t, 2] : imaged[t, 3]]
        sample = np.ascontiguousarray(frame[::STRIDE, ::STRIDE])
        levels[t] = np.percentile(seen_part[::STRIDE, ::STRIDE], PERCENTILES)
        lowest, highest = seen_part.min(), seen_part.max()
        flat[t] = lowest == highest
        full[t] = np.mean(seen_part == top) if highest == top and not flat[t] else 0
        if outside := _outside(seen_part, levels[t], float(lowest), float(highest)):
            beyond[t] = outside
        likeness[t] = _likeness(seen_part)
        if before is not None:
            still[t - 1] = _has_still_place(sample == before)
            change[t - 1] = np.abs(sample.astype(np.float64) - before).mean()
        alike = seen.setdefault(sample.tobytes(), t)
        if alike < t and not flat[t]:
            for other in (t - 1, alike):
                if np.array_equal(frame, frames[other]):
                    repeats[t] = other
                    break
        before = sample
    usual = np.nanmedian(change)
    repeats |= {int(t) + 1: int(t) for t in np.flatnonzero((change > 0) & (change < NEARLY * usual))
                if t + 1 not in repeats | beyond}  # every 8th pixel of a sparse frame says little of its change
    noise = likeness < NOISE
    noise &= levels[:, 1] <= np.median(levels[:, 0])  # as with a closed shutter: darker than the others' background
    saturated = full >= FULL if np.median(full) < FULL / 2 else np.zeros(count, bool)
    for side in (0, 1):  # one level for all sparse frames: a frame with little in it is not stretched to white
        values = [outside[side] for outside in beyond.values() if outside[side] is not None]
        for t in (t for t, outside in beyond.items() if outside[side] is not None):
            levels[t, side] = np.median(values)
    return Quality(levels, imaged, dict(sorted(repeats.items())), _tuple(flat | noise), _tuple(saturated),
                   {t: float(full[t]) for t in _tuple(full >= CLIPPED)}, tuple(beyond), still, frames.shape)


def imaged_part(frame: np.ndarray) -> tuple[int, int, int, int]:
    """The rectangle of a frame that was imaged, without the fill that a shift or a rotation leaves at its edges.

    Fill is of one value, without noise, and takes up much of an edge; or it repeats the line beside it. Where solid
    places of that value lie all over the frame, or hardly anything else is left, it is the frame's background.

    Returns
    -------
    tuple of int
        First row, row after the last, first column, column after the last.
    """
    height, width = frame.shape
    whole = (0, height, 0, width)
    if min(height, width) < 2 * FILL:
        return whole
    corners = [frame[:FILL, :FILL], frame[:FILL, -FILL:], frame[-FILL:, :FILL], frame[-FILL:, -FILL:]]
    corners += [frame[0], frame[-1], frame[:, 0], frame[:, -1]]  # fill may be thinner than a block
    values = {corner.flat[0].item() for corner in corners if (corner == corner.flat[0]).all()}
    boxes = [box for value in sorted(values) if (box := _without_fill(frame == value)) is not None]
    if not values:
        boxes = [(_repeated_lines(frame), height - _repeated_lines(frame[::-1]),
                  _repeated_lines(frame.T), width - _repeated_lines(frame.T[::-1]))]
    top, bottom, left, right = (pick(edges) for pick, edges in zip((max, min, max, min), zip(whole, *boxes)))
    return (top, bottom, left, right) if (bottom - top) * (right - left) >= IMAGED * height * width else whole


def _without_fill(equal: np.ndarray) -> tuple[int, int, int, int] | None:
    """The largest part that solid fill leaves when line after line is peeled off; None if it is no fill."""
    solid = ndimage.binary_opening(np.pad(equal, FILL, mode="edge"), np.ones((FILL, FILL), bool))
    solid = solid[FILL:-FILL, FILL:-FILL]
    if solid.mean() > 1 - IMAGED:
        return None
    labels, _ = ndimage.label(solid)
    fill = np.isin(labels, list({labels[0, 0], labels[0, -1], labels[-1, 0], labels[-1, -1]} - {0}))
    for lines, marked in ((equal, fill), (equal[::-1], fill[::-1]), (equal.T, fill.T), (equal.T[::-1], fill.T[::-1])):
        marked[: int(np.argmin(np.append(lines.all(axis=1), False)))] = True  # whole lines, however few
    if max(edge.mean() for edge in (fill[0], fill[-1], fill[:, 0], fill[:, -1])) < SPANNED:
        return None
    top, bottom, left, right = 0, fill.shape[0], 0, fill.shape[1]
    while bottom > top and right > left:
        part = fill[top:bottom, left:right]
        shares = [part[0].mean(), part[-1].mean(), part[:, 0].mean(), part[:, -1].mean()]
        worst = int(np.argmax(shares))
        if shares[worst] == 0:
            break
        top, bottom, left, right = np.add((top, bottom, left, right), np.eye(4, dtype=int)[worst] * (1, -1, 1, -1))
    part = solid[top:bottom, left:right]
    if part.size < IMAGED * fill.size or part.mean() > CLIPPED:
        return None
    # A shift by parts of a pixel mixes the last line with the fill.
    return (top + (top > 0), bottom - (bottom < fill.shape[0]), left + (left > 0), right - (right < fill.shape[1]))


def _repeated_lines(frame: np.ndarray) -> int:
    """How many lines at the beginning are copies of the line after them: fill that continues the picture's edge."""
    lines = 0
    while lines < len(frame) - 1 and (frame[lines] == frame[lines + 1]).all():
        lines += 1
    return lines if lines and len(np.unique(frame[0])) > STRIDE else 0  # few values: a background without noise


def _outside(part: np.ndarray, levels: np.ndarray, lowest: float, highest: float) -> tuple | None:
    """Medians of what lies below the black and above the white level, each where it is beyond the bound, else None."""
    low, high = map(float, levels)
    reach = BOUND * max(high - low, SMALLEST_RANGE)
    medians = [None, None]
    if low - lowest > reach and low - (median := np.median(part[part < low])) > reach:
        medians[0] = float(median)
    if highest - high > reach and (median := np.median(part[part > high])) - high > reach:
        medians[1] = float(median)
    return None if medians == [None, None] else tuple(medians)


def _likeness(part: np.ndarray) -> float:
    """Correlation of horizontal neighbours in every 8th row; NaN where nothing varies."""
    rows = part[::STRIDE].astype(np.float64)
    left, right = rows[:, :-1] - rows[:, :-1].mean(), rows[:, 1:] - rows[:, 1:].mean()
    spread = np.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum() / spread) if spread > 0 else np.nan


def _has_still_place(equal: np.ndarray) -> bool:
    """Whether a place of 4 x 4 pixels of a sample is the same in both frames."""
    size = [min(STILL, side) for side in equal.shape]
    return bool(ndimage.minimum_filter(equal, size).any())


def _highest(frames: np.ndarray) -> float:
    """The value at which a camera saturates: the highest of 8, 10, 12, 14 or 16 bit that the movie reaches."""
    highest = max(frame.max() for frame in frames)
    if frames.dtype.kind == "f":
        return highest
    return next(2**bits - 1 for bits in (8, 10, 12, 14, 16) if highest < 2**bits)


def _tuple(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(chosen).tolist())


def _frames(frames: Iterable[int], one: str = "repeats", several: str = "repeat") -> str:
    """Name frames with their verb, runs of them as 3 to 7, the first five runs at most."""
    frames = sorted(map(int, frames))
    runs: list[list[int]] = []
    for t in frames:
        if runs and t == runs[-1][-1] + 1:
            runs[-1].append(t)
        else:
            runs.append([t])
    named = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs[:5]]
    return ", ".join(named).join((f"frame{'s' if len(frames) > 1 else ''} ",
                                  f"{', ...' if len(runs) > 5 else ''} {several if len(frames) > 1 else one}"))
