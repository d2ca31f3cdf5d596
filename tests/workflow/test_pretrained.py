"""Which pretraining a search for events begins with."""

import pytest
import torch

from tapnb.models import TimeArrowModel
from tapnb.store import results, runs
from tapnb.system.files import write_json
from tapnb.workflow import pretrained

CPU = torch.device("cpu")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A function that publishes a pretraining of so many pairs; runs are told by their names."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    monkeypatch.setattr(runs, "find", lambda name: name)

    def publish(profile, movie, pairs, run=""):
        write_json(results.folder(profile, movie) / "02_pretraining.json",
                   {"runs": {"tap": run or f"tap of {movie}, {profile}"}, "provenance": {"parameters": {"tap_pairs": pairs}}})

    return publish


def test_a_built_in_movie_lends_what_is_published_of_it(published):
    published("cpu", "hela", 4096)
    published("cpu", "mine.tif", 4096)
    said = []
    assert pretrained.of_movie("mine.tif", "hela", said.append) == "tap of hela, cpu" and not said


def test_of_a_movies_own_pretrainings_that_of_most_pairs_is_taken(published):
    for run, profile, movie, pairs in (("tap-1", "smoke", "mine.tif", 2048), ("tap-3", "longer", "mine.tif", 9000),
                                       ("tap-3", "tuned", "mine.tif", 9000), ("tap-2", "cpu", "mine.tif", 9000),
                                       ("tap-4", "paper", "theirs.tif", 10000)):
        published(profile, movie, pairs, run)
    said = []
    assert pretrained.of_movie("mine.tif", "own", said.append) == "tap-2"  # of two with as many the first by name, whichever lies first
    assert said == ["beginning with the movie's own pretraining, tap-2, 9000 pairs"]


def test_what_a_movies_own_pretraining_cannot_know_is_refused(published):
    published("cpu", "mine.tif", 4096)
    with pytest.raises(ValueError, match=r"without --channel: write that into a movie's YAML file"):
        pretrained.of_movie("mine.tif", "own", print, {"channel": 2})
    assert pretrained.of_movie("mine.tif", "mine.tif", print, {"channel": 2})


def test_a_movie_without_one_is_told_how_to_make_it(published):
    published("cpu", "hela", 4096)
    with pytest.raises(FileNotFoundError, match="mine.tif has no pretraining of its own: `tapnb run 02_pretraining --profile cpu --movie mine.tif`"):
        pretrained.of_movie("mine.tif", "own", print)


def test_weights_of_tarrow_are_for_candidates_only(published, monkeypatch):
    monkeypatch.setattr(pretrained, "read_tarrow", lambda path, on: TimeArrowModel((4, 4, 4, 4)))
    assert pretrained.model("mine.tif", "theirs/model_state.pt", CPU, print)[1] == "theirs/model_state.pt"
    with pytest.raises(ValueError, match="model_state.pt is a file, and a detector learns on a published pretraining only: name"):
        pretrained.of_movie("mine.tif", "theirs/model_state.pt", print)
