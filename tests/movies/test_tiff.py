"""OME-TIFF and ImageJ hyperstacks by their axes; only pixels that are there; broken tags that no pixel needs."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import catalogue, read_movie
from tapnb.movies.file_names import Choice

RNG = np.random.default_rng(0)
SIZE = (24, 32)


def pixels(*lead):
    return RNG.integers(0, 4000, (*lead, *SIZE), dtype=np.uint16)


def written(path, stack, axes, kind):
    if kind == "ome":
        tifffile.imwrite(path, stack, ome=True, metadata={"axes": axes, "PhysicalSizeX": 0.65, "PhysicalSizeXUnit": "µm",
                                                          "TimeIncrement": 15, "TimeIncrementUnit": "min"})
    else:
        tifffile.imwrite(path, stack, imagej=True, resolution=(2, 2),
                         metadata={"axes": axes, "unit": "um", "finterval": 900.0})
    return path


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize(("axes", "shape", "choice", "expected"), [
    ("TYX", (5,), {}, lambda s: s),
    ("TCYX", (5, 2), {"channel": 1}, lambda s: s[:, 1]),
    ("TZYX", (5, 3), {"plane": 2}, lambda s: s[:, 2]),
    ("TZYX", (5, 3), {"plane": "max"}, lambda s: s.max(1)),
    ("TZCYX", (4, 3, 2), {"plane": 0, "channel": 1}, lambda s: s[:, 0, 1]),
    ("TZCYX", (4, 3, 2), {"plane": "max", "channel": 1}, lambda s: s[:, :, 1].max(1)),
    ("ZYX", (6,), {"axes": "TYX"}, lambda s: s),
    ("TCYX", (5, 2), {"channel": 0, "axes": "TCYX"}, lambda s: s[:, 0]),
])
def test_a_channel_and_a_plane_are_chosen_and_sizes_read(tmp_path, kind, axes, shape, choice, expected):
    stack = pixels(*shape)
    movie = read_movie(written(tmp_path / f"movie.{'ome.' if kind == 'ome' else ''}tif", stack, axes, kind),
                       choice=Choice(**choice))
    assert (movie.frames == expected(stack)).all() and movie.frames.dtype == np.uint16
    assert movie.minutes_per_frame == pytest.approx(15) and movie.um_per_pixel == pytest.approx(0.65 if kind == "ome" else 0.5)


def test_channels_before_time_are_read_by_their_letters(tmp_path):
    stack = pixels(2, 5)
    path = written(tmp_path / "movie.ome.tif", stack, "CTYX", "ome")
    assert (read_movie(path, choice=Choice(channel=1)).frames == stack[1]).all()


@pytest.mark.parametrize(("axes", "shape", "choice", "says"), [
    ("TCYX", (5, 2), {}, "5 time points of 2 channels: choose one with `channel`, such as 0"),
    ("TZYX", (5, 3), {}, "3 planes: choose one with `plane`, such as 0 or `plane: max`"),
    ("ZYX", (6,), {}, "6 planes and no time: if the planes are its time points, set `axes: TYX`"),
    ("CYX", (2,), {}, "2 channels and no time"),
    ("TCYX", (5, 2), {"channel": 2}, "has no channel 2: it has 2, from 0 to 1"),
    ("TYX", (5,), {"axes": "TCYX"}, "which the axes 'TCYX' do not fit: give `axes` 3 different letters"),
])
def test_what_is_left_open_is_asked_in_one_sentence(tmp_path, axes, shape, choice, says):
    path = written(tmp_path / "movie.tif", pixels(*shape), axes, "imagej")
    with pytest.raises(ValueError, match=says) as error:
        read_movie(path, choice=Choice(**choice))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_what_the_user_says_of_sizes_goes_first(tmp_path):
    path = written(tmp_path / "movie.ome.tif", pixels(3), "TYX", "ome")
    movie = read_movie(path, minutes_per_frame=30, um_per_pixel=1.0)
    assert (movie.minutes_per_frame, movie.um_per_pixel) == (30, 1.0)


def test_the_movies_file_chooses(tmp_path):
    stack = RNG.integers(0, 255, (4, 2, 48, 400), dtype=np.uint8)
    written(tmp_path / "stack.tif", stack, "TCYX", "imagej")
    (tmp_path / "movie.yaml").write_text("frames: stack.tif\nchannel: 1\n")
    movie = catalogue.open_movie(tmp_path / "movie.yaml")
    assert (movie.frames == stack[:, 1, :, : movie.shape[2]]).all()


def stopped(path, stack, promised, missing=()):
    """An OME-TIFF whose metadata promise more time points than it has, as after a recording that was stopped."""
    xml = tifffile.OmeXml()
    xml.addimage(np.uint16, (promised, *SIZE), (promised, 1, 1, *SIZE, 1), axes="TYX")
    text = xml.tostring()
    there = [t for t in range(promised) if t not in missing][: len(stack)]
    data = "".join(f'<TiffData FirstT="{t}" FirstC="0" FirstZ="0" IFD="{i}" PlaneCount="1"/>' for i, t in enumerate(there))
    start = text.index("<TiffData")
    end = text.index("</TiffData>") + 11 if "</TiffData>" in text else text.index("/>", start) + 2
    with tifffile.TiffWriter(path) as tiff:
        for i, frame in enumerate(stack):
            tiff.write(frame, contiguous=False, metadata=None, description=text[:start] + data + text[end:] if not i else None)
    return path


def test_promised_frames_that_are_not_there_are_no_zeros(tmp_path):
    stack = pixels(6)
    movie = read_movie(stopped(tmp_path / "movie.ome.tif", stack, promised=10))
    assert (movie.frames == stack).all() and movie.usable is None
    assert "promise 10 time points, of which 4 are not there" in movie.source


def test_a_frame_missing_in_the_middle_is_a_gap_in_time(tmp_path):
    stack = pixels(6)
    movie = read_movie(stopped(tmp_path / "movie.ome.tif", stack, promised=7, missing=(3,)))
    assert (movie.frames == stack).all() and movie.usable.t.tolist() == [0, 1, 3, 4]


def test_an_ome_set_of_one_plane_a_file_is_a_folder_of_frames(tmp_path):
    stack = pixels(4)
    for t, frame in enumerate(stack):
        stopped(tmp_path / f"cell_{t:03}.ome.tif", [frame], promised=4)
    assert (read_movie(tmp_path).frames == stack).all()


@pytest.mark.parametrize(("tag", "read"), [(65000, True), (273, False)])
def test_a_broken_tag_stops_only_what_needs_it(tmp_path, tag, read):
    """The data type of one tag is overwritten by one that there is not."""
    stack = pixels(3)
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, stack, photometric="minisblack", metadata=None, extratags=[(65000, "s", 0, "a vendor's", False)])
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[1].tags[tag].offset
    data = bytearray(path.read_bytes())
    data[place + 2 : place + 4] = (99).to_bytes(2, "little")
    path.write_bytes(data)
    if read:
        assert (read_movie(path).frames == stack).all()
    else:
        with pytest.raises(ValueError, match="truncated or damaged|not a readable"):
            read_movie(path)


@pytest.mark.parametrize("xml", ["<OME>", "no xml", "<OME><Image><Pixels PhysicalSizeX='many'/></Image></OME>"])
def test_metadata_that_cannot_be_read_do_not_stop_the_reading(tmp_path, xml):
    stack = pixels(3)
    tifffile.imwrite(tmp_path / "movie.tif", stack, photometric="minisblack", description=xml, metadata=None)
    assert (read_movie(tmp_path / "movie.tif").frames == stack).all()


def test_a_width_that_is_no_number_is_damage(tmp_path):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, np.zeros((5, 24, 32), np.uint16), photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages[0].tags["ImageWidth"].offset
    content = bytearray(path.read_bytes())
    content[place + 2] = 5  # two numbers, of which one is divided by the other
    content[place + 4] = 40
    path.write_bytes(content)
    with pytest.raises(ValueError, match="movie.tif is truncated or damaged: copy it again"):
        read_movie(path)


def test_a_folder_of_an_ome_set_knows_its_sizes(tmp_path):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
             '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="32" SizeY="24" SizeZ="1" SizeC="1" SizeT="3" '
             'PhysicalSizeX="0.5" TimeIncrement="600">{}</Pixels></Image></OME>')
    files = "".join(f'<TiffData FirstT="{t}" IFD="0" PlaneCount="1"><UUID FileName="set_{t}.ome.tif">urn:uuid:{t}</UUID></TiffData>'
                    for t in range(3))
    pixels = np.random.default_rng(0).integers(0, 200, (3, 24, 32)).astype(np.uint8)
    (tmp_path / "set").mkdir()
    for t in range(3):
        tifffile.imwrite(tmp_path / "set" / f"set_{t}.ome.tif", pixels[t], description=about.format(files), metadata=None)
    movie = read_movie(tmp_path / "set")
    assert np.array_equal(movie.frames, pixels) and (movie.um_per_pixel, movie.minutes_per_frame) == (0.5, 10.0)


def test_files_whose_metadata_are_in_a_companion_file_are_read_without_sizes(tmp_path):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{}">'
             '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:c"/></OME>')
    pixels = np.random.default_rng(0).integers(0, 200, (3, 24, 32)).astype(np.uint8)
    for t in range(3):
        tifffile.imwrite(tmp_path / f"set_{t}.ome.tif", pixels[t], description=about.format(t), metadata=None)
    (tmp_path / "set.companion.ome").write_text("<OME/>")
    movie = read_movie(tmp_path)
    assert np.array_equal(movie.frames, pixels) and movie.um_per_pixel is None


def test_pages_whose_axes_are_told_in_a_companion_file_that_is_not_there_are_asked_about(tmp_path):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">'
             '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:c"/></OME>')
    pixels = np.random.default_rng(0).integers(0, 200, (4, 24, 32)).astype(np.uint8)  # two channels of two time points?
    tifffile.imwrite(tmp_path / "set.ome.tif", pixels, description=about, metadata=None, photometric="minisblack")
    with pytest.raises(ValueError, match="set.ome.tif is one of a set whose axes are told in another file: put the .comp"):
        read_movie(tmp_path / "set.ome.tif")
    assert np.array_equal(read_movie(tmp_path / "set.ome.tif", choice=Choice(axes="TYX")).frames, pixels)
