"""Where things lie: the one place that knows the project's folders.

``TAPNB_HOME`` names the folder that holds ``data``, ``runs`` and ``results``. Without it that folder is
the checkout that this package lies in or, where the package was installed elsewhere, the current folder.
Nothing is created here: whoever writes a file makes its folder.
"""

import os
from pathlib import Path

__all__ = ["home", "data", "runs", "results"]


def home() -> Path:
    """Return the project's folder.

    Returns
    -------
    pathlib.Path
        ``$TAPNB_HOME`` if set and not empty, else the folder above the package if it has a
        ``pyproject.toml`` (a checkout), else the current folder. Absolute; it need not exist.
    """
    chosen = os.environ.get("TAPNB_HOME", "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[2]
    # An installed package has site-packages for a parent, which is no place for movies and runs.
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def data() -> Path:
    """Return the folder of movies, ``home() / "data"``: downloads and simulated movies, never in git."""
    return home() / "data"


def runs() -> Path:
    """Return the folder of runs, ``home() / "runs"``: weights, records, executed notebooks, never in git."""
    return home() / "runs"


def results() -> Path:
    """Return the folder of results, ``home() / "results"``: the numbers and tables that the book shows."""
    return home() / "results"
