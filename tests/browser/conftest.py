"""The built book in a real browser: Debian's Chromium, driven by Playwright, without a network."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from tapnb.workflow.notebooks import CHECKOUT

AXE = Path(__file__).with_name("axe") / "axe.min.js"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"empty-table-header": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,  # it would ask for the style sheets once more, which no page opened from a disk may
}
PATIENCE = 120_000
"""Milliseconds that a page may take: other work may share the processor."""


@dataclass(frozen=True)
class Mode:
    """How a reader looks at a page."""

    width: int
    scheme: str


MODES = {"light": Mode(1400, "light"), "dark": Mode(1400, "dark"), "phone": Mode(390, "light")}


@dataclass
class Visit:
    """What one page did when it was opened."""

    errors: list[str] = field(default_factory=list)
    """What it wrote into the console as an error, or threw."""

    remote: list[str] = field(default_factory=list)
    """Addresses outside this disk that it asked for."""

    mathjax: bool = False
    """Whether it loaded MathJax."""

    mathematics: bool = False
    """Whether it shows an equation."""

    width_at_360: int = 0
    """Its width on a screen of 360 pixels, in pixels."""

    violations: list[tuple[str, str, str]] = field(default_factory=list)
    """Of axe: rule, selector, and the element's HTML."""


@pytest.fixture(scope="module")
def build_page(tmp_path_factory):
    """Return a function that builds a page of one directive from results that another function writes.

    It returns what that function returned, given the folder of the results, and the page's address.
    """
    with pytest.MonkeyPatch.context() as patch:
        def built(extension, directive, write):
            root = tmp_path_factory.mktemp("seen")
            patch.setenv("TAPNB_HOME", str(root / "home"))
            patch.syspath_prepend(str(CHECKOUT / "book" / "_ext"))
            written = write(root / "results")
            source = root / "source"
            source.mkdir()
            (source / "conf.py").write_text(f"extensions = ['myst_parser', '{extension}']\n")
            (source / "index.md").write_text(f"# Page\n\n```{directive}\n```\n")
            app = SphinxTestApp("html", srcdir=source, confoverrides={
                "tapnb_results": str(root / "results"), "html_theme": "sphinx_book_theme",
                "html_static_path": [str(CHECKOUT / "book" / "_static")], "html_css_files": ["tapnb.css"]})
            app.build()
            app.cleanup()
            return written, (source / "_build" / "html" / "index.html").as_uri()

        yield built


@pytest.fixture
def on_a_phone(browser):
    """Return a function that opens an address in a fresh tab of a phone; the page must throw nothing."""
    context, thrown = browser.new_context(viewport={"width": 390, "height": 900}, offline=True), []
    context.set_default_timeout(PATIENCE)

    def opened(address):
        page = context.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(address)
        return page

    yield opened
    assert thrown == []
    context.close()


@pytest.fixture(scope="package")
def book(request):
    """Folder of the built pages: with the slow tests this checkout's book, if it is built, else one of made-up numbers.

    The whole book has too many pages for minutes.
    """
    built = CHECKOUT / "_build" / "html"
    sources = [CHECKOUT / "_config.yml", *(CHECKOUT / "book" / "_ext").glob("*.py"), *(CHECKOUT / "book").glob("*.md"),
               *(CHECKOUT / "book" / "_static").glob("*.*")]
    front = built / "book" / "index.html"
    fast_only = request.config.option.markexpr == "not slow"  # pytest's own default here, see pyproject.toml
    if not fast_only and front.is_file() and all(source.stat().st_mtime < front.stat().st_mtime for source in sources):
        return built
    return request.getfixturevalue("made_up_book").parent


@pytest.fixture(scope="module")
def open_page(browser, book):
    """Return a function that opens a page of the book in a tab of its own, and returns it with its :class:`Visit`."""
    contexts = {}

    def opened(name, mode="light", query=""):
        if mode not in contexts:
            contexts[mode] = browser.new_context(
                viewport={"width": MODES[mode].width, "height": 900}, color_scheme=MODES[mode].scheme, offline=True)
            contexts[mode].set_default_timeout(PATIENCE)
        page, visit = contexts[mode].new_page(), Visit()
        page.on("console", lambda message: visit.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.on("request", lambda request: note(visit, request.url))
        page.goto((book / name).as_uri() + query)
        page.evaluate("() => window.MathJax?.startup?.promise")  # equations are drawn after the page has loaded
        visit.mathematics = page.locator(".math").count() > 0
        return page, visit

    def note(visit, url):
        if not url.startswith(("file:", "data:", "blob:")):
            visit.remote.append(url)
        visit.mathjax |= "mathjax" in url

    yield opened
    for context in contexts.values():
        context.close()


@pytest.fixture(scope="module")
def visits(book, open_page):
    """Return a function that opens every page in one mode, once, and returns the visits by name of the page."""
    names = sorted(str(path.relative_to(book)) for path in book.rglob("*.html") if "_static" not in path.parts)
    names.remove("index.html")  # it only leads to book/index.html
    assert len(names) > 10
    seen = {}

    def in_mode(mode):
        if mode not in seen:
            seen[mode] = {name: look(name, mode) for name in names}
        return seen[mode]

    def look(name, mode):
        page, visit = open_page(name, mode)
        page.evaluate(AXE.read_text("utf-8"))
        for violation in page.evaluate("options => axe.run(options)", RULES)["violations"]:
            for node in violation["nodes"]:
                visit.violations.append((violation["id"], str(node["target"][-1]), node["html"][:200]))
        if mode == "phone":
            page.set_viewport_size({"width": 360, "height": 800})
            visit.width_at_360 = page.evaluate("document.documentElement.scrollWidth")
        page.close()
        return visit

    return in_mode
