"""The confusion matrix in a browser: slider, cells and keyboard move matrix, point and crops together."""

import numpy as np
import pytest
from made_up_answers import write_answers


@pytest.fixture(scope="module")
def seen(build_page):
    """The answers, and the address of a page with their matrix."""
    return build_page("tapnb_confusion", "{confusion} 07_errors", lambda results: write_answers(results / "smoke" / "synthetic"))


@pytest.fixture
def opened(on_a_phone, seen):
    """The answers, and the page in a fresh tab."""
    answers, address = seen
    return answers, on_a_phone(address)


def numbers(page):
    return [int(text) for text in page.locator("td[data-cell] strong").all_inner_texts()]


def matrix_of(answers, threshold):
    margins = (answers["logit_1"] - answers["logit_0"]).to_numpy()
    return np.bincount(2 * answers["label"].to_numpy(int) + (margins > threshold), minlength=4).tolist()


def test_the_slider_moves_matrix_point_and_crops_together(opened):
    answers, page = opened
    slider, status = page.get_by_role("slider"), page.get_by_role("status")
    point = page.locator(".tapnb-confusion circle")
    assert numbers(page) == matrix_of(answers, 0)
    before = numbers(page), point.get_attribute("cx"), status.inner_text(), page.locator("li canvas").count()
    assert before[3] > 0 and "false positives" in before[2]
    slider.focus()
    page.keyboard.press("Home")
    assert numbers(page) == [0, int((~answers["label"]).sum()), 0, int(answers["label"].sum())]
    assert page.locator("li canvas").count() > before[3] and point.get_attribute("cx") != before[1]
    assert status.inner_text() != before[2] and "recall 1.00" in status.inner_text()
    page.keyboard.press("End")
    assert numbers(page)[1] == numbers(page)[3] == 0 and page.locator("li canvas").count() == 0
    assert "no false positives at this threshold" in status.inner_text()
    page.keyboard.press("ArrowLeft")
    assert sum(numbers(page)[1::2]) > 0 and "probability" in slider.get_attribute("aria-valuetext")
    page.get_by_role("button", name="probability one half").click()
    assert numbers(page) == matrix_of(answers, 0)


def test_a_cell_opens_its_crops_with_the_enter_key_and_closes(opened):
    answers, page = opened
    cell = page.locator("td[data-cell=tp] button")
    cell.focus()
    page.keyboard.press("Enter")
    assert cell.get_attribute("aria-pressed") == "true"
    shown = page.locator(".tapnb-confusion-list li")
    assert f"{shown.count()} of {matrix_of(answers, 0)[3]} true positives" in page.get_by_role("status").inner_text()
    drawn = shown.first.locator("canvas").evaluate(
        "e => { const p = e.getContext('2d').getImageData(0, 0, e.width, e.height).data; return new Set(p).size }")
    assert drawn > 20  # pixels of a movie, not an empty picture
    page.keyboard.press("Space")
    assert cell.get_attribute("aria-pressed") == "false" and not page.locator(".tapnb-confusion-crops").is_visible()


def test_it_fits_a_phone_and_every_control_has_a_name(opened):
    _, page = opened
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.get_by_role("slider", name="Threshold").count() == 1
    assert page.get_by_role("region", name="crop pairs of the open cell").count() == 1
