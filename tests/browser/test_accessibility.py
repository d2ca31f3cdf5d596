"""axe's rules of WCAG 2.2 AA over every page, in the light, in the dark and on a phone: no violation of ours."""

import pytest

THEIRS = {
    ("label-content-name-mismatch", ".search-button-field"): "the theme's search button shows its keys, Ctrl + K",
    ("label-content-name-mismatch", ".theme-switch-button"): "the theme's button of colours holds the names of its icons",
    ("label-content-name-mismatch", ".nav-link"): "the same button, on pages that have no other of this class",
}
"""Violations of the theme: rule and end of the selector, and what it is. A page of ours adds none."""


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_no_page_violates_a_rule_of_accessibility(visits, mode):
    ours = {name: [seen for seen in visit.violations if not is_theirs(*seen)] for name, visit in visits(mode).items()}
    assert not {name: violations for name, violations in ours.items() if violations}


def test_the_list_of_the_themes_violations_is_no_longer_than_it_must_be(visits):
    seen = [violation for mode in ("light", "dark", "phone") for visit in visits(mode).values() for violation in visit.violations]
    assert not [place for place in THEIRS if not any(rule == place[0] and selector.endswith(place[1]) for rule, selector, _ in seen)]


def is_theirs(rule, selector, html):
    """Return whether a violation is on the list of the theme's."""
    return any(rule == known and selector.endswith(end) for known, end in THEIRS)
