"""Tracked movies whose frames, labels and lineage do not go together, and masks that mark no events."""

import shutil
from pathlib import Path

import numpy as np
import tifffile

from tapnb.movies.catalogue import open_whole
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import FRAMES, content, labelled, pixels, stack, tracked

__all__ = ["ROWS"]

GROUP = "Lineages and masks"


def _remove(*names: str):
    def change(movie: Path) -> None:
        for name in names:
            (movie / name).unlink()
    return change


def _remove_images(movie: Path) -> None:
    for image in (movie / "01_GT" / "TRA").glob("*.tif"):
        image.unlink()


def _remove_frames(movie: Path) -> None:
    shutil.rmtree(movie / "01")


def _masks_alone(folder: Path) -> Path:
    """The label images as a tracker writes them, and no table."""
    movie = tracked(None)(folder)
    (movie / "01_RES").mkdir()
    for image in (movie / "01_GT" / "TRA").glob("*.tif"):
        image.rename(movie / "01_RES" / image.name.replace("man_track", "mask"))
    shutil.rmtree(movie / "01_GT")
    return movie


def _unlike(movie: Path) -> None:
    for name, dtype in (("man_track000.tif", "uint64"), ("man_track001.tif", "int8")):
        image = movie / "01_GT" / "TRA" / name
        tifffile.imwrite(image, tifffile.imread(image).astype(dtype))


def _masks(value: int, count: int = FRAMES) -> np.ndarray:
    masks = np.zeros((count, 24, 32), np.uint8)
    masks[1, 4:9, 4:9] = value
    return masks


ROWS = (
    BadInput(GROUP, "a tracked movie without its lineage table", tracked(None),
             r"no lineage table .*give the man_track\.txt", "man_track.txt"),
    BadInput(GROUP, "an empty lineage table", tracked(""), r"is empty: expected one track a line", "man_track.txt"),
    BadInput(GROUP, "three numbers in a line of the table", tracked("1 0 1\n"),
             r"line 1 is '1 0 1'.*four whole numbers", "man_track.txt"),
    BadInput(GROUP, "words instead of numbers", tracked("1 0 1 0\n2 two 3 1\n"), r"line 2 is '2 two 3 1'.*four whole",
             "man_track.txt"),
    BadInput(GROUP, "a negative frame in the table", tracked("1 -5 1 0\n"),
             r"line 1 is '1 -5 1 0', whose first is negative", "man_track.txt"),
    BadInput(GROUP, "a header that does not name the parent", tracked("label,first,last,colour\n1,0,1,0\n"),
             r"does not say what is parent: name the columns", "man_track.txt"),
    BadInput(GROUP, "an archive named as a table", tracked(b"PK\x03\x04\x00\x00\xff\xfe"),
             r"not text in UTF-8.*plain text", "man_track.txt"),
    BadInput(GROUP, "one label for two tracks", tracked("1 0 1 0\n1 2 3 0\n"),
             r"label 1 cannot name a track, it is used twice", "man_track.txt"),
    BadInput(GROUP, "a track that ends before it begins", tracked("1 2 1 0\n"),
             r"track 1 ends in frame 1, before its first frame 2", "man_track.txt"),
    BadInput(GROUP, "a parent that is not in the table", tracked("1 0 1 0\n2 2 3 7\n"),
             r"parent 7, which is not in the table", "man_track.txt"),
    BadInput(GROUP, "a track that is its own parent", tracked("1 0 1 1\n2 2 3 0\n"), r"its own parent: write 0",
             "man_track.txt"),
    BadInput(GROUP, "a daughter before her mother's end", tracked("1 0 2 0\n2 2 3 1\n3 2 3 1\n"),
             r"a mother ends before her daughters begin", "man_track.txt"),
    BadInput(GROUP, "a table that counts from 0, files from 10", tracked(first=10),
             r"frames 0 to 3, but the files in .* are numbered 10 to 13", "man_track.txt"),
    BadInput(GROUP, "a table that is one frame late", tracked("1 1 2 0\n2 3 3 1\n3 3 3 1\n"),
             r"begin 1 frame after their label appears", "man_track.txt"),
    BadInput(GROUP, "the table of another movie", tracked("11 0 1 0\n12 2 3 11\n13 2 3 11\n"),
             r"No label of .* is in the images", "man_track.txt"),
    BadInput(GROUP, "tracks that end before their labels do", tracked("1 0 1 0\n2 2 2 1\n3 2 2 1\n"),
             r"Most tracks of .*, such as 2, begin or end in other frames than their labels", "man_track.txt"),
    BadInput(GROUP, "a table that lacks most labels", tracked("1 0 1 0\n"), r"Most labels of .*, such as 2, are not in", "man_track.txt"),
    BadInput(GROUP, "a tracker's masks without their table", _masks_alone, r"01_RES lacks res_track\.txt", "01_RES"),
    BadInput(GROUP, "a label image that is missing", tracked(change=_remove("01_GT/TRA/man_track002.tif")),
             r"has a file number 2, but .* has none", "TRA"),
    BadInput(GROUP, "a frame that is missing", tracked(change=_remove("01/t002.tif")),
             r"between t001\.tif and t003\.tif a time point is missing", "01"),
    BadInput(GROUP, "a table without label images", tracked(change=_remove_images),
             r"no label images .*unpack the whole data set", "TRA"),
    BadInput(GROUP, "label images with fractions", tracked(dtype="float32"),
             r"dtype float32, but labels are whole numbers", "man_track000.tif"),
    BadInput(GROUP, "label images of types that no type holds", tracked(change=_unlike),
             r"holds labels of the types .*save all label images as uint32", "TRA"),
    BadInput(GROUP, "label images instead of frames", tracked(), r"holds label images, .* and no frames: give the folder",
             "man_track000.tif", lambda path: open_whole(path / "01_GT" / "TRA")),
    BadInput(GROUP, "points in a spreadsheet", labelled(content("points.xlsx", b"PK"), "5"),
             r"is a \.xlsx file, which is not read as labels: save its points as a CSV", "points.xlsx"),
    BadInput(GROUP, "a sequence that there is not", tracked(), r"no tracked sequence 07, only 01", "07",
             lambda path: open_whole(path, sequence="07")),
    BadInput(GROUP, "masks beside a lineage", tracked(), r"events are in its lineage: leave out labels", "movie",
             lambda path: open_whole(path, labels=path / "01")),
    BadInput(GROUP, "masks with other values than 0, 1 and 2", labelled(stack("masks.tif", _masks(7))),
             r"values .*7.* found in frame 1, but an event mask holds", "masks.tif"),
    BadInput(GROUP, "masks of two channels",
             labelled(stack("masks.tif", np.stack([_masks(1)] * 2, 1), imagej=True, metadata={"axes": "TCYX"})),
             r"more than one channel, but labels are one image a frame: save the one", "masks.tif"),
    BadInput(GROUP, "masks in colours that are not flagged as such", labelled(stack("masks.tif", np.stack([_masks(1)] * 3, -1))),
             r"but labels are one grey image a frame: save them with time first", "masks.tif"),
    BadInput(GROUP, "axes of a folder of single images", tracked(),
             r"leaves nothing open that axes decides", "01", lambda path: open_whole(path, axes="TYX")),
    BadInput(GROUP, "masks without an event", labelled(stack("masks.tif", _masks(0))),
             r"no labelled pixel: mark events", "masks.tif"),
    BadInput(GROUP, "masks of fewer frames", labelled(stack("masks.tif", _masks(1, FRAMES - 1))),
             r"\(3, 24, 32\) differs from the frames' \(4, 24, 32\)", "masks.tif"),
    BadInput(GROUP, "a choice about lineages for a movie without one", stack("stack.tif", pixels(FRAMES)),
             r"no tracked movie .*leave out single_child", "stack.tif",
             lambda path: open_whole(path, single_child="link")),
)
