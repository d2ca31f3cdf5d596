import numpy as np

from tapnb.figures import errors_crops
from tapnb.movies import Movie, normalise


def test_every_tile_holds_the_earlier_frame_then_the_later_one():
    movie = Movie(np.random.default_rng(0).integers(0, 255, (5, 40, 40), dtype=np.uint8), name="noise")
    places = np.array([[0, 0, 0], [1, 10, 20], [3, 24, 24]])
    pixels = np.asarray(errors_crops.sheet(movie, places, 16, columns=2)).astype(float)
    assert pixels.shape == (32, 2 * 34)
    tile = pixels[:16, 34:68]
    for half, frame in ((tile[:, :16], 1), (tile[:, 18:], 2)):
        expected = np.clip(normalise(movie.frames[frame, 10:26, 20:36], movie.levels[frame]), 0, 1) * 255
        assert abs(half - expected).max() <= 0.51
    assert (pixels[:, 16:18] == 128).all() and (pixels[16:, 34:] == 128).all()  # the line between; no fourth pair


def test_the_path_runs_from_recall_to_the_right_and_precision_upwards():
    curve = np.array([[1.0, 0.25], [0.5, 1.0], [0.0, np.nan]])
    assert errors_crops.path(curve, 100, 200) == "M100.0 150.0 L50.0 0.0"
