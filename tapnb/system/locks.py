"""One process at a time: the lock of a file or folder that several processes would write."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def alone(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of a file or folder: of all processes that ask for it, one at a time is in the block.

    The system takes the lock back when a process ends, however it ends, so there is none to be removed by hand. The lock
    lies beside ``path``, as ``.<name>.lock``, and stays: whoever removes one lets in two.

    Parameters
    ----------
    path : Path
        What is written; it need not exist.
    what : str
        What it is, for whoever waits: "run tap-hela-02-5ba68e91".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{what} is being made by another process; waiting for it.", file=sys.stderr, flush=True)
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()
