"""The one form of all effects: its tables, its numbers, Newcombe's interval."""

from math import nan

import pytest

from tapnb.studies import effects
from tapnb.studies.effects import Effect

EXACT = Effect("labels_above", "more than 40", "positive among 100 crop pairs", 12, 9, -3, digits=0,
               note="3 labels change")
SCORE = Effect("B0_redraw_norms_rec_0", "B0: scales", "rec 0", 0.5, 0.75, 0.25, -0.125, 0.5, ours_std=0.1,
               other_std=0.2, repetitions=5)
BARE = Effect("rounding_changed", "32 bit", "decisions that change (%)", nan, nan, 1.25, 0.5, 3.0, 1)


def test_one_table_holds_every_kind_of_effect():
    table = effects.table([EXACT, SCORE, BARE])
    assert table.columns.tolist() == ["difference", "measured", "here", "the other way", "effect (95 %)"]
    assert table["here"].tolist() == ["12", "0.50 ± 0.10", ""]
    assert table["the other way"].tolist() == ["9", "0.75 ± 0.20", ""]
    assert table["effect (95 %)"].tolist() == ["−3; 3 labels change", "+0.25 (−0.12 to +0.50)",
                                               "1.2 (0.5 to 3.0)"]


def test_numbers_have_both_sides_and_the_effect():
    numbers = effects.numbers([EXACT, SCORE, BARE])
    assert set(numbers) == {"labels_above", "labels_above_ours", "labels_above_other", "B0_redraw_norms_rec_0",
                            "B0_redraw_norms_rec_0_ours", "B0_redraw_norms_rec_0_other", "rounding_changed"}
    assert numbers["labels_above"]["value"] == -3 and numbers["labels_above"]["interval"] is None
    assert numbers["B0_redraw_norms_rec_0"]["interval"] == [-0.125, 0.5]
    assert numbers["B0_redraw_norms_rec_0_other"]["std"] == 0.2 and numbers["B0_redraw_norms_rec_0_other"]["n"] == 5


def test_the_interval_of_a_difference_is_that_of_newcombes_example():
    """56 of 70 against 48 of 80: his Table II, example (a), method 10."""
    difference, low, high = effects.share_difference(56, 70, 48, 80)
    assert (difference, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert effects.share_difference(48, 80, 56, 70) == pytest.approx((-0.2, -0.3339, -0.0524), abs=5e-5)
