"""Sphinx extension: every code cell of an executed notebook can be linked, as ``book/executed/<name>.html#cell-<n>``.

The id is the cell's own, which :func:`tapnb.workflow.notebooks.convert` gives it; cells that papermill adds have none.
"""

from __future__ import annotations

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


def cell_making(env: BuildEnvironment, notebook: str, variable: str) -> str | None:
    """Return the id of the cell that assigns a variable: of this build's executed notebook, else of its script."""
    executed, script = Path(env.srcdir) / EXECUTED / f"{notebook}.ipynb", SOURCES / f"{notebook}.py"
    source = executed if executed.is_file() else script
    if not source.is_file():
        return None
    env.note_dependency(str(source))
    cells = _cells(source, source.stat().st_mtime_ns)
    index = meanings.cell_making(list(cells.values()), variable)
    return None if index is None else list(cells)[index]


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
