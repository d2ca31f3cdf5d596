"""The game of the first page in a browser: films, Pause and the answer."""

import pytest


@pytest.fixture(scope="module")
def address(build_page):
    """Address of a page with the game."""
    return build_page("tapnb_arrow", "{time-arrow}", lambda results: None)[1]


@pytest.fixture
def page(on_a_phone, address):
    """The page in a fresh tab of a phone."""
    return on_a_phone(address)


def test_the_button_says_what_it_does(page):
    film = "e => e.toDataURL()"
    canvas = page.locator("canvas").first
    page.get_by_role("button", name="Pause").click()
    before = canvas.evaluate(film)
    page.wait_for_timeout(1000)  # two frames
    assert canvas.evaluate(film) == before
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("before => document.querySelector('canvas').toDataURL() !== before", arg=before)
    button = page.get_by_role("button", name="Pause")
    assert button.evaluate("e => getComputedStyle(e).borderRadius") != "0px", "not the browser's own button"


def test_the_answer_moves_no_film_and_the_still_opens_below(page):
    films, still = page.locator(".tapnb-arrow-films"), page.locator(".tapnb-arrow-still")
    before = films.bounding_box()
    assert not still.is_visible()
    films.get_by_role("button").first.click()
    assert films.bounding_box() == before and "one cell becomes two" in page.get_by_role("status").inner_text()
    assert still.bounding_box()["y"] > before["y"] + before["height"]
