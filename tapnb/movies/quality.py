"""What in a movie cannot be learned from: frames that repeat or show nothing, borders never imaged, levels that fail.

:func:`inspect` looks at a movie once, frame by frame, so that a memory-mapped one stays on its disk. An ordinary
movie has no finding, and its levels are the plain percentiles to the bit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tapnb.movies.borders import IMAGED, growing_borders, imaged_part, same_at_edges
from tapnb.movies.burnt_in import BurntIn, Unmarked, find_burnt_in
from tapnb.movies.clocks import seconds_of
from tapnb.movies.levels import (BOUND, NOISE, SMALLEST_RANGE, STRIDE, level_sparse, likeness, outside, percentiles,
                                 without_outliers)
from tapnb.movies.precision import check_contrast, check_size
from tapnb.movies.saturation import CLIPPED, clipped_share, full_scale, has_few_values
from tapnb.movies.stalls import QuietChange, nearly_repeated
from tapnb.movies.things import flat_value

__all__ = ["BOUND", "SMALLEST_RANGE", "Quality", "inspect", "gap_sentence", "frame_name"]



FULL = 0.5  # of a frame's pixels at their highest possible value: it is saturated
STILL = 4  # every 8th pixel: a place of 4 x 4 of them without any change
NEARLY = 0.02  # of the usual change from frame to frame: the frame was sent twice


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
        Frames that show nothing: of one value but for hot pixels, or of noise only while the others show something.
    saturated : tuple of int
        Frames of which at least half is at the highest value, where that is not so in most of the movie.
    clipped : dict of float
        Share of the pixels at the highest value, by frame, where it is 1 % or more; the frame is used.
    sparse : tuple of int
        Frames whose percentiles miss the cells.
    still : bool array, shape (T - 1,)
        Frame pairs in which a place of about 32 x 32 pixels does not change at all, so that a crop may show no change.
    near_repeats : tuple of int
        Frames that differ from the one before by less than the camera's noise; they are used, and said.
    burnt_in : BurntIn
        Places that were drawn over in all frames, or lost in one.
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
    near_repeats: tuple[int, ...]
    burnt_in: BurntIn

    @property
    def unusable_pairs(self) -> np.ndarray:
        """Frame pairs that have no arrow, bool (T - 1,): one of both shows nothing, repeats, or lost a block."""
        lost = np.zeros(self.shape[0] - 1, bool)
        for t in (*self.empty, *self.saturated, *self.burnt_in.lost):
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
        return self.still | self.bordered[1:] | self.bordered[:-1] | bool(self.burnt_in.marks)

    def sentences(self) -> list[str]:
        """One sentence a kind of finding, for people; none for an ordinary movie."""
        said, lost = [], int(self.unusable_pairs.sum())
        copies = [t for t, other in self.repeats.items() if other == t - 1]
        if copies:
            said.append(f"{_frames(copies)} the frame before, and nothing can be learned from that")
        for t in sorted(set(self.repeats) - set(copies)):
            said.append(f"frame {t} is frame {self.repeats[t]} once more, out of its place in time")
        if self.empty:
            said.append(f"{_frames(self.empty, 'shows', 'show')} nothing: black, one grey level or only noise, but for "
                        "single pixels")
        if self.saturated:
            said.append(f"{_frames(self.saturated, 'is', 'are')} saturated, half of the pixels or more")
        if self.burnt_in.lost:
            said.append(f"{_frames(self.burnt_in.lost, 'has', 'have')} a block or stripe of one value that the frames "
                        "beside lack, as of lost data: "
                        f"{_places([box for boxes in self.burnt_in.lost.values() for box in boxes])}")
        if lost:
            said[-1] += f"; in all {lost} of {len(self.still)} frame pairs {'is' if lost == 1 else 'are'} left out"
        if self.burnt_in.marks:
            said.append("burnt-in marks, such as a scale bar or a time stamp, are drawn into the pixels in "
                        f"{_places(self.burnt_in.marks)}: they are left out of levels, and no crop is drawn there")
        if self.near_repeats:
            said.append(f"{_frames(self.near_repeats, 'is', 'are')} nearly the frame before, for what differs is less "
                        "than noise: look whether the recording stalled there, for it is used")
        clipped = [t for t in self.clipped if t not in self.saturated]
        if clipped:
            said.append(f"{_frames(clipped, 'has', 'have')} up to {max(self.clipped[t] for t in clipped):.0%} of the "
                        "pixels at the highest value, where bright things are cut off: a shorter exposure would show "
                        "them, or, if the contrast was stretched, the movie before that")
        if self.bordered.any():
            widths = np.abs(self.imaged - (0, self.shape[1], 0, self.shape[2])).max(axis=0)
            sides = [f"{width} pixels {side}" for width, side in
                     zip(widths, ("at the top", "at the bottom", "on the left", "on the right")) if width]
            said.append(f"{_frames(np.flatnonzero(self.bordered), 'has', 'have')} a border that was never imaged, or is empty, up to "
                        f"{', '.join(sides)}: it is left out of levels and crops")
        if self.sparse:
            said.append(f"{_frames(self.sparse, 'is', 'are')} so sparse that the percentiles miss what is in "
                        f"{'it' if len(self.sparse) == 1 else 'them'}: the white level is the median of what stands "
                        "out, over all these frames")
        still = self.still & ~self.unusable_pairs
        if still.any():
            said.append(f"in {still.sum()} frame pair{'s' if still.sum() > 1 else ''} some places do not change by a "
                        "single grey level: no crop is drawn there")
        return said


def inspect(frames: np.ndarray, where: str = "the movie") -> Quality:
    """Look at every frame of a movie, once.

    Parameters
    ----------
    frames : numpy.ndarray
        (T, Y, X), real and finite, in grey levels.
    where : str
        Name of the movie in error messages.

    Returns
    -------
    Quality

    Raises
    ------
    ValueError
        If they are floating point values too large, or too close to each other, to calculate with.
    """
    check_size(frames, where)
    count, height, width = frames.shape
    burnt_in = find_burnt_in(frames)
    original, frames = frames, Unmarked(frames, burnt_in) if burnt_in.marks or burnt_in.lost else frames
    top = full_scale(original.dtype, max(frame.max() for frame in frames))
    borders = growing_borders(*map(np.array, zip(*map(same_at_edges, original))))
    levels, imaged = np.empty((count, 2), np.float32), np.empty((count, 4), np.int64)
    full, plateau, flat, still = np.zeros(count), np.zeros(count), np.zeros(count, bool), np.zeros(count - 1, bool)
    change, alike, brightness = np.full(count - 1, np.nan), np.full(count, np.nan), np.zeros(count)
    repeats: dict[int, int] = {}
    beyond: dict[int, tuple[float, float]] = {}
    seen: dict[bytes, int] = {}
    before, quiet = None, QuietChange()
    for t, frame in enumerate(frames):
        imaged[t] = imaged_part(original[t])
        if borders[t].any():
            imaged[t] = _narrowed(imaged[t], borders[t], frame.shape)
        seen_part = frame[imaged[t, 0] : imaged[t, 1], imaged[t, 2] : imaged[t, 3]]
        sample = np.ascontiguousarray(frame[::STRIDE, ::STRIDE])
        levels[t] = percentiles(seen_part)
        lowest, highest = seen_part.min(), seen_part.max()
        if (value := flat_value(seen_part, STRIDE)) is not None:
            flat[t], levels[t] = True, value
        else:
            full[t] = np.mean(seen_part == top) if highest == top else 0
            plateau[t] = clipped_share(seen_part)
            rest = without_outliers(seen_part, levels[t], lowest, highest)
            if rest is not seen_part and (medians := outside(seen_part, levels[t], rest)):
                beyond[t] = medians
            alike[t] = likeness(rest)
        brightness[t] = np.clip(sample, *levels[t]).mean(dtype=np.float64)  # a hot pixel is not much light
        if before is not None:
            both = _sampled(imaged[t - 1 : t + 1])
            still[t - 1] = _has_still_place(sample[both] == before[both])
            change[t - 1] = np.abs(sample[both].astype(np.float64) - before[both]).mean()
        first = seen.setdefault(sample.tobytes(), t)
        if first < t and not flat[t]:
            for other in (t - 1, first):
                if np.array_equal(frame, frames[other]):
                    repeats[t] = other
                    break
        before = sample
        quiet.add(frame)
    usual = np.nanmedian(change)
    repeats |= {int(t) + 1: int(t) for t in np.flatnonzero((change > 0) & (change < NEARLY * usual))
                if t + 1 not in repeats | beyond}  # every 8th pixel of a sparse frame says little of its change
    alike[list(beyond)] = 1  # of a few small things every 8th row says little
    picture = np.isfinite(alike).any() and np.nanmedian(alike) > 4 * NOISE  # of something, in most frames
    noise = (alike < NOISE) & (brightness < np.median(brightness)) if picture else np.zeros(count, bool)
    if plateau.any() and not has_few_values(original):
        full = np.maximum(full, plateau)
    saturated = full >= FULL if np.median(full) < FULL / 2 else np.zeros(count, bool)
    level_sparse(levels, beyond)
    ratios = np.array(quiet.ratios)
    for t in (*np.flatnonzero(flat | noise | saturated), *beyond):  # no pairs of pictures
        ratios[max(t - 1, 0) : t + 1] = np.nan
    ratios[[t - 1 for t in repeats]] = np.nan
    if original.dtype.kind == "f":
        check_contrast(levels, ~flat, SMALLEST_RANGE, where)
    return Quality(levels, imaged, dict(sorted(repeats.items())), _tuple(flat | noise), _tuple(saturated),
                   {t: float(full[t]) for t in _tuple(full >= CLIPPED)}, tuple(beyond), still, original.shape,
                   nearly_repeated(ratios), burnt_in)


def gap_sentence(gaps: np.ndarray, times: tuple[int, ...] | None = None) -> str:
    """One sentence on time points that are missing: how many, and where.

    Parameters
    ----------
    gaps : numpy.ndarray
        Between which frames, bool (T - 1,), at least one of them.
    times : tuple of int, optional
        The numbers of the frames, as the names of their files say them; without them nobody knows how wide a gap is.
    """
    places, wide = np.flatnonzero(gaps), np.ones(int(np.sum(gaps)), int)
    if times is not None:
        steps = np.diff(seconds_of(times) or times)
        usual = np.median(steps[~gaps]) if not gaps.all() else steps.min()
        wide = np.maximum(1, np.rint(steps[places] / usual) - 1).astype(int)
    between = [f"between {frame_name(t, times)} and {frame_name(t + 1, times)}" for t in places[:5].tolist()]
    if len(places) > 1 and times is not None:
        between = [f"{missing} {place}" for missing, place in zip(wide, between)]
    count = int(wide.sum())
    return (f"{'at least ' if times is None else ''}{count} time point{'s are' if count > 1 else ' is'} missing, "
            f"{', '.join(between)}{', ...' if len(places) > 5 else ''}: no crop pair is drawn across "
            f"{'a gap' if len(places) > 1 else 'the gap'}")


def frame_name(t: int, times: tuple[int, ...] | None = None) -> str:
    """Name a frame, as frame 0 (file 10) where the files count otherwise than from 0 in steps of 1."""
    return f"frame {t}" + ("" if times is None or times == tuple(range(len(times))) else f" (file {times[t]})")


def _narrowed(imaged: np.ndarray, border: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The rectangle that is left of a frame within another border; the same if hardly anything is."""
    height, width = shape
    top, left = np.maximum(imaged[[0, 2]], border[[0, 2]])
    bottom, right = np.minimum(imaged[[1, 3]], (height - border[1], width - border[3]))
    narrow = (bottom - top) * (right - left) < IMAGED * height * width or bottom <= top
    return imaged if narrow else np.array([top, bottom, left, right])


def _sampled(boxes: np.ndarray) -> tuple[slice, slice]:
    """Where every 8th pixel lies in the imaged part of two frames."""
    top, bottom, left, right = -(-np.concatenate([boxes.max(0)[[0]], boxes.min(0)[[1]], boxes.max(0)[[2]],
                                                  boxes.min(0)[[3]]]) // STRIDE)
    return slice(top, bottom), slice(left, right)


def _has_still_place(equal: np.ndarray) -> bool:
    """Whether a place of 4 x 4 pixels of a sample is the same in both frames."""
    size = [max(1, min(STILL, side)) for side in equal.shape]
    return bool(ndimage.minimum_filter(equal, size).any())


def _tuple(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(chosen).tolist())


def _places(boxes: Sequence[tuple[int, int, int, int]]) -> str:
    """Name rectangles by their first and last rows and columns, the first five at most."""
    named = [f"rows {top} to {bottom - 1}, columns {left} to {right - 1}" for top, bottom, left, right in boxes[:5]]
    return "; ".join(named) + ("; ..." if len(boxes) > 5 else "")


def _frames(frames: Iterable[int], one: str = "repeats", several: str = "repeat") -> str:
    """Name frames with their verb, runs of them as 3 to 7, the first five runs at most."""
    frames = sorted(map(int, frames))
    runs: list[list[int]] = []
    for t in frames:
        if runs and t == runs[-1][-1] + 1:
            runs[-1].append(t)
        else:
            runs.append([t])
    named = [" and ".join(map(str, run)) if len(run) < 3 else f"{run[0]} to {run[-1]}" for run in runs[:5]]
    return ", ".join(named).join((f"frame{'s' if len(frames) > 1 else ''} ",
                                  f"{', ...' if len(runs) > 5 else ''} {several if len(frames) > 1 else one}"))
