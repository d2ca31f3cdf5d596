"""Tables of executed notebooks, as pandas writes them: sorted and saved like any other."""

import csv
import io

import pytest

PLAIN = """<table class="dataframe"><thead><tr><th></th><th>score</th><th>"n"</th></tr></thead>
<tbody><tr><th>A1</th><td>0.9</td><td>3</td></tr><tr><th>B1</th><td>0.7</td><td>10</td></tr></tbody></table>"""
GROUPED = """<table class="dataframe"><thead><tr><th>a</th><th>b</th></tr></thead>
<tbody><tr><th rowspan="2">1</th><td>2</td></tr><tr><td>3</td></tr></tbody></table>"""


@pytest.fixture
def page(build_page, on_a_phone):
    """A page with a plain table, and one whose rows share a cell."""
    cells = "".join(f'<div class="cell_output"><div class="output text_html">{table}</div></div>' for table in (PLAIN, GROUPED))
    return on_a_phone(build_page("tapnb_tables", f"{{raw}} html\n{cells}", lambda results: None)[1])


def test_a_plain_table_is_sorted_by_its_headings_and_saved(page):
    plain, grouped = page.locator("table").all()
    column = "rows => rows.map(row => row.cells[0].textContent)"
    plain.get_by_role("button", name="score").click()
    assert plain.locator("tbody tr").evaluate_all(column) == ["B1", "A1"]
    assert grouped.get_by_role("button").count() == 0 and page.locator("a.tapnb-csv").count() == 1
    with page.expect_download() as saved:
        page.locator("a.tapnb-csv").click()
    rows = list(csv.reader(io.StringIO(saved.value.path().read_text("utf-8"))))
    assert saved.value.suggested_filename == "index-1.csv"
    assert rows == [["", "score", '"n"'], ["A1", "0.9", "3"], ["B1", "0.7", "10"]]


def test_its_first_column_stays_on_a_phone(page):
    assert page.locator("table").nth(0).locator("td, th").first.evaluate("e => getComputedStyle(e).position") == "sticky"
    assert page.locator("table").nth(1).locator("td, th").first.evaluate("e => getComputedStyle(e).position") != "sticky"
