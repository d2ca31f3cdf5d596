"""The first look at a movie: levels, drift, findings, labelled regions; and its page."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import tifffile
import zarr
from scipy import ndimage
from toys import cells, shrinking_discs

from tapnb.figures import first_look as pictures
from tapnb.movies import Movie, catalogue
from tapnb.studies.first_look import chosen_in_words, events_table, example_events, first_look, labelled_regions


def test_a_drift_is_seen_where_it_happens():
    scene = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(140, 150)), 3)
    scene = (100 + 400 * (scene - scene.min())).astype(np.uint16)
    frames = np.stack([scene[10 : 110, 20 - 2 * max(t - 3, 0) : 130 - 2 * max(t - 3, 0)] for t in range(8)])
    table = first_look(Movie(frames)).over_time
    assert table["right"].tolist() == pytest.approx([0, 0, 0, 0, 2, 4, 6, 8], abs=0.3)
    assert table["down"].abs().max() < 0.3


@pytest.mark.parametrize("down, right", [(0.4, -1.0), (0, 0), (-2.5, 1.5)])
def test_a_slow_drift_of_a_large_movie_is_seen_although_frames_are_reduced(down, right):
    scene = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(700, 640)), 4)
    scene, rng = 100 + 4000 * (scene - scene.min()), np.random.default_rng(1)
    frames = np.stack([ndimage.shift(scene, (down * t, right * t), order=1)[50:-50, 50:-50] for t in range(12)])
    frames = (frames + rng.normal(0, 5, frames.shape)).clip(0).astype(np.uint16)
    frames[5] = 0
    table = first_look(Movie(frames)).over_time  # reduced to half the size
    steps = np.arange(12)[:, None] * (down, right)
    steps[5] = steps[4]  # nothing is seen in a black frame
    assert np.abs(table[["down", "right"]].to_numpy() - steps).max() < 1.5


def discs_and_a_death():
    movie = shrinking_discs(1, frames=6, side=96, per_frame=1)
    masks = movie.masks.copy()
    masks[3] = 0
    masks[3:5, 5:9, 5:15] = 2
    return dataclasses.replace(movie, masks=masks, events=None)


def test_a_note_says_what_is_wrong_with_each_frame():
    frames = cells(10, noise=8)
    frames[2], frames[4], frames[6] = frames[1], 100, np.pad(frames[6], ((0, 0), (9, 0)), mode="reflect")[:, :128]
    frames[4, 30, 30], frames[8] = 900, frames[7] + np.random.default_rng(0).integers(0, 2, (128, 128), np.uint16)
    frames[9] = np.minimum(frames[9], 150)
    look = first_look(Movie(frames))
    assert look.over_time["note"][[2, 4, 6, 8, 9]].tolist() == [
        "repeats another", "shows nothing", "border", "nearly the one before", "bright things cut off"]
    assert (look.over_time["note"][[0, 1, 3, 5, 7]] == "").all() and len(look.findings) == 5


def test_labelled_regions_and_events_are_counted_by_kind():
    movie = discs_and_a_death()
    look = first_look(movie)
    table = events_table(movie, look.regions).set_index("kind")
    assert table.loc["death"].tolist() == [1, 2, 2, 40, "40 to 40"]
    death = look.regions[look.regions["kind"] == "death"].iloc[0]
    assert (death["t"], death["y"], death["x"]) == (3, 6.5, 9.5)
    listed = pd.DataFrame({"t": 1, "y": 5.0, "x": 5.0, "kind": ["death", "debris", "debris"], "track": 0})
    table = events_table(dataclasses.replace(movie, events=listed), look.regions).set_index("kind")
    assert table["events"].to_dict() == {"division": 0, "death": 1, "debris": 2}
    assert table.loc["debris", "labelled regions"] == 0


def test_examples_are_of_every_kind_and_have_a_frame_before():
    movie = discs_and_a_death()
    regions = labelled_regions(movie)
    chosen = example_events(movie, regions, 4)
    assert set(chosen["kind"]) == {"division", "death"} and len(chosen) <= 4 and (chosen["t"] > 0).all()
    at_once = example_events(movie, regions[regions["t"] == 0], 4)
    assert (at_once["t"] == 1).all() and len(at_once)  # nothing before is seen: any will do
    assert not len(example_events(movie, regions[:0], 4))


def division(mother, daughters, side=96):
    """Masks of 8 frames: a cell, labelled in the frames `mother`, whose two daughters are in the frames `daughters`."""
    masks = np.zeros((8, side, side), np.uint8)
    for t in mother:
        masks[t, 40:52, 40:52] = 1
    for t in daughters:
        masks[t, 40:50, 30:40] = masks[t, 40:50, 52:62] = 1
    frames = np.random.default_rng(0).integers(50, 200, masks.shape, np.uint8)
    return Movie(frames, masks, name="division")


@pytest.mark.parametrize("mother, daughters, moment", [
    ([2], [3], 3), ([2, 3], [4, 5], 4), ([], [4, 5], 4), ([], [4], 4), ([3], [], 3), ([3, 4, 5, 6], [], 5)],
    ids=["a frame each", "two each", "daughters for two frames", "daughters", "one blob", "a blob for four frames"])
def test_a_division_is_shown_between_its_mother_and_the_daughters_first_frame(mother, daughters, moment):
    movie = division(mother, daughters)
    chosen = example_events(movie, labelled_regions(movie), 8)
    assert chosen["t"].tolist() == [moment]
    middle = (44.5, 45.5) if daughters else (45.5, 45.5)  # between the daughters, both of which are then in a crop
    assert chosen[["y", "x"]].to_numpy() == pytest.approx(np.array([middle]))


def test_two_divisions_far_apart_are_two_examples():
    movie = division([2], [3], side=200)
    masks = movie.masks.copy()
    masks[:, 100:] = movie.masks[:, :100]
    movie = dataclasses.replace(movie, masks=masks)
    assert sorted(example_events(movie, labelled_regions(movie), 8)["y"]) == [44.5, 144.5]
    masks[:, 60:72] = movie.masks[:, 40:52]  # two side by side: as one example, but at the right moment
    masks[:, 100:] = 0
    beside = example_events(dataclasses.replace(movie, masks=masks), labelled_regions(
        dataclasses.replace(movie, masks=masks)), 8)
    assert beside["t"].tolist() == [3]


def test_listed_events_are_shown_where_they_are_listed_and_rather_those_that_are_seen_whole():
    listed = pd.DataFrame({"t": [0, 3, 4, 7, 0], "y": [50.0, 2, 40, 40, 50], "x": 50.0, "track": 0,
                           "kind": ["division", "division", "division", "division", "death"]})
    movie = dataclasses.replace(division([2], [3]), events=listed)
    chosen = example_events(movie, labelled_regions(movie), 8)
    assert chosen[["kind", "t", "y"]].to_numpy().tolist() == [["division", 4, 40], ["death", 1, 50]]


def test_gaps_and_numbers_of_files_are_said():
    gaps, plain = np.arange(7) == 3, division([2], [3])
    movie = dataclasses.replace(plain, unusable_pairs=gaps, times=(10, 11, 12, 13, 16, 17, 18, 19))
    look = first_look(movie)
    assert look.over_time["note"].tolist() == ["", "", "", "", "after a gap in time", "", "", ""]
    text = pictures.page(movie, look)
    assert "2 time points are missing, between frame 3 (file 13) and frame 4 (file 16)" in text.split("Frames</h2>")[0]
    assert "<th>numbers<td>frame 0 (file 10) to frame 7 (file 19)" in text
    unnamed = dataclasses.replace(plain, unusable_pairs=gaps)  # as of a Zarr image
    text = pictures.page(unnamed, first_look(unnamed))
    assert "At least 1 time point is missing, between frame 3 and frame 4" in text and "numbers" not in text
    assert "missing" not in pictures.page(plain, first_look(plain))


def test_time_points_that_a_zarr_image_lacks_are_counted(tmp_path):
    frames = np.random.default_rng(0).integers(9, 99, (5, 32, 310), np.uint8)
    image = zarr.create_array(tmp_path / "image.zarr", shape=(8, 32, 310), chunks=(1, 32, 310), dtype="u1")
    for t, frame in zip((0, 1, 2, 5, 6), frames):
        image[t] = frame
    movie = catalogue.open_whole(tmp_path / "image.zarr")
    assert first_look(movie, tmp_path / "image.zarr").findings == [
        "the movie's metadata promise 8 time points, of which 3 are not there",
        "at least 1 time point is missing, between frame 2 and frame 3: no crop pair is drawn across the gap"]


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_pictures_are_named_by_frame_and_file():
    movie = dataclasses.replace(division([2], [3]), times=tuple(range(10, 18)))
    assert titles(pictures.frames(movie)) == ["frame 0 (file 10)", "frame 4 (file 14)", "frame 7 (file 17)"]
    assert titles(pictures.events(movie, first_look(movie))) == ["frame 2\n(file 12)", "frame 3\n(file 13)"]
    counted = dataclasses.replace(movie, times=tuple(range(8)))
    assert titles(pictures.frames(counted)) == ["frame 0", "frame 4", "frame 7"]


def test_an_outline_is_said_only_where_one_is_drawn():
    for movie, said in ((division([2], [3]), 1), (division([4], [5]), 2)):  # frames 0, 4 and 7 are shown
        page = pictures.page(movie, first_look(movie))
        assert page.count("<figcaption>") == 3 and page.count("; labelled cells outlined, divisions blue.<") == said
        assert "deaths orange" not in page


@pytest.mark.parametrize("width, narrow", [(298, True), (299, False)])
def test_a_movie_too_narrow_to_be_cut_in_two_is_said(tmp_path, width, narrow):
    for name in ("one", "two"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.random.default_rng(0).integers(9, 99, (3, 32, width), np.uint8))
    (tmp_path / "both.yaml").write_text("frames: one.tif\nheld_out:\n  frames: two.tif\n")
    movie = catalogue.open_whole(tmp_path / "one.tif")
    found = first_look(movie, tmp_path / "one.tif").findings
    assert len(found) == narrow
    assert all(f"is {width} pixels wide" in sentence and "299 pixels would do" in sentence for sentence in found)
    assert first_look(movie, tmp_path / "both.yaml").findings == [] == first_look(movie).findings


def test_another_sequence_of_a_tracked_movie_is_held_out(tmp_path):
    narrow = Movie(np.random.default_rng(0).integers(9, 99, (3, 32, 40), np.uint8))
    for sequence, sentences in (("01", 1), ("02", 0)):
        (tmp_path / sequence).mkdir()
        (tmp_path / f"{sequence}_GT").mkdir()
        assert len(first_look(narrow, tmp_path).findings) == sentences
    assert len(first_look(narrow, tmp_path, {"sequence": "01"}).findings) == 1


def test_the_page_names_what_was_chosen_in_a_yaml_file_or_by_options(tmp_path):
    (tmp_path / "movie.yaml").write_text("frames: folder\nlabels: marks.csv\nradius: 8\nchannel: 0\ngaps: allow\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "marks.csv").touch()
    movie = division([2], [3])
    look = first_look(movie, tmp_path / "movie.yaml")
    assert chosen_in_words(look) == "channel 0, gaps allow, radius 8"
    page = pictures.page(movie, look)
    assert "<th>chosen<td>channel 0, gaps allow, radius 8" in page and "counted in marks (marks.csv): one is" in page
    assert chosen_in_words(first_look(movie, tmp_path / "folder", {"plane": "max"})) == "plane max"
    plain = first_look(dataclasses.replace(movie, events=pd.DataFrame(columns=["t", "y", "x", "kind"])), "synthetic")
    assert plain.options == {} and plain.labels == "a list of events" and "chosen" not in pictures.page(movie, plain)


def test_the_page_holds_its_pictures_and_says_what_was_found():
    movie = shrinking_discs(1, frames=8, side=96)
    frames = movie.frames.copy()
    frames[4] = 0
    movie = dataclasses.replace(movie, frames=frames, name="<b>mine</b>")
    look = first_look(movie)
    assert look.over_time["note"].tolist() == ["", "", "", "", "shows nothing", "", "", ""]
    text = pictures.page(movie, look)
    assert "Frame 4 shows nothing" in text and "<b>mine" not in text and text.count("data:image/png;base64,") == 3
    assert "white level goes from" in text and "Frames with a finding are grey" in text
    ordinary = shrinking_discs(1, frames=8, side=96)
    assert "Frames with a finding" not in pictures.page(ordinary, first_look(ordinary))
    assert "http" not in text and text.count("<img alt=") == 3
    bare = dataclasses.replace(movie, masks=None)
    assert "fit for pretraining" in pictures.page(bare, first_look(bare))
