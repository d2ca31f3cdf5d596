"""When frames were recorded, by the times in OME metadata."""

import numpy as np
import pytest
import tifffile
from tiff_files import pixels

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice
from tapnb.movies.frame_times import gaps_of, missing_times, time_point_of, usual_step

OME = ('<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels '
       'ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="32" SizeY="24" SizeZ="1" SizeC="1" SizeT="{}">{}</Pixels>'
       '</Image></OME>')


def planes(whens):
    return "".join(f'<Plane TheT="{t}" TheC="0" TheZ="0" DeltaT="{60 * when}"/>' for t, when in enumerate(whens)
                   if when is not None)


def one_file(folder, whens, there):
    """A file of which only the first pages were written."""
    tifffile.imwrite(folder / "movie.ome.tif", pixels(there), metadata=None, photometric="minisblack",
                     description=OME.format(len(whens), f'<TiffData IFD="0" PlaneCount="{there}"/>' + planes(whens)))
    return folder / "movie.ome.tif"


def a_set(folder, whens, there):
    """The files of an OME set, some of which are not there."""
    (folder / "set").mkdir()
    files = "".join(f'<TiffData FirstT="{t}" IFD="0" PlaneCount="1"><UUID FileName="set_{t}.ome.tif">urn:uuid:{t}</UUID></TiffData>'
                    for t in range(len(whens)))
    for t in there:
        tifffile.imwrite(folder / "set" / f"set_{t}.ome.tif", pixels(1)[0], metadata=None,
                         description=OME.format(len(whens), files + planes(whens)))
    return folder / "set"


def singles(folder, whens, start=0, step=1):
    """OME files that know nothing of each other, each with its own time."""
    (folder / "singles").mkdir()
    for t, when in enumerate(whens):
        tifffile.imwrite(folder / "singles" / f"t{start + step * t:04}.ome.tif", pixels(1)[0], metadata=None,
                         description=OME.format(1, '<TiffData IFD="0"/>' + planes([when])))
    return folder / "singles"


def gaps(movie):
    return [] if movie.unusable_pairs is None else np.flatnonzero(movie.unusable_pairs).tolist()


@pytest.mark.parametrize(("whens", "expected"), [
    ([0, 1, 2, 3, 8, 9], [3]), ([0, 1, 2, 3, None, 8, 9, 10], [3, 4]), ([0, 1, 2, None, 4, 5], []), ([0, None, 3, 4, 5], [0, 1]),
    ([0, 1, 2, 3, None, None, 7, 8], [3, 4, 5]), ([0, 1, 2, 3, None, None, 6.4, 7.4], []), ([None, 1, 2, 4, 5, None], [2]),
    ([0, None, None, None], []), ([0, 1, 3, 3.5, 4.5], [1])])
def test_a_gap_is_seen_beside_frames_whose_own_time_is_not_known(whens, expected):
    clock = {t: when for t, when in enumerate(whens) if when is not None}
    places, remark = gaps_of(clock, range(len(whens)))
    assert np.flatnonzero(places).tolist() == expected and bool(expected) == ("in time" in remark)


@pytest.mark.parametrize(("steps", "expected", "says"), [
    ([1, 1, 1, 1, 10, 10, 10], [], ["frame 4, counted from 0, from 1 to 10 minutes"]),
    ([10, 10, 10, 10, 1, 1, 1], [], ["frame 4, counted from 0, from 10 to 1 minutes"]),
    ([1, 1, 1, 5, 10, 10, 10], [], ["frame 4, counted from 0, from 1 to 10 minutes"]),
    ([1, 1, 1, 40, 10, 10, 10], [3], ["from 1 to 10", "frames 3 and 4 (40 minutes)"]),
    ([1, 1, 1, 10, 10, 10, 30, 10, 10, 10, 1, 1, 1, 2, 1, 1, 1], [6, 13], ["at frame 3, counted", "at frame 10, counted"]),
    ([1, 1, 1, 10, 10, 1, 1], [3, 4], ["so there are gaps"]), ([1, 1, 1.1, 1.2, 1.3, 1.1, 1, 1], [], [])])
def test_an_interval_that_changes_is_no_gap_and_is_said(steps, expected, says):
    clock = dict(enumerate(np.cumsum([0, *steps]).tolist()))
    places, remark = gaps_of(clock, range(len(clock)))
    assert np.flatnonzero(places).tolist() == expected and all(part in remark for part in says)
    assert ("its interval changes" in remark) == any("from" in part or "at frame" in part for part in says)


@pytest.mark.parametrize("there", [10, 8, 5])
def test_gaps_among_the_pages_that_are_there_are_seen_though_the_last_are_missing(tmp_path, there):
    movie = read_movie(one_file(tmp_path, [0, 1, 2, 5, 6, 7, 8, 9, 10, 11], there))
    assert gaps(movie) == [2] and "frames 2 and 3 (3 minutes)" in movie.source
    assert movie.minutes_per_frame == pytest.approx(1) and ("promise 10" in movie.source) == (there < 10)


@pytest.mark.parametrize(("there", "expected"), [
    (range(8), [3]), (range(6), [3]), (range(2, 8), [1]), ([0, 1, 3, 4, 5, 6], [1, 2]), ([0, 1, 2, 3, 4, 5, 7], [3, 5])])
@pytest.mark.parametrize("by_file", [True, False])
def test_a_set_of_which_files_are_missing_has_the_gaps_of_its_times_and_of_its_names(tmp_path, there, expected, by_file):
    folder = a_set(tmp_path, [0, 1, 2, 3, 9, 10, 11, 12], there)
    movie = read_movie(folder / f"set_{there[0]}.ome.tif" if by_file else folder, choice=Choice(gaps="allow"))
    assert gaps(movie) == expected and "(6 minutes)" in movie.source and movie.minutes_per_frame == pytest.approx(1)


@pytest.mark.parametrize(("start", "step"), [(0, 1), (1, 1), (30, 15)])
def test_files_that_know_nothing_of_each_other_tell_interval_and_gaps(tmp_path, start, step):
    movie = read_movie(singles(tmp_path, [0, 5, 10, 30, 35], start, step))
    assert movie.minutes_per_frame == pytest.approx(5) and gaps(movie) == [2] and "frames 2 and 3 (20 minutes)" in movie.source


@pytest.mark.parametrize("whens", [[0, 0, 0], [0, 5, 1], [None, 5, None]])
def test_files_whose_times_do_not_run_tell_nothing(tmp_path, whens):
    movie = read_movie(singles(tmp_path, whens))
    assert movie.minutes_per_frame is None and gaps(movie) == []


def test_pages_that_are_read_otherwise_than_metadata_say_have_no_times(tmp_path):
    """Two channels that are taken for time points."""
    text = OME.format(3, planes([0, 1, 5])).replace('SizeC="1"', 'SizeC="2"')
    tifffile.imwrite(tmp_path / "movie.ome.tif", pixels(6), metadata=None, photometric="minisblack", description=text)
    assert gaps(read_movie(tmp_path / "movie.ome.tif", choice=Choice(axes="TYX"))) == []


def test_the_usual_step_and_the_time_point_of_a_file():
    assert usual_step({0: 0.0, 2: 4.0, 3: 6.0}) == 2 and usual_step({0: 1.0}) is None and usual_step({0: 1.0, 1: 1.0}) is None
    xml = '<TiffData FirstT="3" IFD="0"><UUID FileName="a(1).tif">x</UUID></TiffData><TiffData><UUID FileName="b.tif"/></TiffData>'
    assert (time_point_of(xml, "a(1).tif"), time_point_of(xml, "b.tif"), time_point_of(xml, "c.tif")) == (3, 0, None)


@pytest.mark.parametrize(("numbers", "says"), [([0, 1, 2, 3, 5, 6, 7], "of which 1 is not there: 4, "),
                                               ([0, 1, 2, 6, 7], "of which 3 are not there: 3 to 5, "),
                                               ([1, 2, 4, 5], "of which 4 are not there: 0, 3, 6 to 7, ")])
def test_the_remark_says_which_time_points_are_missing(numbers, says):
    assert says in missing_times(8, len(numbers), numbers)
