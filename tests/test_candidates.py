import numpy as np
import torch
from scipy import ndimage
from toys import shrinking_discs, small_model

from tapnb import candidates, explain
from tapnb.detect import Joining


def test_candidates_are_the_highest_points_of_both_frames_maps():
    movie, model = shrinking_discs(1), small_model()
    table = candidates.candidates(model, movie, [4], Joining(lowest=0.0, most=5, pixels=12))
    maps = explain.maps(model, movie, 4)
    height = ndimage.gaussian_filter(maps["grad_cam"] + maps["second"], candidates.SIGMA)[::2, ::2]
    first = np.unravel_index(height.argmax(), height.shape)
    assert (table["y"][0], table["x"][0]) == (2 * first[0] + 0.5, 2 * first[1] + 0.5)
    assert set(table["t"]) == {5} and set(table["kind"]) == {"candidate"}
    assert table["score"][0] == 1 and table["score"].is_monotonic_decreasing and 1 < len(table) <= 5


def test_pairs_that_follow_each_other_are_those_alone():
    movie, model = shrinking_discs(1), small_model()
    torch.manual_seed(0)
    apart = Joining(lowest=0.0, most=3, pixels=12, frames=0)
    together = candidates.candidates(model, movie, [4, 5], apart)
    alone = candidates.candidates(model, movie, [5], apart)
    np.testing.assert_allclose(together[together["t"] == 6][["y", "x"]], alone[["y", "x"]])
