"""Whether bf16 training reaches the float32 result: three seeds of each, with the same pairs in the same order.

Trainings are runs of :func:`tapnb.studies.pretraining.tap_run`: one that was interrupted resumes, a finished
one is kept. On a processor without bf16 units it is their rounding that is tried, see :mod:`tapnb.system.precision`.
"""

from __future__ import annotations

from benchmarks.laps import open_movie
from benchmarks.processes import alone
from benchmarks.rows import OURS
from tapnb.pretrain import PretrainSettings
from tapnb.settings import restored
from tapnb.studies import pretraining
from tapnb.system import device

PRECISIONS = ("float32", "bfloat16")
SEEDS = (1, 2, 3)
TEST_PAIRS = 1000
MOVIE: dict = {}  # of the paper's size
TRAINING = {"pairs": 16384, "pairs_per_epoch": 2048, "batch": 16, "crop_sizes": [24], "sampler": "change",
            "uniform_share": 0.1, "change_power": 4.0, "schedule": "one-cycle", "validation_pairs": 500,
            "validation_size": 24, "channels": [16, 32, 64, 128]}
"""Of :class:`tapnb.pretrain.PretrainSettings`, at half the network's width: a quarter of the time."""


def measure(seeds: tuple[int, ...] = SEEDS, movie: dict = MOVIE, training: dict = TRAINING) -> dict:
    """Train once per seed and precision: the entry in ``results/benchmarks.json``, without the provenance."""
    runs = []
    for seed in seeds:  # in turn, so that an interruption leaves comparable pairs
        for precision in PRECISIONS:
            print(f"  {precision}, seed {seed}", flush=True)
            run, _ = alone(OURS, train, precision, seed, movie, training)
            runs.append(run)
    devices = dict.fromkeys(run["device"] for run in runs)  # the text of each names the precision
    return {"runs": runs, "seed": ", ".join(map(str, seeds)), "device": "; ".join(devices),
            "parameters": training | {"movie": movie}}


def train(precision: str, seed: int, movie: dict, training: dict) -> dict:
    """One training: executed, or read if it is stored."""
    run = pretraining.tap_run(open_movie(movie), open_movie(movie, "held-out"), restored(PretrainSettings, training),
                              test_pairs=TEST_PAIRS, seed=seed, precision=precision, mode="execute",
                              on=device.choose(), command="python -m benchmarks precision")
    return {"precision": precision, "seed": seed, "history": run.results["history"],
            "accuracies": run.results["accuracies"], "minutes": run.record["seconds"] / 60, "run": run.name,
            "device": run.record["device"], "made": run.record["finished"], "commit": run.record["commit"]}
