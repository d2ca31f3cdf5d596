"""What every page carries: the footer, names of empty headers, and lines of code that wrap."""

import importlib
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from bs4 import BeautifulSoup

from tapnb.store import provenance
from tapnb.workflow.notebooks import CHECKOUT as ROOT


@pytest.fixture
def pages(monkeypatch):
    """The extension."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    return importlib.import_module("tapnb_pages")


def finished(pages, body, scripts=()):
    """Return a page's HTML and scripts after the extension finished it."""
    context = {"body": body, "script_files": list(scripts)}
    pages.finish(None, "book/page", "page.html", context, None)
    return BeautifulSoup(context["body"], "html.parser"), context["script_files"]


def test_an_empty_header_says_what_its_column_holds(pages):
    ours = '<tr class="row-odd"><th class="head"><p></p></th>\n<th class="head"><p>paper</p></th>\n<th><p></p></th></tr>'
    html, _ = finished(pages, f"<table><thead>{ours}<tr><th></th><th>a</th></tr></thead></table>")
    said = [[cell.text for cell in row.select("th")] for row in html.select("tr")]
    assert said == [["row", "paper", "remark"], ["row", "a"]]
    assert all("visually-hidden" in span["class"] for span in html.select("th span"))


def test_a_long_line_wraps_below_its_first_letter_and_its_text_stays(pages):
    code = '<span></span><span class="k">def</span> <span class="nf">f</span>():\n\n    <span class="k">return</span> 1\n'
    html, _ = finished(pages, f'<div class="highlight"><pre>{code}</pre></div>')
    assert html.pre.text == "def f():\n\n    return 1\n"
    assert [line["style"] for line in html.select(".tapnb-line")] == [f"--indent: {n}ch" for n in (0, 0, 4)]


def test_mathjax_is_loaded_only_with_mathematics(pages):
    mathjax = [SimpleNamespace(filename="_static/mathjax/tex-svg-full.js"),
               SimpleNamespace(filename=None, attributes={"body": "window.MathJax = {}"})]
    other = SimpleNamespace(filename="_static/pages.js", attributes={})
    assert finished(pages, "<p>words</p>", [*mathjax, other])[1] == [other]
    assert finished(pages, '<span class="math notranslate">x</span>', [*mathjax, other])[1] == [*mathjax, other]


def test_the_footer_says_version_day_paper_and_how_to_cite(pages):
    software = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    html = BeautifulSoup(pages.footer(software), "html.parser")
    assert f"Version {provenance.version()} of " in html.p.text and html.a["href"] == "https://arxiv.org/abs/2411.03924"
    assert len(html.select("a")) == 1, "a link to a repository that CITATION.cff does not name"
    assert "Cangxiong Chen, Vinay P. Namboodiri and Julia E. Sero (2024)" in html.details.text
    assert "BSD-3-Clause" in html.text
    entry = html.select_one("pre").text
    assert entry.startswith("@software{tapnb,\n") and entry.endswith("}") and "  author = {{tapnb contributors}},\n" in entry
    html = BeautifulSoup(pages.footer(software | {"repository-code": "https://example.org/tapnb"}), "html.parser")
    assert html.select("a")[1]["href"] == "https://example.org/tapnb"


def test_the_day_is_that_of_the_commit(pages):
    commit, _ = provenance.commit()
    if commit is None:
        pytest.skip("no history of this checkout is at hand")
    told = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%cs"], capture_output=True, text=True).stdout
    assert pages.day(commit).isoformat() == told.strip() and pages.written(pages.day(commit))[0] != "0"
