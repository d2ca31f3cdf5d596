"""Tables and plots as readers use them: tabs of movies, sorting, saving, enlarging, with the keyboard, on paper and a phone."""

import csv
import io
import re

PAGE = "book/strategies.html"
SHOWN = "e => getComputedStyle(e).display !== 'none'"


def tabs(page):
    """Return the labels of the tabs that are open."""
    return page.locator(".tapnb-movies > input:checked + label").all_inner_texts()


def test_tabs_open_with_the_keyboard_and_all_of_a_page_together(open_page):
    page, visit = open_page(PAGE)
    first = page.locator(".tapnb-movies").first
    before = tabs(page)
    first.locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    after = tabs(page)
    chosen = first.locator("label").nth(1).get_attribute("data-sync-id")
    assert after[0] != before[0]
    assert all(page.locator(f"input:has(+ label[data-sync-id={chosen}])").evaluate_all("inputs => inputs.map(i => i.checked)"))
    assert first.locator(".sd-tab-content").nth(1).is_visible() and not first.locator(".sd-tab-content").nth(0).is_visible()
    again, _ = open_page(PAGE)
    assert tabs(again) == after, "the reader's choice goes with them to the next page"
    again.evaluate("localStorage.clear()")
    assert not visit.errors


def test_a_link_into_a_tab_that_is_closed_opens_it(open_page):
    page, _ = open_page(PAGE)
    place = page.locator(".tapnb-movies .sd-tab-content:nth-of-type(2) > span[id]").last
    name, content = place.get_attribute("id"), place.locator("xpath=..")
    assert not content.is_visible()
    page.evaluate(f"location.hash = '#{name}'")
    content.wait_for(state="visible")


def test_tabs_need_no_script_and_paper_shows_all_of_them_with_their_names(browser, book):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((book / PAGE).as_uri())
    tab_set = page.locator(".tapnb-movies").first
    tab_set.locator("label").nth(1).click()
    assert tab_set.locator(".sd-tab-content").nth(1).is_visible()
    page.emulate_media(media="print")
    assert all(content.is_visible() for content in tab_set.locator(".sd-tab-content").all())
    places = [part.bounding_box()["y"] for part in tab_set.locator("> label, > .sd-tab-content").all()]
    assert places == sorted(places), "every movie stands below its name"
    context.close()


def test_a_table_is_sorted_with_the_keyboard_up_down_and_back(open_page):
    page, visit = open_page(PAGE)
    table = page.locator("figure.tapnb-exhibit table.tapnb-sortable:visible").first
    column = table.locator("th").count() - 1

    def cells():
        return table.locator("tbody tr").evaluate_all(f"rows => rows.map(row => row.cells[{column}].textContent.trim())")

    published = cells()
    heading = table.locator("th").nth(column)
    heading.get_by_role("button").focus()
    page.keyboard.press("Enter")
    up = cells()
    assert heading.get_attribute("aria-sort") == "ascending" and sorted(up) == sorted(published)
    page.keyboard.press("Space")
    down = cells()
    assert heading.get_attribute("aria-sort") == "descending"
    filled = [text for text in up if text != "\u2013"]
    numbers = [float(text.split()[0].replace("\u2212", "-")) for text in filled]
    assert numbers == sorted(numbers)
    assert [text for text in down if text != "\u2013"][:1] == filled[-1:]
    assert up[len(filled):] == down[len(filled):] == ["\u2013"] * (len(up) - len(filled)), "what is missing comes last"
    page.keyboard.press("Enter")
    assert cells() == published and heading.get_attribute("aria-sort") is None and not visit.errors


def test_a_table_is_saved_as_a_file(open_page):
    page, _ = open_page(PAGE)
    exhibit = page.locator("figure.tapnb-exhibit:has(table)").first
    shown = exhibit.locator("table:visible tr").first.locator("th").all_inner_texts()
    with page.expect_download() as saved:
        exhibit.locator("a.tapnb-csv:visible").click()
    rows = list(csv.reader(io.StringIO(saved.value.path().read_text("utf-8"))))
    assert saved.value.suggested_filename.endswith(".csv")
    assert [text for text in rows[0] if not text.endswith(")")] == [text.strip() for text in shown]
    for column in zip(*rows[1:], strict=True):
        words = [cell for cell in column if not re.match(r"-?\d|–?$", cell)]
        assert words or not [cell for cell in column if set(cell) & set("*±")], column


def test_the_first_column_stays_when_a_table_is_moved_on_a_phone(open_page):
    page, _ = open_page(PAGE, "phone")
    box = page.locator(".tapnb-scroll:visible:has(table.tapnb-sortable)").first
    cell = box.locator("tbody td:first-child").first
    page.evaluate("for (const box of document.querySelectorAll('.tapnb-scroll table')) box.style.width = '900px'")
    before = cell.bounding_box()["x"]
    box.evaluate("box => [box, ...box.querySelectorAll('*')].forEach(e => { e.scrollLeft = 200; })")
    assert box.locator("tbody td:nth-child(2)").first.bounding_box()["x"] < before + cell.bounding_box()["width"] - 50
    assert abs(cell.bounding_box()["x"] - before) < 3


def test_a_table_that_is_wider_than_a_phone_fades_where_it_goes_on(open_page):
    page, visit = open_page(PAGE, "phone")
    box = page.locator(".tapnb-scroll:visible:has(table.tapnb-sortable)").first
    box.locator("table").evaluate("table => { table.style.width = '900px'; }")
    more = box.locator("xpath=descendant-or-self::*[contains(concat(' ', @class, ' '), ' tapnb-more ')]")
    more.wait_for()
    assert "gradient" in more.evaluate("frame => getComputedStyle(frame).maskImage")
    frame = more.element_handle()
    frame.evaluate("frame => { frame.scrollLeft = frame.scrollWidth; }")
    more.wait_for(state="detached")
    frame.evaluate("frame => { frame.scrollLeft = 0; }")
    more.wait_for()
    box.locator("table").evaluate("table => { table.style.width = '100px'; table.style.minWidth = 0; "
                                  "for (const row of [...table.rows]) row.remove(); }")
    more.wait_for(state="detached")
    assert not visit.errors


def test_no_text_of_a_table_runs_over_the_next_cell_on_a_phone(open_page):
    page, _ = open_page("book/runs.html", "phone")
    cells = page.locator("table.tapnb-runs :is(th, td)")
    assert cells.count() > 8
    assert cells.evaluate_all("cells => cells.filter(c => c.scrollWidth > c.clientWidth + 1).map(c => c.textContent)") == []


def test_a_narrow_plot_is_as_wide_on_a_phone_as_it_was_drawn_for(open_page):
    page, _ = open_page(PAGE, "phone")
    room = page.locator(".tapnb-scroll:not(.tapnb-wide):visible img.tapnb-plot").evaluate_all("""images => images.map(image => {
      const style = getComputedStyle(image);
      return image.closest(".tapnb-scroll").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    })""")
    assert room and min(room) >= 340, "see tapnb/figures/narrow.py"


def test_a_link_to_the_parts_of_a_claim_opens_their_box(open_page):
    page, visit = open_page("book/findings.html")
    part = page.locator("details li.tapnb-claim").last
    assert not part.is_visible()
    page.evaluate("name => { location.hash = name }", part.get_attribute("id"))
    part.wait_for(state="visible")
    assert not visit.errors


def test_a_plot_opens_large_and_closes_with_the_keyboard(open_page):
    page, visit = open_page(PAGE, "phone")
    plot = page.locator(".tapnb-enlarge:visible").first
    assert "_narrow" in plot.locator("img").evaluate("image => image.currentSrc"), "a phone gets the narrow plot"
    plot.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.tapnb-large")
    dialog.wait_for(state="visible")
    assert "_narrow" not in dialog.locator("img").get_attribute("src")
    assert dialog.locator("img").get_attribute("alt") == plot.locator("img").get_attribute("alt")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert plot.evaluate("button => button === document.activeElement"), "focus goes back to where it was"
    plot.click()
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="hidden")
    assert not visit.errors
