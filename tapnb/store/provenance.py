"""Where a number comes from: commit, versions, time."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "scikit-image", "pandas")
"""Packages beside this one whose version can change a number."""


def commit() -> tuple[str | None, bool]:
    """Commit of the checkout that holds this package, and whether the code differs from it.

    Returns
    -------
    commit : str or None
        Outside a git checkout, such as a copy without its history on a borrowed machine, what the environment variable
        ``TAPNB_COMMIT`` says; else None.
    dirty : bool
        True if a file of ``tapnb/``, ``notebooks/`` or ``benchmarks/`` was changed or added and not committed.
    """
    root = Path(__file__).parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True,
                              check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():  # installed within somebody's own checkout
            raise OSError(f"{root} is no checkout")
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--", "tapnb", "notebooks", "benchmarks"))
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("TAPNB_COMMIT") or None, False


def version() -> str:
    """Version of this package: as installed, else as the ``pyproject.toml`` of its checkout says."""
    try:
        return importlib.metadata.version("tapnb")
    except importlib.metadata.PackageNotFoundError:
        settings = Path(__file__).parents[2] / "pyproject.toml"
        return tomllib.loads(settings.read_text("utf-8"))["project"]["version"] if settings.is_file() else "unknown"


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a number."""
    installed = {"python": platform.python_version(), "tapnb": version()}
    for package in PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            installed[package] = "not installed"
    return installed


def now() -> str:
    """Coordinated universal time, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
