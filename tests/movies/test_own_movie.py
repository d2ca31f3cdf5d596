"""Movies of one's own, by a YAML file or by options."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import Movie, catalogue, own_movie
from tapnb.movies.catalogue import open_movie


def has_tracking(folder):
    folder.mkdir(parents=True)
    (folder / "man_track.txt").touch()


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
        has_tracking(folder / f"{sequence}_GT" / "TRA")
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
    for name in ("01", "02"):  # 02 is tracked by nobody
        (folder / name).mkdir(parents=True)
    has_tracking(folder / "01_RES")
    monkeypatch.setattr(own_movie, "read_ctc", lambda folder, sequence, before, after, name, *rest:
                        Movie(np.zeros((2, 9, 400), np.uint8), name=name))
    assert [movie.name for movie in catalogue.open_both(folder)] == ["tracked-01-left", "tracked-01-right"]
    for number in ("03", "04"):
        (folder / number).mkdir()
        has_tracking(folder / f"{number}_GT" / "TRA")
    with pytest.raises(FileNotFoundError, match="sequence 02, only 01, 03, 04: name one by its folder, .*/01, or as"):
        open_movie(folder)


def test_a_movie_without_a_lineage_does_not_mind_what_a_single_child_is(own):
    assert catalogue.open_both(own[0], "division")[0].masks is None
    with pytest.raises(ValueError, match="own.tif is no tracked movie .* leave out single_child"):
        open_movie(own[0], single_child="link")
    with pytest.raises(ValueError, match="single_child must be 'link' or 'division', not 'daughter'"):
        open_movie(own[0], single_child="daughter")


def write(folder, names, frames):
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in zip(names, frames):
        tifffile.imwrite(folder / name, frame)
    return folder


@pytest.fixture
def unlike(tmp_path):
    """Frames (6, 40, 400), no two alike."""
    return np.random.default_rng(1).integers(0, 255, (6, 40, 400)).astype(np.uint8)


@pytest.mark.parametrize("option", [{"channel": 3}, {"position": 0}, {"plane": 1}, {"plane": "max"}, {"pattern": "*.tif"},
                                    {"gaps": "allow"}, {"gaps": "refuse"}])
def test_an_option_that_decides_nothing_of_a_stack_is_refused(own, option):
    (name,) = option
    with pytest.raises(ValueError, match=f"own.tif leaves nothing open that {name} decides, which is for .*: leave out {name}"):
        catalogue.open_whole(own[0], **option)
    np.save(own[0].with_name("own.npy"), tifffile.imread(own[0]))
    with pytest.raises(ValueError, match=f"leave out {name}"):
        open_movie(own[0].with_name("own.npy"), **option)


@pytest.mark.parametrize("option", [{"channel": 3}, {"position": 0}, {"plane": 1}, {"axes": "TYX"}, {"axes": "CYX"}])
def test_an_option_that_decides_nothing_of_a_folder_is_refused(tmp_path, unlike, option):
    folder = write(tmp_path / "movie", [f"t{t}.tif" for t in range(6)], unlike)
    (name,) = option
    with pytest.raises(ValueError, match=f"movie leaves nothing open that {name} decides"):
        catalogue.open_whole(folder, **option)
    assert catalogue.open_whole(folder, gaps="allow", pattern="t*.tif").shape == (6, 40, 400)


def test_options_that_decide_are_taken(tmp_path, unlike):
    both = np.stack([unlike, 255 - unlike], 1)
    tifffile.imwrite(tmp_path / "tc.tif", both, imagej=True, metadata={"axes": "TCYX"})
    assert np.array_equal(catalogue.open_whole(tmp_path / "tc.tif", channel=1).frames, both[:, 1])
    assert np.array_equal(catalogue.open_whole(tmp_path / "tc.tif", plane=1, axes="TZYX").frames, both[:, 1])
    with pytest.raises(ValueError, match="leaves nothing open that plane decides"):
        catalogue.open_whole(tmp_path / "tc.tif", channel=1, plane=0)
    names = [f"t{t}_ch{c}.tif" for t in range(6) for c in range(2)]
    folder = write(tmp_path / "folder", names, both.reshape(12, 40, 400))
    assert np.array_equal(catalogue.open_whole(folder, channel=1).frames, both[:, 1])
    (tmp_path / "movie.yaml").write_text("frames: own.tif\nheld_out: {frames: tc.tif}\nchannel: 1\n")  # of one of the two
    tifffile.imwrite(tmp_path / "own.tif", unlike)
    assert open_movie(tmp_path / "movie.yaml").shape == (6, 40, 400)


def test_a_question_says_where_it_is_answered(tmp_path, unlike):
    both = np.stack([unlike, 255 - unlike], 1)
    tifffile.imwrite(tmp_path / "tc.tif", both, imagej=True, metadata={"axes": "TCYX"})
    with pytest.raises(ValueError, match="choose one with `channel`.*--channel of `tapnb data` and `tapnb events`, or a key of"):
        catalogue.open_whole(tmp_path / "tc.tif")
    (tmp_path / "movie.yaml").write_text("frames: tc.tif\n")
    for opened in (catalogue.open_whole, open_movie):
        with pytest.raises(ValueError, match=r"`channel`.* \(`channel`: a key of movie.yaml\)\.$"):
            opened(tmp_path / "movie.yaml")
    folder = write(tmp_path / "gap", [f"t{t}.tif" for t in (0, 1, 3, 4)], unlike)
    with pytest.raises(ValueError, match=r"`gaps: allow`.*\(`gaps`: --gaps of "):
        open_movie(folder)


@pytest.fixture
def tracked(tmp_path, unlike):
    """A tracked movie of six frames, whose cell 1 divides into 2 and 3 in frame 2."""
    labels = np.zeros((6, 40, 400), np.uint16)
    labels[:2, 8:14, 8:14], labels[2:, 4:9, 8:14], labels[2:, 12:17, 8:14] = 1, 2, 3
    write(tmp_path / "movie" / "01", [f"t{t:03}.tif" for t in range(6)], unlike)
    tra = write(tmp_path / "movie" / "01_GT" / "TRA", [f"man_track{t:03}.tif" for t in range(6)], labels)
    (tra / "man_track.txt").write_text("1 0 1 0\n2 2 5 1\n3 2 5 1\n")
    return tmp_path / "movie"


def test_options_apply_to_tracked_movies(tracked):
    (tracked / "01" / "t000_mask.tif").write_bytes((tracked / "01" / "t000.tif").read_bytes())
    with pytest.raises(ValueError, match="files of 2 kinds.*--pattern of "):
        catalogue.open_whole(tracked)
    chosen = {"pattern": "t[0-9][0-9][0-9].tif"}
    assert len(catalogue.open_whole(tracked, **chosen).events) == 1
    for file in ("01/t004.tif", "01_GT/TRA/man_track004.tif"):
        (tracked / file).unlink()
    with pytest.raises(ValueError, match="a time point is missing"):
        catalogue.open_whole(tracked, **chosen)
    movie = catalogue.open_whole(tracked, gaps="allow", **chosen)
    assert movie.unusable_pairs.tolist() == [False, False, False, True] and movie.events["t"].tolist() == [2]
    with pytest.raises(ValueError, match="movie/01 leaves nothing open that channel decides"):
        catalogue.open_whole(tracked, gaps="allow", channel=1, **chosen)


@pytest.mark.parametrize("sequence", ["1", 1, "01", " 1"])
def test_a_sequence_is_one_however_it_is_written(tracked, sequence):
    assert catalogue.open_whole(tracked, sequence=sequence).name == "movie-01"
    with pytest.raises(FileNotFoundError, match="no tracked sequence 05, only 01: .*--sequence of"):
        catalogue.open_whole(tracked, sequence="5")


def test_labels_have_gaps_where_the_frames_have_them(tmp_path, unlike):
    names, masks = [f"t{t}.tif" for t in (0, 1, 3, 4)], np.zeros((4, 40, 400), np.uint8)
    masks[1, 5:9, 10] = 1
    frames, labels = write(tmp_path / "movie", names, unlike), write(tmp_path / "labels", names, masks)
    movie = catalogue.open_whole(frames, labels=labels, gaps="allow")
    assert movie.masks.sum() == 4 and movie.unusable_pairs.tolist() == [False, True, False]


def test_labels_of_several_channels_are_asked_about(tmp_path, own):
    tifffile.imwrite(tmp_path / "two.tif", np.zeros((3, 2, 40, 400), np.uint8), imagej=True, metadata={"axes": "TCYX"})
    with pytest.raises(ValueError, match="two.tif holds more than one channel, .*: save the one with the labels by itself"):
        catalogue.open_whole(own[0], labels=tmp_path / "two.tif")


@pytest.mark.parametrize("suffix", [".xlsx", ".json", ".ods"])
@pytest.mark.parametrize("radius", ["", "radius: 5\n"])
def test_a_table_of_another_kind_is_the_trouble(own, suffix, radius):
    own[0].with_name(f"p{suffix}").touch()
    own[0].with_name("movie.yaml").write_text(f"frames: own.tif\nlabels: p{suffix}\n{radius}")
    with pytest.raises(ValueError, match=rf"p\{suffix} is a \{suffix} file, which is not read as labels: .* CSV"):
        catalogue.open_whole(own[0].with_name("movie.yaml"))
