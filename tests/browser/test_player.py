"""The player of a movie in a browser: slider, keys and layers."""

import json

import pytest
from made_up_answers import write_detector, write_network


def write(results):
    write_network(results / "smoke" / "synthetic")
    write_detector(results)


@pytest.fixture(scope="module")
def address(build_page):
    """Address of a page with a player."""
    return build_page("tapnb_player", "{movie-player} 02_pretraining", write)[1]


@pytest.fixture
def page(on_a_phone, address):
    """The page in a fresh tab of a phone."""
    return on_a_phone(address)


def frame(page):
    return page.locator("img.tapnb-frame").get_attribute("alt")


def data_of(page):
    return json.loads(page.locator(".tapnb-player script").text_content())


def test_keys_step_play_and_stop(page):
    assert frame(page) == "Frame 4 of the movie"
    before = page.locator("img.tapnb-frame").get_attribute("src")
    page.get_by_role("slider", name="Frame").focus()
    page.keyboard.press("ArrowRight")
    assert frame(page) == "Frame 5 of the movie" and page.locator("img.tapnb-frame").get_attribute("src") != before
    page.locator(".tapnb-screen").click()  # whoever clicks the picture steps with the arrows as well
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert frame(page) == "Frame 3 of the movie"
    page.keyboard.press("Space")
    assert page.get_by_role("button", name="Pause").count() == 1
    page.wait_for_function("document.querySelector('img.tapnb-frame').alt !== 'Frame 3 of the movie'")
    page.get_by_role("button", name="Pause").click()
    stopped = frame(page)
    page.wait_for_timeout(600)
    assert frame(page) == stopped and page.get_by_role("button", name="Play").count() == 1


def test_layers_are_shown_and_hidden(page):
    events = [event for event in data_of(page)["events"] if abs(event["t"] - 4) <= 1]
    labelled = [event for event in events if event["layer"] == "labelled"]
    sure = [event for event in events if event.get("value", 0) >= 0.5]
    marks = page.locator(".tapnb-screen circle"), page.locator(".tapnb-screen rect")
    assert [mark.count() for mark in marks] == [len(labelled), len(sure)]
    least = page.get_by_role("slider", name="probability at least")
    least.focus()
    page.keyboard.press("Home")
    assert marks[1].count() == len(events) - len(labelled) > len(sure)  # the false one as well
    page.get_by_role("checkbox", name="found events (squares)").uncheck()
    assert [mark.count() for mark in marks] == [len(labelled), 0]
    assert "found" not in page.get_by_role("status").inner_text()
    page.get_by_role("checkbox", name="labelled events (circles)").uncheck()
    assert marks[0].count() == 0


def test_grad_cam_lies_over_its_frames_and_elsewhere_says_where_it_is(page):
    heat, status = page.locator(".tapnb-heat"), page.get_by_role("status")
    assert not heat.is_visible()
    page.get_by_role("radio", name="as its second").check()
    assert heat.is_visible() and frame(page) == "Frame 4 of the movie"
    second = heat.get_attribute("src")
    page.get_by_role("radio", name="as the pair's first frame").check()
    assert heat.get_attribute("src") != second
    page.get_by_role("slider", name="Frame").focus()
    page.keyboard.press("Home")
    assert not heat.is_visible() and "Grad-CAM is there for frames 2 to 5" in status.inner_text()


def test_counts_go_with_the_movie_and_are_not_read_out_while_it_plays(page):
    status, play = page.get_by_role("status"), page.get_by_role("button", name="Play")
    before = status.inner_text()
    play.click()
    page.wait_for_function("text => document.querySelector('[role=status]').textContent !== text", arg=before)
    assert status.get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="Frame").focus()
    page.keyboard.press("Home")
    assert status.get_attribute("aria-live") == "polite"


def test_it_fits_a_phone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
