"""Fixtures of movies of one's own."""

import numpy as np
import pytest
import tifffile


@pytest.fixture
def own(tmp_path):
    """Paths of a movie of one's own and its masks, (3, 40, 400)."""
    frames = np.random.default_rng(0).integers(0, 255, (3, 40, 400)).astype(np.uint8)
    masks = np.zeros_like(frames)
    masks[1, 5:9, [10, 390]] = 1
    for name, array in (("own", frames), ("masks", masks)):
        tifffile.imwrite(tmp_path / f"{name}.tif", array, photometric="minisblack")
    return tmp_path / "own.tif", tmp_path / "masks.tif"
