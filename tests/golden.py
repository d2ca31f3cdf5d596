"""A tiny case of every kind of run, as numbers: what a kind's version stands for.

``python tests/golden.py`` adds the numbers of a version that has none yet to ``golden.json``; the others stay.
"""

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from toys import shrinking_discs

from tapnb import weights
from tapnb.dataset import DatasetSettings
from tapnb.detector_training import DetectorSettings
from tapnb.heads import HeadSettings
from tapnb.movies import Movie
from tapnb.pretrain import PretrainSettings
from tapnb.store import kinds
from tapnb.store.runs import Run
from tapnb.studies import (calibration, content_view, controls, criteria, decorrelation, differences_rounding, event_asking,
                           event_controls, events, grad_cam, pretraining, strategies)

KEPT = Path(__file__).with_name("golden.json")
HOW = {"mode": "execute", "command": "", "on": torch.device("cpu")}


SETTINGS = PretrainSettings(pairs=64, pairs_per_epoch=32, batch=8, crop_sizes=(16, 24), crop_shares=(1.0, 1.0),
                            sampler="change", uniform_share=0.2, validation_pairs=16, validation_size=24,
                            channels=(4, 4, 4, 4))

ASKING = {"event_ask_strategy": "A", "event_ask_start": 3, "event_ask_places": 6, "event_few_steps": 4, "event_steps": 4}

AT_REST = replace(SETTINGS, low_rate=1e-7, high_rate=1e-7)
"""What other kinds rest on hardly moves. A bias before a BatchNorm has the rounding of zero for a gradient, of which
Adam makes whole steps: for some steps of training the running statistics lag behind it, and evaluation differs by some per
cent from one processor to the next. Training losses and kernels know nothing of that."""


def two_movies() -> list[Movie]:
    return [shrinking_discs(seed, frames=8, side=96, per_frame=6) for seed in (1, 2)]


def pretrained(settings: PretrainSettings) -> Run:
    return pretraining.tap_run(*two_movies(), settings, test_pairs=16, seed=3, **HOW)


def of_pretraining(tap: Run) -> dict[str, float]:
    """Losses in training mode, and kernels."""
    last = tap.results["history"][-1]
    losses = {name: last[name] for name in ("train_loss", "train_decorrelation")}
    return losses | kernels(tap.folder / "weights.safetensors")


def kernels(path: Path) -> dict[str, float]:
    """Mean size of a few kernels."""
    values, _ = weights.load(path)
    names = ("features.backbone.down.0.0.weight", "features.backbone.head.weight", "head.linear.weight")
    return {name: float(values[name].abs().mean()) for name in names if name in values}


def measure() -> dict[str, dict[str, float]]:
    """A few numbers of every kind of run, computed anew in the folder that ``TAPNB_HOME`` names, in float32."""
    train, held_out = two_movies()
    movies, tap = {"train": train, "held-out": held_out}, pretrained(AT_REST)
    dataset = DatasetSettings(crop_size=24, crops_per_frame_pair=60, training_pairs=64)
    training = HeadSettings(epochs=1, batch=16)
    trained = {name: strategies.strategy_run(name, train, tap, dataset, training, seeds=[20, 40], test_pairs=60,
                                             validation_pairs=60, **HOW)
               for name in ("A0", "A1", "B0", "C1", "D1")}
    pair = {"linear": trained["A0"], "ResNet": trained["A1"]}
    boxes = grad_cam.touching_run(tap, movies, 2, **HOW).results["statistics"]["train"]
    maps = grad_cam.maps_run(tap, movies, {"train": 1, "held-out": -1}, **HOW)
    content = content_view.content_run(tap, held_out, pairs=12, draws=1, samplers=["uniform"], **HOW).results
    terms = decorrelation.decorrelation_run(tap, held_out, {}, sizes=[16, 24], seeds=[1], pairs=4, feature_pairs=8,
                                            **HOW).results
    calibrated = calibration.calibration_run(pair, train, mode="execute", command="", draws=20).results["heads"]
    judged = criteria.one_labelling_run({("size filter, either", "linear"): trained["A0"]}, train, mode="execute",
                                        command="").results["judged"]
    controlled = controls.answers(controls.controls_run(
        train, dataset, seeds=[20], test_pairs=60, validation_pairs=60, held_out=held_out, held_out_pairs=60,
        mode="execute", command=""))
    detected = events.detector_run("A", train, tap, DetectorSettings(steps=4, batch=8, crop_size=32, checks=1), held_out,
                                   **HOW)
    head, _ = weights.load(detected.folder / "detector.safetensors")
    asking = event_asking.Setting(train, held_out, tap, ASKING, **HOW)
    asked = event_asking.asked_run(event_asking.Step("doubtful", 0, 0), asking).results["places"]
    blobs = event_controls.control_run(train, held_out, mode="execute", command="")
    rounded = differences_rounding.rounding_run(train, tap, trained["A0"], 40, **HOW).results
    return {
        "tap": of_pretraining(pretrained(SETTINGS)),
        "strategy": {f"{name} {column}": float(np.abs(strategies.predictions(run)[column]).mean())
                     for name, run in trained.items() if name.endswith("0") for column in ("logit_0", "logit_1")}
                    | {f"{name} {kernel}": value for name, run in trained.items() if name.endswith("1")
                       for kernel, value in kernels(run.folder / "weights-20.safetensors").items()},
        "controls": {name: float(np.abs(table["logit_1"].astype(float)).mean()) for name, table in controlled.items()},
        "gradcam": {name: float(np.sum(values)) for name, values in boxes.items()},
        "gradcammaps": {f"{role} {name}": float(values.mean()) for role in movies
                        for name, values in grad_cam.kept_maps(maps, role).items()},
        "content": {f"{row['setting']}, right": row["right"] for row in content["accuracies"]},
        "decorrelation": {f"{row['network']} {row['images']} {row['size']} {row['form']}": row["gradient_z"]
                          for row in terms["terms"]}
                         | {f"{row['network']} rank": row["effective_rank"] for row in terms["channels"]},
        "calibration": {f"{head} {seed} {measure}": values[scaling]["test"][measure][place]
                        for head, of_head in calibrated.items() for values in [of_head["measures"]]
                        for place, seed in enumerate(of_head["seeds"]) for scaling in ("after",)
                        for measure in ("nll", "brier")},
        "criteria": {f"{head} {name}": float(np.sum(values["average_precision"]))
                     for head, by_criterion in judged.items() for name, values in by_criterion.items()},
        "detector": {"loss": detected.results["course"][-1]["loss"]} | {
            name: float(head[f"head.layers.{name}.weight"].abs().mean()) for name in "02"},
        "eventcontrols": blobs.results["thresholds"]["division"],
        "asked": {"places": len(asked), "without an event": sum(place["answer"] == "none" for place in asked)},
        "rounding": {f"another seed, {name}": value for name, value in rounded["another_seed"].items()},
    }


def kept() -> dict[str, dict[str, float]]:
    """The numbers of every version, by kind and version."""
    return json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}


if __name__ == "__main__":
    torch.set_num_threads(1)
    os.environ |= {"TAPNB_HOME": tempfile.mkdtemp(), "TAPNB_PRECISION": "float32"}
    numbers = kept()
    for name, values in measure().items():
        numbers.setdefault(f"{name} {kinds.KINDS[name].version}", {k: float(f"{v:.6g}") for k, v in values.items()})
    KEPT.write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{len(numbers)} versions in {KEPT.name}\n")
