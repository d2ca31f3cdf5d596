import numpy as np
import pandas as pd
import pytest

from tapnb.figures import time_arrow
from tapnb.movies import Movie


def movie(**events):
    frames = np.random.default_rng(0).integers(90, 110, (12, 128, 128)).astype(np.uint8)
    frames += np.arange(12, dtype=np.uint8)[:, None, None]
    table = pd.DataFrame(events)
    return Movie(frames, events=table, name="dots")


def test_the_calmest_division_that_fits_is_taken():
    events = movie(t=[2, 5, 6, 11, 5], y=[64.0] * 5, x=[64.0, 64, 70, 64, 20], kind="division", moves=[0.1, 2.0, 1.0, 0.1, 0.1])
    assert time_arrow.calmest_division(events)["x"] == 70  # the others are too early, too late or at the border


def test_the_strip_is_in_the_order_of_time():
    dots = movie(t=[5], y=[64.0], x=[70.0], kind="division", moves=[1.0])
    pixels = time_arrow.strip(dots, time_arrow.calmest_division(dots))
    assert pixels.shape == (64, 384) and pixels.dtype == np.uint8
    middle = dots.frames[4][32:96, 38:102].astype(int)
    shown = pixels[:, 2 * 64 : 3 * 64].astype(int)
    assert np.corrcoef(middle.ravel(), shown.ravel())[0, 1] > 0.99


def test_a_movie_without_division_says_so():
    with pytest.raises(ValueError, match="'dots' has no division"):
        time_arrow.calmest_division(movie(t=[5], y=[64.0], x=[64.0], kind="death", moves=[1.0]))
