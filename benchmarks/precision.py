"""Whether bf16 training reaches the float32 result: three seeds of each, with the same pairs in the same order.

Trainings are runs of :func:`tapnb.pretrain.tap_run`: one that was interrupted resumes, one that this very code has
finished is kept. On a processor without bf16 units it is their rounding that is tried, see
:mod:`tapnb.system.precision`.
"""

from __future__ import annotations

from benchmarks.laps import open_movie
from benchmarks.processes import alone
from benchmarks.rows import OURS
from tapnb import pretrain
from tapnb.system import device

PRECISIONS = ("float32", "bfloat16")
SEEDS = (1, 2, 3)
MOVIE: dict = {}  # of the paper's size
TRAINING = {"pairs": 16384, "pairs_per_epoch": 2048, "batch": 16, "crop_sizes": [24], "crop_shares": [1.0],
            "sampler": "change", "uniform_share": 0.1, "change_power": 4.0, "schedule": "one-cycle", "low_rate": 1e-4,
            "high_rate": 1e-3, "unit_length": False, "validation_pairs": 500, "validation_size": 24,
            "test_pairs": 1000, "channels": [16, 32, 64, 128]}
"""At half the network's width: a quarter of the time."""


def measure(seeds: tuple[int, ...] = SEEDS, movie: dict = MOVIE, training: dict = TRAINING) -> dict:
    """Train once with every seed in either precision, as ``results/benchmarks.json`` keeps it but for provenance."""
    runs = []
    for seed in seeds:  # by turns, so that a stop leaves pairs that can be compared
        for precision in PRECISIONS:
            print(f"  {precision}, seed {seed}", flush=True)
            found, _ = alone(OURS, train, precision, seed, movie, training)
            runs.append(found)
    devices = dict.fromkeys(run["device"] for run in runs)  # a line says the precision
    return {"runs": runs, "seed": ", ".join(map(str, seeds)), "device": "; ".join(devices),
            "parameters": training | {"movie": movie}}


def train(precision: str, seed: int, movie: dict, training: dict) -> dict:
    """One training, or what is kept of it."""
    run = pretrain.tap_run(open_movie(movie), open_movie(movie, "held-out"), seed=seed, precision=precision,
                           mode="execute", on=device.choose(), command="python -m benchmarks precision", **training)
    return {"precision": precision, "seed": seed, "history": run.results["history"],
            "accuracies": run.results["accuracies"], "minutes": run.record["seconds"] / 60, "run": run.name,
            "device": run.record["device"], "made": run.record["finished"], "commit": run.record["commit"]}
