"""OME-TIFF and ImageJ hyperstacks by their axes; only pixels that are there; broken tags that no pixel needs."""

import numpy as np
import pytest
import tifffile
from tiff_files import RNG, pixels, stopped, written

from tapnb.movies import catalogue, read_movie
from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import read_recording


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


def test_promised_frames_that_are_not_there_are_no_zeros(tmp_path):
    stack = pixels(6)
    movie = read_movie(stopped(tmp_path / "movie.ome.tif", stack, promised=10))
    assert (movie.frames == stack).all() and movie.usable is None
    assert "promise 10 time points, of which 4 are not there: 6 to 9, counted from 0" in movie.source


def test_a_frame_missing_in_the_middle_is_a_gap_in_time(tmp_path):
    stack = pixels(6)
    movie = read_movie(stopped(tmp_path / "movie.ome.tif", stack, promised=7, missing=(3,)))
    assert (movie.frames == stack).all() and movie.usable.t.tolist() == [0, 1, 3, 4]
    assert "of which 1 is not there: 3, counted from 0" in movie.source


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


def test_pages_whose_axes_are_told_in_a_companion_file_that_is_not_there_are_asked_about(tmp_path):
    about = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">'
             '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:c"/></OME>')
    pixels = np.random.default_rng(0).integers(0, 200, (4, 24, 32)).astype(np.uint8)  # two channels of two time points?
    tifffile.imwrite(tmp_path / "set.ome.tif", pixels, description=about, metadata=None, photometric="minisblack")
    with pytest.raises(ValueError, match="set.ome.tif is one of a set whose axes are told in another file: put the .comp"):
        read_movie(tmp_path / "set.ome.tif")
    assert np.array_equal(read_movie(tmp_path / "set.ome.tif", choice=Choice(axes="TYX")).frames, pixels)


@pytest.mark.parametrize(("told", "read"), [('<Pixels SizeC="1" SizeT="4"/>', True), ('<Pixels SizeC="2" SizeT="2"/>', False), (
    '<Pixels SizeC="2" SizeT="4">' + "".join(f'<TiffData FirstT="{t}" FirstC="1" IFD="{t}"><UUID FileName="set.ome.tif">u</UUID>'
                                             "</TiffData>" for t in range(4)) + "</Pixels>", True)])
def test_pages_are_time_points_where_the_companion_file_says_so(tmp_path, told, read):
    about = '<?xml version="1.0"?><OME UUID="urn:uuid:1"><BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:c"/></OME>'
    stack = pixels(4)
    tifffile.imwrite(tmp_path / "set.ome.tif", stack, description=about, metadata=None, photometric="minisblack")
    (tmp_path / "set.companion.ome").write_text(f"<OME><Image>{told}</Image></OME>")
    if read:
        assert (read_movie(tmp_path / "set.ome.tif").frames == stack).all()
    else:
        with pytest.raises(ValueError, match=r"companion.ome file does not tell that its 4 pages are time points: .*`axes`"):
            read_movie(tmp_path / "set.ome.tif")


@pytest.mark.parametrize("kind", ["ome", "imagej"])
@pytest.mark.parametrize(("axes", "lead", "choice", "expected", "asks"), [
    ("CYX", (2,), {"channel": 1}, lambda s: s[:, 1], "2 channels: choose one with `channel`"),
    ("ZYX", (3,), {"plane": "max"}, lambda s: s.max(1), "3 planes: choose one with `plane`"),
    ("ZCYX", (3, 2), {"plane": 1, "channel": 0}, lambda s: s[:, 1, 0], "3 planes of 2 channels: choose one with `plane`")])
def test_channels_within_the_files_of_a_folder_are_asked_about(tmp_path, kind, axes, lead, choice, expected, asks):
    stack = pixels(4, *lead)
    for t in range(4):
        written(tmp_path / f"t{t}.{'ome.' if kind == 'ome' else ''}tif", stack[t], axes, kind)
    with pytest.raises(ValueError, match=f"t0.*tif has {asks}"):
        read_movie(tmp_path)
    movie = read_movie(tmp_path, choice=Choice(**choice))
    assert (movie.frames == expected(stack)).all() and movie.um_per_pixel == pytest.approx(0.65 if kind == "ome" else 0.5)


def test_inverted_grey_levels_are_said(tmp_path):
    stack = pixels(4)
    tifffile.imwrite(tmp_path / "movie.tif", stack, photometric="miniswhite")
    movie = read_movie(tmp_path / "movie.tif")
    assert (movie.frames == stack).all() and "inverted" in movie.source


def test_time_that_stands_last_is_read_by_its_letters_or_asked_about(tmp_path):
    stack = pixels(6)
    turned = np.ascontiguousarray(np.moveaxis(stack, 0, -1))
    tifffile.imwrite(tmp_path / "named.tif", turned, photometric="minisblack", metadata={"axes": "YXT"})
    tifffile.imwrite(tmp_path / "plain.tif", turned, photometric="minisblack")
    assert (read_movie(tmp_path / "named.tif").frames == stack).all()
    with pytest.raises(ValueError, match="24 images of 32 x 6 pixels, as if time stood last: say with `axes`"):
        read_movie(tmp_path / "plain.tif")
    assert (read_movie(tmp_path / "plain.tif", choice=Choice(axes="YXT")).frames == stack).all()


def test_a_set_whose_files_hold_several_time_points_is_given_by_a_file(tmp_path):
    frames = np.random.default_rng(0).integers(0, 200, (6, 24, 32)).astype(np.uint16)
    names = ["t0.ome.tif", "t1.ome.tif"]
    blocks = "".join(f'<TiffData FirstT="{t}" IFD="{t % 3}" PlaneCount="1"><UUID FileName="{names[t // 3]}">urn:uuid:'
                     f'00000000-0000-0000-0000-00000000000{t // 3}</UUID></TiffData>' for t in range(6))
    for i, name in enumerate(names):
        xml = (f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:00000000-0000-0000-0000-00000000000{i}">'
               '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="32" SizeY="24" SizeC="1" '
               f'SizeZ="1" SizeT="6"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{blocks}</Pixels></Image></OME>')
        tifffile.imwrite(tmp_path / name, frames[3 * i : 3 * i + 3], description=xml, metadata=None, photometric="minisblack")
    for choice in (Choice(), Choice(axes="TCYX", channel=0)):
        with pytest.raises(ValueError, match="t0.ome.tif is a file of an OME set, each of which holds several time points: give this"):
            read_recording(tmp_path, choice=choice)
    np.testing.assert_array_equal(read_recording(tmp_path / "t0.ome.tif").pixels, frames)


@pytest.mark.parametrize("metadata", [None, {}])
@pytest.mark.parametrize("place", [0, 6])
def test_an_odd_page_is_named_or_left_out_where_it_is_flagged_as_a_small_copy(tmp_path, metadata, place):
    stack, small = pixels(6), pixels()[::2, ::2]
    for name, flag in (("odd.tif", 0), ("flagged.tif", 1)):
        with tifffile.TiffWriter(tmp_path / name) as writer:
            for i, frame in enumerate([*stack[:place], small, *stack[place:]]):
                writer.write(frame, photometric="minisblack", metadata=metadata, contiguous=False,
                             subfiletype=flag if i == place else 0)
    with pytest.raises(ValueError, match=rf"holds 7 pages, most of them \(24, 32\) uint16, but page {place} is \(12, 16\) uint16"):
        read_movie(tmp_path / "odd.tif")
    movie = read_movie(tmp_path / "flagged.tif")
    assert (movie.frames == stack).all() and f"page {place} (counted from 0), a copy of 12 x 16 pixels" in movie.source
