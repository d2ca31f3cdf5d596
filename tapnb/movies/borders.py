"""The part of a frame that was imaged: without the border that a drift correction leaves, or a camera's frame.

A border that grows from frame to frame gives the arrow of time away, and changes more than any cell.
"""

import numpy as np
from scipy import ndimage

__all__ = ["imaged_part"]

FILL = 3  # pixels: the side of a block that noise leaves constant by chance in no corner of most frames
SOLID = 5  # pixels: the same, anywhere
IMAGED = 0.25  # of a frame: if less is left within its borders, these are its background
SPANNED = 0.4  # of an edge, which fill takes up after a shift (all) or a rotation (half)
LEFT = 0.01  # of what is left: more in solid places of the same value are a background, not fill
VALUES = 8  # a line of fewer grey levels repeats by chance


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
    if min(height, width) < 2 * SOLID:
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


def _repeated_lines(frame: np.ndarray) -> int:
    """How many lines at the beginning are copies of the line after them: fill that continues the picture's edge."""
    lines = 0
    while lines < len(frame) - 1 and (frame[lines] == frame[lines + 1]).all():
        lines += 1
    return lines if lines and len(np.unique(frame[0])) > VALUES else 0  # few values: a background without noise
