"""Marks that were drawn into the pixels, such as scale bars and time stamps, and blocks that one frame has lost.

Both are of exactly one value, the highest or lowest of their frame, and end from one pixel to the next. What a lens
images does not: a saturated cell has a slope around it. A mark keeps its place, a lost block is there in one frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tapnb.movies.borders import imaged_part
from tapnb.movies.saturation import has_few_values

__all__ = ["BurntIn", "Unmarked", "find_burnt_in"]

PIECE = 6  # pixels: the smallest piece of a mark, such as the dot of a clock
MARK = 20  # pixels: the smallest mark
BLOCK = 64  # pixels: the smallest block that counts as lost
BACKGROUND = 0.25  # of a frame's pixels at one value: that is its background
FILLED = 0.95  # of its bounding box: a rectangle, but for pixels that have its value by chance; a disc has 0.79
STROKE = 3  # times as long as it is thick: a letter's stroke, no cell
THICK = 8  # pixels: a letter's stroke at most, so that no row of cells is one
JUMP = 0.1  # of the range of grey levels
ALONE = 0.5  # of the thick things of that value: where more are of other shapes, they are saturated cells
STRIDE = 8  # every 8th pixel tells the range
STEP = 0.75  # of what is reached two pixels away, one pixel away: a sharp end
CLEAR = 3  # times the spread of what lies around
JOINED = 6  # pixels at most between letters of one mark
MOSTLY = 0.8  # of the frames
SLACK = 2  # pixels: by which the digits of a clock differ
RARE = 0.25  # of the frames: where more have blocks, these are what the movie shows
MARKS = 6  # at most, of which a line of letters is one: more are thin cells
FEWEST = 3  # frames in which a thing may be said to keep its place

Box = tuple[int, int, int, int]  # first row, row after the last, first column, column after the last


@dataclass(frozen=True)
class BurntIn:
    """Places that were drawn or lost, each as first row, row after the last, first column, column after the last.

    Attributes
    ----------
    marks : tuple
        Places of marks, in all frames.
    lost : dict
        The places that are lost, by frame.
    """

    marks: tuple[Box, ...]
    lost: dict[int, tuple[Box, ...]]


@dataclass(frozen=True, eq=False)
class Unmarked:
    """A movie (T, Y, X) that is read frame by frame, with the median of each frame where it is marked or lost."""

    frames: np.ndarray
    places: BurntIn

    def __getitem__(self, t: int) -> np.ndarray:
        frame, boxes = self.frames[t], self.places.marks + self.places.lost.get(t, ())
        if not boxes:
            return frame
        covered = np.zeros(frame.shape, bool)
        for top, bottom, left, right in boxes:
            covered[top:bottom, left:right] = True
        rest, frame = frame[~covered], frame.copy()
        if rest.size:
            frame[covered] = np.partition(rest, rest.size // 2)[rest.size // 2]
        return frame

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[t] for t in range(len(self.frames)))


def find_burnt_in(frames: np.ndarray) -> BurntIn:
    """Find marks and lost blocks in a movie.

    Parameters
    ----------
    frames : numpy.ndarray
        (T, Y, X), in grey levels. Borders that were never imaged are no marks.
    """
    pieces: list[list[tuple[Box, int, float]]] = []  # by frame, each with its pixels and their value
    for frame in frames:
        values = {frame.min().item(), frame.max().item()} | ({0.0} if frames.dtype.kind == "f" else set())
        of_frame = [(box, size, value) for value in sorted(values) for box, size in _pieces(frame, value)]
        if of_frame:
            imaged = imaged_part(frame)
            of_frame = [piece for piece in of_frame if _touch(piece[0], imaged)]
        pieces.append(of_frame)
    if not any(pieces) or has_few_values(frames):
        return BurntIn((), {})
    marks = _steady(pieces, frames.shape[1:]) if len(frames) >= FEWEST else ()
    lost = {}
    for t, of_frame in enumerate(pieces):
        boxes = tuple(box for box, size, value in of_frame
                      if size >= BLOCK and size >= FILLED * _area(box) and not any(_touch(box, mark) for mark in marks)
                      and _comes_or_goes(frames, t, box, value))
        if boxes:
            lost[t] = boxes
    rare = len(lost) <= max(1, RARE * len(frames)) and len(frames) >= FEWEST
    return BurntIn(marks if len(marks) <= MARKS else (), lost if rare else {})


def _pieces(part: np.ndarray, value: float) -> list[tuple[Box, int]]:
    """Rectangles and strokes of a value with sharp ends: bounding boxes, and pixels with what they enclose."""
    equal = part == value
    if not MARK <= np.count_nonzero(equal) <= BACKGROUND * equal.size:
        return []  # quick, as in nearly every frame
    square = equal[:-1, :-1] & equal[1:, :-1] & equal[:-1, 1:] & equal[1:, 1:]
    whole = _whole_lines(equal) | _whole_lines(equal.T).T
    if not square.any() and not whole.any():
        return []
    thick = whole
    for rows in (slice(None, -1), slice(1, None)):
        for columns in (slice(None, -1), slice(1, None)):
            thick[rows, columns] |= square
    labels, _ = ndimage.label(thick, np.ones((3, 3)))
    others = part[::STRIDE, ::STRIDE][~equal[::STRIDE, ::STRIDE]].astype(np.float64)
    jump = JUMP * np.ptp(np.percentile(others, (1, 99))) if others.size else 0.0
    kept, pixels = [], 0
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        piece = labels[rows, columns] == number
        if piece.sum() < PIECE:
            continue
        size = int(ndimage.binary_fill_holes(piece).sum())
        is_rectangle = size >= FILLED * piece.size
        thickness = 0 if is_rectangle else 2 * ndimage.distance_transform_cdt(np.pad(piece, 1)).max() - 1
        is_stroke = thickness <= min(THICK, max(piece.shape) / STROKE)
        if (is_rectangle or is_stroke) and _step(part, equal, value, rows, columns, piece) > jump:
            pixels += piece.sum()
            kept.append(((rows.start, rows.stop, columns.start, columns.stop), size))
    return kept if pixels >= ALONE * thick.sum() else []


def _whole_lines(equal: np.ndarray) -> np.ndarray:
    """Lines all along a frame, which may be one pixel thin."""
    return np.repeat(equal.all(axis=1)[:, None], equal.shape[1], axis=1)


def _step(part: np.ndarray, equal: np.ndarray, value: float, rows: slice, columns: slice, piece: np.ndarray) -> float:
    """How much the pixels beside a piece differ from it; 0 if less than those further away, or no more than noise."""
    around = [slice(max(one.start - 2, 0), one.stop + 2) for one in (rows, columns)]
    inside = np.zeros(part[tuple(around)].shape, bool)
    height, width = piece.shape
    inside[rows.start - around[0].start :, columns.start - around[1].start :][:height, :width] = piece
    near = ndimage.binary_dilation(inside, np.ones((3, 3)))
    far = ndimage.binary_dilation(near, np.ones((3, 3))) & ~near
    steps = np.abs(part[tuple(around)].astype(np.float64) - value)
    others = ~equal[tuple(around)]
    beside, further = steps[near & ~inside & others], steps[far & others]
    if len(beside) < PIECE or len(further) < PIECE or others[near & ~inside].mean() < 0.5:
        return 0.0
    spread = np.median(np.abs(further - np.median(further)))
    step = float(np.median(beside))
    return step if step >= STEP * np.median(further) and np.percentile(beside, 10) > CLEAR * spread else 0.0


def _steady(pieces: list[list[tuple[Box, int, float]]], shape: tuple[int, int]) -> tuple[Box, ...]:
    """Places in which most frames have pieces, with three steady sides at least: a bar may grow, digits may change."""
    covered = np.zeros(shape, bool)
    for box, _, _ in (piece for of_frame in pieces for piece in of_frame):
        covered[box[0] : box[1], box[2] : box[3]] = True
    joined = ndimage.binary_dilation(covered, np.ones((3, 3)), iterations=JOINED // 2)
    labels, _ = ndimage.label(joined, np.ones((3, 3)))
    marks = []
    for number in range(1, labels.max() + 1):
        boxes, sizes = [], []
        for of_frame in pieces:
            here = [(box, size) for box, size, _ in of_frame if labels[box[0], box[2]] == number]
            if here:
                edges = np.array([box for box, _ in here])
                boxes.append([edges[:, 0].min(), edges[:, 1].max(), edges[:, 2].min(), edges[:, 3].max()])
                sizes.append(sum(size for _, size in here))
        if len(boxes) < MOSTLY * len(pieces) or np.median(sizes) < MARK:
            continue
        edges = np.array(boxes)
        steady = (np.abs(edges - np.median(edges, axis=0)) <= SLACK).mean(axis=0) >= MOSTLY
        place = tuple(int(pick(side)) for pick, side in zip((min, max, min, max), edges.T))
        if steady.sum() >= 3 and _area(place) <= BACKGROUND * labels.size:
            marks.append(place)
    return tuple(marks)


def _comes_or_goes(frames: np.ndarray, t: int, box: Box, value: float) -> bool:
    """Whether the frame before or the one after has other values in a place."""
    top, bottom, left, right = box
    return any(np.mean(frames[other][top:bottom, left:right] == value) < 0.5
               for other in (t - 1, t + 1) if 0 <= other < len(frames))


def _area(box: Box) -> int:
    return (box[1] - box[0]) * (box[3] - box[2])


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
