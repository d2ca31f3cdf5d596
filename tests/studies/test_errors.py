"""Mistakes over time and the surest of them: worked by hand, against scikit-learn, and by their definitions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.metrics import scores
from tapnb.settings import kept
from tapnb.store import runs
from tapnb.studies import errors, paper, strategies

FIVE = np.array([[8, 2, 0, 0], [8, 2, 1, 1], [4, 1, 2, 3], [4, 1, 1, 4], [4, 0, 0, 5]])  # tn, fp, fn, tp by frame pair
SETTINGS = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60)


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(1)


@pytest.fixture(scope="module")
def data(movie):
    return event_dataset(movie, SETTINGS)


def predictions(data, seed=20):
    index = data.parts["test"]
    logits = np.random.default_rng(seed).normal(size=(len(index), 2))
    test = pd.DataFrame({"seed": seed, "part": "test", "pair": index, "label": data.labels[index],
                         "logit_0": logits[:, 0], "logit_1": logits[:, 1]})
    return pd.concat([test, test.assign(part="validation")], ignore_index=True)


def record(movie, seeds=(20, 40)):
    counts = [(FIVE + i).tolist() for i in range(len(seeds))]
    return runs.Run(Path("."), {
        "name": "strategy-discs-1", "movies": {"train": {"fingerprint": movie.fingerprint}},
        "parameters": {"seeds": list(seeds), "dataset": kept(SETTINGS)},
        "results": {"test": {"seeds": sorted(seeds), "counts": counts}}})


def test_the_papers_counts_give_the_papers_scores():
    table = errors.table3(FIVE.sum(0), np.array(list(paper.TABLE3.values())))
    theirs = table[table["source"] == "paper"]
    assert theirs[["precision", "recall"]].to_numpy().tolist() == [["0.98", "0.94"], ["0.68", "0.89"]]
    ours = table[table["source"] == "here"]
    assert ours[["predicted 0", "predicted 1"]].to_numpy().tolist() == [[28, 6], [4, 13]]
    assert sum(paper.TABLE3.values()) == paper.TABLE1["test"][0]
    assert paper.TABLE3["fn"] + paper.TABLE3["tp"] == paper.TABLE1["test"][1]


def test_a_run_is_rebuilt_on_its_own_movie_only(movie, data):
    rebuilt = strategies.dataset_of(record(movie), movie)
    np.testing.assert_array_equal(rebuilt.parts["test"], data.parts["test"])
    with pytest.raises(ValueError, match="strategy-discs-1 was made from another movie than this 'discs 2'.*notebook"):
        strategies.dataset_of(record(movie), shrinking_discs(2))


def test_one_run_is_the_profiles_first_or_the_one_asked_for(movie):
    seed, counts = errors.one_run(record(movie, (40, 20)))
    assert seed == 40
    np.testing.assert_array_equal(counts, FIVE + 1)  # counts stand in the order of the sorted seeds
    np.testing.assert_array_equal(errors.one_run(record(movie), 20)[1], FIVE)
    with pytest.raises(ValueError, match="no run of seed 60; choose one of 20, 40"):
        errors.one_run(record(movie), 60)


def test_every_test_pair_gets_its_place_and_outcome(data):
    found = errors.tested(predictions(data), data)
    np.testing.assert_array_equal(found["pair"], data.parts["test"])
    np.testing.assert_array_equal(found["y"], data.pairs.y[data.parts["test"]])
    tn, fp, fn, tp = metrics.confusion_matrix(found["label"], found["probability"] > 0.5).ravel()
    assert found["outcome"].value_counts().to_dict() == {"tn": tn, "fp": fp, "fn": fn, "tp": tp}
    assert (found["label"] == found["outcome"].isin(["fn", "tp"])).all()


def test_shares_are_per_cent_of_their_own_total():
    shares = errors.shares_over_time(FIVE)
    np.testing.assert_allclose(shares["false positives"], 100 * np.array([2, 2, 1, 1, 0]) / 6)
    np.testing.assert_allclose(shares["positives"], 100 * np.array([0, 2, 5, 5, 5]) / 17)
    np.testing.assert_allclose(shares.sum(), 100)
    none = errors.shares_over_time(FIVE * [1, 1, 0, 1])
    assert none["false negatives"].isna().all() and none["true positives"].notna().all()


def test_spreads_are_compared_at_the_start_and_as_a_whole():
    table = errors.spread_table(errors.shares_over_time(FIVE)).set_index(["outcome", "compared with"])
    first = table.loc["false positives", "negatives"]  # one of five frame pairs is the start
    assert first["at the start (%)"] == f"{100 * 2 / 6:.1f}"
    assert first["the other at the start (%)"] == f"{100 * 10 / 34:.1f}"
    apart = np.abs(np.array([2, 2, 1, 1, 0]) / 6 - np.array([10, 10, 5, 5, 4]) / 34).sum() / 2
    assert first["has to move (%)"] == f"{100 * apart:.1f}"
    none = errors.spread_table(errors.shares_over_time(FIVE * [1, 0, 1, 1])).set_index(["outcome", "compared with"])
    assert none.loc[("false positives", "negatives"), "has to move (%)"] == "–"


def test_true_positives_are_never_farther_from_the_truth_than_what_is_missed():
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = rng.integers(0, 9, (12, 4)) + [0, 0, 0, 1]
        table = errors.spread_table(errors.shares_over_time(counts))
        fn, tp = counts.sum(0)[2:]
        assert float(table["has to move (%)"][0]) <= 100 * fn / (fn + tp) + 0.05


def test_a_constant_error_rate_still_makes_early_false_positives_stand_out():
    """What the paper reads as more false positives early may only be fewer positives early: the rates decide."""
    positives = np.linspace(10, 90, 95).round().astype(int)
    negatives = 200 - positives // 10 * 10
    counts = np.stack([negatives - negatives // 10, negatives // 10, 0 * positives, positives], axis=1)
    spread = errors.spread_table(errors.shares_over_time(counts)).set_index(["outcome", "compared with"])
    row = spread.loc["false positives", "positives"]
    assert float(row["at the start (%)"]) > 2 * float(row["the other at the start (%)"])
    rates = errors.early_and_late(counts).loc["false positives / negatives"]
    assert rates["early"] == pytest.approx(0.1) == rates["late"]
    assert rates["difference"] == pytest.approx(0) and rates["low"] < 0 < rates["high"]


def test_early_and_late_are_the_first_20_of_95_frame_pairs_and_the_rest():
    counts = np.zeros((95, 4), int)
    counts[:20] = [3, 1, 0, 0]
    counts[20:] = [9, 1, 1, 1]
    found = errors.early_and_late(counts)
    wrong = found.loc["false positives / negatives"]
    assert (wrong["early"], wrong["late"]) == (0.25, 0.1)
    assert (wrong["early_low"], wrong["early_high"]) == scores.share_interval(20, 80)
    assert (wrong["low"], wrong["high"]) == scores.difference_interval(20, 80, 75, 750)
    missed = found.loc["false negatives / positives"]
    assert np.isnan(missed["early"]) and np.isnan(missed["difference"]) and missed["late"] == 0.5
    shown = errors.start_table(found).set_index("in per cent")
    assert shown.loc["false negatives / positives", ["early", "difference"]].tolist() == ["–", "–"]
    cell = shown.loc["false positives / negatives", "early"]
    assert str(cell).startswith("25.0 (")
    assert (cell.low, cell.high) == (100 * wrong["early_low"], 100 * wrong["early_high"])
    assert str(shown.loc["false positives / negatives", "difference"]).startswith("+15.0 (")


def test_rates_join_frames_until_there_are_enough_pairs():
    rates = errors.rates_over_time(FIVE, least=7)
    negatives, positives = (rates[rates["rate"] == name] for name in errors.RATES)
    assert negatives[["first", "last", "mistakes", "pairs"]].to_numpy().tolist() == [[0, 0, 2, 10], [1, 1, 2, 10],
                                                                                    [2, 4, 2, 14]]
    assert positives[["first", "last", "mistakes", "pairs"]].to_numpy().tolist() == [[0, 2, 3, 7], [3, 4, 1, 10]]
    assert tuple(negatives.iloc[0][["low", "high"]]) == scores.share_interval(2, 10)
    one = errors.rates_over_time(FIVE, least=1000)
    assert one[["first", "last", "pairs"]].to_numpy().tolist() == [[0, 4, 34], [0, 4, 17]]
    assert (errors.rates_over_time(FIVE * [1, 1, 0, 0], 7)["rate"] == "false positives / negatives").all()


def test_the_surest_mistakes_come_first_and_show_each_thing_once():
    pairs = pd.DataFrame([(5, 10, 10, 9.0, "fp"), (6, 12, 8, 8.0, "fp"), (8, 10, 10, 7.0, "fp"), (5, 40, 10, 6.0, "fp"),
                          (5, 10, 10, 99.0, "tp"), (1, 0, 0, -2.0, "fn"), (2, 50, 0, -5.0, "fn")],
                         columns=["t", "y", "x", "margin", "outcome"])
    assert errors.surest(pairs, "fp", 8)["margin"].tolist() == [9, 7, 6]  # the second overlaps the first
    assert errors.surest(pairs, "fp", 2)["margin"].tolist() == [9, 7]
    assert errors.surest(pairs, "fn", 8)["margin"].tolist() == [-5, -2]
    assert errors.surest(pairs[:0], "fp", 8).empty
