"""The player's HTML: the still, its marks and the data of the script."""

import json

import numpy as np
import pandas as pd
from bs4 import BeautifulSoup

from tapnb.figures.movie_player import Layers, player
from tapnb.movies import Movie

COLUMNS = ["t", "y", "x", "kind", "value"]
EVENTS = pd.DataFrame([(5, 20.0, 30.0, "division", 0.9), (5, 50.0, 10.0, "death", 0.2), (1, 5.0, 9.0, "death", 0.9)],
                      columns=COLUMNS)


def test_marks_of_the_still_are_those_of_its_frame_that_are_sure_enough():
    movie = Movie(np.random.default_rng(0).integers(0, 255, (10, 60, 90), dtype=np.uint8), name="a <b>",
                  minutes_per_frame=30.0)
    maps = {role: np.full((2, 6, 9), 100, np.uint8) for role in ("grad_cam", "second")}
    layers = Layers(EVENTS.drop(columns="value"), EVENTS, "probability", 0.5, range(4, 6), maps)
    soup = BeautifulSoup(player(movie, range(3, 9), layers, "one", "caption"), "html.parser")
    assert soup.figure["aria-label"] == "Frames 3 to 8 of a <b>"
    assert [(circle["cx"], circle["cy"]) for circle in soup.select("circle")] == [("30.5", "20.5"), ("10.5", "50.5")]
    assert len(soup.select("rect")) == 1  # the death is found with too low a probability
    frame = soup.select_one("input[aria-label=Frame]")
    assert (frame["max"], frame["value"]) == ("5", "2") and soup.select_one(".tapnb-least")["value"] == "50"
    data = json.loads(soup.script.string)
    assert data["first"] == 3 and len(data["frames"]) == 6 and data["hours"] == 0.5
    assert {event["t"] for event in data["events"]} == {5}  # what lies outside the stretch is left out
    assert list(data["heat"]["grad_cam"]) == ["4", "5"] and list(data["heat"]["second"]) == ["5", "6"]
    assert {label.text.strip() for label in soup.select("fieldset:last-of-type label")} == {
        "none", "as the pair's first frame", "as its second"}
