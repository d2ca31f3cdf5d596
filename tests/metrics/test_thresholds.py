"""F1 at chosen thresholds, by hand and against a search."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from tapnb.metrics import scores, thresholds


def test_the_best_threshold_is_that_of_a_search():
    rng = np.random.default_rng(0)
    labels = rng.random(300) < 0.2
    margins = labels + rng.normal(size=300)
    line = thresholds.best(labels, margins)
    assert f1_score(labels, margins >= line) == max(f1_score(labels, margins >= m) for m in margins)


def test_without_an_event_no_threshold_can_be_chosen():
    with pytest.raises(ValueError, match="no event"):
        thresholds.best(np.zeros(3, bool), np.arange(3.0))


def predictions(validation: bool) -> pd.DataFrame:
    """A head that ranks all but one pair right and whose margins are all above zero."""
    test = pd.DataFrame({"part": "test", "label": [True, True, False, False, False],
                         "logit_0": 0.0, "logit_1": [90.0, 50.0, 60.0, 2.0, 1.0]})
    tried = pd.DataFrame({"part": "validation", "label": [True, False], "logit_0": 0.0, "logit_1": [50.0, 10.0]})
    return pd.concat([test, tried] if validation else [test]).assign(seed=20)


def test_f1_by_hand():
    """At one half all five are called: precision 2/5. From 50 on three: precision 2/3. Two called: one of two right."""
    found = thresholds.f1_per_run(predictions(validation=True)).iloc[0]
    assert found[["half", "chosen", "as many"]].tolist() == pytest.approx([4 / 7, 4 / 5, 1 / 2])


def test_a_strategy_without_validation_pairs_has_a_dash():
    found = {"A0": predictions(validation=True), "B0": predictions(validation=False)}
    made = thresholds.table({name: scores.mean_and_spread(thresholds.f1_per_run(of_one))
                             for name, of_one in found.items()})
    assert made["threshold chosen on validation pairs"].tolist() == ["0.80", "\u2013"]
    assert made["strategy"].tolist() == ["A0", "B0"]
