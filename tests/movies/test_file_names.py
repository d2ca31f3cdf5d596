"""Names of files carry meaning: time, channel, position; what they leave open is asked."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tapnb.movies import catalogue
from tapnb.movies.file_names import Choice, in_time
from tapnb.movies.movie import read_movie


def ordered(names, **choice):
    files = in_time(Path("folder"), [Path("folder") / name for name in names], Choice(**choice))
    return [file.name for file in files.files], list(files.times), files.gaps.tolist()


@pytest.mark.parametrize(("names", "times"), [
    (["t2.tif", "t10.tif", "t1.tif", "t3.tif", "t4.tif", "t5.tif", "t6.tif", "t7.tif", "t8.tif", "t9.tif"],
     [*range(1, 11)]),
    (["a_t010.tiff", "a_t011.tiff"], [10, 11]),  # from any number
    (["well_B03_t000.tif", "well_B03_t001.tif"], [0, 1]),  # other numbers that stay
    (["t000_z000_c000.tif", "t001_z000_c000.tif"], [0, 1]),
    (["img_000000000.tif", "img_000000001.tif"], [0, 1]),
    (["1.tif", "2.tif", "3.TIF"], [1, 2, 3]),
    (["t00_min000.tif", "t01_min015.tif", "t02_min030.tif"], [0, 1, 2]),  # minutes follow from frames
    (["m0.tif", "m15.tif", "m30.tif"], [0, 15, 30]),  # every 15 minutes: no gap
    (["20240101_frame1.tif", "20240102_frame2.tif"], [1, 2]),
])
def test_time_comes_from_the_name(names, times):
    found, told, gaps = ordered(names)
    assert told == times and not any(gaps)
    assert sorted(found) == sorted(names)


def test_names_without_numbers_keep_the_order_of_their_letters():
    assert ordered(["b.tif", "a.tif", "c.tif"])[0] == ["a.tif", "b.tif", "c.tif"]


@pytest.mark.parametrize(("names", "says"), [
    (["t0.tif", "t1.tif", "t3.tif", "t4.tif"], "between t1.tif and t3.tif a time point is missing .1 in all.*gaps: allow"),
    (["t0.tif", "t1.tif", "t5.tif"], "missing .3 in all"),
    (["t0.tif", "t0_mask.tif", "t1.tif", "t1_mask.tif"], "2 kinds, 2 like t0.tif and 2 like t0_mask.tif: .*`pattern`, such as 't.\[0-9\].tif'"),
    (["img0.tif", "mask0.tif", "img1.tif", "mask1.tif"], "files of 2 kinds"),
    (["t0_GFP.tif", "t0_RFP.tif", "t1_GFP.tif", "t1_RFP.tif"], "2 kinds.*`pattern`, such as"),
    (["t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif"], "2 channels .0, 1. of 2 time points.*`channel`"),
    (["ch0.tif", "ch1.tif"], "2 channels .0, 1., as in ch0.tif: choose one with `channel`"),
    (["t0_p1.tif", "t0_p2.tif", "t1_p1.tif", "t1_p2.tif"], "2 positions .1, 2. of 2 time points.*`position`"),
    (["t0_z1.tif", "t0_z2.tif", "t1_z1.tif", "t1_z2.tif"], "2 planes.*`plane`"),
    (["1_1.tif", "1_2.tif", "2_1.tif", "2_2.tif"], "two numbers differ.*neither is called time"),
])
def test_what_names_leave_open_is_asked(names, says):
    with pytest.raises(ValueError, match=says) as error:
        ordered(names)
    assert "\n" not in str(error.value) and str(error.value).startswith("folder")


@pytest.mark.parametrize(("choice", "kept"), [
    ({"channel": 1}, ["t0_ch1.tif", "t1_ch1.tif"]), ({"pattern": "*_ch0.tif"}, ["t0_ch0.tif", "t1_ch0.tif"])])
def test_an_option_decides(choice, kept):
    assert ordered(["t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif"], **choice)[0] == kept


@pytest.mark.parametrize(("choice", "says"), [({"channel": 2}, "no channel 2, only 0, 1"),
                                              ({"pattern": "x*"}, "no image named like 'x.'")])
def test_a_choice_that_fits_nothing_says_what_is_there(choice, says):
    with pytest.raises(ValueError, match=says):
        ordered(["t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif"], **choice)


def frames(folder, names):
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in names:
        tifffile.imwrite(folder / name, rng.integers(0, 255, (40, 400), dtype=np.uint8))


def test_a_gap_that_is_allowed_is_a_gap_in_time(tmp_path):
    frames(tmp_path / "movie", ["t0.tif", "t1.tif", "t3.tif", "t4.tif"])
    movie = read_movie(tmp_path / "movie", choice=Choice(gaps="allow"))
    assert len(movie.frames) == 4 and movie.usable.t.tolist() == [0, 2]
    (tmp_path / "movie.yaml").write_text("frames: movie\ngaps: allow\n")
    for role in catalogue.ROLES:
        assert catalogue.open_movie(tmp_path / "movie.yaml", role).usable.t.tolist() == [0, 2]
    with pytest.raises(ValueError, match="gaps: allow"):
        catalogue.open_movie(tmp_path / "movie")
    assert catalogue.open_movie(tmp_path / "movie", gaps="allow").fingerprint != read_movie(
        tmp_path / "movie", choice=Choice(gaps="allow", pattern="t[01].tif")).fingerprint


def test_a_channel_is_chosen_in_the_movies_file(tmp_path):
    frames(tmp_path / "movie", ["t0_c1.tif", "t0_c2.tif", "t1_c1.tif", "t1_c2.tif"])
    (tmp_path / "movie.yaml").write_text("frames: movie\nchannel: 2\n")
    movie = catalogue.open_movie(tmp_path / "movie.yaml")
    assert (movie.frames[1] == tifffile.imread(tmp_path / "movie" / "t1_c2.tif")[:, : movie.shape[2]]).all()


def test_raised_digits_are_letters():
    assert ordered(["\u00b22.tif", "\u00b21.tif"]) == (["\u00b21.tif", "\u00b22.tif"], [1, 2], [False])


def test_a_name_that_cannot_be_printed_is_shown_as_it_can(tmp_path):
    files = [tmp_path / f"a\n{t}.tif" for t in range(3)]
    with pytest.raises(ValueError, match=r"holds a file named 'a\\n0.tif': take the characters out") as refused:
        in_time(tmp_path, files)
    assert "\n" not in str(refused.value)
