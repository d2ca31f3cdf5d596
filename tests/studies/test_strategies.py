"""Strategies as runs: what they rest on and keep, the same but for one thing, a kept head at work."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy
import torch
from toys import shrinking_discs

from tapnb import pretrain, recognise, weights
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.heads import HeadSettings
from tapnb.metrics import scores
from tapnb.settings import kept
from tapnb.store import runs
from tapnb.studies import strategies

CPU = torch.device("cpu")
WAY = dict(on=CPU, command="tapnb run 06_strategies")
DATASET = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60)
TRAINING = HeadSettings(epochs=1, batch=20)
SEEDS = [20, 40]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(1)


@pytest.fixture(scope="module")
def tap(movie, pretrained):
    return pretrained(movie)


@pytest.fixture(scope="module")
def make(movie, tap):
    """A function: the run of a strategy, with some settings of its head, on some pretraining."""

    def strategy(name, on_tap=None, mode="execute", **changed):
        return strategies.strategy_run(name, movie, on_tap or tap, DATASET, replace(TRAINING, **changed), seeds=SEEDS,
                                       test_pairs=40, validation_pairs=10, mode=mode, **WAY)

    return strategy


@pytest.fixture(scope="module")
def data(movie):
    return event_dataset(movie, DATASET)


def test_every_seed_answers_the_pairs_of_both_parts_and_the_record_sums_them_up(make, data, movie):
    run = make("A0")
    found = strategies.predictions(run)
    for part, n in (("test", 40), ("validation", 10)):
        for seed in SEEDS:
            rows = found[(found["part"] == part) & (found["seed"] == seed)]
            np.testing.assert_array_equal(rows["pair"], data.parts[part][:n])
            np.testing.assert_array_equal(rows["label"], data.labels[rows["pair"]])
    first, second = (found.loc[found["seed"] == seed, "logit_1"].to_numpy() for seed in SEEDS)
    assert found["logit_0"].dtype == found["logit_1"].dtype == np.float16 and not np.allclose(first, second)
    assert run.results["training_pairs"] == 60 and run.results["training_positives"] == 30
    assert run.results["average_precision"] == scores.scores_per_run(found)["average precision"].tolist()
    assert run.results["test"]["seeds"] == SEEDS
    assert np.array(run.results["test"]["counts"]).shape == (2, len(movie.frames) - 1, 4)
    assert np.sum(run.results["test"]["counts"]) == 2 * 40
    assert strategies.dataset_of(run, movie).parts["balanced"].tolist() == data.parts["balanced"].tolist()


def test_a_part_that_nobody_looks_at_is_not_asked_about(make, movie, tap):
    run = strategies.like(make("A0"), movie, tap, validation_pairs=0, mode="execute", **WAY)
    assert set(strategies.predictions(run)["part"]) == {"test"}


def test_only_what_uses_the_pretrained_features_rests_on_them(make, tap, movie, pretrained):
    other = pretrained(movie, 2)
    for name in ("A0", "D0"):
        assert make(name).record["parameters"]["tap"] == tap.name
        with pytest.raises(FileNotFoundError, match="is not there to be restored"):
            make(name, other, "restore")
    for name in ("B0", "C0"):
        run = make(name)
        assert "tap" not in run.record["parameters"] and make(name, other, "restore").name == run.name
        assert runs.pretraining_of(run.record) is None
        runs.check_pretraining(run, other)
    statistics = make("B0", keep_trained_norms=True)  # those of the pretrained network
    assert statistics.record["parameters"]["tap"] == tap.name
    with pytest.raises(FileNotFoundError):
        make("B0", other, "restore", keep_trained_norms=True)


def test_random_features_have_the_channels_of_the_pretraining(make, tap):
    assert make("B0").record["parameters"]["channels"] == [4, 4, 4, 4]
    ordinary = kept(pretrain.PretrainSettings())
    wide = runs.Run(tap.folder, tap.record | {"parameters": {"settings": ordinary, "test_pairs": 1}})
    with pytest.raises(FileNotFoundError):
        make("B0", wide, "restore")


def test_features_of_another_movie_are_refused(tap):
    with pytest.raises(ValueError, match=f"{tap.name} was made from another movie than this 'discs 2'"):
        strategies.strategy_run("A0", shrinking_discs(2), tap, DATASET, TRAINING, seeds=SEEDS, mode="execute", **WAY)


def test_an_unknown_strategy_is_refused_before_anything_is_made(make):
    with pytest.raises(ValueError, match="unknown strategy 'E1'; choose from A0, A1"):
        make("E1")


def test_like_a_run_and_nothing_new_is_that_very_run(make, movie, tap):
    for name in ("A0", "B0"):
        run = make(name)
        assert strategies.like(run, movie, tap, mode="restore", **WAY).record == run.record
        same = strategies.like(run, movie, tap, strategy=name, dataset={"training_pairs": 60}, training={"epochs": 1},
                               validation_pairs=10, mode="restore", **WAY)
        assert same.name == run.name


@pytest.mark.parametrize("change", [{"strategy": "A0i"}, {"dataset": {"criterion": "any size, either"}},
                                    {"training": {"head_rate": 0.01}}, {"validation_pairs": 0},
                                    {"validation_pairs": None}])
def test_like_a_run_differs_in_what_is_asked_for_only(make, movie, tap, change):
    run = make("A0")
    other = strategies.like(run, movie, tap, **change, mode="execute", **WAY)
    was = run.record["parameters"]
    (key, value), = change.items()
    assert other.record["parameters"] == was | {key: was[key] | value if isinstance(value, dict) else value}
    assert other.name != run.name and other.record["seed"] == run.record["seed"]
    again = strategies.like(other, movie, tap, **{key: was[key]}, mode="restore", **WAY)  # and back
    assert again.name == run.name


def test_like_a_run_on_another_pretraining_is_refused_where_that_makes_a_difference(make, movie, tap, pretrained):
    run, other = make("A0"), pretrained(movie, 2)
    with pytest.raises(ValueError, match=f"{run.name} rests on the pretraining {tap.name}, not on {other.name}: run "
                                         "its notebook again"):
        strategies.like(run, movie, other, mode="restore", **WAY)
    assert strategies.like(make("B0"), movie, other, mode="restore", **WAY).name == make("B0").name


@pytest.mark.parametrize("name, with_features, rounding", [("A0", False, 2e-4), ("D1", True, 2e-4), ("B0", True, 5e-3)])
def test_a_kept_head_answers_as_it_did_when_it_was_trained(make, data, name, with_features, rounding):
    """But for kernels and logits in float16; B0, whose logits are larger, loses more."""
    run = make(name)
    found = strategies.predictions(run).query("part == 'test'")
    for seed, asked in ((20, 0), (20, 20), (40, 40)):
        one = strategies.recogniser(run, asked, CPU)
        assert (one.strategy, one.size) == (name, 16) and not one.head.training and not one.features.training
        answer = one.probability(data.images(data.parts["test"][:40])).numpy()
        then, others = (scipy.special.softmax(rows[["logit_0", "logit_1"]].to_numpy(float), axis=1)[:, 1]
                        for rows in (found[found["seed"] == seed], found[found["seed"] != seed]))
        assert abs(answer - then).max() < rounding and abs(answer - others).max() > 100 * rounding
    values, _ = weights.load(run.folder / "weights-20.safetensors")
    assert any(key.startswith("features.") for key in values) is with_features


def test_a_head_that_is_not_here_is_named_with_those_that_are(make, tmp_path):
    run = make("A0")
    with pytest.raises(ValueError, match=f"{run.name} keeps no head of seed 60 here, only of: 20, 40; train it with "
                                         "`tapnb run 06_strategies --mode execute`"):
        strategies.recogniser(run, 60)
    shutil.copy(run.folder / "weights-20.safetensors", tmp_path)  # as it is published
    published = runs.Run(tmp_path, run.record)
    assert strategies.recogniser(published).strategy == "A0"
    with pytest.raises(ValueError, match="keeps no head of seed 40 here, only of: 20;"):
        strategies.recogniser(published, 40)
    with pytest.raises(ValueError, match="keeps no head of seed 20 here, only of: none;"):
        strategies.recogniser(runs.Run(tmp_path / "empty", run.record))


def test_the_pretraining_is_shown_with_its_accuracies(tmp_path):
    accuracies = [{"sampler": "change", "size": 48, "right": 3, "n": 4}]
    tap = runs.Run(tmp_path, {"name": "tap-x", "parameters": {"settings": {"pairs": 96}},
                              "results": {"accuracies": accuracies}})
    assert strategies.pretraining_table(tap).to_dict("records") == [
        {"pretraining": "tap-x", "crop pairs seen": 96, "accuracy, change 48": "0.750"}]


def test_every_run_of_every_strategy_has_its_scores():
    answers = pd.DataFrame({"seed": [20, 20, 40, 40], "part": "test", "pair": [0, 1, 0, 1], "label": [True, False] * 2,
                            "logit_0": [0.0, 1, 1, 1], "logit_1": [1.0, 0, 0, 0]})
    table = strategies.scores_of_runs({"A0": answers, "A1": answers[answers["seed"] == 40]})
    assert table[["strategy", "seed", "rec 1"]].values.tolist() == [["A0", 20, 1.0], ["A0", 40, 0.0], ["A1", 40, 0.0]]
    assert table.index.tolist() == [0, 1, 2]


def test_differences_in_ranking_are_signed_and_keep_their_interval():
    ranked = pd.DataFrame([("A0", "B0", -0.0123, -0.0456, 0.0789)],
                          columns=["first", "second", "difference", "low", "high"])
    (row,) = strategies.ranking_table(ranked).to_dict("records")
    assert row == {"comparison": "A0 \u2212 B0", "average precision": "\u22120.012 (\u22120.046 to +0.079)"}
    assert row["average precision"].low == -0.0456


def test_the_epochs_of_a_head_are_those_of_its_kind():
    parameters = {"linear_epochs": 3, "resnet_epochs": 5, "batch": 12, "redraw_norms": True, "crop_size": 48}
    for name, strategy in recognise.STRATEGIES.items():
        epochs = 5 if strategy.head == "ResNet" else 3
        assert strategies.head_settings(name, parameters) == HeadSettings(epochs=epochs, batch=12, redraw_norms=True)
    with pytest.raises(ValueError, match="unknown strategy 'E1'"):
        strategies.head_settings("E1", parameters)


def test_a_pretraining_is_checked_by_name_where_a_run_rests_on_one():
    tap = runs.Run(Path("."), {"name": "tap-x-1"})
    runs.check_pretraining(runs.Run(Path("."), {"name": "strategy-x-1", "parameters": {"tap": "tap-x-1"}}), tap)
    runs.check_pretraining(runs.Run(Path("."), {"name": "strategy-x-2", "parameters": {}}), tap)
    with pytest.raises(ValueError, match="strategy-x-3 rests on the pretraining tap-x-2, not on tap-x-1"):
        runs.check_pretraining(runs.Run(Path("."), {"name": "strategy-x-3", "parameters": {"tap": "tap-x-2"}}), tap)
