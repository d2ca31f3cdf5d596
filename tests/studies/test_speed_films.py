"""From a file to its events, as a table."""

import pytest
from made_up_results import measurements

from tapnb.studies import speed_films


@pytest.fixture
def measured():
    return measurements()


def test_both_goals_have_to_be_kept(measured):
    table = speed_films.table(measured)
    assert table["reached"].tolist() == ["yes", ""] and table["frames"].tolist() == ["96 of 1024 \u00d7 1024", "48 of 640 \u00d7 512"]
    assert table["time"].tolist() == ["4.83\u202fmin", "10\u202fmin"] and table["goal of memory"].tolist() == ["\u2264 2\u202fGB", ""]
    measured["films"]["films"][0]["peak_gb"] = 2.1
    assert speed_films.table(measured)["reached"][0] == "**no**"
    measured["films"]["films"][0] |= {"peak_gb": 1.0, "seconds": 301.0}
    assert speed_films.table(measured)["reached"][0] == "**no**"


def test_a_film_that_was_not_at_hand_has_no_number(measured):
    numbers = speed_films.numbers(measured)
    assert set(numbers) == {"film_simulated", "film_simulated_memory", "film_stack", "film_stack_memory"}
    assert numbers["film_stack"]["text"] == "10\u202fmin"


def test_nothing_was_measured():
    assert "not measured" in speed_films.table({"films": {}}).to_string() and speed_films.numbers({"films": {}}) == {}
