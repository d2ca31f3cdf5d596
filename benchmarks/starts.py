"""How long a user waits for the first sign of life: laps that start an interpreter. Imports nothing heavy itself."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def start(script: str, arguments: list[str]) -> Iterator:
    """Laps of one command, from its start to its end.

    Parameters
    ----------
    script : {"python", "tapnb"}
        Of the environment that runs this; where it has no script ``tapnb``, the module is run.
    arguments : list of str
    """
    beside = Path(sys.executable).with_name(script)
    if script == "python":
        command = [sys.executable]
    else:
        command = [str(beside)] if beside.exists() else [sys.executable, "-m", script]
    yield
    while True:
        subprocess.run([*command, *arguments], check=True, stdout=subprocess.DEVNULL)
        yield 1


def children_peak_gb() -> float:
    """Peak memory of the largest of the commands, in GB."""
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / 1e9
