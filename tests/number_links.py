"""Whether the number links of a built book lead to their numbers, for the tests of the book."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup


@cache
def read(path: Path) -> BeautifulSoup:
    """Return a built page."""
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def astray(page: Path) -> list[str]:
    """Return what is wrong with the number links of a built page, a line each; links to runs and cells have no title."""
    wrong = []
    for link in read(page).select("a.tapnb-result[title]"):
        if ": " not in link["title"]:  # of a table or figure, to its notebook
            continue
        text, (path, _, place) = link.text, link["href"].partition("#")
        target = read((page.parent / unquote(path)).resolve() if path else page).find(id=unquote(place))
        value = target and target.select_one(".tapnb-number-value strong")
        number = text.split(" ")[0].split("\u202f%")[0]
        if value is None or not value.text.startswith(number):
            wrong.append(f"{page.name}: {link['title']} leads to {link['href']}, which does not show {text}")
        elif target.find_parent("details"):
            wrong.append(f"{page.name}: {link['title']} leads into a closed box")
    return wrong
