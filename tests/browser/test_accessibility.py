"""axe's rules of WCAG 2.2 AA over every page, in the light, in the dark and on a phone: no violation of ours."""

import pytest

pytestmark = pytest.mark.slow  # minutes: every page of a whole book

THEIRS = {
    ("label-content-name-mismatch", ".search-button-field"): "the theme's search button shows its keys, Ctrl + K",
    ("label-content-name-mismatch", ".theme-switch-button"): "its button of colours holds the names of its icons",
    ("label-content-name-mismatch", ".nav-link"): "the same button, on pages that have no other of this class",
}
"""Violations of the theme: rule and end of the selector, and what it is. A page of ours adds none."""


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_no_page_violates_a_rule_of_accessibility(visits, mode):
    ours = {name: [seen for seen in visit.violations if not is_theirs(*seen)] for name, visit in visits(mode).items()}
    assert not {name: violations for name, violations in ours.items() if violations}


def test_the_list_of_the_themes_violations_is_no_longer_than_it_must_be(visits):
    pages = [visit for mode in ("light", "dark", "phone") for visit in visits(mode).values()]
    seen = {known for visit in pages for violation in visit.violations for known in THEIRS if is_(known, *violation)}
    assert seen == set(THEIRS)


def is_theirs(*violation):
    """Return whether a violation is on the list of the theme's."""
    return any(is_(known, *violation) for known in THEIRS)


def is_(known, rule, selector, html):
    """Return whether a violation is this one of the list."""
    return rule == known[0] and selector.endswith(known[1])
