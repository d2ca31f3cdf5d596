"""Strategies set beside themselves on another pretraining: on toy movies, and those that are published."""

import copy

import pytest
import torch
from toys import shrinking_discs

from tapnb.dataset import event_dataset
from tapnb.metrics import intervals
from tapnb.store import runs
from tapnb.studies import evidence, evidence_beside, evidence_runs
from tapnb.studies.evidence_beside import Pretraining
from tapnb.workflow.notebooks import CHECKOUT

PARAMETERS = {"crop_size": 16, "crops_per_frame_pair": 40, "evidence_training_pairs": 100, "evidence_labelled_share": 0.6,
              "evidence_batch": 20, "evidence_patience": 1, "evidence_seeds": [20, 40], "evidence_test_pairs": 80,
              "evidence_validation_pairs": 60, "evidence_held_out_pairs": 0}


@pytest.fixture(scope="module")
def movies():
    return shrinking_discs(1), shrinking_discs(2)


@pytest.fixture(scope="module")
def trained(movies, pretrained, tmp_path_factory):
    """Two strategies on a pretraining, by name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        tap = pretrained(movies[0])
        yield {name: evidence_runs.trained(name, *movies, tap, PARAMETERS, on=torch.device("cpu"), mode="execute", command="")
               for name in ("A0", "C0")}


@pytest.fixture(scope="module")
def datasets(movies):
    return event_dataset(movies[0], evidence_runs.dataset_settings(PARAMETERS)), evidence_runs.held_out_dataset(movies[1], PARAMETERS)


def resampled(trained, datasets):
    answers = {name: evidence.all_answers(of_one) for name, of_one in trained.items()}
    return {part: evidence.resampled(of_part) for part, of_part in evidence.asked(answers, *datasets).items()}


def elsewhere(monkeypatch, theirs):
    """As if a profile "there" had published these trainings, and no other profile any."""
    monkeypatch.setattr(evidence_beside, "_published", lambda profile, movie, names: theirs if profile == "there" else {})
    monkeypatch.setattr(evidence_beside, "_tap", lambda profile, movie: f"the pretraining of {profile}")


@pytest.mark.trains
def test_a_strategy_is_set_beside_itself_on_another_pretraining(trained, datasets, monkeypatch):
    own = Pretraining("here", None, trained, resampled(trained, datasets))
    elsewhere(monkeypatch, {"A0": trained["A0"], "C0": trained["A0"]})  # as if C0 had been A0 there
    others = evidence_beside.others(["nowhere", "there"], "a movie", own, *datasets)
    assert [(one.profile, one.tap) for one in others] == [("there", "the pretraining of there")]
    compared = evidence_beside.differences(own, others)
    by_name = compared.set_index(["name", "part"])
    assert (by_name.loc["A0", "difference"] == 0).all() and {"held-out", "test"} <= set(by_name.loc["A0"].index)
    expected = intervals.estimate(own.by_part["held-out"]["C0"], own.by_part["held-out"]["A0"])
    assert by_name.loc["C0", "held-out"][["difference", "low", "high"]].tolist() == pytest.approx([expected.value, expected.low, expected.high])
    table = evidence_beside.table(compared)
    assert table.columns.tolist() == ["minus that of profile", "strategy", "pairs", "average precision (95 %)"]
    assert table.iloc[0, :3].tolist() == ["there", "A0", "held-out movie"]
    named = evidence_beside.numbers(compared, own, others)
    assert len(named["C0_held-out_less_that_of_there"]["runs"]) == 3 and "C0_test_less_that_of_there" in named


@pytest.mark.trains
def test_what_was_asked_about_other_pairs_is_not_set_beside(trained, datasets, monkeypatch):
    theirs = [runs.Run(run.folder, copy.deepcopy(run.record)) for run in trained["A0"]]
    elsewhere(monkeypatch, {"A0": theirs})
    for part, key, other in (("training", "batch", 5), ("dataset", "crop_size", 24)):
        theirs[0].record["parameters"] = copy.deepcopy(trained["A0"][0].record["parameters"])
        theirs[0].record["parameters"][part][key] = other
        with pytest.raises(ValueError, match="A0 was trained otherwise, or trained on or asked about other pairs, in the profile 'there'"):
            evidence_beside.others(["there"], "a movie", Pretraining("here", None, trained, {}), *datasets)


def test_without_another_profile_nothing_is_set_beside():
    own = Pretraining("here", None, {"A1": []}, {})
    assert evidence_beside.others([], "synthetic", own, None, None) == []
    assert evidence_beside.others(["cpu"], "a movie of which nothing is published", own, None, None) == []
    nothing = evidence_beside.differences(own, [])
    assert nothing.empty and evidence_beside.table(nothing).empty and evidence_beside.numbers(nothing, own, []) == {}


def test_the_other_profiles_runs_are_those_that_it_published_on_tap_features(tmp_path, monkeypatch):
    (tmp_path / "results").symlink_to(CHECKOUT / "results")
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    found = evidence_beside._published("cpu", "hela", ["A1", "P1", "D1"])
    assert {name: [run.record["parameters"]["seeds"] for run in of_one] for name, of_one in found.items()} == {
        "A1": [[20, 40, 60]], "D1": [[20], [40], [60]]}
    assert evidence_beside._tap("cpu", "hela").record["seed"] == 1
