"""Linear heads beside ResNet heads: the comparisons that are made, their values, and those that are published."""

import numpy as np
import pytest

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Groups
from tapnb.studies import evidence, evidence_heads
from tapnb.studies.evidence import Asked


@pytest.fixture(scope="module")
def by_part():
    """A0 knows the labels of 400 pairs, A1 and C0 are coins; of the held-out movie C0 was not asked."""
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.3
    groups = Groups.of(labels, np.arange(400), np.arange(400))
    coin = rng.normal(size=(3, 400))
    known = labels + 0.1 * rng.normal(size=(3, 400))
    return {"held-out": evidence.resampled(Asked(groups, {"A0": known, "A1": coin}), 200),
            "test": evidence.resampled(Asked(groups, {"A0": known, "A1": coin, "C0": coin}), 200)}


def test_only_what_was_asked_is_compared_and_a_better_head_is_ahead(by_part):
    found = evidence_heads.differences(by_part)
    assert found[["first", "second", "part"]].to_numpy().tolist() == [
        ["A1", "A0", "held-out"], ["A1", "A0", "test"], ["A0", "C0", "test"]]
    assert (found["high"][:2] < 0).all() and found["low"][2] > 0
    expected = intervals.estimate(by_part["test"]["A0"], by_part["test"]["C0"])
    assert found["difference"][2] == expected.value == pytest.approx(by_part["test"]["A0"].runs.mean() - by_part["test"]["C0"].runs.mean())


def test_the_table_has_a_dash_where_a_part_was_not_asked(by_part):
    table = evidence_heads.table(evidence_heads.differences(by_part))
    assert list(table["average precision (95 %)"]) == ["A1 \u2212 A0", "A0 \u2212 C0"]
    assert table["held-out movie"][1] == "\u2013" and str(table["random test pairs"][1]).startswith("+")


def test_without_linear_heads_the_table_is_empty():
    nothing = evidence_heads.differences({"held-out": {}, "test": {}})
    assert nothing.empty and evidence_heads.table(nothing).empty and not evidence_heads.numbers(nothing, {})
