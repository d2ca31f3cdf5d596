"""Verdicts by hand."""

import pytest

from tapnb.studies.verdicts import NOT_REPRODUCED, REPRODUCED, UNDECIDED, Part, Verdict, weigh


def test_all_parts_beyond_their_bounds_reproduce_a_claim():
    assert weigh([Part("a", 0.2, 0.1, 0.3), Part("b", 0.1, 0.0, 0.15, bound=0.2, above=False)])[0] == REPRODUCED


def test_one_part_wholly_on_the_other_side_is_enough_against_it():
    assert weigh([Part("a", 0.2, 0.1, 0.3), Part("b", -0.2, -0.3, -0.1)]) == (NOT_REPRODUCED, "1 of 2 comparisons fail")
    assert weigh([Part("a", 0.3, 0.25, 0.4, bound=0.2, above=False)])[0] == NOT_REPRODUCED


def test_one_of_many_parts_has_to_fail_by_more():
    part = Part("a", -0.1, -0.195, -0.005)  # two standard errors below zero
    assert part.fails() and not part.fails(among=20)
    assert Part("a", -0.2, -0.295, -0.105).fails(among=20)
    assert weigh([part, *[Part("b", 1, 0.9, 1.1)] * 19])[0] == UNDECIDED


def test_many_parts_have_to_fail_by_more_where_little_freedom_is_left():
    clear = Part("a", -0.2, -0.3, -0.1)
    assert clear.fails(among=5) and not Part("a", -0.2, -0.3, -0.1, freedom=2).fails(among=5)


def test_a_share_is_shown_no_further_than_it_goes_and_judged_as_it_is():
    part = Part("missed", 0.1, -0.2, 0.4, 0.2, above=False, share=True)
    assert str(part).startswith("missed: +0.100 (+0.000 to +0.400)") and part.factor == pytest.approx(9)


def test_an_interval_across_its_bound_says_how_much_more_data_decides():
    part = Part("a", 0.1, -0.1, 0.3)  # half as far from 0 as its interval is wide: four times the data halve that
    assert part.factor == pytest.approx(4)
    verdict, reason = weigh([part, Part("b", 1, 0.9, 1.1)])
    assert verdict == UNDECIDED and "1 of 2" in reason and "about 4 times as many test pairs" in reason
    assert "any budget" in weigh([Part("a", 0.001, -0.1, 0.1)])[1]


def test_a_verdict_shows_the_part_that_decides():
    verdict = Verdict(1, "c", "", REPRODUCED, "", [Part("far", 0.9, 0.8, 1), Part("near", 0.2, 0.1, 0.3),
                                              Part("below", 0.1, 0.0, 0.12, 0.5, above=False)])
    assert verdict.effect == "near: +0.200 (+0.100 to +0.300), claimed above 0"
    assert Verdict(1, "c", "", UNDECIDED, "").effect == ""


def test_of_a_failing_and_a_vague_part_the_failing_one_decides():
    parts = [Part("fails", -0.02, -0.024, -0.016), Part("vague", 0.01, -0.30, 0.32), Part("holds", 0.2, 0.1, 0.3)]
    assert weigh(parts)[0] == NOT_REPRODUCED
    assert Verdict(1, "c", "", NOT_REPRODUCED, "", parts).effect.startswith("fails: ")
    assert Verdict(1, "c", "", UNDECIDED, "", parts[1:]).effect.startswith("vague: ")


def test_a_claim_that_holds_by_a_hair_says_so():
    clear, close = Part("a", 0.2, 0.1, 0.3), Part("b", -0.014, -0.038, 0.0096, bound=0.01, above=False)
    assert not clear.barely and close.barely
    assert Verdict(11, "c", "", *weigh([clear, close]), [clear, close]).in_words == "reproduced, barely"
    assert Verdict(11, "c", "", *weigh([clear]), [clear]).in_words == "reproduced"
    fails, far = Part("c", -0.12, -0.22, -0.01), Part("d", -0.2, -0.3, -0.1)
    assert Verdict(1, "c", "", *weigh([fails]), [fails]).in_words == "not reproduced, barely"
    assert Verdict(1, "c", "", *weigh([fails, far]), [fails, far]).in_words == "not reproduced"  # one is far enough
    across = Part("e", 0.1, -0.01, 0.21)
    assert Verdict(1, "c", "", *weigh([across]), [across]).in_words == UNDECIDED  # nothing is decided, by whatever hair


def test_an_end_that_rounds_to_its_bound_is_shown_with_more_digits():
    part = Part("b", -0.014, -0.038, 0.0096, bound=0.01, above=False)
    assert str(part) == "b: \u22120.0140 (\u22120.0380 to +0.0096), claimed below 0.01"
    assert "(+0.000 to" in str(Part("b", 0.1, 0.0, 0.2))  # on the bound itself, no digit tells them apart
