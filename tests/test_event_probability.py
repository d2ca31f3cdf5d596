"""What scores mean, by hand."""

import numpy as np
import pandas as pd

from tapnb.event_probability import by_kind, probability


def test_a_score_is_worth_what_its_kind_is():
    found = pd.DataFrame({"kind": ["division", "death", "division"], "score": [0.5, 0.5, 0.0]})
    np.testing.assert_allclose(probability(found, {"division": (2.0, -1.0), "death": (1.0, -3.0)}),
                               [1 / (1 + np.e), 1 / (1 + np.e**3), 0], atol=1e-5)
    assert np.isnan(probability(found, {"division": (2.0, -1.0)})).tolist() == [False, True, False]
    assert len(probability(found.iloc[:0], {})) == 0


def test_a_calibration_of_before_holds_for_one_kind_alone():
    assert by_kind([2, -1], ["division"]) == {"division": (2.0, -1.0)}
    assert by_kind([2, -1], ["division", "death"]) == {} == by_kind(None, ["division"])
    assert by_kind({"death": [1, 0]}, ["division", "death"]) == {"death": (1.0, 0.0)}
