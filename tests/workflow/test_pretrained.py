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

    def publish(profile, movie, pairs):
        write_json(results.folder(profile, movie) / "02_pretraining.json",
                   {"runs": {"tap": f"tap of {movie}, {profile}"}, "provenance": {"parameters": {"tap_pairs": pairs}}})

    return publish


def test_a_built_in_movie_lends_what_is_published_of_it(published):
    published("cpu", "hela", 4096)
    published("cpu", "mine.tif", 4096)
    said = []
    assert pretrained.of_movie("mine.tif", "hela", said.append) == "tap of hela, cpu" and not said


def test_of_a_movies_own_pretrainings_that_of_most_pairs_is_taken(published):
    for profile, movie, pairs in (("smoke", "mine.tif", 2048), ("cpu--tap-pairs-9000", "mine.tif", 9000), ("cpu", "mine.tif", 4096),
                                  ("paper", "theirs.tif", 10000)):
        published(profile, movie, pairs)
    said = []
    assert pretrained.of_movie("mine.tif", "own", said.append) == "tap of mine.tif, cpu--tap-pairs-9000"
    assert said == ["beginning with the movie's own pretraining, profile cpu--tap-pairs-9000, 9000 pairs"]


def test_a_movie_without_one_is_told_how_to_make_it(published):
    published("cpu", "hela", 4096)
    with pytest.raises(FileNotFoundError, match="mine.tif has no pretraining of its own: `tapnb run 02_pretraining --profile cpu --movie mine.tif`"):
        pretrained.of_movie("mine.tif", "own", print)


def test_weights_of_tarrow_are_for_candidates_only(published, monkeypatch):
    monkeypatch.setattr(pretrained, "read_tarrow", lambda path, on: TimeArrowModel((4, 4, 4, 4)))
    assert pretrained.model("mine.tif", "theirs/model_state.pt", CPU, print)[1] == "theirs/model_state.pt"
    with pytest.raises(ValueError, match="model_state.pt is a file, and a detector learns on a published pretraining only: name"):
        pretrained.of_movie("mine.tif", "theirs/model_state.pt", print)
