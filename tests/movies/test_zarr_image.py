"""Zarr images by their axes; chunks that were never stored."""

import json

import numpy as np
import pytest
import zarr

from tapnb.movies import read_movie, read_stack
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


def group_of(path, about, version):
    """A group of Zarr that is no image."""
    zarr.open_group(path, mode="a", zarr_format=version).attrs.update(about if version == 2 else {"ome": about})
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_the_images_of_bioformats2raw_are_positions(tmp_path, version):
    stack = RNG.integers(1, 4000, (3, 4, 24, 32), dtype=np.uint16)
    path = group_of(tmp_path / "movie.zarr", {"bioformats2raw.layout": 3}, version)
    group_of(path / "OME", {"series": ["0", "1"]}, version)
    zarr_movie(path / "0", stack[0], "tyx", version)
    assert (read_movie(path).frames == stack[0]).all()  # nothing is left open
    zarr_movie(path / "1", stack[1], "tyx", version)
    with pytest.raises(ValueError, match="movie.zarr holds 2 images: choose one with `position`, of 0, 1"):
        read_movie(path)
    with pytest.raises(ValueError, match="movie.zarr has no position 2: it has 0, 1"):
        read_movie(path, choice=Choice(position=2))
    movie = read_movie(path, choice=Choice(position=1))
    assert (movie.frames == stack[1]).all() and movie.minutes_per_frame == 10 and movie.name == "movie"


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("named", [True, False])
def test_a_plate_or_a_well_names_an_image_that_is_there(tmp_path, version, named):
    wells = [{"path": "A/1"}, {"path": "B/2"}, {"path": "../A/1"}, {}] if named else "lost"
    plate = group_of(tmp_path / "plate.zarr", {"plate": {"wells": wells}}, version)
    group_of(plate / "B", {}, version)
    group_of(plate / "B" / "2", {"well": {"images": [{"path": "0"}, {"path": "1"}]}}, version)
    for folder in (plate, plate / "B" / "2"):
        with pytest.raises(ValueError, match="such as the one named 0"):
            read_movie(folder)
    zarr_movie(plate / "B" / "2" / "1", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", version)
    for folder in (plate, plate / "B" / "2"):
        with pytest.raises(ValueError, match=r"no `multiscales`\): give the folder of one image, such as .*plate.zarr/B/2/1\."):
            read_movie(folder, choice=Choice(position=1))
    assert len(read_movie(plate / "B" / "2" / "1").frames) == 3


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


@pytest.mark.parametrize(("of_level", "of_all", "minutes"), [(True, True, 5), (False, True, 5), (True, False, 1 / 60)])
def test_a_scale_that_is_told_of_all_levels_multiplies_that_of_the_level(tmp_path, of_level, of_all, minutes):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(0, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    about = json.loads((path / ".zattrs").read_text())
    image = about["multiscales"][0]
    image["datasets"][0]["coordinateTransformations"] = [{"type": "scale", "scale": [1, 0.5, 0.5]}] if of_level else []
    if of_all:
        image["coordinateTransformations"] = [{"type": "scale", "scale": [300, 1, 1]}]
    (path / ".zattrs").write_text(json.dumps(about))
    movie = read_movie(path)
    assert movie.minutes_per_frame == pytest.approx(minutes) and movie.um_per_pixel == (0.5 if of_level else 1)


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


def plain(path, stack, version, chunks, **options):
    """A plain array; its axes are named in version 3."""
    names = {"dimension_names": ["time", "y", "x"]} if version == 3 else {}
    zarr.create_array(path, shape=stack.shape, chunks=chunks, dtype=stack.dtype, zarr_format=version, **names,
                      **options)[...] = stack
    return path


def chunk_files(path):
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name[0] not in ".z")


WAYS = [(2, {}, True), (3, {}, True), (2, {}, False), (3, {}, False), (3, {"shards": (1, 24, 32)}, False)]


@pytest.mark.parametrize(("version", "options", "ome"), WAYS)
@pytest.mark.parametrize(("lost", "kept", "unusable"), [((4, 5), [0, 1, 2, 3], None), ((2, 5), [0, 1, 3, 4], [1])])
def test_time_points_that_were_never_stored_are_no_zeros(tmp_path, version, options, ome, lost, kept, unusable):
    stack = RNG.integers(100, 4000, (6, 24, 32), dtype=np.uint16)
    path = tmp_path / "movie.zarr"
    path = zarr_movie(path, stack, "tyx", version) if ome else plain(path, stack, version, (1, 12, 16) if options else (1, 24, 32),
                                                                   **options)
    files = chunk_files(path)
    assert len(files) == 6
    for t in lost:
        files[t].unlink()
    movie = read_movie(path)
    assert (movie.frames == stack[kept]).all()
    assert "promise 6 time points, of which 2 are not there" in movie.source
    assert (None if movie.unusable_pairs is None else np.flatnonzero(movie.unusable_pairs).tolist()) == unusable


@pytest.mark.parametrize("version", [2, 3])
def test_a_frame_that_lost_a_chunk_is_left_out_and_one_that_may_be_black_there_is_said(tmp_path, version):
    stack = RNG.integers(100, 4000, (6, 24, 32), dtype=np.uint16)
    stack[4, 5, 5] = 0  # so that a black chunk in the same frame is nothing odd
    path = plain(tmp_path / "movie.zarr", stack, version, (1, 12, 16))
    files = chunk_files(path)
    files[2 * 4 + 1].unlink(), files[4 * 4 + 3].unlink()
    expected = stack.copy()
    expected[4, 12:, 16:] = 0
    movie = read_movie(path)
    assert (movie.frames == expected[[0, 1, 3, 4, 5]]).all() and np.flatnonzero(movie.unusable_pairs).tolist() == [1]
    assert "in 1 time point parts were not stored and are read as 0" in movie.source and "of which 1 is not" in movie.source


@pytest.mark.parametrize("dtype", ["u1", "f4", "u2"])
def test_what_a_shard_lacks_is_no_zeros(tmp_path, dtype):
    """A shard of several time points, of which the last were never written, whatever the value for that is."""
    stack = RNG.integers(100, 200, (8, 24, 32)).astype(dtype)
    array = zarr.create_array(tmp_path / "movie.zarr", shape=stack.shape, chunks=(1, 12, 16), shards=(4, 24, 32), dtype=dtype,
                              fill_value=np.nan if dtype == "f4" else 7)
    array[:6] = stack[:6]
    movie = read_movie(tmp_path / "movie.zarr")
    assert (movie.frames == stack[:6]).all() and "of which 2 are not there" in movie.source


def test_planes_that_were_never_stored_are_no_part_of_a_projection(tmp_path):
    stack = RNG.integers(100, 4000, (4, 2, 3, 24, 32), dtype=np.uint16)
    path = zarr_movie(tmp_path / "movie.zarr", stack, "tczyx", 2)
    (path / "0" / "3" / "1" / "2" / "0" / "0").unlink(missing_ok=True), (path / "0" / "3.1.2.0.0").unlink(missing_ok=True)
    assert (read_movie(path, choice=Choice(channel=1, plane="max")).frames == stack[:3, 1].max(1)).all()
    assert (read_movie(path, choice=Choice(channel=0, plane="max")).frames == stack[:, 0].max(1)).all()


def test_labels_that_were_never_stored_are_none(tmp_path):
    """Zarr stores no chunk that is 0 throughout, as most frames of labels are."""
    labels = np.zeros((6, 24, 32), np.uint8)
    labels[2, 3:8, 4:9] = 1
    path = zarr_movie(tmp_path / "labels.zarr", labels, "tyx", 3)
    assert len(chunk_files(path)) == 1
    assert (read_stack(path, labels=True) == labels).all()


@pytest.mark.parametrize("there", [0, 1])
def test_a_zarr_of_less_than_two_time_points_is_refused(tmp_path, there):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(1, 9, (6, 24, 32), dtype=np.uint8), "tyx", 2)
    for file in chunk_files(path)[there:]:
        file.unlink()
    with pytest.raises(ValueError, match=f"movie.zarr has {there} whole of the 6 time points that its metadata promise"):
        read_movie(path)


def test_a_promise_of_billions_of_frames_costs_nothing(tmp_path):
    path = zarr_movie(tmp_path / "movie.zarr", RNG.integers(1, 9, (3, 8, 9), dtype=np.uint8), "tyx", 2)
    about = json.loads((path / "0" / ".zarray").read_text())
    (path / "0" / ".zarray").write_text(json.dumps(about | {"shape": [2**40, 8, 9]}))
    movie = read_movie(path)
    assert len(movie.frames) == 3 and f"promise {2**40} time points" in movie.source


@pytest.mark.parametrize("version", [2, 3])
def test_big_endian_pixels_are_read(tmp_path, version):
    stack = RNG.integers(0, 4000, (4, 24, 32), dtype=np.uint16)
    options = {"dtype": ">u2"} if version == 2 else {"dtype": "uint16", "serializer": zarr.codecs.BytesCodec(endian="big")}
    zarr.create_array(tmp_path / "movie.zarr", shape=stack.shape, chunks=(1, 24, 32), zarr_format=version, **options)[...] = stack
    frames = read_movie(tmp_path / "movie.zarr").frames
    assert (frames == stack).all() and frames.dtype == np.uint16


@pytest.mark.parametrize("axes", ["xyt", "yxt", "ytx"])
def test_axes_in_another_order_are_read_by_their_letters(tmp_path, axes):
    stack = RNG.integers(0, 4000, (4, 24, 32), dtype=np.uint16)  # t, y, x
    path = zarr_movie(tmp_path / "movie.zarr", stack.transpose(["tyx".index(a) for a in axes]), axes, 2)
    movie = read_movie(path)
    assert (movie.frames == stack).all() and (movie.minutes_per_frame, movie.um_per_pixel) == (10, 0.5)
