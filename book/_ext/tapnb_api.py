"""Sphinx extension: ``{api} tapnb.movies`` lists the modules of a room of tapnb, then what each of them offers.

The modules are read from the package, so that a new one is on its page without further ado. The directive's content
names those to be read first, in order; the others follow by name.
"""

from __future__ import annotations

import importlib
import re
from types import ModuleType

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tapnb.workflow.notebooks import CHECKOUT

ROLE = re.compile(r":\w+:`~?\.?([^`]+)`")


class Api(SphinxDirective):
    """A table of the room's modules, and a section for each."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        first = [name for line in self.content for name in line.split()]
        names = modules(self.arguments[0])
        if unknown := set(first) - set(names):
            raise self.error(f"{self.arguments[0]} has no module {', '.join(sorted(unknown))}")
        names = [*first, *(name for name in names if name not in first)]
        rows = [f"| {{py:mod}}`{short(name)} <{name}>` | {subject(name)} |" for name in names]
        lines = ["| module | subject |", "|---|---|", *rows, ""]
        for name in names:
            exclude = [f"   :exclude-members: {', '.join(others)}"] if (others := from_elsewhere(name)) else []
            lines += [f"## {short(name)}", "", "```{eval-rst}", f".. automodule:: {name}", "   :members:", *exclude, "```", ""]
        content = nodes.section()
        self.state.nested_parse(StringList(lines, "api"), self.content_offset, content, match_titles=True)
        return content.children


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
    sentence = re.split(r"(?<=[.:?]) |(?<=[.:?])\n", paragraph)[0].rstrip(":.")
    return ROLE.sub(r"`\1`", " ".join(sentence.split())).replace("``", "`").replace("|", "\\|")


def from_elsewhere(name: str) -> list[str]:
    """Return what a module offers and another one defines: it is described there."""
    module: ModuleType = importlib.import_module(name)
    return [item for item in getattr(module, "__all__", ()) if getattr(getattr(module, item), "__module__", name) != name]


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.add_directive("api", Api)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
