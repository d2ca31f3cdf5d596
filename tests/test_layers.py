"""The house: imports run one way, and the method stands alone."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


PROGRAM = ("import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; "
           "sys.exit(lint_imports(no_cache=True))")
"""In a process of its own: it sets up logging."""


def lint(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False)


def test_imports_run_one_way():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "Contracts: 3 kept, 0 broken." in done.stdout


def test_the_contract_about_the_method_names_all_of_it():
    _, method, _ = contracts()
    modules = {f"tapnb.{path.stem}" for path in (ROOT / "tapnb").glob("*.py")}
    assert set(method["source_modules"]) == modules - {"tapnb.__init__", "tapnb.__main__", "tapnb.cli"}


def test_an_import_against_the_grain_is_found(tmp_path):
    """The same contract on a house of two rooms, of which the lower one knows the upper."""
    for room, imported in (("store", ""), ("system", "from tapnb import store")):
        (tmp_path / "tapnb" / room).mkdir(parents=True)
        (tmp_path / "tapnb" / room / "__init__.py").write_text(imported)
    (tmp_path / "tapnb" / "__init__.py").touch()
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = tapnb\n[importlinter:contract:1]\nname = rooms\ntype = layers\n"
        "containers = tapnb\nlayers =\n    store\n    system\n")
    done = lint(tmp_path)
    assert done.returncode == 1 and "tapnb.system is not allowed to import tapnb.store" in done.stdout
