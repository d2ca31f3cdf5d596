"""A page printed from dark mode is as light as paper."""

import re
import zlib

import pytest

pytestmark = pytest.mark.slow  # minutes: every page of a whole book


def test_the_dark_page_prints_light(open_page):
    dark, _ = open_page("book/strategies.html", "dark")
    light, _ = open_page("book/strategies.html", "light")
    background = "getComputedStyle(document.body).backgroundColor"
    shown = dark.evaluate(background)
    assert light.evaluate(background) == "rgb(255, 255, 255)" and shown != "rgb(255, 255, 255)"
    printed = colours(dark.pdf(print_background=True))
    assert len(printed) > 5 and printed == colours(light.pdf(print_background=True))
    assert dark.evaluate(background) == shown, "back on the screen it is no longer dark"


def test_paper_has_no_link_that_saves_a_table(open_page):
    page, _ = open_page("book/strategies.html")
    links = page.locator("a.tapnb-csv")
    assert links.filter(visible=True).count() > 0
    page.emulate_media(media="print")
    assert links.filter(visible=True).count() == 0


def colours(pdf):
    """Return all colours that a PDF fills with, text and plots, as they stand in its streams."""
    found = set()
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found |= set(re.findall(rb"[\d.]+ [\d.]+ [\d.]+ rg\b", zlib.decompress(stream)))
        except zlib.error:  # a picture, or no compressed stream
            continue
    return found
