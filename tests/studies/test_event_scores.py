"""What detectors come to beside controls: by hand, with runs that were never trained."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.metrics import events as scores
from tapnb.store import runs
from tapnb.studies import event_controls, event_scores, events

HOW = {"mode": "execute", "command": "tapnb run 14_events"}


@pytest.fixture(scope="module")
def movies():
    return [shrinking_discs(seed, side=96, per_frame=2) for seed in (1, 2)]


@pytest.fixture(scope="module")
def controlled(movies, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        yield event_controls.control_run(*movies, **HOW)


def made_up(folder, found: pd.DataFrame, seed: int = 20, threshold: float | None = 0.5) -> runs.Run:
    """The run of a detector that found just these events."""
    folder.mkdir()
    found.assign(part=events.HELD_OUT).to_parquet(folder / "found.parquet")
    return runs.Run(folder, {"name": folder.name, "seed": seed, "seconds": 90.0, "results": {
        "events": 7, "course": [{"step": 10, "score": 0.2}, {"step": 20, "score": 0.9}, {"step": 30, "score": 0.9}],
        "validation": {"threshold": threshold, "true": 4, "average_precision": threshold and 0.25}}})


@pytest.fixture
def trained(tmp_path, movies):
    """D finds every event and one that is none; A half of them, with scores as low as those of two that are none."""
    true = events.true_events(movies[1])
    wrong = pd.DataFrame({"t": [3, 9], "y": [500.0, 600.0], "x": 500.0, "kind": "division", "score": [0.9, 0.2]})
    all_found = pd.concat([true.assign(score=np.linspace(0.99, 0.8, len(true))), wrong.assign(score=[0.6, 0.1])])
    half = pd.concat([true.iloc[::2].assign(score=0.4), wrong])
    return {"D": [made_up(tmp_path / f"detector-d{seed}", all_found, seed) for seed in (20, 40)],
            "A": [made_up(tmp_path / "detector-a", half, threshold=None)]}


@pytest.fixture
def judged(trained, controlled, movies):
    return event_scores.judged(trained, [controlled], movies[1])


def value(table, name, measure):
    return table[(table["name"] == name) & (table["measure"] == measure)]["value"].item()


def test_scores_are_those_of_a_hand_worked_case(judged, movies):
    table, n = event_scores.estimates(judged), len(events.true_events(movies[1]))
    assert value(table, "D", "average precision") == pytest.approx(1)
    assert value(table, "D", "f1") == pytest.approx(2 * n / (2 * n + 1))  # one false alarm above the threshold
    assert value(table, "D", "best") == pytest.approx(1)
    assert value(table, "A", "f1") == 0  # without a threshold nothing counts as found
    half = -(-n // 2)
    assert value(table, "A", "best") == pytest.approx(2 * half / (half + 1 + n))
    assert table["name"].iloc[0] == "D" and table[table["name"] == "D"]["runs"].eq(2).all()
    assert table[["low", "high"]].to_numpy().min() >= 0 and table[["low", "high"]].to_numpy().max() <= 1


def test_controls_take_their_threshold_from_the_training_movie(controlled, movies):
    of_train = event_controls.found(movies[0])["blurred difference"]
    matched = scores.matched(of_train, events.true_events(movies[0]), len(movies[0].frames) - 1)
    assert controlled.results["thresholds"]["division"]["blurred difference"] == scores.best_threshold(matched)
    kept = event_controls.found_by(controlled, "blurred difference", "death")
    pd.testing.assert_frame_equal(kept.drop(columns=["kind", "t"]),
                                  event_controls.found(movies[1])["blurred difference"].drop(columns=["kind", "t"]))
    assert set(kept["kind"]) == {"death"}


def test_published_numbers_stand_beside_those_of_their_movie_only(judged):
    table = event_scores.scores_table(event_scores.estimates(judged), published=True)
    assert table[""].tolist()[-4:] == [f"published: {name}" for name in event_scores.PUBLISHED_F1]
    assert table["F1 at the chosen threshold"].iloc[-1] == "0.593"
    assert not event_scores.scores_table(event_scores.estimates(judged), published=False)[""].str.contains("published").any()


def test_differences_are_those_of_the_average_precisions(judged):
    compared = event_scores.comparisons(judged)
    table = event_scores.estimates(judged)
    assert compared[["first", "second"]].to_numpy().tolist()[0] == ["D", "A"]
    best_control = compared["second"].iloc[1]
    assert best_control in event_controls.CONTROLS and len(compared) == 2
    for row in compared.itertuples():
        assert row.difference == pytest.approx(
            value(table, row.first, "average precision") - value(table, row.second, "average precision"))
    numbers = event_scores.numbers(table, judged, compared)
    assert numbers["D_less_A_division"]["runs"] == ["detector-d20", "detector-d40", "detector-a"]
    assert numbers["divisions"]["value"] == judged[0].matched[0].events
    table = event_scores.comparisons_table(compared)
    assert table["comparison"].iloc[0] == "D − A"
    assert compared["p"].notna().tolist() == [True, False] and table["p (Holm)"].iloc[1] == "–", "both were picked by what is compared"


def test_the_weights_kept_are_the_first_of_the_best(trained):
    table = event_scores.trainings_table(trained)
    assert table["steps kept"].tolist() == [20, 20, 20] and table["minutes"].tolist() == [2, 2, 2]
    assert table["threshold"].tolist() == ["0.50", "0.50", "–"]


def test_mistakes_are_the_surest_false_alarms_and_what_was_missed(judged, movies):
    by_name = {one.name: one for one in judged}
    wrong = event_scores.mistakes(by_name["D"], movies[1], 5)
    assert wrong["false alarms"]["y"].tolist() == [500.0] and wrong["missed events"].empty
    missed = event_scores.mistakes(by_name["A"], movies[1], 50)["missed events"]
    assert len(missed) == len(events.true_events(movies[1]))  # its threshold lets nothing through
    assert missed["score"].is_monotonic_increasing and missed["score"].iloc[0] == 0


def test_recall_is_drawn_against_false_alarms(judged):
    table = event_scores.free_response(judged)
    own = table[table["name"] == "D"]
    assert own["recall"].iloc[-1] == 1 and own["false_per_frame"].iloc[-1] == pytest.approx(2 / judged[0].matched[0].frames)


def test_a_movie_without_events_gives_empty_tables(controlled, trained, movies):
    nothing = replace(movies[1], events=movies[1].events.iloc[:0], masks=None)
    judged = event_scores.judged(trained, [controlled], nothing)
    assert judged == [] and event_scores.estimates(judged).empty and event_scores.comparisons([]).empty
    assert event_scores.scores_table(event_scores.estimates([]), published=False).empty
    assert event_scores.numbers(event_scores.estimates([]), [], event_scores.comparisons([])) == {}
    assert event_scores.free_response([]).empty
