"""Maps of scores, their highest points, and detectors that are kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs, small_model

from tapnb import detect
from tapnb.detect import Detector, DetectorHead, Joining
from tapnb.movies import Movie


@pytest.fixture(scope="module")
def detector():
    torch.manual_seed(0)
    head = DetectorHead(2)
    torch.nn.init.normal_(head.layers[-1].weight, std=1.0)
    return Detector(("division", "death"), small_model().features, head.eval())


def peaks(*rows):
    return pd.DataFrame(rows, columns=detect.COLUMNS)


def test_a_map_of_a_frame_pair_is_that_of_its_crop(detector):
    movie = shrinking_discs(1)
    (scores,) = detector.maps(movie, [3])
    pair = torch.from_numpy(np.stack([detect.normalise(movie.frames[t], movie.levels[t]) for t in (3, 4)]))
    with torch.no_grad():
        alone = detector.head(detector.features(pair[None]))[0].sigmoid().numpy()
    assert scores.shape == (2, 32, 32) and scores.dtype == np.float32
    np.testing.assert_allclose(scores, alone, atol=1e-5)
    (backwards,) = detector.maps(movie, [3], backwards=True)
    assert np.abs(backwards - scores).max() > 0.01  # the order of the frames counts


def test_both_ways_at_once_are_those_of_either(detector):
    movie, joining = shrinking_discs(1), Joining(lowest=0)
    for backwards, table in zip((False, True), detector.find_both_ways(movie, [1, 2, 7], joining)):
        pd.testing.assert_frame_equal(table, detector.find(movie, [1, 2, 7], joining, backwards, progress=False))


def test_pairs_in_any_order_give_the_same_maps(detector):
    movie = shrinking_discs(1)
    together, alone = list(detector.maps(movie, [2, 3, 7])), [next(detector.maps(movie, [t])) for t in (2, 3, 7)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_highest_points_lie_between_four_pixels():
    scores = np.zeros((1, 20, 30), np.float32)
    scores[0, 4, 7], scores[0, 5, 8], scores[0, 15, 29], scores[0, 10, 10] = 0.9, 0.8, 0.5, 0.01
    table = detect.of_map(scores, 6, ["death"])
    assert table.to_dict("list") == {"t": [6, 6], "y": [8.5, 30.5], "x": [14.5, 58.5], "kind": ["death"] * 2,
                                     "score": [np.float32(0.9), np.float32(0.5)]}


def test_points_near_in_space_and_time_are_one_event_the_highest():
    table = detect.joined([
        peaks((3, 10.0, 10.0, "division", 0.5), (3, 50.0, 10.0, "division", 0.4)),
        peaks((4, 14.0, 10.0, "division", 0.9), (4, 12.0, 10.0, "death", 0.3)),
        peaks((9, 14.0, 10.0, "division", 0.2)),
        peaks(),
    ], Joining(pixels=15, frames=3))
    assert table["t"].tolist() == [4, 3, 4, 9] and table["kind"].tolist() == ["division", "division", "death", "division"]
    assert table["score"].tolist() == [0.9, 0.4, 0.3, 0.2]


def test_one_that_is_left_out_takes_no_other_with_it():
    table = detect.joined([peaks((1, 0.0, 0.0, "division", 0.9), (1, 0.0, 10.0, "division", 0.8),
                                 (1, 0.0, 20.0, "division", 0.7))], Joining(pixels=15))
    assert table["x"].tolist() == [0.0, 20.0]


def test_nothing_found_is_an_empty_table(detector):
    table = detector.find(shrinking_discs(1), joining=Joining(lowest=1.1), progress=False)
    assert list(table) == detect.COLUMNS and len(table) == 0


def test_frame_pairs_that_show_nothing_are_not_searched(detector):
    movie = shrinking_discs(1)
    left_out = replace(movie, unusable_pairs=np.arange(11) == 4)
    everything = detector.find(movie, progress=False, joining=Joining(lowest=0, frames=0))
    assert 5 in set(everything["t"])
    assert 5 not in set(detector.find(left_out, progress=False, joining=Joining(lowest=0, frames=0))["t"])


def test_frames_of_other_pixels_are_rescaled(detector):
    movie = shrinking_discs(1, side=256, per_frame=20)
    trained, own = replace(detector, um_per_pixel=1.0), replace(movie, um_per_pixel=1.0)
    twice = Movie(movie.frames.repeat(2, 1).repeat(2, 2), um_per_pixel=0.5)
    assert trained.zoom(twice) == 0.5
    assert trained.zoom(replace(movie, um_per_pixel=1.05)) == 1 == detector.zoom(twice)  # nearly the same; unknown
    one, other = (next(trained.maps(of, [3])) for of in (own, twice))
    assert one.shape == other.shape and np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.85  # blurred a little
    assert next(detector.maps(twice, [3])).shape == (2, 256, 256)


def test_events_are_given_in_the_movies_own_pixels():
    table = detect.joined([peaks((3, 10.0, 20.0, "division", 0.5))], zoom=0.5)
    assert table[["y", "x"]].to_numpy().tolist() == [[20.5, 40.5]]  # the middle of two pixels each


def test_a_kept_detector_finds_the_same(detector, tmp_path):
    movie, path = shrinking_discs(1), tmp_path / "detector.safetensors"
    replace(detector, um_per_pixel=0.645, threshold=0.3, calibration={"division": (2.0, -1.0)}).save(path)
    loaded = Detector.load(path)
    assert (loaded.kinds, loaded.um_per_pixel, loaded.threshold) == (detector.kinds, 0.645, 0.3)
    assert loaded.calibration == {"division": (2.0, -1.0)} and detector.calibration == {}
    for one, other in zip(detector.maps(movie, [1, 2]), loaded.maps(movie, [1, 2])):
        np.testing.assert_allclose(one, other, atol=5e-3)  # kernels in float16


def test_weights_of_something_else_are_no_detector(tmp_path):
    from tapnb import weights

    weights.save(tmp_path / "tap.safetensors", small_model().state_dict())
    with pytest.raises(ValueError, match="tap.safetensors holds no detector of events: give a file"):
        Detector.load(tmp_path / "tap.safetensors")
