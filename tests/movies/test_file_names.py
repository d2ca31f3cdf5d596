"""Names of files carry meaning: time, channel, position; what they leave open is asked."""

import fnmatch
import re
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


@pytest.mark.parametrize(("name", "times"), [
    ("r01c01f01p01-ch1sk{}fk1fl1.tiff", range(1, 13)),  # Harmony: row, column, field, plane, channel, time
    ("plate_A01_T{:04}F001L01A01Z01C01.tif", range(1, 13)),  # Yokogawa
    ("img_{:09}_Cy5_000.tif", range(12)), ("img_channel000_position000_time{:09}_z000.tif", range(12)),  # MicroManager
    ("exp_w1GFP_s1_t{}.TIF", range(1, 13)), ("exp_w1_t{}.TIF", range(1, 13)),  # MetaMorph
    ("Series001_t{:02}_RAW_ch00.tif", range(12)), ("a_t{:02}c2_ORG.tif", range(12)),  # Leica, Zeiss
    ("f{:03}.tif", range(12)), ("a_f{:03}_z0.tif", range(12)),  # alone, f counts frames
    ("frame-{}.tif", range(1, 13)), ("20240101_{:06}.tif", range(55, 70)), ("20240101_{:04}.tif", range(1, 13)),
])
def test_names_of_programs_tell_time(name, times):
    assert ordered([name.format(t) for t in times])[1:] == (list(times), [False] * (len(times) - 1))


@pytest.mark.parametrize("names", [
    [f"VID123_A1_1_{t // 48:02}d{t // 2 % 24:02}h{t % 2 * 30:02}m.tif" for t in range(60)],  # Incucyte
    [f"VID123_A1_1_2021y03m{1 + t // 48:02}d_{t // 2 % 24:02}h{t % 2 * 30:02}m.tif" for t in range(60)],
    [f"img_20240101_{10 + t // 6}{t % 6}000.tif" for t in range(20)],  # at 11:00 after 10:50
    [f"img_2024-01-01T{10 + t // 6}-{t % 6}0-00.tif" for t in range(20)],
    [f"202401{1 + t // 24:02}{t % 24:02}3000.tif" for t in range(60)],
    [f"t{s:05}.tif" for s in (0, 299, 601, 900, 1201, 1500)],  # a clock that jitters by a second
    [f"t{s:05}.tif" for s in (0, 6, 10, 15, 21, 25)],
])
def test_clocks_tell_time(names):
    assert ordered(names)[0] == names and not any(ordered(names)[2])


@pytest.mark.parametrize(("times", "gaps"), [
    ([0, 1, 3], [0, 1]), ([0, 1, 3, 5], [0, 1, 1]), ([0, 2, 4, 8], [0, 0, 1]), ([0, 299, 901, 1200], [0, 1, 0]),
    ([0, 300, 901, 1500, 2102], [0, 1, 1, 1]), ([0, 300, 751], [0, 1])])
def test_a_gap_is_judged_by_the_usual_step(times, gaps):
    names = [f"t{t:05}.tif" for t in times]
    assert ordered(names, gaps="allow")[2] == [bool(gap) for gap in gaps]
    with pytest.raises(ValueError, match="a time point is missing .[1-9]"):
        ordered(names)


COUNTED = [f"img_{i:04}_ch{i % 2}.tif" for i in range(6)]


@pytest.mark.parametrize(("names", "says"), [
    (COUNTED, "2 channels .0, 1. of 6 time points.*`channel`"),
    ([f"t{i}_w{i % 3}.tif" for i in range(6)], "3 channels .*`channel`"),
    ([f"s{1 + i // 3}_t{i:03}.tif" for i in range(6)], "2 positions .1, 2. of 6 time points.*`position`"),
    ([f"img_{i:04}_z{i % 3}.tif" for i in range(6)], "3 planes .*`plane`"),
    ([f"t{i:04}_{i % 2}.tif" for i in range(6)], r"the one that is not time comes again \(0, 1\).*'t\*\[0-9\]_0.tif'"),
    ([f"img_{i:04}_{i % 2}.tif" for i in range(6)], "two numbers differ.*neither is called time"),
    ([f"r01c01f01p01-ch{1 + i % 2}sk{i}fk1fl1.tiff" for i in range(6)], "2 channels"),
    ([f"r01c01f{i % 2}p01-ch1sk{i // 2}fk1fl1.tiff" for i in range(6)], "2 positions .* of 3 time points"),
    ([f"W01F{i % 2:03}T{i // 2:04}Z01C1.tif" for i in range(6)], "2 positions .* of 3 time points.*`position`"),
    ([f"img_{i // 2:09}_DAPI_{i % 2:03}.tif" for i in range(6)], "2 planes .* of 3 time points.*`plane`"),
    ([f"VID1_A1_{1 + i % 2}_00d0{i // 2}h00m.tif" for i in range(6)], "2 positions .* of 3 time points"),
])
def test_channels_positions_and_planes_are_asked_about_whatever_counts_beside_them(names, says):
    with pytest.raises(ValueError, match=says):
        ordered(names)


def test_a_channel_of_files_that_are_counted_over_all_channels_has_no_gap():
    assert ordered(COUNTED, channel=1) == (COUNTED[1::2], [1, 3, 5], [False, False])
    assert ordered([f"t{t}_ch0.tif" for t in range(3)], channel=0)[1] == [0, 1, 2]
    with pytest.raises(ValueError, match="no channel 5, only 0"):
        ordered([f"t{t}_ch0.tif" for t in range(3)], channel=5)
    with pytest.raises(ValueError, match="no plane max, only 0, 1: choose one of these with `plane`"):
        ordered(["t0_z0.tif", "t0_z1.tif", "t1_z0.tif", "t1_z1.tif"], plane="max")


def test_a_position_told_by_two_numbers_is_chosen_by_the_pattern():
    names = [f"r{row}c{column}f1p1-ch1sk{t}.tiff" for row in (1, 2) for column in (1, 2) for t in (1, 2, 3)]
    with pytest.raises(ValueError, match="several numbers in the names tell the position.*`pattern`"):
        ordered(names, position=1)
    assert ordered(names, pattern="r2c1*")[1] == [1, 2, 3]


@pytest.mark.parametrize("names", [["img_z{}.tif"], ["r01c01f{}p01-ch1sk1fk1fl1.tiff"], ["a_f{}_t1.tif"], ["x_w{}.tif"]])
def test_a_lone_number_that_is_said_to_be_something_else_is_no_time(names):
    names = [names[0].format(i) for i in range(4)]
    with pytest.raises(ValueError, match="the names tell 4 .* and no time.*set `axes: TYX`"):
        ordered(names)
    assert ordered(names, axes="TYX")[0] == ordered(names, lone="T")[0] == names


@pytest.mark.parametrize("names", [["cell_GFP.tif", "cell_RFP.tif"], ["image.tif", "image_mask.tif"], ["one.tif", "two.tif"],
                                   ["b.tif", "g.tif", "r.tif"], ["img_a.tif", "img_b.tif"]])
def test_words_tell_no_order(names):
    with pytest.raises(ValueError, match="without a number in their names, such as .*: number the frames"):
        ordered(names)


@pytest.mark.parametrize(("names", "says"), [
    (["cell1_GFP.tif", "cell1_RFP.tif"], "2 kinds.*differ in their number only"),
    (["t-1.tif", "t0.tif", "t1.tif"], "a minus before the number and without"),
    (["t3.tif", "t03.tif", "t4.tif"], "two files of one time point, t3.tif and t03.tif: keep one"),
    (["t1.tif", "t1.tiff", "t2.tif", "t2.tiff"], "two files of one time point, t1.tif and t1.tiff"),
    (["a.tif", "a.png"], "two files of one time point"),
])
def test_names_that_are_no_series(names, says):
    with pytest.raises(ValueError, match=says):
        ordered(names)


@pytest.mark.parametrize("times", [range(5), range(9, 12)])
@pytest.mark.parametrize("kinds", [
    ("t{}_c0.tif", "t{}_c0_mask.tif"), ("wells_{:03}.tif", "wells_{:03}_cp_masks.tif"), ("t{}_GFP.tif", "t{}_RFP.tif"),
    ("a[1]_{}.tif", "b[1]_{}.tif"), ("x_w1GFP_t{}.tif", "x_w2RFP_t{}.tif"), ("{}a.tif", "{}ba.tif"), ("{}.tif", "{}m.tif"),
    ("t{0}_c{0}.tif", "t{0}_c{0}_m1.tif"), ("img{}.tif", "img{}_mask1.tif"), ("a{}b.tif", "a{}b{}b.tif")])
def test_the_pattern_that_is_suggested_fits_one_kind_only(kinds, times):
    names = [[kind.format(t, t) for t in times] for kind in kinds]
    with pytest.raises(ValueError, match="files of 2 kinds") as error:
        ordered(names[0] + names[1])
    such_as = re.search(r"`pattern`, such as (.*)[.]$", str(error.value))
    patterns = re.findall("'(.*?)'", such_as[1]) if such_as else []
    assert patterns or "folder of their own" in str(error.value)
    for pattern in patterns:
        assert [name for name in names[0] + names[1] if fnmatch.fnmatch(name, pattern)] in names
    assert patterns or len({len(name) for name in names[0]}) > 1  # no pattern fits digits only, however many


@pytest.mark.parametrize("word", ["mask", "labels_", "seg", "man_seg", "GT_", "overlay_", "cp_masks", "a_label_"])
def test_labels_are_not_suggested_as_frames(word):
    with pytest.raises(ValueError, match=r"`pattern`, such as 't\*\[0-9\].tif'[.]$"):
        ordered([f"t{t:03}.tif" for t in range(6)] + [f"{word}{t:03}.tif" for t in range(6)])
    with pytest.raises(ValueError, match="frames into a folder of their own"):
        ordered([f"t{t}.tif" for t in range(3)] + [f"{word}{t}.tif" for t in range(4)])


def test_the_kind_with_most_files_is_suggested_and_of_equals_each():
    with pytest.raises(ValueError, match=r"such as 'img\*\[0-9\].tif'[.]$"):
        ordered([f"img{t}.tif" for t in range(5)] + [f"bg{t}.tif" for t in range(2)])
    with pytest.raises(ValueError, match="such as '.*GFP.tif' or '.*RFP.tif'[.]$"):
        ordered([f"t{t}_{stain}.tif" for t in range(3) for stain in ("GFP", "RFP")])


@pytest.mark.parametrize("names", [
    [f"im_t{t}.tif" for t in ("-3", "-2", "-1", "+0", "+1", "+2")], [f"im_t{t}.tif" for t in ("-1", "0", "+1", "+2")],
    [f"im_{t}.tif" for t in ("0", "0.5", "1", "1.5")], [f"im_{t}.tif" for t in ("0.0", "0.5", "1.0", "1.5")],
    [f"t{t}.{part}.tif" for t in range(3) for part in (0, 1)], [f"im_{t}.tif" for t in ("10am", "11am", "01pm", "02pm")],
    [f"im_{t}.tif" for t in ("30Apr", "31Apr", "01May", "02May")], [f"im_{t}.tif" for t in ("30min", "45min", "1h", "2h")],
    ["30-04-2023.tif", "01-05-2023.tif", "02-05-2023.tif"]])
def test_no_pattern_is_suggested_that_takes_a_part_of_one_series(names):
    with pytest.raises(ValueError, match="as in t000.tif") as error:
        ordered(names)
    assert "'" not in str(error.value)


@pytest.mark.parametrize("name", ["im_t{}s.tif", "im_t{}.tif", "im_{}h.tif", "{}_min.tif", "time{}.tif"])
def test_fractions_are_one_number(name):
    names = [name.format(t / 4) for t in range(13)]
    assert ordered(names) == (names, [*range(13)], [False] * 12)
    names = [name.format(f"{t / 2:.1f}".replace(".", ",")) for t in range(5)]
    assert ordered(names)[1] == [*range(5)]


def test_what_is_no_fraction_stays_two_numbers():
    assert ordered([f"t1.{t}.tif" for t in range(1, 12)])[1] == [*range(1, 12)]
    assert ordered([f"v1.2_t{t}.tif" for t in range(3)])[1] == [0, 1, 2]


@pytest.mark.parametrize("names", [
    ["c_2023-04-30_22h.tif", "c_2023-04-30_23h.tif", "c_2023-05-01_00h.tif", "c_2023-05-01_01h.tif"],
    [f"day{1 + t // 24}_hour{t % 24:02}.tif" for t in range(8, 60)], [f"{1 + t // 24}d_{t % 24}h.tif" for t in range(8, 60)],
    ["2023-04-29.tif", "2023-04-30.tif", "2023-05-01.tif"], ["20230429.tif", "20230430.tif", "20230501.tif"]])
def test_days_and_hours_are_one_time(names):
    assert ordered(names)[0] == names and not any(ordered(names)[2])


@pytest.mark.parametrize("hours", [("23h00m", "23h30m", "00h00m", "00h30m"), ("22h", "23h", "00h", "01h"),
                                   [f"{(12 + t) % 24:02}h00m" for t in range(24)], ("23h00m00s", "00h00m00s", "01h00m00s"),
                                   ("23h00", "23h30", "00h00", "00h30"), ("2300", "2330", "0000", "0030"),
                                   [f"{(12 + t // 2) % 24:02}{t % 2 * 30:02}" for t in range(48)]])
@pytest.mark.parametrize("name", ["img_{}.tif", "t{}.tif"])
def test_a_clock_that_passes_midnight_is_asked_about(name, hours):
    names = [name.format(hour) for hour in hours]
    for gaps in ("refuse", "allow"):
        with pytest.raises(ValueError, match="the clock .*number the files.*put the date into the names") as error:
            ordered(names, gaps=gaps)
        assert "gaps" not in str(error.value)
    assert ordered(names, axes="TYX", gaps="allow")[0] == sorted(names)


@pytest.mark.parametrize("names", [[f"img_{t:02}h.tif" for t in range(9, 18)], [f"img_{t}h.tif" for t in (0, 6, 12, 18)],
                                   [f"img_{t:02}h00m.tif" for t in range(30)],
                                   ["8h00.tif", "8h30.tif", "9h00.tif"], [f"a_{t // 2}min{t % 2 * 30:02}s.tif" for t in range(9)],
                                   [f"t{t:04}.tif" for t in range(0, 2400, 600)], [f"t{t:04}.tif" for t in range(60)],
                                   ["t0000.tif", "t1000.tif", "t2000.tif"],
                                   [f"img{t:02}_{(20 + t) % 24:02}h00m.tif" for t in range(24)]])
def test_clocks_within_a_day_and_hours_that_count_are_read(names):
    assert ordered(names)[0] == names


def of_day(minutes, seconds=False):
    return f"{minutes // 60:02}{minutes % 60:02}{'00' if seconds else ''}"


@pytest.mark.parametrize("step", [10, 15, 20, 30, 45])
@pytest.mark.parametrize("seconds", [False, True])
@pytest.mark.parametrize("name", ["img_{}.tif", "t{}.tif", "{}_20240305.tif", "2024-03-05-wt_{}.tif"])
def test_times_of_day_have_no_gap_at_the_full_hour(step, seconds, name):
    names = [name.format(of_day(540 + step * t, seconds)) for t in range(10)]
    assert ordered(names)[0] == names and not any(ordered(names)[2])
    with pytest.raises(ValueError, match=f"{names[3]} and {names[5]} a time point is missing .1 in all"):
        ordered(names[:4] + names[5:])
    assert np.flatnonzero(ordered(names[:4] + names[5:], gaps="allow")[2]).tolist() == [3]


@pytest.mark.parametrize("names", [
    [f"img_{20 * t:04}.tif" for t in range(12) if t != 3], [f"img_{t:04}.tif" for t in (57, 58, 59, 60, 61, 100)],
    [f"img_{t:04}.tif" for t in (8, 9, 10, 12)], [f"t{t:05}.tif" for t in (900, 930, 1000, 1030)]])
def test_numbers_that_count_are_no_times_of_day(names):
    with pytest.raises(ValueError, match="a time point is missing"):
        ordered(names)


def test_times_of_day_without_a_leading_zero_are_asked_about():
    with pytest.raises(ValueError, match="is missing.*gaps: allow.*; or, if these are times of day, write all with as many digits"):
        ordered([f"img_{t}.tif" for t in (900, 930, 1000, 1030)])


@pytest.mark.parametrize("names", [[f"20240305_{t}.tif" for t in ("2300", "2330", "0000", "0030")],
                                   [f"a_2024-03-05_{t}.tif" for t in ("22h00", "23h00", "00h00", "01h00")]])
def test_a_date_that_is_that_of_the_start_is_said(names):
    with pytest.raises(ValueError, match="passes midnight.*put each frame's own date into the names, which hold that of the start"):
        ordered(names)


@pytest.mark.parametrize(("base", "others", "says"), [
    ("x.ome.tif", "x_{}.ome.tif", "give x.ome.tif itself if they are one OME set, name it x_0.ome.tif if it comes first, or.*'x_.*ome.tif'"),
    ("img.tif", "img_{}.tif", "img.tif has no number: name it img_0.tif if it comes first, or leave it out"),
    ("exp3.tif", "exp3-{:03}.tif", "name it exp3-000.tif"), ("img.tif", "img ({}).tif", r"name it img \(0\).tif")])
@pytest.mark.parametrize("count", [1, 7])
def test_a_name_without_a_number_may_be_the_first_of_the_others(base, others, says, count):
    with pytest.raises(ValueError, match=says if count > 1 else says.partition(", or")[0]):
        ordered([base, *(others.format(t) for t in range(1, count + 1))])


def test_a_name_without_a_number_beside_a_first_one_is_left_out():
    with pytest.raises(ValueError, match=r"img.tif has no number: leave it out with `pattern`, such as 'img_\*\[0-9\].tif'"):
        ordered(["img.tif", *(f"img_{t}.tif" for t in range(4))])


def test_each_question_about_wells_names_a_pattern_until_one_movie_is_left():
    names, pattern = [f"{well}_{t:02}.tif" for well in ("A1", "A2", "B1") for t in range(4)], None
    for _ in range(2):
        with pytest.raises(ValueError, match="`pattern`, such as") as error:
            ordered(names, pattern=pattern)
        pattern = re.search("such as '(.*?)'", str(error.value))[1]
    assert ordered(names, pattern=pattern)[0] == names[:4]


def test_names_without_numbers_keep_the_order_of_their_letters():
    assert ordered(["b.tif", "a.tif", "c.tif"])[0] == ["a.tif", "b.tif", "c.tif"]


@pytest.mark.parametrize(("names", "says"), [
    (["t0.tif", "t1.tif", "t3.tif", "t4.tif"], "between t1.tif and t3.tif a time point is missing .1 in all.*gaps: allow"),
    (["t0.tif", "t1.tif", "t5.tif"], "missing .3 in all"),
    (["t0.tif", "t0_mask.tif", "t1.tif", "t1_mask.tif"], "2 kinds, 2 like t0.tif and 2 like t0_mask.tif: .*`pattern`, such as 't.\\[0-9\\].tif'"),
    (["img0.tif", "mask0.tif", "img1.tif", "mask1.tif"], "files of 2 kinds"),
    (["t0_GFP.tif", "t0_RFP.tif", "t1_GFP.tif", "t1_RFP.tif"], "2 kinds.*`pattern`, such as"),
    (["t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif"], "2 channels .0, 1. of 2 time points.*`channel`"),
    (["ch0.tif", "ch1.tif"], "2 channels .0, 1., as in ch0.tif, and no time: choose one with `channel`.*`axes: TYX`"),
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
