"""Memory of the notebooks: the largest first, a goal that is missed is said, what was not measured too."""

import pytest

from tapnb.studies import speed_memory


@pytest.fixture
def measured():
    return {"memory": {"goal_gb": 6.0, "notebooks": [{"notebook": "01_data", "peak_gb": 0.75},
                                                     {"notebook": "02_pretraining", "peak_gb": 6.5},
                                                     {"notebook": "03_grad_cam", "peak_gb": 2.0}]}}


def test_the_largest_is_first_and_a_missed_goal_is_said(measured):
    table = speed_memory.table(measured)
    assert table["notebook"].tolist() == ["02_pretraining", "03_grad_cam", "01_data"]
    assert table["reached"].tolist() == ["**no**", "yes", "yes"]
    assert table["peak memory"][0] == "6.50\u202fGB" and table["goal"][0] == "≤ 6\u202fGB"


def test_numbers_are_of_all_notebooks(measured):
    numbers = speed_memory.numbers(measured)
    assert [numbers[f"memory_{name}"]["value"] for name in ("most", "median", "goal")] == [6.5, 2.0, 6.0]


def test_what_was_not_measured_is_said():
    assert "not measured" in speed_memory.table({"memory": {}}).to_string()
    assert speed_memory.numbers({"memory": {}}) == {}
