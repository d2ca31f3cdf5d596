"""F1 and the entries of Table 2 of made-up answers, by hand."""

import numpy as np
import pandas as pd
import pytest

from tapnb.studies import evidence_thresholds, paper


def test_f1_is_at_the_threshold_of_the_validation_pairs():
    validation = pd.DataFrame({"seed": 1, "part": "validation", "pair": range(4), "label": [0, 0, 1, 1],
                               "logit_0": 0.0, "logit_1": [1.0, 2.0, 3.0, 4.0]})
    tested = validation.assign(part="held-out", label=[0, 1, 0, 1])
    f1 = evidence_thresholds.f1_scores({"A1": pd.concat([validation, tested]), "brightest pixel": pd.concat([validation, tested])})
    assert f1["chosen"].tolist() == pytest.approx([0.5, 0.5])  # from 3 on: one of two right, one of two found
    assert f1["half"].iloc[0] == pytest.approx(2 / 3) and np.isnan(f1["half"].iloc[1])


def test_table_2_has_both_parts_and_no_row_without_a_probability():
    asked = pd.DataFrame({"seed": 1, "part": "held-out", "pair": range(4), "label": [0, 1, 0, 1], "logit_0": 0.0,
                          "logit_1": [-1.0, 2.0, 3.0, 4.0]})
    both = pd.concat([asked, asked.assign(part="test", logit_1=-1.0)])
    answers = {"A1": both, "extra trees": both, "brightest pixel": both}
    table = evidence_thresholds.table2(answers, {"A1": 188.2}, "held-out")
    assert table[["", "steps"]].values.tolist() == [["A1", "188"], ["extra trees", "\u2013"]]
    assert [str(value)[:4] for value in table.iloc[0, 2:]] == ["1.00", "0.50", "0.67", "1.00"]
    beside = evidence_thresholds.table2(answers, {}, "test", paper.table2())
    assert beside[""].tolist() == ["A1", "A1 in the paper", "extra trees"] and str(beside.loc[0, "rec 1"])[:4] == "0.00"
    assert str(beside.loc[1, "rec 1"])[:4] == f"{paper.table2().loc['A1', 'rec 1']:.2f}"
