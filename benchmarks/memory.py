"""How much memory each notebook takes under the published profile: its kernel's peak, in a fresh home.

Crops, batches, training pairs and heads are as published, since they decide how much is held at once. What is only repeated is
cut short (:data:`SHORT`), and the movie has a quarter of the published one's frames: how memory grows with frames is measured
by :mod:`benchmarks.growth`. It takes about an hour; one that is interrupted goes on with the next notebook.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import MeasurementError, default_allocator, worker
from benchmarks.starts import children_peak_gb
from tapnb.store import provenance
from tapnb.system import paths
from tapnb.system.files import read_json, write_json
from tapnb.workflow import notebooks

BASE, MOVIE = "cpu", "synthetic-24x1024"
GOAL = 6.0  # GB, of every notebook

KEPT = "peaks.json"

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
    folder = paths.data() / "memory-of-the-notebooks"  # the system's temporary folder may lie in memory
    commit, _ = provenance.commit()
    what = {"commit": commit, "parameters": {"profile": base, "movie": movie} | short}
    measured = begun(folder, what)
    failed = []
    sources, home = folder / "notebooks", folder / "home"
    shutil.copytree(notebooks.SOURCES, sources, ignore=shutil.ignore_patterns("*.ipynb"), dirs_exist_ok=True)
    (sources / "profiles" / "short.yaml").write_text(json.dumps({"extends": base} | short), "utf-8")  # JSON is YAML
    (home / "results").mkdir(parents=True, exist_ok=True)
    for file in ("benchmarks.json", "cost.json"):  # which the notebook of speed reads
        shutil.copy(paths.results() / file, home / "results")
    for name in names or notebooks.names():
        if name in measured:
            continue
        with worker(default_allocator() | {"TAPNB_HOME": str(home)}) as call:
            try:
                call(run, name, movie, sources)
            except MeasurementError as error:  # the others stand, but those that rest on this one
                print(f"  {error}", file=sys.stderr, flush=True)
                failed.append(name)
                continue
            measured[name] = call(children_peak_gb)
        write_json(folder / KEPT, what | {"peaks": measured})
        print(f"  {name}: {measured[name]:.2f} GB", flush=True)
    if not measured:
        raise MeasurementError(f"no notebook ran to its end, of {', '.join(failed)}")
    shutil.rmtree(folder)
    return {"title": f"Memory of the notebooks of profile {base}", "goal_gb": GOAL, "failed": failed,
            "notebooks": [{"notebook": name, "peak_gb": peak} for name, peak in measured.items()],
            "seed": "the profile's", "device": "cpu", "parameters": what["parameters"]}


def begun(folder: Path, what: dict) -> dict[str, float]:
    """Peaks of notebooks that were measured before an interruption, by the same code; else the folder is emptied."""
    kept = read_json(folder / KEPT) if (folder / KEPT).is_file() else {}
    if {key: kept.get(key) for key in what} == json.loads(json.dumps(what)):
        return kept["peaks"]
    shutil.rmtree(folder, ignore_errors=True)
    return {}


def run(name: str, movie: str, sources: Path) -> None:
    """Execute one notebook in a kernel of this process."""
    for _ in notebooks.run(name, "short", movie, "execute", sources=sources):
        pass
