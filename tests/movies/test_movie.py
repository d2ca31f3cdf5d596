import dataclasses
import hashlib

import numpy as np
import pytest
import tifffile

from tapnb.movies import Movie, normalise, read_movie, read_stack
from tapnb.movies.file_names import natural_key


def grey(shape=(5, 24, 32), dtype=np.uint16, seed=0):
    return (np.random.default_rng(seed).random(shape) * 250).astype(dtype)


@pytest.fixture
def stack(tmp_path):
    """Write an array as a TIFF stack and return its path."""

    def write(array, name="movie.tif", **options):
        tifffile.imwrite(tmp_path / name, array, **{"photometric": "minisblack"} | options)
        return tmp_path / name

    return write


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_stack_round_trip(stack, dtype, compression):
    frames = grey(dtype=dtype)
    back = read_stack(stack(frames, compression=compression))
    assert back.dtype == dtype and np.array_equal(back, frames)


@pytest.mark.parametrize("options", [
    {"imagej": True, "metadata": {"axes": "TYX"}}, {"metadata": None}, {"bigtiff": True}, {"byteorder": ">"},
])
def test_other_writers(stack, options):
    frames = grey()
    back = read_stack(stack(frames, **options))
    assert np.array_equal(back, frames) and back.dtype.isnative


def test_singleton_axes_are_dropped(stack):
    frames = grey((5, 1, 24, 32))
    assert np.array_equal(read_stack(stack(frames)), frames[:, 0])


def test_folder_is_read_in_natural_order(tmp_path):
    frames = grey((12, 24, 32))
    for t, frame in enumerate(frames):
        tifffile.imwrite(tmp_path / f"t{t}.tif", frame)
    (tmp_path / "notes.txt").write_text("not a frame")
    assert np.array_equal(read_stack(tmp_path), frames)


def test_natural_key():
    names = ["t10.tif", "t2.tif", "T1.tif", "1.tif", "t2b.tif"]
    assert sorted(names, key=natural_key) == ["1.tif", "T1.tif", "t2.tif", "t2b.tif", "t10.tif"]


@pytest.mark.parametrize("array, options, words", [
    (grey(dtype=np.int32), {}, "dtype int32, expected uint8, uint16"),
    (grey((24, 32)), {}, "one frame of shape"),
    (grey((1, 24, 32)), {}, "one frame of shape"),
    (grey((5, 24, 32, 3), np.uint8), {"photometric": "rgb"}, "no RGB"),
    (grey((24, 32, 3), np.uint8), {"photometric": "rgb"}, "no RGB"),
    (grey((5, 2, 24, 32)), {}, "5 images of 2 images and no time: .*`axes`"),
    (np.where(np.arange(24)[:, None] == 3, np.nan, grey(dtype=np.float32)), {}, "NaN"),
    (np.where(np.arange(5)[:, None, None] == 3, np.inf, grey(dtype=np.float32)), {}, "frame 3"),
])
def test_refused_stacks(stack, array, options, words):
    path = stack(array, **options)
    with pytest.raises(ValueError, match=words) as error:
        read_stack(path)
    assert str(path) in str(error.value)


def test_not_a_tiff(tmp_path):
    path = tmp_path / "movie.tif"
    path.write_text("a letter, not a movie")
    with pytest.raises(ValueError, match="not a readable TIFF file"):
        read_stack(path)


@pytest.mark.parametrize("options", [{}, {"metadata": None}, {"compression": "zlib"}, {"imagej": True, "metadata": {"axes": "TYX"}}])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.95])
def test_truncated_file(stack, options, share):
    path = stack(grey((8, 40, 50)), **options)
    content = path.read_bytes()
    path.write_bytes(content[:int(share * len(content))])
    with pytest.raises(ValueError, match="truncated|not a readable"):
        read_stack(path)


def test_pages_of_mixed_shapes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "movie.tif") as file:
        for shape in ((24, 32), (24, 30)):
            file.write(grey(shape), metadata=None)
    with pytest.raises(ValueError, match="one shape and one dtype"):
        read_stack(tmp_path / "movie.tif")


def test_refused_folders(tmp_path):
    with pytest.raises(ValueError, match="holds no .tif"):
        read_stack(tmp_path)
    tifffile.imwrite(tmp_path / "t0.tif", grey((24, 32)))
    with pytest.raises(ValueError, match="one frame of shape"):
        read_stack(tmp_path)
    tifffile.imwrite(tmp_path / "t1.tif", grey((24, 30)))
    with pytest.raises(ValueError, match="one shape and one dtype"):
        read_stack(tmp_path)
    tifffile.imwrite(tmp_path / "t1.tif", grey((4, 24, 32)))
    with pytest.raises(ValueError, match="in a folder each file is one grey frame"):
        read_stack(tmp_path)


def test_missing_path(tmp_path):
    with pytest.raises(FileNotFoundError, match="check the path"):
        read_stack(tmp_path / "none.tif")


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, bool, np.float32])
def test_movie_with_masks(stack, dtype):
    frames, masks = grey(), np.zeros((5, 24, 32), dtype)
    masks[2, 3:6, 4:8] = 1
    movie = read_movie(stack(frames), stack(masks, "masks.tif"), minutes_per_frame=15, um_per_pixel=0.8)
    assert movie.name == "movie" and movie.minutes_per_frame == 15 and movie.um_per_pixel == 0.8
    assert movie.masks.dtype == np.uint8 and movie.masks.sum() == 12
    assert movie.shape == (5, 24, 32) and movie.source == "read from movie.tif, masks from masks.tif"


def test_refused_masks(stack):
    frames, masks = stack(grey()), np.zeros((5, 24, 32), np.uint8)
    with pytest.raises(ValueError, match="no labelled pixel"):
        read_movie(frames, stack(masks, "masks.tif"))
    with pytest.raises(ValueError, match=r"\(4, 24, 32\) differs from the frames' \(5, 24, 32\)"):
        read_movie(frames, stack(masks[:4], "masks.tif"))
    masks[3, 0, :3] = 1, 7, 255
    with pytest.raises(ValueError, match="values 0, 1, 7, 255 found in frame 3"):
        read_movie(frames, stack(masks, "masks.tif"))


def test_movie_validates_arrays():
    with pytest.raises(ValueError, match="at least 2 frames"):
        Movie(grey((1, 24, 32)))
    with pytest.raises(ValueError, match="type list"):
        Movie([[1]])
    with pytest.raises(ValueError, match="minutes_per_frame of 'movie' is -1"):
        Movie(grey(), minutes_per_frame=-1)
    assert Movie(grey(), np.zeros((5, 24, 32), np.uint8)).masks.max() == 0  # no event is fine in an array


def test_fingerprint_depends_on_content_only():
    frames, masks = grey(), np.zeros((5, 24, 32), np.uint8)
    movie = Movie(frames, masks, "a")
    assert movie.fingerprint == hashlib.sha256(b"<u2 (5, 24, 32)" + frames.tobytes()).hexdigest()[:12]
    assert movie.labels_fingerprint == hashlib.sha256(b"|u1 (5, 24, 32)" + masks.tobytes()).hexdigest()[:12]
    assert Movie(frames.astype(">u2"), masks, "b").fingerprint == movie.fingerprint
    assert Movie(np.repeat(frames, 2, axis=2)[:, :, ::2], masks).fingerprint == movie.fingerprint
    others = [Movie(frames + np.uint16(1)), Movie(frames.astype(np.float32)), Movie(frames.reshape(5, 32, 24))]
    assert len({movie.fingerprint, *(other.fingerprint for other in others)}) == 4
    mended = masks.copy()
    mended[0, 0, 0] = 1
    for other, labels in ((Movie(frames, mended), True), (Movie(frames), False)):  # the pixels are the same
        assert other.fingerprint == movie.fingerprint
        assert other.labels_fingerprint != movie.labels_fingerprint and (other.labels_fingerprint is not None) == labels


def test_levels_and_normalise():
    movie = Movie(grey((3, 64, 80)))
    for t, frame in enumerate(movie.frames):
        assert np.allclose(movie.levels[t], np.percentile(frame[::8, ::8].astype(float), [1, 99.8]))
    frames = normalise(movie.frames, movie.levels)
    assert frames.dtype == np.float32 and movie.levels.dtype == np.float32
    low, high = movie.levels[1]
    assert np.allclose(frames[1], (movie.frames[1] - low) / (high - low), atol=1e-6)
    assert np.array_equal(normalise(movie.frames[1], movie.levels[1]), frames[1])
    with pytest.raises(ValueError, match="one \\(low, high\\) per frame"):
        normalise(movie.frames, movie.levels[:2])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float16, np.float32, np.float64])
def test_levels_are_percentiles_in_the_frames_own_precision(dtype):
    frames = grey((3, 64, 80), dtype)
    expected = np.percentile(frames[:, ::8, ::8].reshape(3, -1), (1, 99.8), axis=1).T.astype(np.float32)
    assert np.array_equal(Movie(frames).levels, expected)


def test_constant_frame_becomes_zero():
    movie = Movie(np.full((2, 16, 16), 7, np.uint8))
    assert np.array_equal(normalise(movie.frames, movie.levels), np.zeros((2, 16, 16)))


def test_movie_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Movie(grey()).name = "other"
