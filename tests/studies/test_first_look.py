"""The first look at a movie: levels, drift, findings, labelled regions; and its page."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from toys import cells, shrinking_discs

from tapnb.figures import first_look as pictures
from tapnb.movies import Movie
from tapnb.studies.first_look import events_table, example_regions, first_look


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


def test_examples_are_of_every_kind_and_begin_an_event():
    regions = first_look(discs_and_a_death()).regions
    chosen = example_regions(regions, 4)
    assert set(chosen["kind"]) == {"division", "death"} and len(chosen) <= 4
    assert chosen["new"].all() and (chosen["t"] > 0).all()
    assert len(example_regions(regions.assign(t=0), 4)) <= 4  # none begins in view: any will do


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
