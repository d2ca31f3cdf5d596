"""Made-up answers of a strategy to the crop pairs of a tiny simulated movie, in the layout of published results."""

import json

import numpy as np
import pandas as pd

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.movies import catalogue
from tapnb.settings import kept

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
