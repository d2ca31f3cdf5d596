"""How long a command takes to start: laps that start an interpreter. Imports nothing heavy itself."""

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
        Of the environment of this process; without a script ``tapnb`` the module is run.
    arguments : list of str
    """
    executable = Path(sys.executable).with_name(script)
    if script == "python":
        command = [sys.executable]
    else:
        command = [str(executable)] if executable.exists() else [sys.executable, "-m", script]
    yield
    while True:
        subprocess.run([*command, *arguments], check=True, stdout=subprocess.DEVNULL)
        yield 1


def children_peak_gb() -> float:
    """Peak memory of the largest command, in GB."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9
