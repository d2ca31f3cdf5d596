"""The first look at a movie: levels, drift, findings, labelled regions; and its page."""

import dataclasses

import numpy as np
import pytest
from scipy import ndimage
from toys import shrinking_discs

from tapnb.figures import first_look as pictures
from tapnb.movies import Movie
from tapnb.studies.first_look import first_look, regions_table


def test_a_drift_is_seen_where_it_happens():
    scene = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(140, 150)), 3)
    scene = (100 + 400 * (scene - scene.min())).astype(np.uint16)
    frames = np.stack([scene[10 : 110, 20 - 2 * max(t - 3, 0) : 130 - 2 * max(t - 3, 0)] for t in range(8)])
    table = first_look(Movie(frames)).over_time
    assert table["right"].tolist() == pytest.approx([0, 0, 0, 0, 2, 4, 6, 8]) and (table["down"] == 0).all()


def test_labelled_regions_are_counted_by_kind():
    movie = shrinking_discs(1, frames=6, side=96, per_frame=1)
    masks = movie.masks.copy()
    masks[3] = 0
    masks[3, 5:9, 5:15] = 2
    look = first_look(dataclasses.replace(movie, masks=masks))
    table = regions_table(look.regions).set_index("kind")
    assert table.loc["death"].tolist() == [1, 1, 40, "40 to 40"]
    death = look.regions[look.regions["kind"] == "death"].iloc[0]
    assert (death["t"], death["y"], death["x"]) == (3, 6.5, 9.5)


def test_the_page_holds_its_pictures_and_says_what_was_found():
    movie = shrinking_discs(1, frames=8, side=96)
    frames = movie.frames.copy()
    frames[4] = 0
    movie = dataclasses.replace(movie, frames=frames, name="<b>mine</b>")
    look = first_look(movie)
    assert look.over_time["note"].tolist() == ["", "", "", "", "shows nothing", "", "", ""]
    text = pictures.page(movie, look)
    assert "Frame 4 shows nothing" in text and "<b>mine" not in text and text.count("data:image/png;base64,") == 3
    assert "http" not in text and text.count("<img alt=") == 3
    bare = dataclasses.replace(movie, masks=None)
    assert "fit for pretraining" in pictures.page(bare, first_look(bare))
