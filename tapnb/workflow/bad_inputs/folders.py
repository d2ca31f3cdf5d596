"""Folders whose files' names leave something open, or that hold no movie."""

from pathlib import Path

import tifffile

from tapnb.movies.catalogue import open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import folder_of, pixels

__all__ = ["ROWS"]

GROUP = "Names of files and folders"
TWO_CHANNELS = folder_of("t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif")


def _nothing(folder: Path) -> Path:
    return folder / "stack.tif"


def _empty(folder: Path) -> Path:
    (folder / "movie").mkdir()
    return folder / "movie"


def _apart(folder: Path) -> Path:
    """Frames that count from 0, with labels that count from 1."""
    for kind, first in (("frames", 0), ("labels", 1)):
        (folder / kind).mkdir()
        for t, frame in enumerate(pixels(4, dtype="uint8")):
            tifffile.imwrite(folder / kind / f"t{t + first:03}.tif", frame if kind == "frames" else frame // 100)
    (folder / "movie.yaml").write_text("frames: frames\nlabels: labels\n")
    return folder / "movie.yaml"


def _two_channels_a_file(folder: Path) -> Path:
    (folder / "movie").mkdir()
    for t, channels in enumerate(pixels(3, 2)):
        tifffile.imwrite(folder / "movie" / f"t{t}.tif", channels, imagej=True, metadata={"axes": "CYX"})
    return folder / "movie"


def _half_png(folder: Path) -> Path:
    movie = folder_of("t0.tif", "t1.tif")(folder)
    (movie / "t2.png").write_bytes(b"")
    return movie


ROWS = (
    BadInput(GROUP, "a path where nothing is", _nothing, r"no movie .*or the path of", "stack.tif"),
    BadInput(GROUP, "the misspelt name of a built-in movie", lambda folder: "sinthetic", r"did you mean 'synthetic'",
             "'sinthetic'"),
    BadInput(GROUP, "an empty folder", _empty, r"holds no \.tif or \.tiff file", "movie"),
    BadInput(GROUP, "a folder in which one time point is missing", folder_of("t0.tif", "t1.tif", "t3.tif", "t4.tif"),
             r"a time point is missing \(1 in all\).*`gaps: allow`", "t1.tif"),
    BadInput(GROUP, "masks beside the frames, in one folder",
             folder_of("t0.tif", "t0_mask.tif", "t1.tif", "t1_mask.tif"),
             r"files of 2 kinds, 2 like t0\.tif and 2 like t0_mask\.tif: .*`pattern`", "t0_mask.tif"),
    BadInput(GROUP, "two stains that bear their names",
             folder_of("t0_GFP.tif", "t0_RFP.tif", "t1_GFP.tif", "t1_RFP.tif"), r"files of 2 kinds.*`pattern`",
             "t0_GFP.tif"),
    BadInput(GROUP, "two channels, as numbers in the names", TWO_CHANNELS,
             r"2 channels \(0, 1\) of 2 time points.*`channel`", "t0_ch0.tif"),
    BadInput(GROUP, "two positions of the stage", folder_of("t0_p1.tif", "t0_p2.tif", "t1_p1.tif", "t1_p2.tif"),
             r"2 positions \(1, 2\) of 2 time points.*`position`", "t0_p1.tif"),
    BadInput(GROUP, "planes of a stack in depth", folder_of("t0_z1.tif", "t0_z2.tif", "t1_z1.tif", "t1_z2.tif"),
             r"2 planes \(1, 2\) of 2 time points.*`plane`", "t0_z1.tif"),
    BadInput(GROUP, "channels in turn, and a number over all of them",
             folder_of("img_0000_ch0.tif", "img_0001_ch1.tif", "img_0002_ch0.tif", "img_0003_ch1.tif"),
             r"2 channels \(0, 1\) of 4 time points.*`channel`", "img_0000_ch0.tif"),
    BadInput(GROUP, "channels in turn, without a word", folder_of("t0_1.tif", "t1_2.tif", "t2_1.tif", "t3_2.tif"),
             r"comes again \(1, 2\).*`pattern`", "t0_1.tif"),
    BadInput(GROUP, "two channels in each file of a folder", _two_channels_a_file,
             r"has 2 channels: choose one with `channel`", "t0.tif"),
    BadInput(GROUP, "one stack in depth", folder_of("img_z000.tif", "img_z001.tif", "img_z002.tif"),
             r"3 planes \(0, 1, 2\).*no time.*`axes: TYX`", "img_z000.tif"),
    BadInput(GROUP, "the fields of one time point, as Harmony names them",
             folder_of(*(f"r01c01f{field:02}p01-ch1sk1fk1fl1.tiff" for field in (1, 2, 3))),
             r"3 positions \(1, 2, 3\).*no time", "r01c01f01p01-ch1sk1fk1fl1.tiff"),
    BadInput(GROUP, "two stains without a time", folder_of("cell_GFP.tif", "cell_RFP.tif"),
             r"without a number in their names.*number the frames", "cell_GFP.tif"),
    BadInput(GROUP, "numbers with a minus and without", folder_of("t-1.tif", "t0.tif", "t1.tif"),
             r"a minus before the number.*number the frames from 0", "t-1.tif"),
    BadInput(GROUP, "a clock that passes midnight", folder_of(*(f"img_{clock}.tif" for clock in (
        "23h00m", "23h30m", "00h00m", "00h30m"))), r"the clock passes midnight.*number the files.*date into the names",
             "img_00h00m.tif"),
    BadInput(GROUP, "the date of the start in all names, and a clock that passes midnight", folder_of(*(
        f"20240305_{clock}.tif" for clock in ("2300", "2330", "0000", "0030"))),
             r"passes midnight.*each frame's own date.*that of the start only", "20240305_0000.tif"),
    BadInput(GROUP, "times of day without a leading zero", folder_of("900.tif", "930.tif", "1000.tif", "1030.tif"),
             r"a time point is missing.*if these are times of day, write all with as many digits", "930.tif"),
    BadInput(GROUP, "a first file without a number", folder_of("img.tif", "img_1.tif", "img_2.tif", "img_3.tif"),
             r"img\.tif has no number: name it img_0\.tif if it comes first, or.*`pattern`", "img.tif"),
    BadInput(GROUP, "the files of an OME set, as MicroManager names them", folder_of("x.ome.tif", "x_1.ome.tif", "x_2.ome.tif"),
             r"give x\.ome\.tif itself if they are one OME set", "x.ome.tif"),
    BadInput(GROUP, "morning and afternoon", folder_of("img_10am.tif", "img_11am.tif", "img_01pm.tif", "img_02pm.tif"),
             r"2 kinds.*differ in their number only, as in t000", "img_01pm.tif"),
    BadInput(GROUP, "dates whose day comes first", folder_of("29-04-2023.tif", "30-04-2023.tif", "01-05-2023.tif"),
             r"the largest does not come first.*number the frames", "30-04-2023.tif"),
    BadInput(GROUP, "one time point twice", folder_of("t3.tif", "t03.tif", "t4.tif"), r"two files of one time point.*keep one",
             "t03.tif"),
    BadInput(GROUP, "frames that count from 0, labels that count from 1", _apart,
             r"numbered 1 to 4, but the 4 frames are numbered 0 to 3.*rename", "labels"),
    BadInput(GROUP, "frames of which the last are PNG", _half_png, r"go on with their names.*save all frames as TIFF", "t2.png"),
    BadInput(GROUP, "two numbers that nothing explains", folder_of("1_1.tif", "1_2.tif", "2_1.tif", "2_2.tif"),
             r"two numbers differ.*neither is called time", "1_1.tif"),
    BadInput(GROUP, "a channel that there is not", TWO_CHANNELS, r"no channel 2, only 0, 1", "channel 2",
             lambda path: open_whole(path, channel=2)),
    BadInput(GROUP, "a pattern that fits no file", folder_of("t0.tif", "t1.tif"),
             r"no image named like 'img\*'.*`pattern`", "'img*'", lambda path: open_whole(path, pattern="img*")),
    BadInput(GROUP, "an option that a movie does not have", folder_of("t0.tif", "t1.tif"),
             r"no option 'masks': it has labels", "'masks'", lambda path: open_whole(path, masks="masks.tif")),
)
