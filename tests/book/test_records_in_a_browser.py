"""Sorting, searching, copying and following links in the built pages, in a real browser and from the disk."""

import json

import pytest
from made_up_results import RECORD

from tapnb.workflow.notebooks import CHECKOUT

PATIENCE = 120_000  # milliseconds: other work may share the processor


@pytest.fixture
def book(page, tmp_path):
    """Return the folder of the built pages: three runs and one number."""
    for n, seconds in ((2, 9000.0), (3, 600.0)):
        record = RECORD | {"name": f"tap-hela-{n}", "seed": 10 * n, "seconds": seconds, "device": "cuda"}
        (page.results / "records" / f"tap-hela-{n}.json").write_text(json.dumps(record))
    _, warnings = page("{num}`02_try:acc`", html_static_path=[str(CHECKOUT / "book" / "_static")])
    assert warnings == ""
    return tmp_path / "source" / "_build" / "html" / "book"


def open_page(browser, address, **options):
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    sheet = context.new_page()
    sheet.errors = []
    sheet.on("pageerror", lambda error: sheet.errors.append(str(error)))
    sheet.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => { window.copied = text; }}})")
    sheet.goto(address)
    return sheet


def names(sheet):
    return [cell.inner_text() for cell in sheet.query_selector_all("tr.tapnb-run:not([hidden]) > td:first-child")]


def test_runs_are_sorted_and_searched_with_the_keyboard(browser, book):
    sheet = open_page(browser, (book / "runs.html").as_uri())
    minutes = sheet.get_by_role("button", name="minutes")
    minutes.focus()
    sheet.keyboard.press("Enter")
    assert names(sheet) == ["tap-synthetic-1a2b3c4d", "tap-hela-3", "tap-hela-2"]  # 0, 10 and 150: not as words
    assert sheet.locator("th[aria-sort=ascending]").inner_text() == "minutes"
    sheet.keyboard.press("Enter")
    assert names(sheet) == ["tap-hela-2", "tap-hela-3", "tap-synthetic-1a2b3c4d"]
    for line in sheet.query_selector_all("tr.tapnb-run"):  # a record stays with its run
        record = line.evaluate("row => row.nextElementSibling.textContent")
        assert line.query_selector("td").inner_text() in record
    sheet.get_by_role("searchbox", name="Search runs").fill("cuda 30")
    assert names(sheet) == ["tap-hela-3"] and sheet.locator("output").inner_text() == "1 of 3 runs"
    assert not sheet.errors


def test_times_are_sorted_whatever_their_unit(browser, page, tmp_path):
    table = "| what | time |\n|---|---|\n| a | 2.74 min |\n| b | 101 s |\n| c | 1.5 h |\n| d | trains nothing |\n| e | 394 µs |\n"
    page(table, html_static_path=[str(CHECKOUT / "book" / "_static")])
    sheet = open_page(browser, (tmp_path / "source" / "_build" / "html" / "book" / "page.html").as_uri())
    sheet.get_by_role("button", name="time", exact=True).click()
    assert sheet.locator("table.tapnb-sortable tbody tr td:first-child").all_inner_texts() == ["e", "b", "a", "c", "d"]
    assert not sheet.errors


def test_a_link_to_a_run_opens_its_record_whatever_was_searched(browser, book):
    sheet = open_page(browser, (book / "runs.html").as_uri() + "#run-tap-hela-2")
    record = sheet.locator("#run-tap-hela-2 + tr details")
    assert record.get_attribute("open") is not None
    sheet.get_by_role("searchbox").fill("nothing like it")
    assert names(sheet) == []
    sheet.evaluate("location.hash = '#run-tap-hela-3'")
    sheet.locator("#run-tap-hela-3").wait_for(state="visible")
    assert sheet.locator("#run-tap-hela-3 + tr details").get_attribute("open") is not None


def test_a_number_is_copied_with_its_source_and_address(browser, book):
    sheet = open_page(browser, (book / "page.html").as_uri())
    sheet.locator("a.tapnb-result").click()
    sheet.get_by_role("button", name="Copy acc").press("Enter")
    sheet.wait_for_function("window.copied")
    copied = sheet.evaluate("window.copied")
    assert copied.startswith("0.910 \u00b1 0.012 (n = 10). ") and "smoke/synthetic/02_try:acc, commit 0123456789." in copied
    assert copied.endswith("numbers.html#smoke-synthetic-02_try-acc") and not sheet.errors


def test_without_a_script_the_whole_table_is_there(browser, book):
    sheet = open_page(browser, (book / "runs.html").as_uri(), java_script_enabled=False)
    assert len(names(sheet)) == 3 and sheet.locator("tr.tapnb-run").first.is_visible()
    assert sheet.get_by_role("searchbox", name="Search runs").count() == 0
