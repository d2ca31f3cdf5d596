"""What differs, measured: labels by hand, a strategy against itself with one thing changed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from toys import shrinking_discs

from tapnb import dataset
from tapnb.crops import CropPairs
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.heads import HeadSettings
from tapnb.metrics.scores import SCORES
from tapnb.movies import Movie
from tapnb.pretrain import PretrainSettings
from tapnb.settings import differing, restored
from tapnb.store import runs
from tapnb.studies import differences, strategies

DATASET = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60)


def made_up_run(counts, seeds=(20, 40)):
    results = {"test": {"seeds": list(seeds)[: len(counts)], "counts": np.asarray(counts).tolist()}}
    return runs.Run(Path("none"), {"name": "strategy-x-1", "results": results})


@pytest.fixture
def published(tmp_path, monkeypatch, pretrained):
    """What makes a strategy's run on a small network, its movie and its pretraining."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    movie = shrinking_discs(1)
    tap = pretrained(movie, 3, batch=4, pairs=999, pairs_per_epoch=40)

    def make(name, **changed):
        return strategies.strategy_run(name, movie, tap, DATASET, HeadSettings(epochs=1, **changed), seeds=[20, 40],
                                       test_pairs=40, **WAY)

    return make, movie, tap


WAY = dict(mode="execute", on=torch.device("cpu"), command="tapnb run 11_differences")


def test_labels_that_change_are_counted():
    """Four crops: 40 pixels of a division, 41 of a division, 25 of a death, nothing."""
    masks = np.zeros((2, 64, 64), np.uint8)
    masks[0, :5, :8] = 1
    masks[0, :5, 16:24] = masks[0, 5, 16] = 1
    masks[1, :5, 32:37] = 2
    movie = Movie(np.arange(2 * 64 * 64, dtype=np.uint16).reshape(2, 64, 64), masks, name="four")
    zeros = np.zeros(4, int)
    pairs = CropPairs(zeros, zeros, np.array([0, 16, 32, 48]), zeros.astype(bool), 16)
    values, above, both = differences.label_effects(movie, pairs, dataset.CRITERIA[0], 40)
    assert (values.ours, values.other, values.effect) == (2, 3, 1)
    assert (above.ours, above.other, above.effect) == (2, 1, -1)
    assert (both.ours, both.other, both.effect) == (2, 2, 0)
    assert both.note == "2 labels change, 50.00 %" and values.key == "labels_values"
    assert "more than 40 labelled pixels" in above.difference


def test_distinct_pairs_are_those_of_the_training_set():
    movie = shrinking_discs(1)
    everything, kept = differences.balancing_effects(movie, DATASET)
    for effect, limit in ((everything, 0), (kept, 60)):
        ours, other = (event_dataset(movie, replace(DATASET, training_pairs=limit, replacement=way)).parts["balanced"]
                       for way in (False, True))
        assert effect.ours == len(ours) and effect.other == len(set(other.tolist())) < len(other)
        assert effect.note == f"of {len(ours)} and {len(other)} pairs drawn"
    assert kept.ours == 60 and "at most 60" in kept.measured
    assert len(differences.balancing_effects(movie, replace(DATASET, training_pairs=0))) == 1


@pytest.mark.trains
def test_the_other_way_is_the_published_run_with_one_thing_changed(published):
    make, movie, tap = published
    for name, group, option in (("B0", "training", "redraw_norms"), ("A0", "dataset", "replacement")):
        run = make(name)
        ours, other = differences.both_ways(run, option, movie, tap, **WAY)
        assert ours is run and other.name != run.name
        given, changed = run.record["parameters"], other.record["parameters"]
        assert given[group][option] is False
        assert changed == given | {group: given[group] | {option: True}}


@pytest.mark.trains
def test_nothing_is_trained_twice_and_the_sides_do_not_depend_on_what_was_published(published):
    make, movie, tap = published
    ours, other = differences.both_ways(make("B0"), "keep_trained_norms", movie, tap, **WAY)
    before = (other.folder / "record.json").stat().st_mtime_ns
    again = differences.both_ways(make("B0", keep_trained_norms=True), "keep_trained_norms", movie, tap,
                                  **WAY | {"mode": "restore"})
    assert [run.name for run in again] == [ours.name, other.name]
    assert (other.folder / "record.json").stat().st_mtime_ns == before


@pytest.mark.trains
def test_features_that_are_not_those_of_the_published_run_are_refused(published, pretrained):
    make, movie, tap = published
    run, other = make("A0"), pretrained(movie, 4)
    with pytest.raises(ValueError, match=f"{run.name} rests on the pretraining {tap.name}, not on {other.name}"):
        differences.both_ways(run, "replacement", movie, other, **WAY)
    with pytest.raises(ValueError, match="unknown option 'dropout'; choose from replacement, redraw_norms"):
        differences.both_ways(run, "dropout", movie, tap, **WAY)


def test_effects_on_scores_by_hand():
    ours = np.zeros((3, 12, 4), int)
    ours[:] = (8, 2, 1, 1)  # tn fp fn tp in every frame pair
    other = ours.copy()
    other[0], other[1] = (10, 0, 1, 1), (6, 4, 1, 1)
    found = differences.score_effects("B0", "redraw_norms", made_up_run(ours), made_up_run(other))
    effects = {effect.measured: effect for effect in found}
    assert list(effects) == [*SCORES, "F1", "spread of rec 0 over runs"]
    recall = effects["rec 0"]
    assert (recall.ours, recall.other, recall.effect) == pytest.approx((0.8, 0.8, 0), abs=1e-12) and recall.ours_std == pytest.approx(0, abs=1e-12)
    assert recall.other_std == pytest.approx(0.2) and recall.repetitions == 3
    half = 0.2 / 3**0.5 * stats.t.ppf(0.975, 2)  # three runs that differ, and frames that do not
    assert (recall.low, recall.high) == pytest.approx((-half, half))
    assert effects["F1"].ours == pytest.approx(2 / 5) and effects["F1"].other == pytest.approx((2 / 3 + 2 / 7 + 2 / 5) / 3)
    spread = effects["spread of rec 0 over runs"]
    assert (spread.ours, spread.other, spread.effect) == pytest.approx((0, 0.2, 0.2), abs=1e-12) and spread.key == "B0_redraw_norms_spread"
    assert np.isnan(spread.low)
    alone = differences.score_effects("A1", "replacement", made_up_run(ours[:1]), made_up_run(other[:1]))
    assert [e.measured for e in alone] == [*SCORES, "F1"] and np.isnan(alone[0].ours_std)


@pytest.mark.trains
def test_the_ranking_is_compared_on_the_published_answers(published):
    make, movie, _ = published
    ours, other = make("B0"), make("B0", redraw_norms=True)
    t = event_dataset(movie, DATASET).pairs.t
    effect = differences.ranking_effect("B0", "redraw_norms", ours, other, t, draws=50)
    means = [np.mean(run.results["average_precision"]) for run in (ours, other)]
    assert (effect.ours, effect.other) == pytest.approx(means) and effect.effect == pytest.approx(means[1] - means[0])
    assert effect.low <= effect.high and effect.repetitions == 2 and effect.key == "B0_redraw_norms_ranking"


def test_every_run_is_there_once_and_ours_is_not_repeated():
    ours, theirs = made_up_run([[[8, 2, 1, 1]]] * 2), made_up_run([[[10, 0, 1, 1]]] * 2)
    options = ("redraw_norms", "keep_trained_norms")
    table = differences.runs_both_ways({("B0", option): (ours, theirs) for option in options})
    assert table["way"].tolist() == ["here"] * 2 + [differences.OPTIONS["redraw_norms"]] * 2 + [
        differences.OPTIONS["keep_trained_norms"]] * 2
    assert table["rec 0"].tolist() == pytest.approx([0.8, 0.8, 1, 1, 1, 1]) and table["seed"].tolist() == [20, 40] * 3


def named_run(name):
    return runs.Run(Path("none"), {"name": name, "results": {}})


def test_every_run_has_one_role_and_what_is_published_keeps_its_own():
    ours, other, cyclic, rounded = (named_run(name) for name in ("ours", "other", "cyclic", "rounded"))
    published, both = {"B0": ours}, {("B0", "redraw_norms"): (ours, other)}
    assert differences.runs_by_role(published, both) == {"B0": ours, "B0 redraw_norms": other}
    turned = {("B0", "redraw_norms"): (other, ours)}  # published the scripts' way
    assert differences.runs_by_role(published, turned) == {"B0": ours, "B0 redraw_norms": other}
    assert differences.runs_by_role(published, {}, (other, cyclic), rounded) == {
        "B0": ours, "schedule one-cycle": other, "schedule cyclic": cyclic, "rounding": rounded}


def test_in_brief_there_is_f1_and_no_single_recall():
    ours = made_up_run([[[8, 2, 1, 1]] * 3] * 3)
    on_scores = differences.score_effects("B0", "redraw_norms", ours, ours, draws=10)
    assert [e.measured for e in differences.in_brief(on_scores)] == ["F1", "spread of rec 0 over runs"]


def test_the_factor_of_the_spread_is_exact():
    values = np.random.default_rng(0).normal(size=7)
    assert differences.spread_effect(7).other == pytest.approx(values.std(ddof=0) / values.std(ddof=1))


def test_the_two_schedules_differ_in_nothing_else(published, monkeypatch):
    _, movie, tap = published
    asked = []
    monkeypatch.setattr(differences, "tap_run", lambda *given, **how: asked.append((given, how)) or tap)
    differences.schedule_runs(movie, movie, tap, 60, 10, **WAY)
    (first, how), (second, _) = asked
    assert first[:2] == second[:2] == (movie, movie) and how == asked[1][1] == dict(test_pairs=10, seed=3, **WAY)
    was = restored(PretrainSettings, tap.record["parameters"]["settings"])
    short = replace(was, pairs=60, pairs_per_epoch=10, validation_pairs=1)
    assert [first[2], second[2]] == [replace(short, schedule="one-cycle"), replace(short, schedule="cyclic")]
    assert differing(was) == {"batch": 4, "pairs": 999, "pairs_per_epoch": 40, "channels": [4, 4, 4, 4]}


def test_schedules_are_compared_on_every_kind_of_pairs():
    one, cyclic = (runs.Run(Path("none"), {"name": name, "results": {"accuracies": [
        {"sampler": "change", "size": 48, "right": right, "n": 80}]}}) for name, right in (("a", 48), ("b", 60)))
    (effect,) = differences.schedule_effects(one, cyclic)
    assert (effect.ours, effect.other, effect.effect) == pytest.approx((0.6, 0.75, 0.15))
    assert effect.low < 0.15 < effect.high and effect.key == "schedule_change_48"
    assert effect.measured == "accuracy, 80 pairs drawn by change, 48 px"
