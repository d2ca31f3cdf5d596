"""Movies larger than memory: a mapped stack is the same movie, is not copied, and leaves nothing behind."""

import re
import subprocess
import sys
import tempfile
import tracemalloc
from collections import namedtuple

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from tapnb import crops, dataset
from tapnb.movies import Movie, catalogue, read_movie, read_stack, storage
from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import read_recording

IN_PLACE = {"plain": {}, "bigtiff": {"bigtiff": True}, "one page after another": {"metadata": None},
            "little-endian ImageJ": {"imagej": True, "metadata": {"axes": "TYX"}, "byteorder": "<"}}
UNPACKED = {"compressed": {"compression": "zlib"}, "big-endian": {"byteorder": ">"},
            "big-endian ImageJ": {"imagej": True, "metadata": {"axes": "TYX"}, "byteorder": ">"},
            "compressed big-endian": {"byteorder": ">", "compression": "zlib"},
            "compressed by pages": {"metadata": None, "compression": "zlib", "rowsperstrip": 7},
            "padded tiles": {"tile": (16, 32)}}


@pytest.fixture
def large(monkeypatch, tmp_path):
    """Map stacks of any size; return the folder of temporary files."""
    monkeypatch.setattr(storage, "LARGE", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    return tmp_path / "temporary"


def grey(shape=(5, 60, 72), dtype=np.uint16):
    return (np.random.default_rng(0).random(shape) * np.iinfo(np.uint16).max).astype(dtype)


def write(path, array, **options):
    tifffile.imwrite(path, array, photometric="minisblack", **options)
    return path


def mapped_file(array):
    """The file behind an array of any number of views, None for one without a name."""
    while not isinstance(array, np.memmap):
        array = array.base
    return array.filename


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("writer", IN_PLACE)
def test_uncompressed_file_is_mapped_where_it_lies(tmp_path, large, writer, dtype):
    frames = grey(dtype=dtype)
    path = write(tmp_path / "movie.tif", frames, **IN_PLACE[writer])
    back = read_stack(path)
    assert back.dtype == dtype and np.array_equal(back, frames)
    assert mapped_file(back) == str(path) and not back.flags.writeable


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("writer", UNPACKED)
def test_other_files_are_unpacked_into_one_without_a_name(tmp_path, large, writer, dtype):
    frames = grey(dtype=dtype)
    back = read_stack(write(tmp_path / "movie.tif", frames, **UNPACKED[writer]))
    assert back.dtype == dtype and back.dtype.isnative and np.array_equal(back, frames)
    assert mapped_file(back) is None and not back.flags.writeable
    assert not list(large.iterdir())


def test_file_of_many_series_and_folder_are_unpacked(tmp_path, large):
    frames = grey()
    (tmp_path / "folder").mkdir()
    with tifffile.TiffWriter(tmp_path / "movie.tif") as file:
        for t, frame in enumerate(frames):
            file.write(frame)  # each with its own description: a series of its own
            tifffile.imwrite(tmp_path / "folder" / f"t{t}.tif", frame)
    for name in ("movie.tif", "folder"):
        back = read_stack(tmp_path / name)
        assert np.array_equal(back, frames) and mapped_file(back) is None and not back.flags.writeable


def test_pages_that_only_a_description_counts_are_mapped(tmp_path, large):
    """Beyond 4 GB ImageJ writes one page, says how many there are, and leaves the rest of the pixels to follow."""
    frames = grey()
    path = write(tmp_path / "movie.tif", frames, imagej=True, metadata={"axes": "TYX"}, byteorder="<")
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 5
        next_page = tiff.pages[0].offset + 2 + 12 * len(tiff.pages[0].tags)
    content = bytearray(path.read_bytes())
    content[next_page:next_page + 4] = bytes(4)  # no page follows the first
    path.write_bytes(content)
    back = read_stack(path)
    assert np.array_equal(back, frames) and mapped_file(back) == str(path)


@pytest.mark.parametrize("size, mapped", [(5 * 60 * 72 * 2, True), (5 * 60 * 72 * 2 + 1, False)])
def test_only_large_stacks_are_mapped(tmp_path, monkeypatch, size, mapped):
    monkeypatch.setattr(storage, "LARGE", size)
    for options in ({}, UNPACKED["compressed"]):
        back = read_stack(write(tmp_path / "movie.tif", grey(), **options))
        assert isinstance(back, np.memmap) == mapped and back.flags.writeable != mapped


@pytest.mark.parametrize("options", [{}, UNPACKED["compressed"], UNPACKED["big-endian ImageJ"]])
@pytest.mark.parametrize("share", [0.3, 0.95])
def test_truncated_file_is_refused_when_mapped(tmp_path, large, options, share):
    path = write(tmp_path / "movie.tif", grey(), **options)
    content = path.read_bytes()
    path.write_bytes(content[:int(share * len(content))])
    with pytest.raises(ValueError, match="truncated|not a readable"):
        read_stack(path)


def test_full_disk_is_said_before_it_is_full(tmp_path, large, monkeypatch):
    path = write(tmp_path / "movie.tif", grey(), compression="zlib")
    monkeypatch.setattr(storage.shutil, "disk_usage", lambda folder: namedtuple("usage", "free")(1000))
    with pytest.raises(ValueError, match=r"movie.tif takes 0\.0 GB unpacked.*temporary has 0\.0 GB left: set TMPDIR"):
        read_stack(path)


def test_masks_of_a_wide_type_and_frames_of_another_byte_order_are_converted_on_disk(large):
    masks = np.zeros((5, 60, 72), np.int32)
    masks[2, 3:9, 4:10] = 2
    movie = Movie(grey().astype(">u2"), masks)
    assert np.array_equal(movie.frames, grey()) and movie.frames.dtype.isnative and mapped_file(movie.frames) is None
    assert np.array_equal(movie.masks, masks) and movie.masks.dtype == np.uint8 and mapped_file(movie.masks) is None
    masks[4, 0, 0] = 300
    with pytest.raises(ValueError, match="values 0, 300 found in frame 4"):
        Movie(grey(), masks)


@pytest.mark.parametrize("writer", IN_PLACE | UNPACKED)
def test_mapped_movie_is_the_same_movie(tmp_path, monkeypatch, writer):
    masks = (np.random.default_rng(1).random((5, 60, 72)) < 0.02).astype(np.uint8)
    paths = [write(tmp_path / name, array, **(IN_PLACE | UNPACKED)[writer])
             for name, array in (("movie.tif", grey()), ("masks.tif", masks))]
    loaded = read_movie(*paths)
    monkeypatch.setattr(storage, "LARGE", 1)
    mapped = read_movie(*paths)
    assert isinstance(mapped.frames, np.memmap) and isinstance(mapped.masks, np.memmap)
    assert mapped.fingerprint == loaded.fingerprint and np.array_equal(mapped.levels, loaded.levels)
    pairs = crops.sample_per_frame_pair(mapped.shape, 24, 50)
    weights = [crops.change_weights(movie.frames, movie.levels, 24) for movie in (mapped, loaded)]
    areas = [dataset.labelled_areas(movie.masks, pairs) for movie in (mapped, loaded)]
    images = [crops.gather(crops.as_tensor(movie.frames), movie.levels, pairs) for movie in (mapped, loaded)]
    for one, other in (weights, areas, images):
        assert np.array_equal(one, other)
    assert dataset.label(areas[0], threshold=15).any()


def test_mapped_movie_is_never_copied(tmp_path, large):
    """All steps to a batch need less memory than two frames as float64."""
    frames = grey((16, 256, 320))
    masks = np.zeros(frames.shape, np.int32)
    masks[3, 100:120, 50:70] = 1
    paths = write(tmp_path / "movie.tif", frames, byteorder=">"), write(tmp_path / "masks.tif", masks)
    tracemalloc.start()
    try:
        whole = read_movie(*paths)
        movie = catalogue.part_of(whole, "train")
        pairs = crops.sample_by_change(crops.change_weights(movie.frames, movie.levels, 48), movie.shape, 48, 20,
                                       np.random.default_rng(0))
        assert len(movie.fingerprint) == 12 and dataset.labelled_areas(movie.masks, pairs).shape == (20, 2)
        tensor = crops.as_tensor(movie.frames)
        assert crops.gather(tensor, movie.levels, pairs).shape == (20, 2, 48, 48)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.shares_memory(tensor.numpy(), whole.frames)
    assert peak < 2 * 256 * 320 * 8


def pictures(folder, names):
    for name, frame in zip(names, grey((len(names), 24, 32), np.uint8), strict=True):
        (tifffile if ".tif" in name else imageio).imwrite(folder / name, frame)
    return read_recording(folder)


def test_lossy_pictures_are_counted_wherever_they_stand_in_a_folder(tmp_path):
    assert pictures(tmp_path, ["t0.png", "t1.jpg", "t2.JPEG"]).remark.startswith("2 of 3 frames are JPEG: JPEG has lost pixels")


@pytest.mark.parametrize(("names", "says"), [
    (["t0.tif", "t1.tif", "t0.png"], "1 PNG or JPEG image beside the TIFF files, such as t0.png, was left out"),
    (["t0.tif", "t1.tif", "seen.png", "seen1.jpg"], "2 PNG or JPEG images beside the TIFF files, such as seen1.jpg, were left out")])
def test_pictures_beside_a_movie_of_tiff_files_are_left_out_and_said(tmp_path, names, says):
    recording = pictures(tmp_path, names)
    assert len(recording.pixels) == 2 and re.search(says, recording.remark)
    assert not read_recording(tmp_path, choice=Choice(pattern="*.tif")).remark


def test_a_movie_that_is_half_tiff_and_half_png_is_no_movie(tmp_path):
    with pytest.raises(ValueError, match="holds 2 TIFF files, such as t0.tif, and 2 PNG or JPEG images, such as t2.png, that go on "
                                         "with their names: .*`pattern`, such as '[*].tif'"):
        pictures(tmp_path, ["t0.tif", "t1.tif", "t2.png", "t3.png"])
    assert len(read_recording(tmp_path, choice=Choice(pattern="*.tif")).pixels) == 2
    assert len(read_stack(tmp_path, choice=Choice(pattern="*.png"))) == 2


MOVIE_OF_200_MB = """
import resource, sys
import numpy as np
from tapnb import crops
from tapnb.movies import read_movie, storage

used = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (used * 1024 + 100_000_000,) * 2)
storage.LARGE = 2**40
try:
    read_movie(sys.argv[1])
    print("it could be loaded")
except MemoryError:
    print("it could not be loaded")
storage.LARGE = 1
movie = read_movie(sys.argv[1])
pair = crops.CropPairs(np.array([50]), np.array([0]), np.array([0]), np.array([False]), 48)
print(crops.gather(crops.as_tensor(movie.frames), movie.levels, pair).sum((0, 2, 3)).tolist())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process to so much memory")
def test_movie_larger_than_memory(tmp_path):
    """200 MB of frames in a process that is granted 100 MB."""
    path = tmp_path / "movie.tif"
    frames = tifffile.memmap(path, shape=(100, 1000, 1000), dtype=np.uint16, photometric="minisblack")
    frames[50, 0, ::8] = 7  # its white level; the rest is a hole in the file
    frames.flush()
    done = subprocess.run([sys.executable, "-c", MOVIE_OF_200_MB, str(path)], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["it could not be loaded", "[6.0, 0.0]"], done.stderr


# A folder whose files hold several channels or planes of one time point each

TWO_CHANNELS = np.random.default_rng(0).integers(0, 200, (3, 2, 24, 32)).astype(np.uint16)  # (T, C or Z, Y, X)


def folder_of(tmp_path, name="t{}.tif", images=TWO_CHANNELS, **options):
    for t, image in enumerate(images):
        tifffile.imwrite(tmp_path / name.format(t), image, **options)
    return tmp_path


@pytest.mark.parametrize(("name", "options"), [("t{}.tif", {"imagej": True, "metadata": {"axes": "CYX"}}),
                                               ("t{}.ome.tif", {"metadata": {"axes": "CYX"}}),
                                               ("t{}.tif", {"metadata": {"axes": "CYX"}})])
def test_a_channel_is_asked_for_and_chosen(tmp_path, name, options):
    path = folder_of(tmp_path, name, **options)
    with pytest.raises(ValueError, match=r"t0\..*tif has 2 channels: choose one with `channel`, such as 0"):
        read_stack(path)
    with pytest.raises(ValueError, match="has no channel 2: it has 2, from 0 to 1"):
        read_stack(path, choice=Choice(channel=2))
    for channel in (0, 1):
        assert np.array_equal(read_stack(path, choice=Choice(channel=channel)), TWO_CHANNELS[:, channel])


def test_a_plane_is_chosen_or_the_brightest_value_taken(tmp_path):
    path = folder_of(tmp_path, imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(ValueError, match="2 planes: choose one with `plane`"):
        read_stack(path)
    assert np.array_equal(read_stack(path, choice=Choice(plane=1)), TWO_CHANNELS[:, 1])
    assert np.array_equal(read_stack(path, choice=Choice(plane="max")), TWO_CHANNELS.max(1))


def test_a_channel_and_a_plane(tmp_path):
    images = np.random.default_rng(1).integers(0, 200, (3, 4, 2, 24, 32)).astype(np.uint16)
    path = folder_of(tmp_path, images=images, imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(ValueError, match="4 planes of 2 channels: choose one with `channel`|`plane`"):
        read_stack(path, choice=Choice(channel=1))
    assert np.array_equal(read_stack(path, choice=Choice(channel=1, plane=2)), images[:, 2, 1])
    assert np.array_equal(read_stack(path, choice=Choice(channel=1, plane="max")), images[:, :, 1].max(1))


def test_pages_that_nothing_names_are_named_with_axes(tmp_path):
    path = folder_of(tmp_path, metadata=None, photometric="minisblack")
    with pytest.raises(ValueError, match="each file is one grey frame .*`axes` what the folder holds, such as TCYX"):
        read_stack(path)
    for axes in ("TCYX", "cyx"):
        with pytest.raises(ValueError, match="2 channels: choose one with `channel`"):
            read_stack(path, choice=Choice(axes=axes))
        assert np.array_equal(read_stack(path, choice=Choice(axes=axes, channel=1)), TWO_CHANNELS[:, 1])


def test_stacks_over_time_and_colours_are_no_frames(tmp_path):
    (tmp_path / "stacks").mkdir(), (tmp_path / "colours").mkdir()
    with pytest.raises(ValueError, match="give a multi-page stack by its own path"):
        read_stack(folder_of(tmp_path / "stacks", imagej=True, metadata={"axes": "TYX"}))
    colours = np.arange(3 * 24 * 32 * 3).reshape(3, 24, 32, 3).astype(np.uint8)
    with pytest.raises(ValueError, match="is in colours, which differ, and frames are expected in grey"):
        read_stack(folder_of(tmp_path / "colours", images=colours, photometric="rgb"))
