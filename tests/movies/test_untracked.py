"""Data sets in the layout of the Cell Tracking Challenge that nobody tracked, and label images given as frames."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import catalogue


@pytest.fixture
def images():
    """Frames (4, 40, 400), no two alike."""
    return np.random.default_rng(1).integers(0, 255, (4, 40, 400)).astype(np.uint8)


def write(folder, name, images):
    folder.mkdir(parents=True)
    for t, image in enumerate(images):
        tifffile.imwrite(folder / f"{name}{t:03}.tif", image)
    return folder


@pytest.mark.parametrize("beside", ["01_GT", "01_GT/SEG", "01_GT/TRA", "01_RES", "01_ST/SEG"])
def test_frames_without_tracking_are_a_movie_without_labels(tmp_path, images, beside):
    data_set = tmp_path / "set"
    write(data_set / "01", "t", images)
    (data_set / beside).mkdir(parents=True)
    if beside.endswith("SEG"):
        tifffile.imwrite(data_set / beside / "man_seg000.tif", images[0])
    for path in (data_set, data_set / "01"):
        movie = catalogue.open_whole(path)
        assert np.array_equal(movie.frames, images) and movie.masks is None
        assert ("holds no tracking" in movie.source) == ("ST" not in beside)
        assert [part.masks for part in catalogue.open_both(path)] == [None, None]
    assert catalogue.open_whole(data_set, sequence="01").shape == images.shape


def test_of_several_sequences_without_tracking_one_is_asked_for(tmp_path, images):
    for sequence in ("01", "02"):
        write(tmp_path / "set" / sequence, "t", images)
    with pytest.raises(ValueError, match="holds the sequences 01, 02, and no tracking of any: give the folder of one"):
        catalogue.open_whole(tmp_path / "set")
    assert catalogue.open_whole(tmp_path / "set", sequence="02").shape == images.shape
    with pytest.raises(ValueError, match="no tracked sequences"):
        catalogue.open_whole(tmp_path / "set", sequence="03")


@pytest.mark.parametrize(("folder", "name"), [("01_GT/TRA", "man_track"), ("01_GT/SEG", "man_seg"), ("01_ST/SEG", "man_seg"),
                                              ("01_RES", "mask")])
def test_label_images_of_the_challenge_are_no_frames(tmp_path, images, folder, name):
    write(tmp_path / "set" / "01", "t", images)
    labels = write(tmp_path / "set" / folder, name, images)
    with pytest.raises(ValueError, match=f"holds label images, such as {name}000.tif, and no frames: .*set/01[.]$"):
        catalogue.open_whole(labels)


def test_frames_that_are_named_as_labels_are_said(tmp_path, images):
    assert "say that they are labels" in catalogue.open_whole(write(tmp_path / "masks", "mask", images)).source
    assert "labels" not in catalogue.open_whole(write(tmp_path / "man", "t", images)).source
    tifffile.imwrite(tmp_path / "my_labels.tif", images, photometric="minisblack")
    assert "holds labels, not frames" in catalogue.open_whole(tmp_path / "my_labels.tif").source
