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


def test_an_array_without_a_pixel_is_refused(tmp_path):
    np.save(tmp_path / "movie.npy", np.empty((4, 0, 24, 32), np.uint8))
    with pytest.raises(ValueError, match=r"movie.npy has shape \(4, 0, 24, 32\): there is no pixel in it"):
        read_movie(tmp_path / "movie.npy")


@pytest.mark.parametrize("about", [[3], {"ome": [3]}, {"multiscales": 3}, {"multiscales": [{}]}, {"multiscales": [{"datasets": []}]},
                                   {"multiscales": [{"datasets": [{"path": 1}]}]},
                                   {"multiscales": [{"datasets": [{"path": "0"}], "axes": None}]},
                                   {"multiscales": [{"datasets": [{"path": "0"}], "axes": [""]}]},
                                   {"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": 1}]}]},
                                   {"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [
                                       {"type": "scale", "scale": ["x"]}]}]}]}])
def test_zarr_metadata_of_another_kind_are_refused(tmp_path, about):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    (path / ".zattrs").write_text(json.dumps(about))
    with pytest.raises(ValueError, match="movie.zarr has metadata that describe no OME-Zarr image .*: export it again") as error:
        read_movie(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("size", [0, -1, float("nan"), float("inf")])
def test_a_zarr_with_a_size_that_is_none_is_read_without(tmp_path, size):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    about = json.loads((path / ".zattrs").read_text())
    about["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"] = [600, 0.5, size]
    (path / ".zattrs").write_text(json.dumps(about))
    assert read_movie(path).um_per_pixel is None and read_movie(path).minutes_per_frame == 10


def test_a_zarr_whose_chunks_claim_gigabytes_is_refused(tmp_path):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    about = json.loads((path / "0" / ".zarray").read_text())
    (path / "0" / ".zarray").write_text(json.dumps(about | {"chunks": [1, 2**20, 2**20]}))
    with pytest.raises(ValueError, match="movie.zarr has chunks of 1099.5 GB: export it again with one frame a chunk"):
        read_movie(path)


def test_a_damaged_chunk_of_a_zarr_is_named_and_what_it_says_is_short(tmp_path):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 3)
    (path / "0" / "c" / "1" / "0" / "0").write_bytes(b"no zstd")
    with pytest.raises(ValueError, match="movie.zarr is damaged in frame 1 .*: copy the whole folder again"):
        read_movie(path)
    about = json.loads((path / "0" / "zarr.json").read_text())
    (path / "0" / "zarr.json").write_text(json.dumps(about | {"data_type": "a" * 5000}))
    with pytest.raises(ValueError, match="movie.zarr/0 is not a readable Zarr array") as error:
        read_movie(path)
    assert len(str(error.value)) < 500


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


@pytest.mark.parametrize("codecs", [["vlen-utf8", "pickle"], ["pickle"], ["vlen-bytes"]])
def test_objects_in_a_zarr_are_refused_before_a_chunk_is_read(tmp_path, monkeypatch, codecs):
    import numcodecs

    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    about = json.loads((path / "0" / ".zarray").read_text())
    filters = [{"id": codec} | ({"protocol": 5} if codec == "pickle" else {}) for codec in codecs]
    about |= {"dtype": "|O", "filters": filters, "compressor": None, "fill_value": ""}
    (path / "0" / ".zarray").write_text(json.dumps(about))
    monkeypatch.setattr(numcodecs.Pickle, "decode", lambda *args: pytest.fail("a pickle was reached"))
    monkeypatch.setattr(numcodecs.VLenUTF8, "decode", lambda *args: pytest.fail("a chunk was read"))
    with pytest.raises(ValueError, match="movie.zarr") as refused:
        read_movie(path)
    assert "ALLOW_UNSAFE" not in str(refused.value)
