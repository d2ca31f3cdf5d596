"""OME-Zarr, NumPy arrays, folders of pictures; and files of other kinds, with what to do."""

import json

import imageio.v3 as imageio
import numpy as np
import pytest
import zarr

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice

RNG = np.random.default_rng(0)


def zarr_movie(path, stack, axes, version):
    """An OME-Zarr image with one resolution."""
    group = zarr.open_group(path, mode="w", zarr_format=version)
    array = group.create_array("0", shape=stack.shape, chunks=(1,) * (stack.ndim - 2) + stack.shape[-2:], dtype=stack.dtype)
    array[...] = stack
    units = {"t": "second", "y": "micrometer", "x": "micrometer"}
    image = [{"axes": [{"name": a} | ({"unit": units[a]} if a in units else {}) for a in axes], "datasets": [
        {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [600.0 if a == "t" else 0.5 for a in axes]}]}]}]
    group.attrs.update({"multiscales": image} if version == 2 else {"ome": {"version": "0.5", "multiscales": image}})
    return path


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(("axes", "shape", "choice", "expected"), [
    ("tyx", (4, 24, 32), {}, lambda s: s), ("tczyx", (4, 2, 3, 24, 32), {"channel": 1, "plane": "max"}, lambda s: s[:, 1].max(1)),
    ("tczyx", (4, 1, 1, 24, 32), {}, lambda s: s[:, 0, 0]), ("ctyx", (2, 4, 24, 32), {"channel": 0}, lambda s: s[0])])
def test_ome_zarr_is_read_by_its_axes(tmp_path, version, axes, shape, choice, expected):
    stack = RNG.integers(0, 4000, shape, dtype=np.uint16)
    movie = read_movie(zarr_movie(tmp_path / "movie.zarr", stack, axes, version), choice=Choice(**choice))
    assert (movie.frames == expected(stack)).all()
    assert (movie.minutes_per_frame, movie.um_per_pixel) == (10, 0.5)


def test_a_zarr_that_leaves_a_channel_open_or_holds_no_image_is_refused(tmp_path):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 2, 8, 9), dtype=np.uint8), "tcyx", 2)
    with pytest.raises(ValueError, match="movie.zarr has 3 time points of 2 channels: choose one with `channel`"):
        read_movie(path)
    (path / ".zattrs").write_text("{}")
    with pytest.raises(ValueError, match="no `multiscales`"):
        read_movie(path)
    (path / ".zattrs").write_text("{")
    with pytest.raises(ValueError, match="zattrs is no readable JSON"):
        read_movie(path)
    (path / ".zattrs").write_text(json.dumps({"multiscales": [{"axes": ["t", "y", "x"], "datasets": [{"path": "7"}]}]}))
    with pytest.raises(ValueError, match="movie.zarr/7 is not a readable Zarr array"):
        read_movie(path)


def test_an_array_is_mapped(tmp_path):
    stack = RNG.integers(0, 255, (5, 24, 32), dtype=np.uint8)
    np.save(tmp_path / "movie.npy", stack)
    movie = read_movie(tmp_path / "movie.npy")
    assert (movie.frames == stack).all() and isinstance(movie.frames.base, np.memmap) or isinstance(movie.frames, np.memmap)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01", np.array([{}, {}], object)])
def test_what_is_no_array_of_numbers_is_refused(tmp_path, content):
    if isinstance(content, bytes):
        (tmp_path / "movie.npy").write_bytes(content)
    else:
        np.save(tmp_path / "movie.npy", content, allow_pickle=True)
    with pytest.raises(ValueError, match="movie.npy is no whole NumPy array of numbers"):
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
