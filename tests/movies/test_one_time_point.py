"""A folder whose files hold several channels or planes of one time point each."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import read_stack
from tapnb.movies.file_names import Choice

IMAGES = np.random.default_rng(0).integers(0, 200, (3, 2, 24, 32)).astype(np.uint16)  # (T, C or Z, Y, X)


def folder(tmp_path, name="t{}.tif", images=IMAGES, **options):
    for t, image in enumerate(images):
        tifffile.imwrite(tmp_path / name.format(t), image, **options)
    return tmp_path


@pytest.mark.parametrize(("name", "options"), [("t{}.tif", {"imagej": True, "metadata": {"axes": "CYX"}}),
                                               ("t{}.ome.tif", {"metadata": {"axes": "CYX"}}),
                                               ("t{}.tif", {"metadata": {"axes": "CYX"}})])
def test_a_channel_is_asked_for_and_chosen(tmp_path, name, options):
    path = folder(tmp_path, name, **options)
    with pytest.raises(ValueError, match=r"t0\..*tif has 3 time points of 2 channels: choose one with `channel`, such as 0"):
        read_stack(path)
    with pytest.raises(ValueError, match="has no channel 2: it has 2, from 0 to 1"):
        read_stack(path, choice=Choice(channel=2))
    for channel in (0, 1):
        assert np.array_equal(read_stack(path, choice=Choice(channel=channel)), IMAGES[:, channel])


def test_a_plane_is_chosen_or_the_brightest_value_taken(tmp_path):
    path = folder(tmp_path, imagej=True, metadata={"axes": "ZYX"})
    with pytest.raises(ValueError, match="3 time points of 2 planes: choose one with `plane`"):
        read_stack(path)
    assert np.array_equal(read_stack(path, choice=Choice(plane=1)), IMAGES[:, 1])
    assert np.array_equal(read_stack(path, choice=Choice(plane="max")), IMAGES.max(1))


def test_a_channel_and_a_plane(tmp_path):
    images = np.random.default_rng(1).integers(0, 200, (3, 4, 2, 24, 32)).astype(np.uint16)
    path = folder(tmp_path, images=images, imagej=True, metadata={"axes": "ZCYX"})
    with pytest.raises(ValueError, match="3 time points of 4 planes of 2 channels: choose one with `channel`|`plane`"):
        read_stack(path, choice=Choice(channel=1))
    assert np.array_equal(read_stack(path, choice=Choice(channel=1, plane=2)), images[:, 2, 1])
    assert np.array_equal(read_stack(path, choice=Choice(channel=1, plane="max")), images[:, :, 1].max(1))


def test_pages_that_nothing_names_are_named_with_axes(tmp_path):
    path = folder(tmp_path, metadata=None, photometric="minisblack")
    with pytest.raises(ValueError, match="each file is one grey frame .*`axes` what the folder holds, such as TCYX"):
        read_stack(path)
    for axes in ("TCYX", "cyx"):
        with pytest.raises(ValueError, match="2 channels: choose one with `channel`"):
            read_stack(path, choice=Choice(axes=axes))
        assert np.array_equal(read_stack(path, choice=Choice(axes=axes, channel=1)), IMAGES[:, 1])


def test_stacks_over_time_and_colours_are_no_frames(tmp_path):
    (tmp_path / "stacks").mkdir(), (tmp_path / "colours").mkdir()
    with pytest.raises(ValueError, match="give a multi-page stack by its own path"):
        read_stack(folder(tmp_path / "stacks", imagej=True, metadata={"axes": "TYX"}))
    with pytest.raises(ValueError, match="each file is one grey frame"):
        read_stack(folder(tmp_path / "colours", images=np.zeros((3, 24, 32, 3), np.uint8), photometric="rgb"),
                   choice=Choice(channel=0))
