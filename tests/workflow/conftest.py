"""A home and a movie of one's own for tests of many runs."""

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of runs and results, new for every test, in this process and in those that it starts."""
    worker = pytest.importorskip("tapnb.workflow.worker")
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    worker._opened.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def movie(tmp_path):
    """Path of a small movie's file."""
    return pytest.importorskip("toy_runs").own_movie(tmp_path)
