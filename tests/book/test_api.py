"""The pages of the API: every public name on its room's page, none that is private."""

import importlib
import inspect

import pytest
import yaml
from bs4 import BeautifulSoup

from tapnb.workflow.notebooks import CHECKOUT as ROOT


@pytest.fixture
def extension(monkeypatch):
    """The extension that lists the modules."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    return importlib.import_module("tapnb_api")


def rooms(extension):
    """Return the modules of each page of the API."""
    pages = {path.stem: extension.BLOCK.findall(path.read_text("utf-8")) for path in (ROOT / "book" / "api").glob("*.md")}
    return {page: extension.modules(room) for page, [(room, _)] in pages.items()}


def public(name):
    """Return the functions and classes that a module defines and offers."""
    module = importlib.import_module(name)
    offered = getattr(module, "__all__", [item for item in vars(module) if not item.startswith("_")])
    return [item for item in offered if inspect.isroutine(value := getattr(module, item)) or inspect.isclass(value)
            if value.__module__ == name]


def test_every_module_is_on_one_page_and_every_page_is_listed(extension):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    (api,) = (chapter for part in toc["parts"] for chapter in part["chapters"] if chapter["file"] == "book/api")
    assert {section["file"] for section in api["sections"]} == {f"book/api/{page}" for page in rooms(extension)}
    listed = [module for modules in rooms(extension).values() for module in modules]
    paths = [path for path in (ROOT / "tapnb").rglob("*.py") if not path.stem.startswith("__")]
    assert sorted(listed) == sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)


def test_every_public_name_is_described_and_no_private_one(extension, made_up_book):
    for page, modules in rooms(extension).items():
        html = BeautifulSoup((made_up_book.parent / "book" / "api" / f"{page}.html").read_text("utf-8"), "html.parser")
        described = {term["id"] for term in html.select("dt[id]")}
        assert {f"{name}.{item}" for name in modules for item in public(name)} <= described, page
        assert not [name for name in described if any(part.startswith("_") for part in name.split("."))]
        first, *_ = html.select_one("article").select("table, h2")
        assert first.name == "table" and len(first.select("tbody tr")) == len(modules)


def test_a_module_that_is_not_there_cannot_come_first(extension):
    from sphinx.errors import ExtensionError

    source = ["```{api} tapnb.store\ntapnb.store.rnus\n```\n"]
    with pytest.raises(ExtensionError, match="tapnb.store has no module tapnb.store.rnus"):
        extension.complete(None, "api/store", source)
