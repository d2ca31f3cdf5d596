"""What stands below a page's title: minutes to read it, and what makes it again."""

import importlib
import json

import pytest
from docutils import nodes

from tapnb.workflow.notebooks import CHECKOUT as ROOT

EXTENSIONS = ["myst_parser", "tapnb_runs", "tapnb_numbers", "tapnb_head"]
PROVENANCE = "```{provenance} 02_try\n```"


def sentences(words):
    return "five words stand in here. " * (words // 5)


def head(page, text):
    html, warnings = page(text, extensions=EXTENSIONS)
    assert warnings == ""
    return html.select_one("h1 + p.tapnb-head")


@pytest.fixture
def extension(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    return importlib.import_module("tapnb_head")


def test_a_page_says_its_minutes_its_command_and_what_its_runs_took(page):
    path = page.results / "02_try.json"
    content = json.loads(path.read_text("utf-8"))
    content["provenance"]["seconds"] = 16_659.6
    path.write_text(json.dumps(content))
    line = head(page, f"{sentences(405)}\n\n{PROVENANCE}")
    assert line.code.text == "tapnb run 02_try --profile smoke --movie synthetic"
    assert line.text == f"3 min to read, made again by {line.code.text}, whose runs took 4.6 h to compute"


def test_a_movie_of_ones_own_has_its_path_in_the_command(page):
    html, _ = page(f"{sentences(405)}\n\n{PROVENANCE}", extensions=EXTENSIONS, tapnb_movie_name="/my movies/a.tif")
    assert html.select_one("h1 + p.tapnb-head").code.text == "tapnb run 02_try --profile smoke --movie '/my movies/a.tif'"


def test_a_page_on_results_of_another_profile_names_it(page):
    line = head(page, f"{sentences(405)}\n\n" + PROVENANCE.replace("02_try", "smoke/synthetic/02_try"))
    assert line.code.text == "tapnb run 02_try --profile smoke --movie synthetic"


def test_tables_code_and_what_is_folded_away_are_not_read(page):
    table = f"| a |\n|---|\n| {sentences(400)} |"
    code = f"```text\n{sentences(400)}\n```"
    assert head(page, f"{sentences(200)}\n\n{table}\n\n{code}\n\n{PROVENANCE}").text.startswith("1 min to read, made")


def test_a_page_of_a_few_words_and_one_without_a_notebook(page):
    assert head(page, f"{sentences(140)}\n\n{PROVENANCE}") is None
    assert head(page, sentences(200)).text == "1 min to read"


def test_lists_and_pages_of_a_folder_below_have_no_such_line(extension):
    for name in ("book/runs", "book/numbers/02_try", "index", "book/api"):
        context = {"body": "<h1>Title</h1>"}
        extension.add_head(None, name, "page.html", context, nodes.document(None, None))
        assert context == {"body": "<h1>Title</h1>"}


@pytest.mark.parametrize(("seconds", "words"), [
    (None, ""), (0, "which trains nothing"), (2.5, "whose runs took 2 s to compute"),
    (99, "whose runs took 99 s to compute"), (120, "whose runs took 2 min to compute"),
    (5_999, "whose runs took 100 min to compute"), (6_000, "whose runs took 1.7 h to compute"),
])
def test_how_long_the_runs_took(extension, seconds, words):
    assert extension.computing(seconds) == words
