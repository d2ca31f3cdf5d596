"""``python -m benchmarks.cost``: what the paper's protocol costs, into ``results/cost.json``. Nothing is trained.

The arithmetic of every training is counted (:mod:`benchmarks.gpu_count`), under the paper's profile and under `cpu`. What `cpu`'s
published runs took says how much of it a core does a second. So hours on cores are extrapolated from what was measured,
and minutes on a GPU are an estimate from a data sheet.
"""

from __future__ import annotations

import sys

import torch

from benchmarks import gpu_plan
from benchmarks.gpu_plan import Place, Task
from tapnb.store import provenance, results, runs
from tapnb.system import paths
from tapnb.system.files import write_json

MEASURED, PAPER = "cpu", "paper"
"""Profiles: of the runs that were made, and of all that would be."""

MOVIES = ("synthetic", "hela")


def measure(movie: str) -> list[dict]:
    """Every training of the paper's profile on one movie; runs that only look at what was trained are left out.

    Returns
    -------
    list of dict
        ``movie``, ``run``, ``notebook``, ``pflop`` (10^15 operations), ``core_hours``, ``fused`` and ``apart`` (minutes on an H100
        if everything or nothing is fused), ``needs`` (titles of runs that it waits for), ``like``: the published run whose speed was
        taken, and that speed, ``gflop_a_core``.
    """
    of_profile = {profile: gpu_plan.tasks(Place.opened(profile, movie, torch.device("cpu")))
                  for profile in (MEASURED, PAPER)}
    speeds = {task.title: speed for task in of_profile[MEASURED] if (speed := _speed(task, MEASURED, movie))}
    rows = []
    for task in of_profile[PAPER]:
        work, (name, rate) = task.work(), speeds[_like(task.title, speeds)]
        rows.append({"movie": movie, "run": task.title, "notebook": task.notebook, "pflop": work.flop / 1e15,
                     "core_hours": work.flop / rate / 3600, "fused": work.arithmetic_seconds / 60,
                     "apart": work.seconds / 60, "needs": list(task.needs), "like": name, "gflop_a_core": rate / 1e9})
    return rows


def _speed(task: Task, profile: str, movie: str) -> tuple[str, float] | None:
    """Name of the published run of a task, and operations a second of one core; None where there is none of its name."""
    try:
        run = runs.find(results.published_run(profile, movie, task.notebook, task.title))
    except FileNotFoundError:
        return None
    return run.name, task.work().flop / run.record["cpu_seconds"]


def _like(title: str, speeds: dict[str, tuple[str, float]]) -> str:
    """The task whose speed a task is taken to have: its own, its strategy's, or the pretraining's."""
    if title.startswith("detector"):
        wanted = [title, title.split(",")[0], "detector A"]
    else:
        strategy = title.split()[0]
        alike = "C" if strategy.startswith("D") else "A"  # features that are trained, or fixed
        wanted = [title, strategy, f"{alike}{strategy[1:]}", f"A{strategy[1:]}"]
    return next(name for wish in [*wanted, "tap"] for name in speeds if name.split(",")[0] == wish or name == wish)


def main() -> int:
    """Count and extrapolate for both movies."""
    commit, dirty = provenance.commit()
    rows = [row for movie in MOVIES for row in measure(movie)]
    file = paths.results() / "cost.json"
    write_json(file, {"rows": rows, "commit": commit, "dirty": dirty, "made": provenance.now()})
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
