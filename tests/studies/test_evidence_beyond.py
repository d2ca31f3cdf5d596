"""Comparisons beyond the protocol: which are made of the runs at hand, and their values."""

import numpy as np
import pytest

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Groups
from tapnb.store.runs import Run
from tapnb.studies import evidence, evidence_beyond
from tapnb.studies.evidence import Asked


@pytest.fixture(scope="module")
def by_part():
    """A0 knows the labels of 400 pairs, A1, C0 and a control are coins; of the held-out movie C0 and the control were not asked."""
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.3
    groups = Groups.of(labels, np.arange(400), np.arange(400))
    coin = rng.normal(size=(3, 400))
    known = labels + 0.1 * rng.normal(size=(3, 400))
    return {"held-out": evidence.resampled(Asked(groups, {"A0": known, "A1": coin}), 200),
            "test": evidence.resampled(Asked(groups, {"A0": known, "A1": coin, "C0": coin, "extra trees": coin[:1]}), 200)}


def test_only_what_was_asked_is_compared_and_a_better_head_is_ahead(by_part):
    found = evidence_beyond.differences(by_part)
    assert found[["first", "second", "part"]].to_numpy().tolist() == [
        ["A1", "A0", "held-out"], ["A1", "A0", "test"], ["A0", "C0", "test"], ["A0", "extra trees", "test"]]
    assert (found["high"][:2] < 0).all() and (found["low"][2:] > 0).all()
    expected = intervals.estimate(by_part["test"]["A0"], by_part["test"]["C0"])
    assert found["difference"][2] == expected.value == pytest.approx(by_part["test"]["A0"].runs.mean() - by_part["test"]["C0"].runs.mean())


def test_the_table_has_a_dash_where_a_part_was_not_asked(by_part):
    table = evidence_beyond.table(evidence_beyond.differences(by_part))
    assert list(table["comparison"]) == ["A1 \u2212 A0", "A0 \u2212 C0", "A0 \u2212 extra trees"]
    assert table["held-out movie"][1] == "\u2013" and str(table["random test pairs"][1]).startswith("+")


def test_numbers_name_the_runs_of_both_sides(by_part):
    own, control = Run(None, {"name": "strategy-x-1"}), Run(None, {"name": "controls-x-1"})
    named = evidence_beyond.numbers(evidence_beyond.differences(by_part), dict.fromkeys(("A0", "A1", "C0"), [own]), control)
    assert list(named) == ["A1_less_A0_held-out", "A1_less_A0_test", "A0_less_C0_test", "A0_less_extra_trees_test"]
    assert named["A0_less_extra_trees_test"]["runs"] == ["strategy-x-1", "controls-x-1"]


def test_without_such_strategies_the_table_is_empty():
    nothing = evidence_beyond.differences({"held-out": {}, "test": {}})
    assert nothing.empty and evidence_beyond.table(nothing).empty and not evidence_beyond.numbers(nothing, {}, None)
