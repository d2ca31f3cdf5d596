"""Pages that are fewer than promised, damaged metadata, and images beside a movie."""

import numpy as np
import pytest
import tifffile
from tiff_files import RNG, SIZE, in_pages, pixels

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice


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
