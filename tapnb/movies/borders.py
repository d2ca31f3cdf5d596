"""The part of a frame that was imaged: without the border that a drift correction leaves, or a camera's frame.

A border that grows from frame to frame gives the arrow of time away, and changes more than any cell.
"""

import numpy as np
from scipy import ndimage

__all__ = ["growing_borders", "imaged_part", "same_at_edges"]

FILL = 3  # pixels: the side of a block that noise leaves constant by chance in no corner of most frames
SOLID = 5  # pixels: the same, anywhere
IMAGED = 0.25  # of a frame: if less is left within its borders, these are its background
SPANNED = 0.4  # of an edge, which fill takes up after a shift (all) or a rotation (half)
LEFT = 0.01  # of what is left: more in solid places of the same value are a background, not fill
TURNS = 0.03  # of a line's pixels at which it turns up or down: with fewer there is no noise, and lines may be equal
STRIDE = 8  # of every line so many pixels apart are compared first
GROWN = 5  # lines at least by which a border of background grows over a movie
STEADY = 0.9  # rank correlation with time of a border that grows


def imaged_part(frame: np.ndarray) -> tuple[int, int, int, int]:
    """The rectangle of a frame that was imaged, without the fill that a shift or a rotation leaves at its edges.

    Fill is of one value, without noise, and takes up much of an edge; or it repeats the line beside it, or is a mirror
    image of the lines beside it, pixel by pixel, as camera noise never is. Where solid places of one value lie all over
    the frame, or hardly anything else is left, it is the frame's background. What is not found: copied pixels that were
    interpolated (a mirrored shift by parts of a pixel, a rotation), and lines that come in again at the other side.

    Returns
    -------
    tuple of int
        First row, row after the last, first column, column after the last.
    """
    height, width = frame.shape
    whole = (0, height, 0, width)
    if min(height, width) < 2 * SOLID:
        return whole
    corners = [frame[:FILL, :FILL], frame[:FILL, -FILL:], frame[-FILL:, :FILL], frame[-FILL:, -FILL:]]
    corners += [frame[0], frame[-1], frame[:, 0], frame[:, -1]]  # fill may be thinner than a block
    values = {corner.flat[0].item() for corner in corners if (corner == corner.flat[0]).all()}
    boxes = [box for value in sorted(values) if (box := _without_fill(frame == value)) is not None]
    if not boxes:
        rows, columns = _copied_lines(frame), _copied_lines(frame.T)
        boxes = [(rows[0], height - rows[1], columns[0], width - columns[1])]
    top, bottom, left, right = (pick(edges) for pick, edges in zip((max, min, max, min), zip(whole, *boxes)))
    return (top, bottom, left, right) if (bottom - top) * (right - left) >= IMAGED * height * width else whole


def _without_fill(equal: np.ndarray) -> tuple[int, int, int, int] | None:
    """The largest part that solid fill leaves when line after line is peeled off; None if it is no fill."""
    if equal.mean() > 1 - IMAGED:
        return None  # quick, as in every frame of a sparse movie
    blocks, solid = _blocks(equal, FILL), _blocks(equal, SOLID)
    labels, _ = ndimage.label(blocks)
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
    if part.size < IMAGED * fill.size or part.mean() > LEFT:
        return None
    # A shift by parts of a pixel mixes the last line with the fill.
    return (top + (top > 0), bottom - (bottom < fill.shape[0]), left + (left > 0), right - (right < fill.shape[1]))


def _blocks(equal: np.ndarray, side: int) -> np.ndarray:
    """The part of a mask that squares of such a side fill."""
    padded = ndimage.binary_opening(np.pad(equal, side, mode="edge"), np.ones((side, side), bool))
    return padded[side:-side, side:-side]


def _copied_lines(frame: np.ndarray) -> tuple[int, int]:
    """How many lines at the beginning and at the end are copies of others: of the one beside them, or mirror images."""
    lines = len(frame)
    copied = [0, 0]
    for distance in (1, 2):  # mirrors that repeat the line beside them, and mirrors that do not
        near = np.flatnonzero((frame[:-distance, ::STRIDE] == frame[distance:, ::STRIDE]).all(axis=1))
        if not len(near):
            continue  # quick, as in every frame of a camera
        beside = [int(first) for first in near if (frame[first] == frame[first + distance]).all()]
        if distance == 1 and beside:
            repeated = np.isin(np.arange(lines - 1), beside)
            begin, end = int(np.argmin(np.append(repeated, False))), int(np.argmin(np.append(repeated[::-1], False)))
            # Lines of means repeat each other, and not the first line that was imaged: hence one more.
            copied = [begin + (begin > 0) if _noisy(frame[:1]) else 0, end + (end > 0) if _noisy(frame[-1:]) else 0]
        for first in beside:
            depth = min(first + 1, lines - first - distance)  # lines up to the nearer edge
            fill, picture = frame[first + 1 - depth : first + 1], frame[first + distance :][:depth][::-1]
            if depth < lines // 2 and _noisy(fill) and (fill == picture).all():
                at_end = first + 1 > depth
                copied[at_end] = max(copied[at_end], depth)
    return tuple(copied)


def _noisy(lines: np.ndarray) -> bool:
    """Whether every line goes up and down as noise does, so that another one is equal by no chance."""
    up, down = lines[:, 1:] > lines[:, :-1], lines[:, 1:] < lines[:, :-1]
    turns = (up[:, 1:] & down[:, :-1]) | (down[:, 1:] & up[:, :-1])
    return bool((turns.mean(axis=1) >= TURNS).all())


def same_at_edges(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many lines at each edge are of one value, the same for all, and how many in a row inside at most.

    Returns
    -------
    int arrays, shape (4,) and (2,)
        At the top, at the bottom, on the left and on the right; and of rows and of columns inside.
    """
    edges, inside = [], []
    for lines in (frame, frame.T):
        ends = [line for line in (lines[0], lines[-1]) if (line == line[0]).all()]
        if not ends:
            edges += [0, 0]
            inside.append(0)
            continue
        equal = np.concatenate([[False], (lines == ends[0][0]).all(axis=1), [False]])
        starts, stops = np.flatnonzero(equal[1:] & ~equal[:-1]), np.flatnonzero(equal[:-1] & ~equal[1:])
        runs = stops - starts
        edges += [int(runs[starts == 0].sum()), int(runs[stops == len(lines)].sum())]
        inside.append(int(max(runs[(starts > 0) & (stops < len(lines))], default=0)))
    return np.array(edges), np.array(inside)


def growing_borders(edges: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Borders that grow or shrink steadily while the inside has no such gaps: fill of the background's own value.

    Parameters
    ----------
    edges : int array, shape (T, 4)
        Lines of one value at each edge, from :func:`same_at_edges`.
    inside : int array, shape (T, 2)
        The longest run of such rows and columns inside.

    Returns
    -------
    int array, shape (T, 4)
        Width of the border at each edge; 0 where nothing grows.
    """
    widths = np.zeros_like(edges)
    for side, lines in enumerate(edges.T):
        gaps = inside[:, side // 2]
        for turn in (1, -1):  # a border that shrinks is one that grows, seen from the end
            # A line more may be empty by chance, none fewer: what is that wide in all later frames was filled.
            width = np.minimum.accumulate(lines[::turn][::-1])[::-1][::turn]
            grown = (width[-1] - width[0]) * turn
            enough = max(GROWN, 2 * np.median(gaps))
            if len(lines) > 3 and grown >= enough > width.min() and _rises(lines * turn) >= STEADY:
                widths[:, side] = width
    for axis in (slice(0, 2), slice(2, 4)):
        if widths[:, axis].any(axis=0).all():
            widths[:, axis] = 0  # a thing that moves or shrinks, alone on its background
    return widths


def _rises(values: np.ndarray) -> float:
    """Rank correlation with time."""
    ranks = np.unique(values, return_inverse=True)[1]
    return float(np.corrcoef(ranks, np.arange(len(values)))[0, 1])
