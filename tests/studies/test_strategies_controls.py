"""Strategies beside controls on the same pairs: what is compared, and that other pairs are refused."""

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.metrics import ranking, scores
from tapnb.studies import controls, strategies_controls

PARAMETERS = {"crop_size": 16, "crops_per_frame_pair": 40, "seeds": [20, 40], "test_pairs": 60}


@pytest.fixture(scope="module")
def controlled(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        yield strategies_controls.controls_run(shrinking_discs(1), PARAMETERS, mode="execute", command="")


@pytest.fixture(scope="module")
def data():
    return event_dataset(shrinking_discs(1), DatasetSettings(crop_size=16, crops_per_frame_pair=40))


def answers(data, knowing: float) -> pd.DataFrame:
    """Three runs about the first sixty test pairs: noise, and so much knowledge of the labels."""
    rng, index = np.random.default_rng(0), data.parts["test"][:60]
    return pd.concat([pd.DataFrame({"seed": seed, "part": "test", "pair": index, "label": data.labels[index], "logit_0": 0.0,
                                    "logit_1": rng.normal(size=60) + knowing * data.labels[index]}) for seed in range(3)])


def test_controls_are_asked_about_the_test_pairs_alone(controlled, data):
    for table in controls.answers(controlled).values():
        assert set(table["part"]) == {"test"} and table["pair"].unique().tolist() == data.parts["test"][:60].tolist()


def test_every_row_is_set_against_a1_on_the_same_pairs(controlled, data):
    two = {"A1": answers(data, 9.0), "B1": answers(data, 0.0)}
    found = strategies_controls.ranked(two, controlled, data.pairs.t).set_index("name")
    assert found.index[0] == "A1" and set(found.index) == {"A1", "B1", *controls.CONTROLS}
    assert found["control"].to_dict() == {name: name in controls.CONTROLS for name in found.index}
    assert np.isnan(found.loc["A1", "difference"]) and found.loc["B1", "low"] > 0
    own = scores.scores_per_run(controls.answers(controlled)["extra trees"])["average precision"]
    assert found.loc["extra trees", "value"] == own.mean() and found.loc["extra trees", "spread"] == own.std()
    assert found.loc["A1", "value"] - own.mean() == pytest.approx(found.loc["extra trees", "difference"])
    labels, margin = (controls.answers(controlled)["brightest pixel"][c].to_numpy(float) for c in ("label", "logit_1"))
    assert found.loc["brightest pixel", "value"] == pytest.approx(ranking.average_precision(labels > 0, margin, np.ones((1, 60)))[0])


def test_without_a1_nothing_is_subtracted(controlled, data):
    found = strategies_controls.ranked({"B1": answers(data, 0.0)}, controlled, data.pairs.t)
    assert found["difference"].isna().all()
    assert set(strategies_controls.table(found)["A1 minus it (95 %)"]) == {"\u2013"}
    named = strategies_controls.numbers(found, {}, controlled)
    assert all(key.endswith("_average_precision") for key in named)
    assert named["extra_trees_average_precision"]["n"] == 2 and named["brightest_pixel_average_precision"]["std"] is None


def test_answers_about_other_pairs_are_refused(controlled, data):
    with pytest.raises(ValueError, match="other pairs than the strategies"):
        strategies_controls.ranked({"A1": answers(data, 1.0)[:50]}, controlled, data.pairs.t)
