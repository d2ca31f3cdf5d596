"""Every page opens from disk, offline, without an error, and fits a phone; search finds what it should."""

import pytest

pytestmark = pytest.mark.slow  # minutes: every page of a whole book


@pytest.mark.parametrize("mode", ["light", "dark", "phone"])
def test_no_page_reports_an_error_or_asks_for_the_network(visits, mode):
    reported = {name: visit.errors + visit.remote for name, visit in visits(mode).items()}
    assert not {name: lines for name, lines in reported.items() if lines}


def test_no_page_is_wider_than_a_phone(visits):
    wide = {name: visit.width_at_360 for name, visit in visits("phone").items() if visit.width_at_360 > 360}
    assert not wide, "pages that scroll sideways on a screen of 360 pixels, with their width"


def test_mathjax_comes_only_where_there_is_mathematics(visits):
    pages = visits("light")
    assert {name for name, visit in pages.items() if visit.mathjax} == {n for n, v in pages.items() if v.mathematics}
    assert any(visit.mathjax for visit in pages.values())


@pytest.mark.parametrize("asked, found", [("temperature scaling", "book/calibration.html"), ("own movie", "book/your-own-movie.html"),
                                          ("TIFF", "book/movie-files.html"), ("find events", "book/find-events.html"),
                                          ("confusion matrix", "book/errors.html"), ("install", "book/how-to-rerun.html"),
                                          ("calibration", "book/calibration.html"),
                                          ("event_groups", "book/api/"), ("DetectorSettings", "book/api/")])
def test_search_finds_what_explains_first_and_a_name_where_it_is_asked_for(open_page, asked, found):
    page, visit = open_page("search.html", query="?q=" + asked.replace(" ", "+"))
    first = page.locator("#search-results li a").first
    first.wait_for()
    assert first.get_attribute("href").startswith(found) and not visit.errors


def test_search_tells_a_page_from_its_notebook(open_page):
    page, _ = open_page("search.html", query="?q=calibration")
    notebook = page.locator("#search-results li a[href^='book/executed/09_calibration']").first
    notebook.wait_for()
    assert notebook.inner_text() == "Notebook: Calibration"


def test_no_line_of_code_is_cut_off(open_page):
    page, _ = open_page("book/executed/06_strategies.html")
    cut = "[...document.querySelectorAll('.highlight pre')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.locator(".highlight pre").count() > 5
    for width in (1400, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(cut) == 0


def test_a_copied_block_of_code_is_the_code(open_page, book):
    """A line that wraps is still one line on the clipboard."""
    page, _ = open_page("book/how-to-rerun.html")
    block = page.locator(".highlight pre").first
    copied = block.evaluate("e => { const copy = e.cloneNode(true); return copy.innerText }")
    assert copied.strip() and "\n\n\n" not in copied and copied == block.evaluate("e => e.textContent")
