"""Tiny movies with an arrow of time, and a tiny network, for tests."""

import numpy as np
import pandas as pd
from scipy import ndimage
from torch import nn

from tapnb.models import TimeArrowModel
from tapnb.movies import Movie


def shrinking_discs(seed: int, frames: int = 12, side: int = 64, per_frame: int = 3) -> Movie:
    """In every frame some discs appear; in the next they are smaller; then they are gone. Labelled as divisions."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(100, 5, (frames, side, side))
    masks, events = np.zeros(pixels.shape, np.uint8), []
    rows, columns = np.mgrid[:side, :side]
    for t in range(frames - 1):
        for y, x in rng.integers(8, side - 8, (per_frame, 2)):
            events.append((t + 1, float(y), float(x), "division"))
            for later, radius in ((0, 7), (1, 3)):
                disc = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
                pixels[t + later][disc] += 80
                masks[t + later][disc] = 1
    return Movie(pixels.clip(0, 255).astype(np.uint8), masks, name=f"discs {seed}",
                 events=pd.DataFrame(events, columns=["t", "y", "x", "kind"]))


def cells(frames=10, side=128, offset=100, noise=3.0):
    """Blobs that move on a background with a camera's offset and noise."""
    rng = np.random.default_rng(0)
    place, pixels = rng.uniform(10, side - 10, (12, 2)), np.zeros((frames, side, side))
    for t in range(frames):
        place = np.clip(place + rng.normal(0, 2, place.shape), 6, side - 7)
        pixels[t][tuple(place.astype(int).T)] = 1
        pixels[t] = offset + 20000 * ndimage.gaussian_filter(pixels[t], 5) + rng.normal(0, noise, (side, side))
    return pixels.clip(0, 60000).astype(np.uint16)


def small_model() -> TimeArrowModel:
    """A small untrained network whose BatchNorms have statistics, as after a training."""
    model = TimeArrowModel((4, 8, 8, 8))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
    return model.eval()
