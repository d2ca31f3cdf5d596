"""Made-up answers, networks and detectors for a tiny simulated movie, in the layout of published results."""

import json
from types import MappingProxyType

import numpy as np
import pandas as pd
import torch

from tapnb import weights
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.models import TimeArrowModel
from tapnb.movies import catalogue
from tapnb.settings import kept
from tapnb.studies.events import true_events

MOVIE, SEED = "synthetic-8x320", 20
SETTINGS = DatasetSettings(crops_per_frame_pair=200)


def write_answers(folder):
    """Write the results of notebook 07 with a run of A1 into ``results/<profile>/<movie>``; returns the answers."""
    movie = catalogue.open_movie(MOVIE)
    data = event_dataset(movie, SETTINGS)
    rng, name, tables = np.random.default_rng(0), f"strategy-{MOVIE}-0a1b2c3d", []
    for part in ("test", "validation"):
        pair = data.parts[part]
        margin = np.where(data.labels[pair], 2.0, -2.0) + rng.normal(0, 3, len(pair))
        tables.append(pd.DataFrame({"seed": SEED, "part": part, "pair": pair, "label": data.labels[pair],
                                    "logit_0": -margin / 2, "logit_1": margin / 2}))
    answers = pd.concat(tables, ignore_index=True)
    (folder / "files" / name).mkdir(parents=True)
    (folder / "records").mkdir(exist_ok=True)
    answers.to_parquet(folder / "files" / name / "predictions.parquet", index=False)
    record = {"name": name, "kind": "strategy", "seed": 25, "parameters": {"dataset": kept(SETTINGS), "seeds": [SEED]},
              "seconds": 1.0, "commit": "0123456789", "device": "cpu", "finished": "2026-01-01T00:00:00Z",
              "sittings": [{}], "results": {},
              "movies": {"train": {"name": movie.name, "fingerprint": movie.fingerprint}}}
    (folder / "records" / f"{name}.json").write_text(json.dumps(record))
    content = {"notebook": "07_errors", "profile": "smoke", "movie": MOVIE, "numbers": {}, "runs": {"A1": name},
               "provenance": {"parameters": {"run_seed": 0}, "movies": {"train": f"{movie.name}, fingerprint"}}}
    (folder / "07_errors.json").write_text(json.dumps(content))
    return answers[answers["part"] == "test"]


def write_network(folder):
    """Write the results of notebook 02 with an untrained network into ``results/<profile>/<movie>``."""
    name = f"tap-{MOVIE}-0a1b2c3d"
    torch.manual_seed(0)
    (folder / "files" / name).mkdir(parents=True)
    (folder / "records").mkdir(exist_ok=True)
    weights.save(folder / "files" / name / "weights.safetensors", TimeArrowModel((4, 4, 4, 4)).state_dict())
    record = {"name": name, "kind": "tap", "seed": 1, "parameters": {}, "seconds": 1.0, "commit": "0123456789",
              "device": "cpu", "finished": "2026-01-01T00:00:00Z", "sittings": [{}], "results": {}}
    (folder / "records" / f"{name}.json").write_text(json.dumps(record))
    content = {"notebook": "02_pretraining", "profile": "smoke", "movie": MOVIE, "numbers": {}, "runs": {"tap": name},
               "provenance": {"parameters": {}, "movies": {"train": f"{MOVIE}, fingerprint"}}}
    (folder / "02_pretraining.json").write_text(json.dumps(content))


def write_detector(results, calibration=MappingProxyType({"division": (1.0, 0.0), "death": (1.0, 0.0)}), name="synthetic"):
    """Write what a published detector found in the held-out movie: every event, ten pixels to the right, and one false one."""
    movie = catalogue.open_movie(MOVIE, "held-out")
    found = true_events(movie).assign(score=0.9, part="held-out")
    found["x"] += 10
    wrong = pd.DataFrame([{"t": 4, "y": 50.0, "x": 50.0, "kind": "division", "score": 0.3, "part": "held-out"}])
    folder = results / "detectors" / name
    folder.mkdir(parents=True)
    pd.concat([found, wrong], ignore_index=True).to_parquet(folder / "found.parquet", index=False)
    record = {"name": "detector-x-0a1b2c3d", "parameters": {"detector": {"kinds": ["division", "death"]}}, "commit": "0123456789",
              "movies": {"train": {"name": MOVIE}, "held-out": {"fingerprint": movie.fingerprint}},
              "results": {"events": 7, "validation": {"threshold": 0.5, "calibration": dict(calibration)}}}
    (folder / "record.json").write_text(json.dumps(record))
    return found
