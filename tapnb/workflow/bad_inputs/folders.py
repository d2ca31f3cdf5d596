"""Folders whose files' names leave something open, or that hold no movie."""

from pathlib import Path

from tapnb.movies.catalogue import open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import folder_of

__all__ = ["ROWS"]

GROUP = "Names of files and folders"
TWO_CHANNELS = folder_of("t0_ch0.tif", "t0_ch1.tif", "t1_ch0.tif", "t1_ch1.tif")


def _nothing(folder: Path) -> Path:
    return folder / "stack.tif"


def _empty(folder: Path) -> Path:
    (folder / "movie").mkdir()
    return folder / "movie"


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
    BadInput(GROUP, "two numbers that nothing explains", folder_of("1_1.tif", "1_2.tif", "2_1.tif", "2_2.tif"),
             r"two numbers differ.*neither is called time", "1_1.tif"),
    BadInput(GROUP, "a channel that there is not", TWO_CHANNELS, r"no channel 2, only 0, 1", "channel 2",
             lambda path: open_whole(path, channel=2)),
    BadInput(GROUP, "a pattern that fits no file", folder_of("t0.tif", "t1.tif"),
             r"no image named like 'img\*'.*`pattern`", "'img*'", lambda path: open_whole(path, pattern="img*")),
    BadInput(GROUP, "an option that a movie does not have", folder_of("t0.tif", "t1.tif"),
             r"no option 'masks': it has labels", "'masks'", lambda path: open_whole(path, masks="masks.tif")),
)
