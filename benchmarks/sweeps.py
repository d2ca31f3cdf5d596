"""How long a sweep takes with so many workers: the same short trainings in a new home each time, on processes of one thread."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

from tapnb.system import paths
from tapnb.workflow import notebook_runs, published
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.notebooks import SOURCES

RECIPES = ["uniform 48", "change 48", "uniform 32", "change 32"]
"""Short pretrainings that need no other run, as notebook 02 compares them."""

PAIRS = 128

ASKED = {"tap_validation_pairs": 40, "tap_test_pairs": 40}
"""Pairs that are only answered; their number says nothing about a sweep."""


def laps(workers: int, movie: str = "synthetic-24x448", recipes: list[str] = RECIPES, pairs: int = PAIRS) -> Iterator:
    """Laps of one sweep, from the start of its workers to their end.

    Parameters
    ----------
    workers : int
        Processes on this machine.
    movie : str
    recipes : list of str
    pairs : int
        Crop pairs of a training.
    """
    from tapnb.workflow.sweep import sweep  # here: Dask is not needed for any other row

    job = published.decide("02_pretraining", "smoke", movie, "execute", {"recipes": recipes, "recipe_pairs": pairs} | ASKED, SOURCES)
    tasks = [task for task in notebook_runs.of_notebooks(job.parameters) if " recipe " in task.key]
    own = paths.data()
    own.mkdir(parents=True, exist_ok=True)  # the system's temporary folder may lie in memory
    yield
    while True:
        with tempfile.TemporaryDirectory(dir=own) as folder:
            os.environ["TAPNB_HOME"] = folder  # of this process, which does nothing else, and of its workers
            sweep(tasks, Cluster(workers), lambda line: None)
        yield len(tasks)
