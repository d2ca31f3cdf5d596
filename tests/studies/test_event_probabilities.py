"""What probabilities promise, and what is there: by hand."""

import numpy as np
import pandas as pd
import pytest

from tapnb.event_probability import probability
from tapnb.movies import Movie
from tapnb.store.publication import FOUND
from tapnb.store.runs import Run
from tapnb.studies import event_probabilities, events


def movie(events_of, frames=50):
    return Movie(np.random.default_rng(0).integers(0, 200, (frames, 40, 400), dtype=np.uint8), name="toy", events=events_of)


@pytest.fixture
def made(tmp_path):
    """A detector that is right about every second division it is unsure of, in both movies, and sees too few deaths to say."""
    rng, t = np.random.default_rng(0), np.arange(41, 50)
    places = pd.concat([pd.DataFrame({"t": t, "y": 20.0, "x": x, "kind": "division"}) for x in (40.0, 120.0, 200.0, 280.0)],
                       ignore_index=True)
    scored = places.assign(score=rng.uniform(0.2, 0.9, len(places)))
    true = places[rng.random(len(places)) < scored["score"]]
    deaths = pd.DataFrame({"t": [44], "y": [20.0], "x": [380.0], "kind": ["death"], "score": [0.9]})
    found = pd.concat([pd.concat([scored, deaths]).assign(part=part) for part in ("validation", "held-out")], ignore_index=True)
    found.to_parquet(tmp_path / FOUND, index=False)
    return Run(tmp_path, {"name": "detector-toy-1"}), movie(pd.concat([true, deaths[["t", "y", "x", "kind"]]], ignore_index=True)), scored


def test_promised_is_the_sum_of_the_probabilities_of_a_kind(made):
    run, toy, scored = made
    (row,) = event_probabilities.worth({"D": [run], "C": []}, toy, toy).itertuples(index=False)
    checked = events.split_pairs(toy)[1]
    fitted = events.calibrations(events.found(run, "validation"), events.labelled(events.true_events(toy), checked), len(checked))
    assert (row.name, row.kind) == ("D", "division") and list(fitted) == ["division"], "one death is too few"
    assert row.expected == pytest.approx(probability(scored, fitted).sum())
    assert row.true == (toy.events["kind"] == "division").sum()
    assert row.expected == pytest.approx(row.true, abs=1e-2), "as many as there are, where it was fitted"
    assert row.likely_true <= min(row.likely, row.true) and row.likely == (probability(scored, fitted) >= 0.5).sum()
    found = event_probabilities.worth({"D": [run]}, toy, toy)
    assert event_probabilities.table(found)["events promised (sum of probabilities)"].tolist() == [str(row.true)]
    assert event_probabilities.numbers(found)["D_division_seen"]["value"] == row.true


def test_without_a_detector_nothing_is_promised(made):
    none = event_probabilities.worth({}, made[1], made[1])
    assert none.empty and event_probabilities.table(none).empty and event_probabilities.numbers(none) == {}
