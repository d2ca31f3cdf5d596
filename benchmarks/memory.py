"""How much memory each notebook takes under the published profile: its kernel's peak, run by run in a fresh home.

Crops, batches, training pairs and heads are as published, since they decide how much is held at once. What is only repeated is
cut short (:data:`SHORT`), and the movie has a quarter of the published one's frames: how memory grows with frames is measured
by :mod:`benchmarks.growth`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import MeasurementError, default_allocator, worker
from benchmarks.starts import children_peak_gb
from tapnb.system import paths
from tapnb.workflow import notebooks

BASE, MOVIE = "cpu", "synthetic-24x1024"
GOAL = 6.0  # GB, of every notebook

SHORT: dict[str, object] = {
    "tap_pairs": 96, "tap_pairs_per_epoch": 48, "tap_validation_pairs": 40, "tap_test_pairs": 100, "recipe_pairs": 32,
    "ablation_pairs": 32, "ablation_test_pairs": 40, "ablation_seeds": [1], "schedule_pairs": 32, "schedule_test_pairs": 40,
    "frame_pairs": 2, "content_pairs": 40, "channel_pairs": 64,
    "strategies": ["A0", "A1", "B0", "B1", "C1"], "seeds": [20, 40], "linear_epochs": 1, "resnet_epochs": 1,
    "test_pairs": 300, "validation_pairs": 300,
    "evidence_test_pairs": 1000, "evidence_validation_pairs": 1000, "evidence_held_out_pairs": 1000}
"""Parameters that are not the profile's: steps, seeds, and pairs that are only answered, which are asked about batch by batch."""


def measure(names: Sequence[str] = (), base: str = BASE, movie: str = MOVIE, short: dict[str, object] = SHORT) -> dict:
    """Run notebooks in a home of their own, each in its own processes: the entry in ``results/benchmarks.json``.

    Parameters
    ----------
    names : sequence of str
        Notebooks, in reading order; by default all.
    base : str
        The profile.
    movie : str
    short : dict
        Parameters that are not the profile's.

    Raises
    ------
    MeasurementError
        If none runs to its end.
    """
    measured, failed = [], []
    paths.data().mkdir(parents=True, exist_ok=True)  # the system's temporary folder may lie in memory
    with tempfile.TemporaryDirectory(dir=paths.data()) as folder:
        sources, home = Path(folder) / "notebooks", Path(folder) / "home"
        shutil.copytree(notebooks.SOURCES, sources, ignore=shutil.ignore_patterns("*.ipynb"))
        (sources / "profiles" / "short.yaml").write_text(json.dumps({"extends": base} | short), "utf-8")  # JSON is YAML
        (home / "results").mkdir(parents=True)
        for file in ("benchmarks.json", "cost.json"):  # which the notebook of speed reads
            shutil.copy(paths.results() / file, home / "results")
        for name in names or notebooks.names():
            with worker(default_allocator() | {"TAPNB_HOME": str(home)}) as call:
                try:
                    call(run, name, movie, sources)
                except MeasurementError as error:  # the others stand, but those that rest on this one
                    print(f"  {error}", file=sys.stderr, flush=True)
                    failed.append(name)
                    continue
                measured.append({"notebook": name, "peak_gb": call(children_peak_gb)})
            print(f"  {name}: {measured[-1]['peak_gb']:.2f} GB", flush=True)
    if not measured:
        raise MeasurementError(f"no notebook ran to its end, of {', '.join(failed)}")
    return {"title": f"Memory of the notebooks of profile {base}", "notebooks": measured, "failed": failed, "goal_gb": GOAL,
            "seed": "the profile's", "device": "cpu", "parameters": {"profile": base, "movie": movie} | short}


def run(name: str, movie: str, sources: Path) -> None:
    """Execute one notebook in a kernel of this process."""
    for _ in notebooks.run(name, "short", movie, "execute", sources=sources):
        pass
