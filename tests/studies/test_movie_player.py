"""What the player lays over a movie: which frames, which found events, and maps that are computed once."""

import json

import numpy as np
import pytest
from made_up_answers import MOVIE, write_detector, write_network

from tapnb import explain, pretrain
from tapnb.movies import Movie, catalogue
from tapnb.store.runs import Run
from tapnb.studies import movie_player


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    return tmp_path


def test_the_middle_of_a_long_movie_and_all_of_a_short_one():
    frames = np.zeros((96, 8, 8), np.uint8)
    frames[:, 0] = 9
    assert movie_player.stretch(Movie(frames)) == range(24, 72)
    assert movie_player.stretch(Movie(frames[:10])) == range(10)


def test_found_events_have_the_probability_of_the_detectors_calibration(home):
    found, movie = write_detector(home / "results"), catalogue.open_movie(MOVIE, "held-out")
    detector = movie_player.detector_of("synthetic", home / "results")
    shown = movie_player.found(detector, movie)
    assert len(shown.events) == len(found) + 1 and shown.measure == "probability" and shown.threshold == 0.5
    np.testing.assert_allclose(sorted(shown.events["value"])[:2], [0.3, 0.9])
    assert movie_player.found(detector, catalogue.open_movie(MOVIE)) is None  # it searched another movie
    assert movie_player.detector_of("hela", home / "results") is None


@pytest.mark.parametrize("calibration", [{}, {"division": (1.0, 0.0)}])
def test_where_a_kind_has_no_calibration_the_score_is_shown(home, calibration):
    write_detector(home / "results", calibration=calibration)
    shown = movie_player.found(movie_player.detector_of("synthetic", home / "results"),
                               catalogue.open_movie(MOVIE, "held-out"))
    assert shown.measure == "score" and shown.events["value"].min() == 0.3


def test_maps_are_those_of_both_frames_and_computed_once(home, monkeypatch):
    folder = home / "results" / "smoke" / "synthetic"
    write_network(folder)
    name = json.loads((folder / "02_pretraining.json").read_text())["runs"]["tap"]
    tap, movie = Run(folder / "files" / name, {"name": name}), catalogue.open_movie(MOVIE, "held-out")
    maps = movie_player.maps(tap, movie, range(3, 5))
    assert set(maps) == {"grad_cam", "second"} and maps["second"].shape == (2, 256, 256)
    full = explain.maps(pretrain.load(tap.folder), movie, 4)["second"]
    coarse = full.reshape(32, 10, 32, 10).mean((1, 3)).ravel()
    shown = maps["second"][1].reshape(32, 8, 32, 8).mean((1, 3)).ravel()
    assert np.corrcoef(coarse, shown)[0, 1] > 0.97
    monkeypatch.setattr(explain, "maps", None)
    again = movie_player.maps(tap, movie, range(3, 5))
    assert all((again[role] == maps[role]).all() for role in maps)
