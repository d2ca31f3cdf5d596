"""Labelling criteria: examples by hand, runs that are those of Table 2, answers judged by one labelling."""

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from tapnb import crops, dataset
from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.heads import HeadSettings
from tapnb.metrics import confusion, scores
from tapnb.metrics.scores import SCORES
from tapnb.movies import Movie
from tapnb.studies import criteria, paper, strategies

BOTH, EITHER, FILTER = criteria.CRITERIA


def test_the_rows_of_table_4_are_those_of_the_paper_and_all_that_disagree():
    assert criteria.CRITERIA == ("any size, both", "any size, either", "size filter, either")
    assert list(criteria.ROWS) == [(1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 1, 1)]


def by_hand(rectangles, size=24, threshold=40):
    """Masks of 2 frames, 24 x 100, with labelled rectangles (frame, top, bottom, left, right), crops side by side."""
    masks = np.zeros((2, size, 100), np.uint8)
    for t, top, bottom, left, right in rectangles:
        masks[t, top:bottom, left:right] = 1
    n = 4
    pairs = crops.CropPairs(np.zeros(n, int), np.zeros(n, int), size * np.arange(n), np.zeros(n, bool), size)
    areas = dataset.labelled_areas(masks, pairs)
    return masks, EventDataset(Movie(masks, masks), pairs, areas, dataset.label(areas, FILTER, threshold), {})


def test_each_row_is_found_where_the_caption_puts_it():
    masks, data = by_hand([
        (0, 0, 3, 0, 3), (1, 20, 24, 2, 4),  # 0: 9 and 8 px, at the edge of both
        (0, 5, 15, 30, 40),  # 1: 100 px inside the first crop, nothing in the second
        (0, 10, 12, 48, 52),  # 2: 8 px at the edge of the first
        (0, 8, 16, 80, 88), (1, 9, 16, 80, 88)])  # 3: 64 and 56 px in the middle of both
    found = criteria.examples(masks, data)
    assert found["pair"].tolist() == [0, 1, 2, 3]
    assert found["as_captioned"].tolist() == [1] * 4 == found["pairs"].tolist()
    for row in found.to_dict("records"):
        assert all(dataset.label(data.areas, c)[row["pair"]] == row[c] for c in criteria.CRITERIA)
    assert criteria.table4(found, data)["shown"][1] == "frame 0, row 0, column 24; 100 and 0 px"


def test_where_none_lies_so_the_labels_are_enough_and_none_at_all_is_said():
    masks, data = by_hand([(1, 0, 10, 30, 40), (1, 20, 24, 60, 62)])  # the second crop only, both at its edge
    found = criteria.examples(masks, data).set_index("where")
    assert found["pair"].tolist() == [-1, 1, 2, -1] and not found["as_captioned"].any()
    shown = criteria.table4(found.reset_index(), data)["shown"]
    assert shown[0] == "none in this movie" and shown[1].endswith("0 and 100 px; lying elsewhere")


def test_the_middle_one_by_area_is_chosen():
    masks, data = by_hand([(0, 4, 14, 24 * i + 4, 24 * i + 8 + i) for i in range(3)])  # 40, 50 and 60 px
    assert criteria.examples(masks, data)["pair"][1] == 1


def test_the_share_of_disagreement_by_hand():
    found = pd.DataFrame(list(criteria.ROWS), columns=criteria.CRITERIA).assign(pairs=[1, 2, 3, 4])
    assert criteria.disagreeing(found) == pytest.approx(0.6) and criteria.disagreeing(found.assign(pairs=0)) == 0


def test_positives_are_counted_before_balancing_and_among_the_tested():
    data = event_dataset(shrinking_discs(1), DatasetSettings(crop_size=16, crops_per_frame_pair=30))
    found = criteria.positives(data, test_pairs=20)
    assert found.loc[FILTER, "training"] == data.labels[data.parts["train"]].sum()
    assert found.loc[FILTER, "test"] == data.labels[data.parts["test"][:20]].sum()
    assert (found.loc[EITHER] >= found.loc[FILTER]).all() and (found.loc[EITHER] >= found.loc[BOTH]).all()


SETTINGS = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=40)
WAY = dict(on=torch.device("cpu"), command="")


def test_positives_stand_beside_the_papers():
    data = event_dataset(shrinking_discs(1), SETTINGS)
    counted = criteria.positives(data, test_pairs=50)
    table = criteria.positives_table(counted, paper.table5()).set_index("criterion")
    assert list(table) == ["training", "test", "training, paper", "test, paper"]
    assert table["test, paper"].to_dict() == paper.TABLE5_TEST_POSITIVES
    assert table.loc[FILTER, "training"] == counted.loc[FILTER, "training"] > 0


@pytest.fixture(scope="module")
def made(tmp_path_factory, pretrained):
    """A movie, A0 as notebook 06 makes it, and the runs of all criteria."""
    movie = shrinking_discs(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        published = strategies.strategy_run("A0", movie, pretrained(movie), SETTINGS, HeadSettings(epochs=1),
                                            seeds=[20, 40], test_pairs=50, mode="execute", **WAY)
        found = {(c, "linear"): criteria.criterion_run(published, c, movie, mode="execute", **WAY)
                 for c in criteria.CRITERIA}
        yield movie, published, found


@pytest.mark.trains
def test_the_published_criterion_is_not_trained_twice(made):
    movie, published, found = made
    assert found[FILTER, "linear"].folder == published.folder
    assert len({run.name for run in found.values()}) == 3
    both = found[BOTH, "linear"].record["parameters"]
    assert both == published.record["parameters"] | {"dataset": both["dataset"], "validation_pairs": 0}
    assert both["dataset"] == published.record["parameters"]["dataset"] | {"criterion": BOTH}
    again = criteria.criterion_run(published, BOTH, movie, mode="restore", **WAY)
    assert again.name == found[BOTH, "linear"].name


@pytest.mark.trains
def test_one_labelling_judges_all_answers(made):
    movie, published, found = made
    run = criteria.one_labelling_run(found, movie, mode="execute", command="")
    counts = criteria.judged_counts(run.results)
    assert list(counts) == list(found)
    np.testing.assert_array_equal(counts[FILTER, "linear"], published.results["test"]["counts"])  # its own labels
    data = event_dataset(movie, SETTINGS)
    answers = strategies.predictions(found[BOTH, "linear"]).query("part == 'test' and seed == 40")
    predicted = (answers["logit_1"] > answers["logit_0"]).to_numpy()
    expected = scores.scores(data.labels[answers["pair"]], predicted)
    np.testing.assert_allclose(confusion.scores(counts[BOTH, "linear"].sum(1))[1], list(expected.values()))
    table = criteria.one_labelling_table(criteria.one_labelling_run(found, movie, mode="restore", command="").results)
    assert table["trained on"].tolist() == list(criteria.CRITERIA)
    assert all(table[score].astype(str).str.startswith("**").sum() <= 1 for score in SCORES)  # the best, if it is clear


@pytest.mark.trains
def test_table_5_has_ours_the_papers_and_the_positives(made):
    movie, _, found = made
    data = event_dataset(movie, SETTINGS)
    counted = criteria.positives(data, test_pairs=50)["test"]
    table, differences = criteria.table5(found, paper.table5(), counted)
    assert table["criterion"].tolist() == np.repeat(criteria.CRITERIA, 2).tolist() and set(table["head"]) == {"linear"}
    assert table["source"].tolist() == ["here", "paper"] * 3
    assert list(differences) == ["criterion", "score", "linear"] and len(differences) == 3 * 4
    ours, theirs = (table["rec 0"][row].value for row in (4, 5))
    shown = differences.set_index(["criterion", "score"]).loc[(FILTER, "rec 0"), "linear"]
    assert shown.value == pytest.approx(ours - theirs, abs=1e-6)
    positives = table["positives (training, test)"].tolist()
    assert positives[4:] == [f"20, {counted[FILTER]}", "7467, 2470"]
    assert table["prec 1"][5] == "0.50 ± 0.04" and table["prec 1"][3] == "0.47 ± 0.04"  # of linear heads: near, so not bold


def test_differences_by_hand_and_none_between_equals():
    one = np.array([[[6, 2, 1, 3]] * 8, [[6, 2, 2, 2]] * 8])
    better = one + np.array([0, -1, -1, 1])
    found = criteria.criterion_differences({(BOTH, "linear"): one, (EITHER, "linear"): better, (FILTER, "linear"): better})
    assert list(found) == [(EITHER, BOTH, "linear"), (FILTER, EITHER, "linear")]
    value, low, high = found[EITHER, BOTH, "linear"]["F1"]
    assert value == pytest.approx(confusion.f1(better.sum(1)).mean() - confusion.f1(one.sum(1)).mean())
    assert low <= value <= high and list(found[EITHER, BOTH, "linear"]) == ["F1", *SCORES]
    table = criteria.differences_table(found, found)
    assert table["difference"].tolist() == ["either \u2212 both"] * 5 + ["filter \u2212 either"] * 5
    assert str(table["own labels"][0]).startswith("+0.2") and table["own labels"].equals(table["one labelling"])


def test_the_papers_table_5():
    table = paper.table5()
    assert table.index.tolist() == [(c, head) for c in criteria.CRITERIA for head in ("linear", "ResNet")]
    assert table.loc[("size filter, either", "ResNet"), list(SCORES)].tolist() == [0.98, 0.94, 0.70, 0.89]
    assert table["test positives"].groupby("criterion").first().to_dict() == paper.TABLE5_TEST_POSITIVES
    reference = paper.table2().rename(index={"A0": "linear", "A1": "ResNet"}).drop(columns=["features", "head"])
    of_default = table.loc["size filter, either"][reference.columns]
    pd.testing.assert_frame_equal(of_default, reference.loc[["linear", "ResNet"]], check_names=False)
