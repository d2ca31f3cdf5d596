"""Movies of one's own, by a YAML file or by options."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import Movie, catalogue, own_movie
from tapnb.movies.catalogue import open_movie


@pytest.fixture
def own(tmp_path):
    """Paths of a movie of one's own and its masks, (3, 40, 400)."""
    frames = np.random.default_rng(0).integers(0, 255, (3, 40, 400)).astype(np.uint8)
    masks = np.zeros_like(frames)
    masks[1, 5:9, [10, 390]] = 1
    for name, array in (("own", frames), ("masks", masks)):
        tifffile.imwrite(tmp_path / f"{name}.tif", array, photometric="minisblack")
    return tmp_path / "own.tif", tmp_path / "masks.tif"


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


def test_sequences_of_a_tracked_movie(own, monkeypatch):
    folder = own[0].with_name("tracked")
    for sequence in ("01", "02", "03"):
        (folder / sequence).mkdir(parents=True)
        (folder / f"{sequence}_GT").mkdir()
    frames = np.zeros((2, 9, 400), np.uint8)
    monkeypatch.setattr(own_movie, "read_ctc", lambda folder, sequence, before, after, name, *scale:
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
    monkeypatch.setattr(own_movie, "read_ctc", lambda folder, sequence, before, after, name, *rest:
                        Movie(np.zeros((2, 9, 400), np.uint8), name=name))
    assert [movie.name for movie in catalogue.open_both(folder)] == ["tracked-01-left", "tracked-01-right"]
    for number in ("03", "04"):
        for name in (number, f"{number}_GT"):
            (folder / name).mkdir()
    with pytest.raises(FileNotFoundError, match="sequence 02, only 01, 03, 04: name one by its folder, .*/01, or as"):
        open_movie(folder)


def test_a_movie_without_a_lineage_does_not_mind_what_a_single_child_is(own):
    assert catalogue.open_both(own[0], "division")[0].masks is None
    with pytest.raises(ValueError, match="own.tif is no tracked movie .* leave out single_child"):
        open_movie(own[0], single_child="link")
    with pytest.raises(ValueError, match="single_child must be 'link' or 'division', not 'daughter'"):
        open_movie(own[0], single_child="daughter")
