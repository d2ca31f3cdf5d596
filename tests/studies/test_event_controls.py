from dataclasses import replace

import numpy as np
from toys import shrinking_discs

from tapnb.metrics import events as scores
from tapnb.studies import event_controls


def test_what_changes_and_what_is_bright_is_found():
    movie = shrinking_discs(1, side=128, per_frame=2)
    found = event_controls.found(movie)
    assert list(found) == ["blurred difference", "blobs of the difference", "brightest blobs"]
    precision = {name: scores.average_precision(scores.matched(table, movie.events, len(movie.frames) - 1))
                 for name, table in found.items()}
    assert min(precision.values()) > 0.5  # discs are all there is
    assert all(table["score"].is_monotonic_decreasing for table in found.values())


def test_a_movie_that_never_changes_has_no_difference():
    movie = shrinking_discs(1)
    still = replace(movie, frames=np.repeat(movie.frames[:1], 4, axis=0), masks=None, events=None)
    found = event_controls.found(still, np.array([1]), kind="death")
    assert found["blobs of the difference"].empty and (found["blurred difference"]["score"] == 0).all()
    assert set(found["brightest blobs"]["kind"]) == {"death"}
