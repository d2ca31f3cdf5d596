"""Which events of a movie are shown."""

import numpy as np
import pandas as pd

from tapnb.movies import Movie
from tapnb.studies.data import example_windows


def test_examples_come_from_the_masks_where_there_is_no_table_of_events():
    masks = np.zeros((9, 100, 100), np.uint8)
    masks[3, 40:50, 60:70] = 1
    masks[4, 60:64, 35:39] = 2
    masks[4, 0:9, 0:9] = 1  # at the border: not shown
    movie = Movie(np.zeros(masks.shape, np.uint8) + np.uint8(5), masks)
    found = example_windows(movie)
    assert found.to_dict("records") == [{"t": 3, "y": 44.5, "x": 64.5, "kind": "division"},
                                        {"t": 4, "y": 61.5, "x": 36.5, "kind": "death"}]
    assert len(example_windows(movie, margin=49)) == 0


def test_a_few_of_every_kind_are_drawn_from_the_table_of_events():
    events = pd.DataFrame({"t": [*range(2, 8)] * 3, "y": 50.0, "x": [*map(float, range(40, 58))],
                           "kind": ["division"] * 6 + ["death"] * 6 + ["debris"] * 6})
    masks = np.zeros((12, 100, 100), np.uint8)
    masks[5, 70:75, 70:75] = 1  # what the table lacks is not shown
    movie = Movie(np.zeros(masks.shape, np.uint8) + np.uint8(5), masks, events=events)
    found = example_windows(movie)
    assert found["kind"].value_counts().to_dict() == {"division": 2, "death": 2, "debris": 1}
    assert len(found.merge(events)) == len(found.drop_duplicates()) == 5
    assert found.equals(example_windows(movie)) and not found.equals(example_windows(movie, seed=26))
    assert example_windows(movie, most={"death": 4})["kind"].value_counts().to_dict() == {
        "division": 1, "death": 4, "debris": 1}
