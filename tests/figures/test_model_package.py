"""The cover of a detector's package."""

import numpy as np

from tapnb.figures.model_package import SIDE, cover


def test_the_cover_is_twice_as_wide_as_high_and_shows_scores_on_the_later_frame_only():
    pair = np.zeros((2, 64, 64), np.float32)
    pair[0, :32] = 1.0
    scores = np.zeros((2, 32, 32), np.float32)
    scores[0, 16:] = 1.0  # lower half: divisions; of deaths there are none
    picture = np.asarray(cover(pair, scores, ("division", "death")))
    assert picture.shape == (SIDE, 2 * SIDE, 3)
    upper, lower = picture[SIDE // 4], picture[3 * SIDE // 4]
    assert (upper[: SIDE - 8] == 255).all() and (lower[: SIDE - 8] == 0).all()
    assert (upper[SIDE + 8 :] == 0).all() and (lower[SIDE + 8 :] == (0x56, 0xB4, 0xE9)).all()
