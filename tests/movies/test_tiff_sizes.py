"""Sizes of pixels and times of frames."""

import numpy as np
import pytest
import tifffile
from tiff_files import SIZE, in_pages, pixels

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice


def timed(path, stack, about, whens, unit="", channels=1):
    """An OME-TIFF that says when each of its planes was recorded."""
    planes = "".join(f'<Plane TheZ="0" TheT="{t}" TheC="{c}" DeltaT="{when + c if c else when}"{unit}/>'
                     for t, when in enumerate(whens) for c in range(channels))
    text = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels '
            f'ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="32" SizeY="24" SizeZ="1" SizeC="{channels}" '
            f'SizeT="{len(whens)}" {about}>' + '<Channel SamplesPerPixel="1"/>' * channels
            + f'<TiffData IFD="0" PlaneCount="{len(whens) * channels}"/>{planes}</Pixels></Image></OME>')
    return in_pages(path, stack.reshape(-1, *SIZE), text)


@pytest.mark.parametrize(("about", "unit", "factor"), [("", "", 60), ("", ' DeltaTUnit="min"', 1), ('TimeIncrement="900"', "", 60)])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_times_of_the_frames_tell_the_interval_and_gaps(tmp_path, about, unit, factor, channels):
    whens = [factor * minutes for minutes in (0, 15, 30, 75, 90, 105.2)]
    stack = pixels(6, channels)
    path = timed(tmp_path / "movie.ome.tif", stack, about, whens, unit, channels)
    movie = read_movie(path, choice=Choice(channel=0 if channels > 1 else None))
    assert (movie.frames == stack[:, 0]).all() and movie.minutes_per_frame == pytest.approx(15)
    assert "usual 15 minutes passed between the frames 2 and 3 (45 minutes), counted from 0, so there is a gap" in movie.source
    assert np.flatnonzero(movie.unusable_pairs).tolist() == [2]


@pytest.mark.parametrize(("whens", "about", "minutes", "says"), [
    ((0, 900, 1850, 2700), "", 15, ""), ((0, 0, 0, 0), "", None, ""), ((0, 900, 100, 1000), "", None, "do not run forward"),
    ((0, 600, 1200, 1800), 'TimeIncrement="900"', 15, "each 15 minutes, but its frames are 10 minutes apart"),
    ((0, 900, "x", "nan"), "", 15, ""), (("x", "", "nan", 900), "", None, "")])
def test_times_that_jitter_stand_still_or_go_back(tmp_path, whens, about, minutes, says):
    movie = read_movie(timed(tmp_path / "movie.ome.tif", pixels(4), about, whens))
    assert movie.minutes_per_frame == (minutes and pytest.approx(minutes)) and movie.unusable_pairs is None
    assert says in movie.source and ("minutes" in movie.source) == ("apart" in says)


def test_the_speed_of_playing_is_no_interval(tmp_path):
    tifffile.imwrite(tmp_path / "movie.tif", pixels(4), imagej=True, metadata={"axes": "TYX", "fps": 10.0})
    assert read_movie(tmp_path / "movie.tif").minutes_per_frame is None


@pytest.mark.parametrize(("size", "unit"), [(5000, "\u00c5"), (500, "nm"), (5e-4, "mm"), (5e-5, "cm"), (5e-7, "m"), (0.5, "\u00b5m")])
def test_sizes_are_understood_in_other_units(tmp_path, size, unit):
    tifffile.imwrite(tmp_path / "movie.ome.tif", pixels(3), ome=True, metadata={
        "axes": "TYX", "PhysicalSizeX": size, "PhysicalSizeXUnit": unit, "PhysicalSizeY": size, "PhysicalSizeYUnit": unit})
    movie = read_movie(tmp_path / "movie.ome.tif")
    assert movie.um_per_pixel == pytest.approx(0.5) and "squares" not in movie.source


@pytest.mark.parametrize(("y", "said"), [(0.504, False), (1.0, True)])
def test_pixels_that_are_no_squares_are_said(tmp_path, y, said):
    about = {"axes": "TYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "\u00b5m", "PhysicalSizeY": y, "PhysicalSizeYUnit": "\u00b5m"}
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels(3), ome=True, metadata=about)
    tifffile.imwrite(tmp_path / "b.tif", pixels(3), imagej=True, resolution=(2, 1 / y), metadata={"axes": "TYX", "unit": "um"})
    for name in ("a.ome.tif", "b.tif"):
        movie = read_movie(tmp_path / name)
        assert movie.um_per_pixel == pytest.approx(0.5)
        assert (f"no squares, 0.5 micrometres along X and {y:g} along Y" in movie.source) == said


@pytest.mark.parametrize("there", [4, 3])
def test_a_folder_of_an_ome_set_knows_its_sizes_and_gaps(tmp_path, there):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
             '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="32" SizeY="24" SizeZ="1" SizeC="1" SizeT="4" '
             'PhysicalSizeX="0.5">{}</Pixels></Image></OME>')
    files = "".join(f'<TiffData FirstT="{t}" IFD="0" PlaneCount="1"><UUID FileName="set_{t}.ome.tif">urn:uuid:{t}</UUID></TiffData>'
                    for t in range(4))
    files += "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{when}"/>' for t, when in enumerate((0, 600, 1200, 3000)))
    pixels = np.random.default_rng(0).integers(0, 200, (there, 24, 32)).astype(np.uint8)
    (tmp_path / "set").mkdir()
    for t in range(there):
        tifffile.imwrite(tmp_path / "set" / f"set_{t}.ome.tif", pixels[t], description=about.format(files), metadata=None)
    movie = read_movie(tmp_path / "set")
    assert np.array_equal(movie.frames, pixels) and (movie.um_per_pixel, movie.minutes_per_frame) == (0.5, 10.0)
    if there == 4:
        assert "frames 2 and 3 (30 minutes)" in movie.source and np.flatnonzero(movie.unusable_pairs).tolist() == [2]
    else:
        assert "promise 4 time points, of which 1 is not there" in movie.source and movie.unusable_pairs is None


@pytest.mark.parametrize("sizes", [True, False])
def test_files_whose_metadata_are_in_a_companion_file_have_the_sizes_that_it_says(tmp_path, sizes):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{}">'
             '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:c"/></OME>')
    pixels = np.random.default_rng(0).integers(0, 200, (3, 24, 32)).astype(np.uint8)
    for t in range(3):
        tifffile.imwrite(tmp_path / f"set_{t}.ome.tif", pixels[t], description=about.format(t), metadata=None)
    (tmp_path / "set.companion.ome").write_text('<OME><Pixels PhysicalSizeX="0.3" SizeT="5"/></OME>' if sizes else "<OME/>")
    movie = read_movie(tmp_path)
    assert np.array_equal(movie.frames, pixels) and movie.um_per_pixel == (0.3 if sizes else None)
    assert ("promise 5 time points, of which 2 are not there" in movie.source) == sizes
