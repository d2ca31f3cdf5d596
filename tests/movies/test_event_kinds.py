"""What people call the kinds of events."""

import pytest

from tapnb.movies.event_kinds import kind_of, mentioned


@pytest.mark.parametrize(("word", "kind"), [("Cell division", "division"), ("mitotic", "division"), ("2.0", "death"),
                                            ("APOPTOTIC", "death"), ("interphase", None), ("", None), ("3", None)])
def test_a_word_stands_for_a_kind_or_for_none(word, kind):
    assert kind_of(word) == kind


@pytest.mark.parametrize(("name", "kinds"), [
    ("apoptosis 3", {"death"}), ("mitosis_1", {"division"}), ("Deadline 3", set()), ("cell 12", set()),
    ("dead-cell", {"death"}), ("no death", {"division", "death"}), ("interphase 1", {"division", "death"}),
    ("debris", {"division", "death"})])
def test_a_name_mentions_a_kind_neither_or_leaves_it_open(name, kinds):
    assert mentioned(name) == kinds
