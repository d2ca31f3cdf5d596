"""Strategies over several pretrainings: which of them are alike, their means by hand, and how often intervals hold the truth."""

import numpy as np
import pandas as pd
import pytest

from tapnb.metrics import intervals
from tapnb.metrics.intervals import Resampled
from tapnb.store.runs import Run
from tapnb.studies import evidence_pretrainings
from tapnb.studies.evidence_beside import Pretraining


def run(name, seed=1, **parameters):
    return Run(None, {"name": name, "seed": seed, "parameters": parameters})


def scores(*values, draws=400, width=0.02):
    """Of runs with these average precisions, on draws that all strategies share."""
    of_events = np.random.default_rng(1).normal(0, 1, (draws, 1))
    return Resampled(np.array(values), np.array(values) + width * of_events / of_events.std(ddof=1), 50)


def pretraining(seed, a1, d1, alone=None, pairs=100, heads=(20, 40)):
    """With two heads of A1 and D1 each; of a first one also what needs no pretraining."""
    by_name = {"A1": scores(*a1), "D1": scores(*d1)} | (alone or {})
    trained = {name: [run(f"{name}-{seed}", seeds=list(heads))] for name in by_name if name != "extra trees"}
    return Pretraining(f"seed{seed}", run(f"tap-{seed}", seed, pairs=pairs), trained, {"held-out": by_name})


@pytest.fixture
def three():
    """The third is this notebook's own, which has the others' rivals as well."""
    alone = {"C1": scores(0.2, 0.3), "extra trees": scores(0.5)}
    own = pretraining(3, (0.5, 0.6), (0.7, 0.7), alone)
    return own, [pretraining(2, (0.3, 0.4), (0.5, 0.5)), pretraining(1, (0.4, 0.5), (0.6, 0.6))]


def test_alike_are_three_or_more_pretrainings_that_differ_in_the_seed_alone(three):
    own, others = three
    larger, again = pretraining(5, (0.5, 0.5), (0.5, 0.5), pairs=2000), pretraining(3, (0.9, 0.9), (0.9, 0.9))
    assert [one.profile for one in evidence_pretrainings.alike(own, [*others, larger])] == ["seed1", "seed2", "seed3"]
    assert evidence_pretrainings.alike(own, [again, *others])[2] is own, "the same pretraining counts once"
    of_other_heads = pretraining(1, (0.4, 0.5), (0.6, 0.6), heads=(20, 60))
    assert evidence_pretrainings.alike(own, [others[0], of_other_heads]) == []
    assert [] == evidence_pretrainings.alike(own, [others[0], again, larger]) == evidence_pretrainings.alike(own, [])


def test_each_pretraining_counts_once_and_its_heads_by_their_mean(three):
    found = evidence_pretrainings.scored(evidence_pretrainings.alike(*three))
    assert list(found) == ["A1", "D1", "A1 \u2212 extra trees", "A1 \u2212 C1", "D1 \u2212 A1", "D1 \u2212 C1"]
    assert found["A1"][0] == pytest.approx([0.45, 0.35, 0.55]) and found["A1"][1].value == pytest.approx(0.45)
    assert found["A1 \u2212 C1"][0] == pytest.approx([0.2, 0.1, 0.3])
    assert found["A1 \u2212 C1"][1].high > 0.4  # three means 0.1 apart, Student's t of two degrees of freedom: 4.30 * 0.1 / sqrt(3)


def test_what_two_strategies_owe_to_their_pretraining_is_in_no_difference(three):
    found = evidence_pretrainings.scored(evidence_pretrainings.alike(*three))
    values, estimate = found["D1 \u2212 A1"]
    assert values == pytest.approx([0.15, 0.15, 0.15]) and estimate.high - estimate.low < 1e-6
    assert found["A1"][1].high - found["A1"][1].low > 0.4


def test_the_table_has_a_column_a_pretraining_and_numbers_name_their_runs(three):
    alike = evidence_pretrainings.alike(*three)
    found = evidence_pretrainings.scored(alike)
    table = evidence_pretrainings.table(found, alike).set_index("")
    assert table.columns.tolist() == ["seed 1", "seed 2", "seed 3", "mean (95 %)"]
    assert table.loc["A1", "seed 2"] == "0.350" and table.loc["A1 \u2212 extra trees", "seed 2"] == "\u22120.150"
    named = evidence_pretrainings.numbers(found, alike, run("controls"))
    assert named["A1_over_pretrainings"]["runs"] == ["A1-1", "A1-2", "A1-3"]
    assert named["A1_less_extra_trees_over_pretrainings"]["runs"] == ["A1-1", "A1-2", "A1-3", "controls"]
    assert named["A1_less_C1_over_pretrainings"]["value"] == pytest.approx(0.2)
    assert named["A1_less_C1_over_pretrainings"]["runs"] == ["A1-1", "A1-2", "A1-3", "C1-3"]


def test_of_one_pretraining_nothing_is_said():
    assert evidence_pretrainings.scored([]) == {} == evidence_pretrainings.numbers({}, [], run("controls"))
    assert evidence_pretrainings.table({}, []).columns.tolist() == ["", "mean (95 %)"]
    assert isinstance(evidence_pretrainings.table({}, []), pd.DataFrame)


def test_three_pretrainings_are_covered_and_nine_heads_as_nine_runs_would_not_be():
    rng = np.random.default_rng(3)
    held = np.zeros(3)
    for _ in range(2000):
        events = rng.normal(0, 0.02)  # what these events are easier than all
        of_each = [scores(*(0.5 + events + rng.normal(0, 0.04) + rng.normal(0, 0.03, 3)), draws=60) for _ in range(3)]
        pooled = Resampled(*(np.concatenate([getattr(one, name) for one in of_each], axis=-1) for name in ("runs", "draws")), 50)
        rival = scores(*(0.4 + rng.normal(0, 0.05, 3)), draws=60, width=0.0)
        ours, nine, less = (intervals.estimate(*sides) for sides in (
            [evidence_pretrainings.over(of_each)], [pooled], [evidence_pretrainings.over(of_each), rival]))
        held += [e.low <= truth <= e.high for e, truth in ((ours, 0.5), (nine, 0.5), (less, 0.1))]
    assert 0.92 <= held[0] / 2000 <= 0.97  # 0.938 in 200 000 repetitions; a standard error of 0.005
    assert held[1] / 2000 < 0.88 and 0.93 <= held[2] / 2000 <= 0.97
