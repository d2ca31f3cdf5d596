"""The confusion matrix in a browser: slider, cells and keyboard move matrix, point and crops together."""

import numpy as np
import pytest
from made_up_answers import write_answers
from sphinx.testing.util import SphinxTestApp

from tapnb.workflow.notebooks import CHECKOUT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The answers, and the address of a page with their matrix."""
    root = tmp_path_factory.mktemp("seen")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(root / "home"))
        patch.syspath_prepend(str(CHECKOUT / "book" / "_ext"))
        answers = write_answers(root / "results" / "smoke" / "synthetic")
        source = root / "source"
        source.mkdir()
        (source / "conf.py").write_text("extensions = ['myst_parser', 'tapnb_confusion']\n")
        (source / "index.md").write_text("# Page\n\n```{confusion} 07_errors\n```\n")
        app = SphinxTestApp("html", srcdir=source, confoverrides={
            "tapnb_results": str(root / "results"), "html_theme": "sphinx_book_theme",
            "html_static_path": [str(CHECKOUT / "book" / "_static")], "html_css_files": ["tapnb.css"]})
        app.build()
        app.cleanup()
    return answers, (source / "_build" / "html" / "index.html").as_uri()


@pytest.fixture
def opened(browser, seen):
    """The answers, and the page in a fresh tab."""
    context = browser.new_context(viewport={"width": 390, "height": 900}, offline=True)
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(seen[1])
    yield seen[0], page
    assert page.errors == []
    context.close()


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
