"""Sphinx extension: ``{api} tapnb.movies`` stands for the modules of a room of tapnb, and what each of them offers.

The modules are read from the package, so that a new one is on its page without further ado. The block's content names
those to be read first, in order; the others follow by name. The page's text is completed before it is parsed, since a
directive cannot hold headings of its page.
"""

from __future__ import annotations

import importlib
import re
from types import ModuleType

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from tapnb.workflow.notebooks import CHECKOUT

BLOCK = re.compile(r"^```\{api\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROLE = re.compile(r":\w+:`~?\.?([^`]+)`")


def complete(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the modules of a room into a page's text, in place."""
    source[0] = BLOCK.sub(lambda block: listing(block[1], block[2].split()), source[0])


def listing(room: str, first: list[str]) -> str:
    """Return the Markdown of a room: a table of its modules, and a section for each."""
    names = modules(room)
    if unknown := set(first) - set(names):
        raise ExtensionError(f"{room} has no module {', '.join(sorted(unknown))}")
    names = [*first, *(name for name in names if name not in first)]
    rows = [f"| {{py:mod}}`{short(name)} <{name}>` | {subject(name)} |" for name in names]
    lines = ["| module | subject |", "|---|---|", *rows, ""]
    for name in names:
        exclude = [f"   :exclude-members: {', '.join(others)}"] if (others := from_elsewhere(name)) else []
        lines += [f"## {short(name)}", "", "```{eval-rst}", f".. automodule:: {name}", "   :members:", *exclude, "```", ""]
    return "\n".join(lines)


def modules(room: str) -> list[str]:
    """Return the modules of a room, by name: those of its folder and of folders below.

    The method is ``tapnb`` itself, the files at its top; ``tapnb.cli`` is a room of one file.
    """
    top = CHECKOUT.joinpath(*room.split("."))
    if not top.is_dir():
        return [room]
    files = top.glob("*.py") if room == "tapnb" else top.rglob("*.py")
    names = (".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in files if not path.stem.startswith("__"))
    return sorted(name for name in names if name != "tapnb.cli")


def short(name: str) -> str:
    """Return a module's name without those of the package and its room."""
    return name.split(".", 2)[-1] if name.count(".") > 1 else name.removeprefix("tapnb.")


def subject(name: str) -> str:
    """Return the first sentence of a module's docstring, as Markdown for a cell of a table."""
    paragraph = importlib.import_module(name).__doc__.strip().split("\n\n")[0]
    sentence = re.split(r"(?<=[.?])\s(?=[A-Z(])", paragraph)[0].rstrip(":.")
    return ROLE.sub(r"`\1`", " ".join(sentence.split())).replace("``", "`").replace("|", "\\|")


def from_elsewhere(name: str) -> list[str]:
    """Return what a module offers and another one defines: it is described there."""
    module: ModuleType = importlib.import_module(name)
    return [item for item in getattr(module, "__all__", ()) if getattr(getattr(module, item), "__module__", name) != name]


def setup(app: Sphinx) -> dict:
    """Register what is done to a page's text."""
    app.connect("source-read", complete)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
