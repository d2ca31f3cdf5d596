"""NumPy arrays and folders of pictures; and files of other kinds, with what to do."""

import re

import imageio.v3 as imageio
import numpy as np
import pytest

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice

RNG = np.random.default_rng(0)


def test_an_array_is_mapped(tmp_path):
    stack = RNG.integers(0, 255, (5, 24, 32), dtype=np.uint8)
    np.save(tmp_path / "movie.npy", stack)
    movie = read_movie(tmp_path / "movie.npy")
    assert (movie.frames == stack).all() and isinstance(movie.frames.base, np.memmap) or isinstance(movie.frames, np.memmap)


def npy(shape, dtype="|u1"):
    """A header of numpy.save that claims a shape, and hardly any data."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\1\2"


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01", np.array([{}, {}], object), npy("(4, 5"), npy("(2, -3, 5)"),
                                     npy("(2, 9, 2 ** 40)"), npy((2, 2**40, 2**10)), npy((2, 3), "<q9")])
def test_what_is_no_array_of_numbers_is_refused(tmp_path, content):
    if isinstance(content, bytes):
        (tmp_path / "movie.npy").write_bytes(content)
    else:
        np.save(tmp_path / "movie.npy", content, allow_pickle=True)
    with pytest.raises(ValueError, match="movie.npy is no whole NumPy array of numbers"):
        read_movie(tmp_path / "movie.npy")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("shape", [(), (5,)])
def test_numbers_without_frames_are_no_movie(tmp_path, order, shape):
    np.save(tmp_path / "movie.npy", np.ones(shape, f"{order}u2"))
    with pytest.raises(ValueError, match=re.escape(f"movie.npy has shape {shape}, expected (T, Y, X)")):
        read_movie(tmp_path / "movie.npy")


def test_an_array_without_a_pixel_is_refused(tmp_path):
    np.save(tmp_path / "movie.npy", np.empty((4, 0, 24, 32), np.uint8))
    with pytest.raises(ValueError, match=r"movie.npy has shape \(4, 0, 24, 32\): there is no pixel in it"):
        read_movie(tmp_path / "movie.npy")


def test_pictures_are_frames_and_jpeg_is_said_to_have_lost_pixels(tmp_path):
    stack = RNG.integers(0, 255, (3, 24, 32), dtype=np.uint8)
    for kind in ("png", "jpg"):
        (tmp_path / kind).mkdir()
        for t, frame in enumerate(stack):
            imageio.imwrite(tmp_path / kind / f"t{t}.{kind}", frame)
    movie = read_movie(tmp_path / "png")
    assert (movie.frames == stack).all() and "lost" not in movie.source
    assert "JPEG has lost pixels" in read_movie(tmp_path / "jpg").source
    (tmp_path / "png" / "t1.png").write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match="t1.png is not a readable image"):
        read_movie(tmp_path / "png")


@pytest.mark.parametrize(("name", "says"), [("movie.nd2", "NIS-Elements"), ("movie.czi", "ZEN"), ("movie.lif", "LAS X"),
                                            ("movie.mp4", "lost pixels"), ("table.csv", "holds no frames"),
                                            ("array.h5", "save the array")])
def test_other_kinds_say_what_to_export(tmp_path, name, says):
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(ValueError, match=f"{name} is a .* file, which is not read: .*{says}") as error:
        read_movie(tmp_path / name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dtype", [">u2", ">f4"])
def test_an_array_of_another_byte_order_is_read(tmp_path, dtype):
    stack = RNG.integers(0, 4000, (5, 24, 32)).astype(dtype)
    np.save(tmp_path / "movie.npy", stack)
    frames = read_movie(tmp_path / "movie.npy").frames
    assert (frames == stack).all() and frames.dtype.isnative


@pytest.mark.parametrize("shape", [(96, 400, 6), (100, 100, 40)])
def test_an_array_whose_time_seems_to_stand_last_is_asked_about(tmp_path, shape):
    stack = RNG.integers(0, 255, shape, dtype=np.uint8)
    np.save(tmp_path / "movie.npy", stack)
    with pytest.raises(ValueError, match="as if time stood last: say with `axes` what its axes are, YXT, or TYX"):
        read_movie(tmp_path / "movie.npy")
    assert (read_movie(tmp_path / "movie.npy", choice=Choice(axes="YXT")).frames == np.moveaxis(stack, -1, 0)).all()
    assert (read_movie(tmp_path / "movie.npy", choice=Choice(axes="TYX")).frames == stack).all()
