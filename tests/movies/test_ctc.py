"""Folders in the layout of the Cell Tracking Challenge."""

import shutil

import numpy as np
import pytest
import tifffile

from tapnb.movies.file_names import Choice
from tapnb.movies.ctc import ctc_sequences, read_ctc

TABLE = "1 0 1 0\n2 2 4 1\n3 2 3 1\n4 0 4 0\n"


@pytest.fixture
def labels():
    """Five frames: track 1 divides into 2 and 3 between frames 1 and 2; 4 stays."""
    labels = np.zeros((5, 32, 40), np.uint16)
    labels[:2, 10:16, 10:16] = 1
    labels[2:, 10:14, 4:8] = 2
    labels[2:4, 10:14, 18:22] = 3
    labels[:, 25:30, 30:36] = 4
    return labels


@pytest.fixture
def ctc(tmp_path, labels):
    """A folder in challenge layout, with sequences 01 and 02 of five frames."""
    for sequence in ("01", "02"):
        for folder, name in ((sequence, "t"), (f"{sequence}_ST/SEG", "man_seg"),
                             (f"{sequence}_GT/TRA", "man_track")):
            (tmp_path / "ctc" / folder).mkdir(parents=True)
            for t, image in enumerate(labels):
                image = image * 7 if name == "t" else image
                tifffile.imwrite(tmp_path / "ctc" / folder / f"{name}{t:03d}.tif", image)
        (tmp_path / "ctc" / f"{sequence}_GT/TRA/man_track.txt").write_text(TABLE)
    return tmp_path / "ctc"


def test_read_ctc(ctc, labels):
    assert ctc_sequences(ctc) == ["01", "02"]
    movie = read_ctc(ctc, 2, minutes_per_frame=30, um_per_pixel=0.645)
    assert np.array_equal(movie.frames, labels * 7) and movie.frames.dtype == np.uint16
    assert movie.masks.sum() == 36 + 32 and len(movie.events) == 1
    assert movie.name == "ctc-02" and movie.minutes_per_frame == 30 and movie.um_per_pixel == 0.645
    assert "whole cells" in movie.source
    assert read_ctc(ctc, "02").minutes_per_frame is None


def test_read_ctc_falls_back_to_markers(ctc):
    shutil.rmtree(ctc / "02_ST")
    assert "tracking markers" in read_ctc(ctc, "02").source
    for file in (ctc / "02_GT" / "TRA").glob("*.tif"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match="no label images"):
        read_ctc(ctc, "02")


def test_read_ctc_refuses(ctc):
    with pytest.raises(FileNotFoundError, match="no sequence 03"):
        read_ctc(ctc, 3)
    for file in ("t003.tif", "t004.tif"):
        (ctc / "02" / file).unlink()
    with pytest.raises(ValueError, match="both need the same frames"):
        read_ctc(ctc, "02")


def test_read_ctc_says_how_many_links_there_are(ctc):
    (ctc / "02_GT/TRA/man_track.txt").write_text("1 0 1 0\n2 2 4 1\n3 2 3 1\n5 0 1 0\n4 3 4 5\n")
    said = read_ctc(ctc, "02").source
    assert "table (1 track with a single daughter linked, not divided; 1 track has pixels outside its frames: track 4 in frame 0), masks" in said
    again = read_ctc(ctc, "02", single_child="division")
    assert "(1 track with a single daughter counted as divisions; " in again.source and len(again.events) == 2
    assert "single" not in read_ctc(ctc, "01").source


def renumbered(folder, by, suffix=".tif"):
    """Give all files of sequence 02 other numbers, the highest first."""
    for path in sorted(folder.glob("02*/**/*.tif"), reverse=True):
        path.rename(path.with_name(f"{path.stem[:-3]}{int(path.stem[-3:]) + by:03d}{suffix}"))


@pytest.mark.parametrize(("by", "suffix"), [(1, ".tif"), (10, ".tif"), (10, ".tiff"), (0, ".TIF")])
def test_frames_are_told_by_the_numbers_in_their_names(ctc, by, suffix):
    before = read_ctc(ctc, "01")
    renumbered(ctc, by, suffix)
    lines = [line.split() for line in TABLE.splitlines()]
    text = "".join(f"{label} {int(first) + by} {int(last) + by} {parent}\n" for label, first, last, parent in lines)
    (ctc / "02_GT/TRA/man_track.txt").write_text(text)
    movie = read_ctc(ctc, "02")
    assert np.array_equal(movie.masks, before.masks) and movie.events.equals(before.events)
    assert "whole cells" in movie.source


def test_names_without_a_number_of_a_frame_are_taken_in_their_order(ctc):
    before = read_ctc(ctc, "02").masks
    for t in range(5):
        (ctc / "02" / f"t{t:03d}.tif").rename(ctc / "02" / f"{'abcde'[t]}.tif")
    assert np.array_equal(read_ctc(ctc, "02").masks, before)
    for t in range(5):
        (ctc / "02" / f"{'abcde'[t]}.tif").rename(ctc / "02" / f"{t + 10**20}.tif")
    assert np.array_equal(read_ctc(ctc, "02").masks, before)


def test_a_table_that_contradicts_the_names_of_the_files_is_refused_for_that_reason(ctc):
    renumbered(ctc, 10)
    with pytest.raises(ValueError, match="man_track.txt has tracks in frames 0 to 4, but the files in .*02 are numbered"
                                         " 10 to 14: number the frames of the table as the files are"):
        read_ctc(ctc, "02")


def test_a_table_that_counts_from_1_where_the_files_count_from_0_is_refused(ctc):
    # No track lasts beyond the last frame.
    (ctc / "02_GT/TRA/man_track.txt").write_text("1 1 2 0\n2 3 4 1\n3 3 4 1\n4 1 4 0\n")
    with pytest.raises(ValueError, match="Most tracks of .*man_track.txt begin 1 frame after their label appears"):
        read_ctc(ctc, "02")
    (ctc / "02_GT/TRA/man_track.txt").write_text("11 0 1 0\n12 2 4 11\n13 2 3 11\n")
    with pytest.raises(ValueError, match="No label of .*man_track.txt is in the images .* of one sequence"):
        read_ctc(ctc, "02")


def test_frames_without_labels_are_named(ctc):
    (ctc / "02" / "t002.tif").unlink()
    shutil.rmtree(ctc / "02_ST")
    with pytest.raises(ValueError, match="02: between t001.tif and t003.tif a time point is missing"):
        read_ctc(ctc, "02")
    with pytest.raises(ValueError, match="TRA has a file number 2, but .*02 has none: both need the same frames"):
        read_ctc(ctc, "02", choice=Choice(gaps="allow"))


def test_label_files_of_mixed_types_are_read_and_those_of_floats_named(ctc, labels):
    before = read_ctc(ctc, "02")
    seg = ctc / "02_ST" / "SEG"
    for t, dtype in enumerate((np.uint8, np.uint16, np.uint32, np.int32, np.uint8)):
        tifffile.imwrite(seg / f"man_seg{t:03d}.tif", labels[t].astype(dtype))
    assert np.array_equal(read_ctc(ctc, "02").masks, before.masks)
    for t in range(5):
        tifffile.imwrite(seg / f"man_seg{t:03d}.tif", labels[t].astype(np.float32))
    with pytest.raises(ValueError, match="man_seg000.tif has dtype float32, but labels are whole numbers"):
        read_ctc(ctc, "02")


def test_labels_of_a_large_value_cost_no_more(ctc, labels):
    before = read_ctc(ctc, "02")
    for t in range(5):
        tifffile.imwrite(ctc / "02_ST" / "SEG" / f"man_seg{t:03d}.tif", labels[t].astype(np.uint32) * 10**9)
    rows = [line.split() for line in TABLE.splitlines()]
    text = "".join(f"{int(label) * 10**9} {first} {last} {int(parent) * 10**9}\n"
                   for label, first, last, parent in rows)
    (ctc / "02_GT/TRA/man_track.txt").write_text(text)
    assert np.array_equal(read_ctc(ctc, "02").masks, before.masks)


def test_what_a_tracker_found_is_read_where_nobody_annotated(ctc, labels):
    before = read_ctc(ctc, "02")
    result = ctc / "02_RES"
    result.mkdir()
    for t, image in enumerate(labels):
        tifffile.imwrite(result / f"mask{t:03d}.tif", image)
    (result / "res_track.txt").write_text(TABLE)
    assert "whole cells" in read_ctc(ctc, "02").source  # annotations go first
    shutil.rmtree(ctc / "02_GT")
    movie = read_ctc(ctc, "02")
    assert ctc_sequences(ctc) == ["01", "02"]
    assert np.array_equal(movie.masks, before.masks) and "what a tracker found, which nobody corrected" in movie.source


def test_what_a_result_of_a_tracker_lacks_is_named_in_its_own_folder(ctc, labels):
    shutil.rmtree(ctc / "02_GT"), shutil.rmtree(ctc / "02_ST")
    (ctc / "02_RES").mkdir()
    (ctc / "02_RES" / "res_track.txt").write_text(TABLE)
    with pytest.raises(FileNotFoundError, match="no label images in [^ ]*02_RES: unpack"):
        read_ctc(ctc, "02")
    (ctc / "02_RES" / "res_track.txt").unlink()
    for t, image in enumerate(labels):
        tifffile.imwrite(ctc / "02_RES" / f"mask{t:03d}.tif", image)
    with pytest.raises(FileNotFoundError, match="02_RES lacks res_track.txt, the lineage table"):
        read_ctc(ctc, "02")


def test_a_table_that_disagrees_with_the_images_is_said(ctc):
    (ctc / "02_GT/TRA/man_track.txt").write_text("1 0 1 0\n2 2 4 1\n4 0 4 0\n")
    assert "not divided; 1 label is in the images and not in the table: label 3 in frame 2), masks" in read_ctc(ctc, "02").source


def test_late_daughters_are_said(ctc, labels):
    for t in range(5):
        image = labels[t] * ((labels[t] == 4) | (t != 2))
        tifffile.imwrite(ctc / "02_ST" / "SEG" / f"man_seg{t:03d}.tif", image.astype(np.uint16))
    (ctc / "02_GT/TRA/man_track.txt").write_text("1 0 1 0\n2 3 4 1\n3 3 3 1\n4 0 4 0\n")
    assert "(1 division with frames left out between mother and daughters, in which nothing is marked)" in \
        read_ctc(ctc, "02").source


def test_label_files_that_no_whole_number_type_holds_are_named(ctc, labels):
    seg = ctc / "02_ST" / "SEG"
    tifffile.imwrite(seg / "man_seg003.tif", labels[3].astype(np.uint64))
    tifffile.imwrite(seg / "man_seg004.tif", labels[4].astype(np.int8))
    with pytest.raises(ValueError, match="SEG holds labels of the types uint16 .man_seg\\d+.tif. and uint64 .* save all label images"):
        read_ctc(ctc, "02")
