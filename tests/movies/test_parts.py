"""One movie as two parts."""

import numpy as np
import pandas as pd
import pytest

from tapnb.movies import Movie
from tapnb.movies.parts import part_of


def test_parts_are_disjoint_and_events_follow():
    frames = np.arange(2 * 4 * 500, dtype=np.uint16).reshape(2, 4, 500)
    events = pd.DataFrame({"t": 1, "y": 2.0, "x": [0.0, 275.5, 276.0, 300.0, 324.0, 499.0],
                           "kind": "division", "track": range(6)})
    movie = Movie(frames, name="m", events=events, unexplained=pd.DataFrame({"t": 1, "y": 2.0, "x": [20.0, 480.0]}))
    left, right = part_of(movie, "train"), part_of(movie, "held-out")
    assert left.events.x.tolist() == [0, 275.5] and right.events.x.tolist() == [0, 175]
    assert left.unexplained.x.tolist() == [20] and right.unexplained.x.tolist() == [156]
    assert not set(left.frames.ravel()) & set(right.frames.ravel())
    assert left.shape[2] + 48 + right.shape[2] == 500
    with pytest.raises(ValueError, match="200 pixels wide, too narrow .* held_out"):
        part_of(Movie(frames[:, :, :200]), "train")
