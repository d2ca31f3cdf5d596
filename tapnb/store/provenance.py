"""Where a number comes from: commit, versions, code, time."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

PACKAGES = ("tapnb", "torch", "numpy", "scipy", "scikit-learn", "scikit-image", "pandas")
"""Packages whose version can change a number."""


def commit() -> tuple[str | None, bool]:
    """Commit of the checkout that holds this package, and whether the code differs from it.

    Returns
    -------
    commit : str or None
        None outside a git checkout.
    dirty : bool
        True if a file of ``tapnb/``, ``notebooks/`` or ``benchmarks/`` was changed or added and not committed.
    """
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True,
                              check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--", "tapnb", "notebooks", "benchmarks"))
    except (OSError, subprocess.CalledProcessError):
        return None, False


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def code_fingerprint(*modules: str) -> str:
    """8 hexadecimal digits of what the named modules of this package do: their code without prose.

    Comments, docstrings and layout do not count, so that a corrected sentence does not make a training stale.
    """
    digest = hashlib.sha256()
    for module in modules:
        tree = ast.parse((Path(__file__).parents[1] / f"{module.replace('.', '/')}.py").read_text("utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):  # a string that stands alone is prose: a docstring
                node.body = [n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)
                                                     and isinstance(n.value.value, str))]
        digest.update(ast.dump(tree).encode())
    return digest.hexdigest()[:8]


def now() -> str:
    """Coordinated universal time, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
