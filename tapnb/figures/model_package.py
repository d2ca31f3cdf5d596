"""The cover of a detector's package: a frame pair, and what the detector sees in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor

from tapnb.figures.event_pictures import KIND_COLOURS

SIDE = 512
"""Height of the cover in pixels; it is twice as wide."""


def cover(pair: np.ndarray, scores: np.ndarray, kinds: Sequence[str]) -> Image.Image:
    """The earlier frame in grey, and beside it the later one with the scores in colour.

    Parameters
    ----------
    pair : float array, shape (2, h, w)
        Normalised: 0 black, 1 white.
    scores : float array, shape (K, h/2, w/2)
        Between 0 and 1.
    kinds : sequence of str
        One a channel of the scores.
    """
    picture = Image.new("RGB", (2 * SIDE, SIDE))
    for half, frame in enumerate(np.clip(pair, 0, 1)):
        grey = Image.fromarray((frame * 255 + 0.5).astype(np.uint8)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        picture.paste(grey, (half * SIDE, 0))
    for kind, map_of_kind in zip(kinds, scores):
        strength = Image.fromarray((np.clip(map_of_kind, 0, 1) * 255 + 0.5).astype(np.uint8))
        colour = Image.new("RGB", (SIDE, SIDE), ImageColor.getrgb(KIND_COLOURS[kind]))
        picture.paste(colour, (SIDE, 0), strength.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return picture
