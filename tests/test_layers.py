"""The house: imports run one way, and the method stands alone."""

import subprocess
import sys
import tomllib
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def test_imports_run_one_way(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


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
    program = ("import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; "
               "sys.exit(lint_imports(no_cache=True))")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "tapnb.system is not allowed to import tapnb.store" in done.stdout
