"""The YAML file that describes a movie of one's own."""

import pytest

from tapnb.movies.movie_file import MovieFile, described, read_movie_file


@pytest.fixture
def file(tmp_path):
    """Write a description beside empty files of the names that it may use."""
    for name in ("stack.tif", "labels.tif", "other.tif"):
        (tmp_path / name).touch()

    def write(text):
        (tmp_path / "movie.yaml").write_text(text)
        return tmp_path / "movie.yaml"

    return write


def test_paths_are_seen_from_the_folder_of_the_file(file, tmp_path, monkeypatch):
    path = file("frames: stack.tif\nlabels: ./labels.tif\nheld_out:\n  frames: other.tif\nminutes_per_frame: 1e1\n")
    monkeypatch.chdir("/")
    own = read_movie_file(path)
    assert own.frames == tmp_path / "stack.tif" and own.labels == tmp_path / "labels.tif"
    assert own.held_out.frames == tmp_path / "other.tif" and own.held_out.labels is None
    assert own.minutes_per_frame == 10 and own.um_per_pixel is None
    assert read_movie_file(file(f"frames: {tmp_path}/stack.tif")).frames == tmp_path / "stack.tif"


def test_a_sequence_needs_no_quotes(file):
    assert read_movie_file(file("frames: stack.tif\nsequence: 02")).sequence == "02"
    assert read_movie_file(file("frames: stack.tif\nsequence: '01'")).sequence == "01"


@pytest.mark.parametrize(("text", "says"), [
    ("frames: stack.tif\nlables: labels.tif", "there is no key 'lables'; did you mean 'labels'"),
    ("frames: stack.tif\nobjective: 20x", "no key 'objective'; the keys are frames, labels"),
    ("frames: stack.tif\nchannel: 1.5", "channel must be a whole number, not 1.5"),
    ("frames: stack.tif\nplane: -1", "plane must be a whole number from 0, not -1"),
    ("frames: stack.tif\ngaps: maybe", "gaps must be .refuse. or .allow., not .maybe."),
    ("frames: stack.tif\nheld_out: {frame: other.tif}", "'held_out: frames' is missing|no key 'held_out: frame'"),
    ("labels: labels.tif", "the key 'frames' is missing"),
    ("frames: 3", "frames must be a path, not 3"),
    ("frames: stack.tif\nheld_out: other.tif", "held_out must be a mapping of its own, with the keys frames"),
    ("frames: stack.tif\num_per_pixel: 0", "um_per_pixel must be a number above 0, not 0"),
    ("frames: stack.tif\num_per_pixel: .nan", "um_per_pixel must be "),
    ("frames: stack.tif\nminutes_per_frame: 1:30", "minutes_per_frame must be a number, not '1:30'"),
    ("frames: stack.tif\nminutes_per_frame: true", "minutes_per_frame must be a number, not True"),
    ("frames: none.tif", "frames: there is no file or folder .*none.tif"),
    ("frames: stack.tif\nheld_out: {frames: none.tif}", "held_out: frames: there is no file or folder .*none.tif"),
    ("frames: stack.tif\nframes: other.tif", "has the key 'frames' twice"),
    ("stack.tif", "must be one mapping"),
])
def test_what_does_not_fit_is_refused_in_one_sentence_that_names_file_and_key(file, text, says):
    with pytest.raises((ValueError, FileNotFoundError), match=f"movie.yaml.*({says})") as error:
        read_movie_file(file(text))
    assert "\n" not in str(error.value)


def test_a_description_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no file .*movie.yaml"):
        read_movie_file(tmp_path / "movie.yaml")


def test_options_are_checked_like_a_file():
    assert isinstance(described({"frames": "stack.tif", "um_per_pixel": 1}, "stack.tif"), MovieFile)
    with pytest.raises(ValueError, match="stack.tif: there is no key 'colour'"):
        described({"frames": "stack.tif", "colour": 1}, "stack.tif")
