"""OME-TIFF and ImageJ hyperstacks by their axes; only pixels that are there; broken tags that no pixel needs."""

import numpy as np
import pytest
import tifffile

from tapnb.movies import catalogue, read_movie, tiff
from tapnb.movies.file_names import Choice
from tapnb.movies.stacks import read_recording

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
    assert "promise 10 time points, of which 4 are not there: 6 to 9, counted from 0" in movie.source


def test_a_frame_missing_in_the_middle_is_a_gap_in_time(tmp_path):
    stack = pixels(6)
    movie = read_movie(stopped(tmp_path / "movie.ome.tif", stack, promised=7, missing=(3,)))
    assert (movie.frames == stack).all() and movie.usable.t.tolist() == [0, 1, 3, 4]
    assert "of which 1 are not there: 3, counted from 0" in movie.source


@pytest.mark.parametrize(("numbers", "says"), [([0, 1, 2, 6, 7], "of which 3 are not there: 3 to 5, "),
                                               ([1, 2, 4, 5], "of which 4 are not there: 0, 3, 6 to 7, ")])
def test_the_remark_says_which_time_points_are_missing(numbers, says):
    assert says in tiff.missing_times(8, len(numbers), numbers)


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


IMAGEJ = "ImageJ=1.53\nimages={}\n{}hyperstack=true\nmode=grayscale\n"


@pytest.mark.parametrize(("says", "lead", "there", "choice", "expected"), [
    ("channels=2\nframes=6\n", (6, 2), 9, {"channel": 1}, lambda s: s[:4, 1]),
    ("channels=2\nframes=6\n", (6, 2), 8, {"channel": 0}, lambda s: s[:4, 0]),
    ("channels=2\nslices=3\nframes=6\n", (6, 3, 2), 20, {"channel": 1, "plane": "max"}, lambda s: s[:3, :, 1].max(1)),
    ("slices=3\nframes=6\n", (6, 3), 10, {"plane": 2}, lambda s: s[:3, 2]),
    ("channels=2\nframes=6\norder=zct\n", (6, 2), 9, {"channel": 1}, lambda s: s[:4, 1]),
    ("frames=6\n", (6,), 4, {}, lambda s: s[:4]),
    ("", (6,), 4, {}, lambda s: s[:4]),
    ("slices=6\n", (6,), 4, {"axes": "TYX"}, lambda s: s[:4]),
    ("channels=2\nframes=3\n", (6, 2), 12, {"channel": 1}, lambda s: s[:, 1])])
def test_a_hyperstack_that_stopped_early_keeps_its_channels_apart(tmp_path, says, lead, there, choice, expected):
    stack = pixels(*lead)
    tifffile.imwrite(tmp_path / "movie.tif", stack.reshape(-1, *SIZE)[:there], photometric="minisblack", metadata=None,
                     description=IMAGEJ.format(int(np.prod(lead)), says))
    movie = read_movie(tmp_path / "movie.tif", choice=Choice(**choice))
    assert (movie.frames == expected(stack)).all()
    assert ("promise 6 time points, of which" in movie.source) == ("frames=3" not in says)
    if choice and "axes" not in choice:
        with pytest.raises(ValueError, match="choose one with `(channel|plane)`"):
            read_movie(tmp_path / "movie.tif")


@pytest.mark.parametrize(("shape", "axes", "choice", "expected"), [
    ((6, *SIZE), "", {}, lambda s: s[:4]), ((6, *SIZE), ', "axes": "TYX"', {}, lambda s: s[:4]),
    ((6, 2, *SIZE), ', "axes": "TCYX"', {"channel": 1}, lambda s: s[:4, 1]),
    ((6, 2, *SIZE), "", {"channel": 1, "axes": "TCYX"}, lambda s: s[:4, 1])])
def test_a_stack_that_says_its_shape_and_stopped_early_is_read(tmp_path, shape, axes, choice, expected):
    stack = pixels(*shape[:-2])
    tifffile.imwrite(tmp_path / "movie.tif", stack[:4].reshape(-1, *SIZE), photometric="minisblack", metadata=None,
                     description=f'{{"shape": {list(shape)}{axes}}}')
    movie = read_movie(tmp_path / "movie.tif", choice=Choice(**choice))
    assert (movie.frames == expected(stack)).all() and "promise 6 time points, of which 2 are not there" in movie.source


def test_one_page_of_a_promised_stack_is_no_movie_and_a_cut_one_is_damaged(tmp_path):
    stack, path = pixels(6), tmp_path / "movie.tif"
    tifffile.imwrite(path, stack[:1], photometric="minisblack", metadata=None, description=IMAGEJ.format(6, "frames=6\n"))
    with pytest.raises(ValueError, match="movie.tif has 1 whole of the 6 time points that its metadata promise"):
        read_movie(path)
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[0].dataoffsets[0]
    head = path.read_bytes()[:start]
    path.write_bytes(head + stack.tobytes())  # as ImageJ writes large stacks: only the first page is described
    assert (read_movie(path).frames == stack).all()
    path.write_bytes(head + stack[:4].tobytes())
    with pytest.raises(ValueError, match="movie.tif is truncated or damaged: copy it again"):
        read_movie(path)


def images_of(*sizes, y=SIZE[0]):
    """OME metadata of several images, each (T, C)."""
    first, text = 0, '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    for i, (t, c) in enumerate(sizes):
        text += (f'<Image ID="Image:{i}"><Pixels ID="Pixels:{i}" DimensionOrder="XYCZT" Type="uint16" SizeX="32" '
                 f'SizeY="{SIZE[0] if not i else y}" SizeZ="1" SizeC="{c}" SizeT="{t}" PhysicalSizeX="0.5">')
        text += "".join(f'<Channel ID="Channel:{i}:{k}" SamplesPerPixel="1"/>' for k in range(c))
        text += f'<TiffData IFD="{first}" PlaneCount="{t * c}"/></Pixels></Image>'
        first += t * c
    return text + "</OME>"


def in_pages(path, frames, description):
    with tifffile.TiffWriter(path) as tiff:
        for i, frame in enumerate(frames):
            tiff.write(frame, photometric="minisblack", metadata=None, contiguous=False, description=None if i else description)
    return path


@pytest.mark.parametrize("cut", [30, 60, 150])
def test_damaged_ome_metadata_do_not_make_channels_into_time(tmp_path, cut):
    stack = pixels(6, 2)
    path = in_pages(tmp_path / "movie.ome.tif", stack.reshape(-1, *SIZE), images_of((6, 2))[:-cut])
    with pytest.raises(ValueError, match="6 time points of 2 channels: choose one with `channel`"):
        read_movie(path)
    movie = read_movie(path, choice=Choice(channel=1))
    assert (movie.frames == stack[:, 1]).all() and "OME metadata are damaged" in movie.source


@pytest.mark.parametrize(("text", "seen"), [(images_of((9, 2))[:-30], "2 channels"), (images_of((3, 1), (3, 1))[:-30], "2 images"),
                                            ('<OME><Image><Pixels SizeC="2"', "2 channels"), ('<OME><Pixels SizeZ="3"/>', "3 planes")])
def test_what_damaged_ome_metadata_leave_open_is_asked(tmp_path, text, seen):
    stack = pixels(6)
    path = in_pages(tmp_path / "movie.ome.tif", stack, text)
    with pytest.raises(ValueError, match=rf"damaged and tell of {seen}, but not which of its 6 pages is what: .*`axes: TYX`"):
        read_movie(path)
    assert (read_movie(path, choice=Choice(axes="TYX")).frames == stack).all()


def test_a_promise_of_billions_of_planes_costs_nothing(tmp_path):
    path = in_pages(tmp_path / "movie.ome.tif", pixels(3), images_of((3, 1)).replace('SizeT="3"', 'SizeT="4000000000"'))
    assert len(read_movie(path).frames) == 3


@pytest.mark.parametrize("y", [SIZE[0], 40])
def test_an_overview_beside_a_movie_is_no_time_point(tmp_path, y):
    stack = pixels(4)
    overview = RNG.integers(0, 4000, (y, 32), dtype=np.uint16)
    movie = read_movie(in_pages(tmp_path / "movie.ome.tif", [*stack, overview], images_of((4, 1), (1, 1), y=y)))
    assert (movie.frames == stack).all() and "1 image beside the movie left out" in movie.source and movie.um_per_pixel == 0.5


def test_positions_of_one_time_point_are_no_movie(tmp_path):
    stack = pixels(3)
    path = in_pages(tmp_path / "movie.ome.tif", stack, images_of((1, 1), (1, 1), (1, 1)))
    for choice in (Choice(), Choice(position=1)):
        with pytest.raises(ValueError, match="holds 3 images of one time point each, such as positions, and no time: .*`axes: TYX`"):
            read_movie(path, choice=choice)
    assert (read_movie(path, choice=Choice(axes="TYX")).frames == stack).all()


def test_positions_are_asked_about_beside_an_overview(tmp_path):
    stack = pixels(7)
    path = in_pages(tmp_path / "movie.ome.tif", stack, images_of((3, 1), (1, 1), (3, 1)))
    with pytest.raises(ValueError, match="holds 3 positions: choose one with `position`, from 0 to 2"):
        read_movie(path)
    assert (read_movie(path, choice=Choice(position=2)).frames == stack[4:]).all()


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


@pytest.mark.parametrize("says", [IMAGEJ.format(6, "frames=6\n"), '{"shape": [6, 24, 32]}'])
def test_pages_of_a_stack_that_was_taken_apart_are_a_folder_of_frames(tmp_path, says):
    stack = pixels(4)
    for t, frame in enumerate(stack):
        tifffile.imwrite(tmp_path / f"t{t}.tif", frame, metadata=None, description=says)
    assert (read_movie(tmp_path).frames == stack).all()


def test_a_hyperstack_that_promises_too_much_is_asked_about(tmp_path):
    stack = pixels(3)
    tifffile.imwrite(tmp_path / "movie.tif", stack, photometric="minisblack", metadata=None,
                     description=IMAGEJ.format(10**9, f"channels={10**9}\nframes={10**9}\n"))
    with pytest.raises(ValueError, match="movie.tif has 3 pages, but its metadata promise 1000000000 of each time point: .*`axes`"):
        read_movie(tmp_path / "movie.tif", choice=Choice(channel=0))
    assert (read_movie(tmp_path / "movie.tif", choice=Choice(axes="TYX")).frames == stack).all()


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


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("options", [{"photometric": "rgb"}, {"photometric": "rgb", "metadata": None},
                                     {"photometric": "rgb", "ome": True, "metadata": {"axes": "TYXS"}},
                                     {"photometric": "rgb", "imagej": True, "metadata": {"axes": "TYXS"}}, {"photometric": "rgb", "planarconfig": "separate"}])
@pytest.mark.parametrize("samples", [3, 4])
def test_grey_that_was_saved_in_colours_is_grey_and_colours_are_asked_about(tmp_path, options, folder, samples):
    grey = RNG.integers(0, 250, (4, *SIZE), dtype=np.uint8)
    colours = np.repeat(grey[..., None], samples, axis=-1)
    colours[..., 3:] = 255  # opacity
    options = options | ({"extrasamples": ["unassalpha"]} if samples == 4 else {})
    if samples == 4 and options.get("imagej"):
        return  # which ImageJ does not write

    def write(path, stack):
        for place, frames in [(path / f"t{t}.tif", frame) for t, frame in enumerate(stack)] if folder else [(path, stack)]:
            of_one = {key: value for key, value in options.items() if key != "metadata" or not folder}
            frames = np.moveaxis(frames, -1, -3) if "planarconfig" in options else frames
            tifffile.imwrite(place, frames, **of_one)
        return path

    path = tmp_path / "movie.tif"
    path.mkdir() if folder else None
    movie = read_movie(write(path, colours))
    assert (movie.frames == grey).all() and "its red, green and blue are equal, so it is read as grey" in movie.source
    colours[0, 3, 4, 1] += 1
    row = folder and "planarconfig" in options  # which may be three frames
    with pytest.raises(ValueError, match="each file is one grey frame" if row else
                       "tif is in colours, which differ.*no RGB, or choose one with `channel`, 0 for red"):
        read_movie(write(path, colours))
    with pytest.raises(ValueError, match="has no channel 3: it has 3, from 0 to 2"):
        read_movie(path, choice=Choice(channel=3))
    movie = read_movie(path, choice=Choice(channel=1))
    assert (movie.frames == colours[..., 1]).all() and "grey" not in movie.source


def test_pages_in_colours_that_were_written_one_by_one_are_read_as_well(tmp_path):
    grey = RNG.integers(0, 250, (4, *SIZE), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "movie.tif") as writer:
        for t, frame in enumerate(grey):
            writer.write(np.repeat(frame[..., None], 3, -1), photometric="rgb", contiguous=False, software=f"camera {t}")
    assert (read_movie(tmp_path / "movie.tif").frames == grey).all()


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
