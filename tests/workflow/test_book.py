"""The book: staging, a whole build, and the pages as a browser shows them."""

import base64
import re
import shutil
import subprocess

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from made_up_results import write_results
from number_links import astray, read

from tapnb.workflow import book, notebooks

ROOT = notebooks.CHECKOUT


def test_a_notebook_that_has_not_run_or_failed_gets_into_no_book(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_try.py").touch()
    with pytest.raises(
        book.BookError, match="01_try has not run with profile smoke on movie hela; `make notebooks"
    ):
        book.stage("smoke", "hela", tmp_path)
    made = notebooks.folder("smoke", "hela") / "01_try.ipynb"
    made.parent.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(metadata={"papermill": {"exception": True}})
    nbformat.write(notebook, made)
    with pytest.raises(book.BookError, match="01_try failed"):
        book.stage("smoke", "hela", tmp_path)
    notebook.metadata.papermill.exception = None
    nbformat.write(notebook, made)
    (tmp_path / "book" / "executed").mkdir(parents=True)
    (tmp_path / "book" / "executed" / "00_stale.ipynb").touch()
    assert [p.name for p in book.stage("smoke", "hela", tmp_path)] == ["01_try.ipynb"]
    assert not (tmp_path / "book" / "executed" / "00_stale.ipynb").exists()
    staged = nbformat.read(tmp_path / "book" / "executed" / "01_try.ipynb", as_version=4)
    assert "say nothing" in staged.cells[0].source  # of a book that only tests


def test_a_published_movie_that_is_not_here_gets_its_notebooks_with_a_note(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    monkeypatch.delenv("TAPNB_HELA", raising=False)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_try.py").write_text("# %% [markdown]\n# # Try\n\n# %%\n1 + 1\n")
    write_results(tmp_path / "results" / "cpu" / "hela", "01_try")
    book.stage("cpu", "hela", tmp_path)
    staged = nbformat.read(tmp_path / "book" / "executed" / "01_try.ipynb", as_version=4)
    assert staged.cells[0].source == "# Try" and staged.cells[2].source == "1 + 1" and not staged.cells[2].outputs
    assert "the images of hela are not here" in staged.cells[1].source
    with pytest.raises(book.BookError, match="has not run with profile paper"):
        book.stage("paper", "hela", tmp_path)


def test_pictures_that_a_notebook_names_are_staged_beside_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_try.py").touch()
    cell = nbformat.v4.new_code_cell(metadata={"mystnb": {"figure": {"name": "fig-cell", "caption": "A cell."}}})
    picture = base64.b64encode(b"\x89PNG of a cell").decode()
    cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": picture})]
    unnamed = nbformat.v4.new_code_cell(outputs=cell.outputs)
    notebook = nbformat.v4.new_notebook(cells=[unnamed, cell], metadata={"papermill": {}})
    made = notebooks.folder("smoke", "hela") / "01_try.ipynb"
    made.parent.mkdir(parents=True)
    nbformat.write(notebook, made)
    stale = tmp_path / "book" / "executed" / "01_try" / "fig-old.png"
    stale.parent.mkdir(parents=True)
    stale.touch()
    book.stage("smoke", "hela", tmp_path)
    assert (stale.parent / "fig-cell.png").read_bytes() == b"\x89PNG of a cell"
    assert len(list(stale.parent.iterdir())) == 1


def test_the_browser_opens_only_for_a_person():
    assert book.can_open({"DISPLAY": ":0"}, "linux") and book.can_open({}, "darwin")
    assert not book.can_open({}, "linux") and not book.can_open({"DISPLAY": ":0", "CI": "true"}, "linux")


@pytest.fixture(scope="module")
def built(made_up_book):
    """The front page of the book of made-up numbers."""
    return made_up_book


def pages(built):
    found = sorted(built.parent.rglob("*.html"))
    assert len(found) > 10
    return [(p, BeautifulSoup(p.read_text("utf-8"), "html.parser")) for p in found]


def test_the_book_builds_without_a_warning(built):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    for page in [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]:
        assert (built.parent / f"{page}.html").is_file()


def test_no_page_loads_anything_from_elsewhere(built):
    for path, html in pages(built):
        loaded = [
            t.get("src") or t.get("href") for t in html.select("script[src], img[src], link[href], iframe")
        ]
        assert not [x for x in loaded if re.match(r"(https?:)?//", x or "")], path.name


def test_every_image_says_what_it_shows(built):
    for path, html in pages(built):
        assert not [i for i in html.find_all("img") if not i.get("alt", "").strip()], path.name


def test_every_number_leads_to_its_place_which_shows_it_in_the_open(built):
    assert sum(bool(html.select("a.tapnb-result[title]")) for _, html in pages(built)) > 10
    for path, _ in pages(built):
        assert not astray(path)


def test_a_number_links_the_cell_that_makes_it(built):
    page = built.parent / "book" / "numbers" / "06_strategies.html"
    link = read(page).select_one("[id=cpu-hela-06_strategies-A1_less_B1_ranking] a[href*=executed]")
    file, _, place = link["href"].partition("#")
    cell = read((page.parent / file).resolve()).find(id=place)
    assert "cell" in cell["class"] and "ranked = ranking.precision_differences" in cell.text


def test_links_between_pages_lead_somewhere(built):
    for path, html in pages(built):
        for link in html.select("a[href]"):
            target, _, place = link["href"].partition("#")
            if target and not re.match(r"\w+:", target):
                file = (path.parent / target).resolve()
                assert file.exists(), f"{path.name} links {link['href']}"
                if place and file.suffix == ".html" and "run-" in place:
                    assert f'id="{place}"' in file.read_text("utf-8"), f"{path.name} links {link['href']}"


# In a browser


def browse(tmp_path, page, *arguments, query=""):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",  # no network, so that nothing remote can help
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=10000",
        *arguments,
        page.as_uri() + query,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_front_page_opens_from_disk(built, tmp_path):
    html = BeautifulSoup(browse(tmp_path, built, "--dump-dom"), "html.parser")
    assert "Cell events from the arrow of time" in html.title.text
    assert len(html.select("form.bd-search")) == 1 and len(html.select(".search-button-field")) == 1


def test_mathematics_is_drawn_without_a_network(built, tmp_path):
    page = built.parent / "book" / "pretraining.html"
    html = BeautifulSoup(browse(tmp_path, page, "--dump-dom"), "html.parser")
    assert len(html.select(".math mjx-container svg")) > 5
    assert not html.select("mjx-merror") and r"\frac" not in html.select_one("article").text


def test_search_finds_without_a_network(built, tmp_path):
    page = built.parent / "search.html"
    html = BeautifulSoup(browse(tmp_path, page, "--dump-dom", query="?q=decorrelation"), "html.parser")
    assert any("pretraining" in a["href"] for a in html.select("#search-results a[href]"))


def test_a_phone_does_not_scroll_sideways(built, tmp_path):
    page = built.parent / "book" / "strategies.html"
    width = "document.documentElement.scrollWidth"
    probe = f"<script>addEventListener('load', () => document.title = {width})</script>"
    narrow = page.with_name("narrow.html")
    narrow.write_text(page.read_text("utf-8").replace("</head>", probe + "</head>"))
    try:
        html = BeautifulSoup(browse(tmp_path, narrow, "--window-size=500,900", "--dump-dom"), "html.parser")
    finally:
        narrow.unlink()
    assert int(html.title.text) <= 500
