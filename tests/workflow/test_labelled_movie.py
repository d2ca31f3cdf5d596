"""Labels in any form, and what is said of them before anything is learned."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import roifile
import tifffile
from toys import shrinking_discs

from tapnb.movies import Movie
from tapnb.workflow import labelled_movie


@pytest.fixture
def movie(tmp_path):
    """A movie of discs."""
    tifffile.imwrite(tmp_path / "discs.tif", shrinking_discs(1, frames=26).frames)
    return tmp_path / "discs.tif"


def labelled_at(*t, kind="division"):
    events = pd.DataFrame({"t": t, "y": 5.0, "x": 5.0, "kind": kind})
    return Movie(np.zeros((100, 8, 8), np.uint8) + np.arange(8, dtype=np.uint8), name="toy", events=events)


def test_a_stretch_without_labels_is_asked_about_where_every_event_should_be_labelled():
    marked = labelled_at(*range(1, 40))
    assert labelled_movie.labels_in_words(marked, True) == (
        "labelled: 39 divisions, frames 1 to 39 of 0 to 99; between frames 39 and 99 there is none, and that is learned as empty: if nobody "
        "looked there, add --partial")
    for quiet in (labelled_movie.labels_in_words(marked, False), labelled_movie.labels_in_words(labelled_at(*range(4, 99, 9)), True)):
        assert "partial" not in quiet


@pytest.mark.parametrize("n", [1, 9, 10])
def test_few_labels_are_asked_about_wherever_they_lie(n):
    marked = labelled_at(*np.linspace(5, 95, n).astype(int)) if n > 1 else labelled_at(50, kind="death")
    said = labelled_movie.labels_in_words(marked, True)
    few = "; all else in the movie is learned as no event: unless you marked every event, add --partial"
    assert said.endswith(few) == (n < 10) and said.count("--partial") == (n < 10)
    assert "partial" not in labelled_movie.labels_in_words(marked, False)
    if n == 1:
        assert said == f"labelled: 1 death, frame 50 of 0 to 99{few}"


def test_few_of_one_kind_are_few_and_answers_do_not_make_them_many():
    many, deaths = labelled_at(*range(4, 99, 5)), labelled_at(50, 60, kind="death")
    both = replace(many, events=pd.concat([many.events, deaths.events], ignore_index=True))
    assert "--partial" in labelled_movie.labels_in_words(both, True)
    assert "--partial" not in labelled_movie.labels_in_words(many, True)
    assert "--partial" in labelled_movie.labels_in_words(many, True, many.events.iloc[:12])
    assert "--partial" not in labelled_movie.labels_in_words(many, True, many.events.iloc[:3])


@pytest.mark.parametrize("form", ["masks", "points"])
def test_labels_in_any_form_are_events(movie, form):
    if form == "masks":
        masks = np.zeros((26, 64, 64), np.uint8)
        masks[4, 10:14, 20:24] = masks[5, 10:12, 20:24] = 1  # mother, then daughters
        masks[9, 40:44, 40:44] = 2
        tifffile.imwrite(movie.parent / "labels.tif", masks)
        labels = movie.parent / "labels.tif"
    else:
        labels = movie.parent / "labels.csv"
        labels.write_text("t,y,x,kind\n5,10.5,21.5,division\n9,41.5,41.5,death\n")
    found = labelled_movie.open_labelled(str(movie), str(labels)).events
    assert found.to_dict("list") == {"t": [5, 9], "y": [10.5, 41.5], "x": [21.5, 41.5], "kind": ["division", "death"]}


@pytest.mark.parametrize(("text", "message"), [
    ("t,y,x\n40,3,3\n", r"labels.csv: the event t=40, y=3, x=3 lies outside the movie of 26 frames of 64 x 64 pixels"),
    ("t,y,x\n0,3,3\n", "no division and no death is marked after the first frame"),
])
def test_labels_that_serve_for_nothing_are_refused(movie, text, message):
    (movie.parent / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        labelled_movie.open_labelled(str(movie), str(movie.parent / "labels.csv"))


def test_a_movie_without_labels_of_its_own_is_said(movie):
    with pytest.raises(ValueError, match="'discs' has no labels of its own: give a file with --labels"):
        labelled_movie.open_labelled(str(movie), "own")


def test_in_a_stack_of_channels_a_position_is_no_frame_whoever_says_so(tmp_path):
    discs = shrinking_discs(1, frames=13).frames
    tifffile.imwrite(tmp_path / "both.tif", np.stack([discs, discs], 1), imagej=True, metadata={"axes": "TCYX"})
    (tmp_path / "movie.yaml").write_text("frames: both.tif\nchannel: 0\n")
    point = roifile.ImagejRoi.frompoints([[10, 20]])
    point.position, point.roitype = 7, roifile.ROI_TYPE.POINT  # the fourth frame, of whose channels it is the first
    point.tofile(tmp_path / "cells.roi")
    with pytest.raises(ValueError, match="holds more than time, and no frame"):
        labelled_movie.open_labelled(str(tmp_path / "movie.yaml"), str(tmp_path / "cells.roi"))


def test_an_answer_at_a_labelled_event_is_that_event(movie):
    (movie.parent / "labels.csv").write_text("t,y,x,kind\n5,10.5,21.5,division\n")
    answers = pd.DataFrame({"t": [6, 6, 20], "y": [12.5, 12.5, 10.5], "x": 20.0, "kind": ["division", "death", "division"]})
    found = labelled_movie.open_labelled(str(movie), str(movie.parent / "labels.csv"), answers).events
    assert found[["t", "kind"]].values.tolist() == [[5, "division"], [6, "death"], [20, "division"]]


def test_a_place_at_an_event_is_told():
    events = pd.DataFrame({"t": [10], "y": [20.0], "x": [30.0], "kind": ["division"]})
    places = pd.DataFrame({"t": [16, 17, 10, 10], "y": [20.0, 20.0, 34.9, 35.0], "x": 30.0, "kind": ["death", *["division"] * 3]})
    assert labelled_movie.at_events(places, events).tolist() == [True, False, True, False]
    assert labelled_movie.at_events(places, events, of_kind=True).tolist() == [False, False, True, False]
    assert not labelled_movie.at_events(places, events[:0], of_kind=True).any() and labelled_movie.at_events(places[:0], events).shape == (0,)
