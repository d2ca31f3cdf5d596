"""Sphinx extension: every code cell of an executed notebook can be linked, as ``book/executed/<name>.html#cell-<n>``.

The id is the cell's own, which :func:`tapnb.workflow.notebooks.convert` gives it; cells that papermill adds have none.
"""

from __future__ import annotations

import ast
import json
import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from tapnb_links import EXECUTED

from tapnb.studies import meanings
from tapnb.workflow.notebooks import SOURCES

OWN = re.compile(r"cell-\d+")

TABLES, FIGURES = 7, 8
"""Which arguments of ``results.publish`` hold them, by the names under which they are published."""


def cell_making(env: BuildEnvironment, notebook: str, variable: str) -> str | None:
    """Return the id of the cell that assigns a variable: of this build's executed notebook, else of its script."""
    cells = cells_of(env, notebook)
    index = meanings.cell_making(list(cells.values()), variable)
    return None if index is None else list(cells)[index]


def cell_publishing(env: BuildEnvironment, notebook: str, name: str, argument: int) -> str | None:
    """Return the id of the cell that assigns what ``results.publish`` is given under a name, if that call spells it out."""
    for cell in cells_of(env, notebook).values():
        if variable := published(cell, name, argument):
            return cell_making(env, notebook, variable)
    return None


def published(cell: str, name: str, argument: int) -> str | None:
    """Return the variable that a cell publishes under a name; ``argument`` is :data:`TABLES` or :data:`FIGURES`."""
    if "results.publish(" not in cell:
        return None
    tree = ast.parse(cell)
    (call,) = (node for node in _all(ast.Call, tree) if ast.unparse(node.func) == "results.publish")
    if len(call.args) <= argument:
        return None
    given, names = [call.args[argument]], {node.id for node in _all(ast.Name, call.args[argument])}
    for assignment in _all(ast.Assign, tree):  # such as "tables, plots = {...}, {...}" in the lines above
        (targets,) = assignment.targets
        pairs = zip(targets.elts, assignment.value.elts) if isinstance(targets, ast.Tuple) else [(targets, assignment.value)]
        given += [value for target, value in pairs if ast.unparse(target) in names]
    values = [value for mapping in _all(ast.Dict, *given) for key, value in zip(mapping.keys, mapping.values, strict=True)
              if isinstance(key, ast.Constant) and key.value == name]
    return next((node.id for node in _all(ast.Name, *values)), None)


def _all(kind: type, *trees: ast.AST) -> list:
    """Return all nodes of a kind in some syntax trees."""
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, kind)]


def cells_of(env: BuildEnvironment, notebook: str) -> dict[str, str]:
    """Return the cells by id of this build's executed notebook, else of its script; without either, none."""
    executed, script = Path(env.srcdir) / EXECUTED / f"{notebook}.ipynb", SOURCES / f"{notebook}.py"
    source = executed if executed.is_file() else script
    if not source.is_file():
        return {}
    env.note_dependency(str(source))
    return _cells(source, source.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _cells(source: Path, changed: int) -> dict[str, str]:
    """Return the cells of a notebook or script by id, as it was when it was ``changed`` last."""
    text = source.read_text("utf-8")
    if source.suffix == ".py":
        return {f"cell-{n}": cell for n, cell in enumerate(meanings.cells_of(text))}
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(text)["cells"] if OWN.fullmatch(cell.get("id", ""))}


def name_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Give the code cells of an executed notebook their ids."""
    docname = app.env.docname
    source = Path(app.env.doc2path(docname))
    if not docname.startswith(f"{EXECUTED}/") or source.suffix != ".ipynb":
        return
    ids = [cell.get("id", "") for cell in json.loads(source.read_text("utf-8"))["cells"]]
    for cell in doctree.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        if OWN.fullmatch(ids[cell["cell_index"]]):
            cell["ids"].append(ids[cell["cell_index"]])


def setup(app: Sphinx) -> dict:
    """Register the function that names cells."""
    app.connect("doctree-read", name_cells)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
