"""A borrowed GPU's half hour, on a processor: the order of the runs, stopping and going on, what is carried home."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from benchmarks import gpu_carry, gpu_count, gpu_job, gpu_plan, gpu_profile, gpu_speed
from tapnb import models
from tapnb.movies import catalogue
from tapnb.store import runs
from tapnb.studies.strategies import predictions
from tapnb.system.files import read_json

ROOT = Path(__file__).resolve().parents[2]

TINY = """# a profile for tests
extends: paper
tap_pairs: 8
tap_pairs_per_epoch: 4
tap_batch: 4
tap_crop_sizes: [16]
tap_validation_pairs: 2
tap_validation_size: 16
tap_test_pairs: 2
crops_per_frame_pair: 40
training_pairs: 8
batch: 4
seeds: [20, 40]
strategies: [A1, C0, B0]
linear_epochs: 2
resnet_epochs: 2
test_pairs: 6
validation_pairs: 2
evidence_strategies: []
evidence_label_shares: []
evidence_label_steps: 0
balancing_strategies: []
difference_strategies: []
schedule_pairs: 0
ablation_pairs: 0
event_strategies: []
event_few_labels: []
"""


def discs(seed):
    """Of a size in which most crops of 48 px hold no event."""
    return shrinking_discs(seed, frames=6, side=160, per_frame=1)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A profile of a few crop pairs, and a tiny movie; everything lies in a folder of its own."""
    (tmp_path / "profiles").mkdir()
    for name, text in (("tiny", TINY), ("paper", (gpu_profile.PROFILES / "paper.yaml").read_text("utf-8"))):
        (tmp_path / "profiles" / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.setattr(gpu_profile, "PROFILES", tmp_path / "profiles")
    monkeypatch.setattr(catalogue, "open_both", lambda *_: (discs(1), discs(2)))
    monkeypatch.setattr(gpu_speed.Speed, "of", lambda self, part: 1e-3)  # what is measured is tried elsewhere
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TAPNB_PRECISION", "float32")
    return tmp_path


def job(out, *more, budget="30"):
    return gpu_job.main(["--budget", budget, "--out", str(out), "--profile", "tiny", "--movie", "synthetic", "--device",
                         "cpu", *more])


def finished(out):
    return {path.parent.name: read_json(path) for path in (out / "work" / "runs").glob("*/*/record.json")}


def log(out):
    return [line.split("s  ", 1)[1] for line in (out / "log.txt").read_text("utf-8").splitlines()]


@pytest.mark.trains
def test_runs_are_made_in_order_carried_home_and_found_by_the_notebooks(tiny, monkeypatch, capsys):
    out = tiny / "out"
    assert job(out) == 0
    titles = [line.split(":")[0] for line in log(out) if "finished in" in line]
    assert titles == ["tap", "A1", "C0", "B0", "A1 any size, either", "A1 any size, both"]
    assert any(line.startswith("A1: about ") for line in log(out)) and "6 of 6 are finished" in log(out)
    made = finished(out)
    carried = tiny / "carried"  # nothing but the archive
    carried.mkdir()
    for volume in out.glob("runs-1.tar.*"):
        volume.rename(carried / volume.name)
    assert gpu_job.main(["--import", str(carried)]) == 0
    assert f"6 runs are now in {tiny / 'home' / 'runs'}" in capsys.readouterr().out
    both = catalogue.open_both()
    place = gpu_plan.Place("tiny", "synthetic", *both, both, torch.device("cpu"))
    found = {}
    for task in gpu_plan.tasks(place):
        found[task.title] = task.make(found, "restore")
    assert {run.name: run.record for of_task in found.values() for run in of_task} == made
    monkeypatch.setattr(gpu_plan.pretraining, "pretrain", None)  # executed, nothing is trained again
    assert gpu_plan.tasks(place)[0].make({}, "execute")[0].record == found["tap"][0].record
    assert job(out) == 0 and "packed 0 runs" in log(out)[-1]  # all is at home


@pytest.mark.trains
def test_only_the_runs_that_are_asked_for_are_made_and_what_they_rest_on_is_taken(tiny, capsys):
    (tiny / "profiles" / "tiny.yaml").write_text(TINY.replace("evidence_label_shares: []", "evidence_label_shares: [0.5, 0.75]"),
                                                 "utf-8")
    out = tiny / "out"
    assert job(out, "--only", "A1 any *", "B0") == 0
    assert log(out)[-2] == "0 of 5 are finished; waiting: tap, A1, B0, A1 any size, either, A1 any size, both"
    assert job(out, "--only", "tap") == 0 and "1 of 1 are finished" in log(out)
    assert job(out, "--only", "C1, *% of labels, draw 2") == 0 and "3 of 3 are finished" in log(out)
    few = [record for name, record in finished(out).items() if name.startswith("strategy")]
    assert sorted(record["parameters"]["dataset"]["labelled_share"] for record in few) == [pytest.approx(0.4), pytest.approx(0.6)]
    assert {record["parameters"]["dataset"]["label_draw"] for record in few} == {2}
    asked = predictions(runs.Run(out / "work" / "runs" / "strategy" / few[0]["name"], {}))
    assert set(asked["part"]) == {"held-out"} and set(asked["seed"]) == {40}
    assert job(out, "--only", "Z9") == 2
    assert "no run of this profile is called 'Z9'; there are: tap, A1, C0" in capsys.readouterr().err


@pytest.mark.trains
def test_a_job_that_is_stopped_again_and_again_ends_with_the_same_numbers(tiny, monkeypatch):
    whole, pieces = tiny / "whole", tiny / "pieces"
    assert job(whole) == 0
    kept = gpu_job.Pace.kept

    def stop(self, path):
        self.stopping = True
        kept(self, path)

    monkeypatch.setattr(gpu_job.Pace, "due", lambda self, path: True)
    monkeypatch.setattr(gpu_job.Pace, "kept", stop)  # at its first checkpoint
    calls = 0
    while "6 of 6 are finished" not in (log(pieces) if calls else ()):
        home = tiny / f"home-{calls}"  # every call on a new machine, with what was carried from the last one
        assert job(pieces, "--work", str(home), *(["--from", str(pieces)] if calls else [])) == 0
        calls += 1
    assert calls > 6 and sum("stopped at a checkpoint" in line for line in log(pieces)) == calls - 1
    monkeypatch.setenv("TAPNB_HOME", str(tiny / "of pieces"))
    gpu_job.main(["--import", str(pieces)])
    again = {path.parent.name: read_json(path) for path in (tiny / "of pieces" / "runs").glob("*/*/record.json")}
    for name, record in finished(whole).items():
        without_time = [[{k: v for k, v in row.items() if k != "minutes"} for row in one["results"].pop("history", [])]
                        for one in (record, again[name])]
        assert without_time[0] == without_time[1] and record["results"] == again[name]["results"], name
        if name.startswith("strategy"):
            tables = [predictions(runs.Run(home / "runs" / "strategy" / name, {}))
                      for home in (whole / "work", tiny / "of pieces")]
            pd.testing.assert_frame_equal(*tables)


@pytest.mark.trains
def test_a_budget_ends_before_an_epoch_that_would_not_fit(tmp_path):
    times = iter([0, 0, 10, 20.5, 30])
    pace = gpu_job.Pace(30, every=15, clock=lambda: next(times))
    path = tmp_path / "checkpoint.pt"
    pace.begin()  # at 0
    assert not pace.due(path)  # at 10: the last one is not 15 s old, and the next epoch ends at 20
    assert pace.due(path)  # at 20.5: the next epoch would end at 31
    with pytest.raises(gpu_job.Stopped):
        pace.kept(path)


def test_a_step_of_every_sort_is_timed_here():
    speed, parts = gpu_speed.Speed(torch.device("cpu")), (
        gpu_count.Part("learning", "bfloat16", 100, 4, gpu_count.New(models.TimeArrowModel, ((4, 4, 4, 4),)), (2, 16, 16)),
        gpu_count.Part("learning", "bfloat16", 50, 4, gpu_count.New(models.LinearHead, (8,)), (2, 32, 8, 8)),
        gpu_count.Part("answers", "float32", 10, 4, gpu_count.New(models.LinearHead, (8,)), (2, 32, 8, 8)))
    expected = sum(part.pairs * speed.of(part) for part in parts)
    assert 0 < speed.seconds(gpu_count.Work(parts, 0, 0)) == expected  # each is timed once


def test_without_time_nothing_is_begun(tiny):
    assert job(tiny / "out", budget="0.001") == 0
    assert not finished(tiny / "out") and "stopped in the middle" in "".join(log(tiny / "out"))


PROGRAM = """
import importlib.machinery, sys
class Refuse(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition('.')[0] in {refused!r} else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Refuse
sys.path[:0] = {paths!r}
from pathlib import Path
from benchmarks import gpu_job, gpu_profile
from tapnb.movies import catalogue
from toys import shrinking_discs
discs = lambda seed: shrinking_discs(seed, 6, 160, 1)
gpu_profile.PROFILES = Path({profiles!r})
opened = catalogue.open_both
catalogue.open_both = lambda *_: (discs(1), discs(2))
status = gpu_job.main({arguments!r})
if {hela!r}:
    print(opened('hela')[0].fingerprint)
sys.exit(status)
"""

NEEDED = {"torch", "numpy", "scipy", "tifffile", "safetensors", "pandas", "pyarrow", "filelock"}  # the last comes with torch
IMPORTED = {"scikit-image": "skimage", "scikit-learn": "sklearn", "pyyaml": "yaml", "pillow": "PIL"}


def refused():
    """All direct dependencies that a borrowed machine may lack, as they are imported."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {name.partition("<")[0] for name in project["dependencies"] + project["optional-dependencies"]["book"]}
    return sorted({IMPORTED.get(name, name) for name in names - NEEDED})


def program(tiny, out, hela=""):
    arguments = ["--budget", "60", "--out", str(out), "--profile", "tiny", "--device", "cpu"]
    return [sys.executable, "-c", PROGRAM.format(refused=refused(), paths=[str(ROOT), str(ROOT / "tests")], hela=hela,
                                                 profiles=str(tiny / "profiles"), arguments=arguments)]


def test_nothing_else_is_needed_than_what_the_page_names(tiny):
    assert {"tqdm", "yaml", "pydantic", "sklearn", "skimage", "typer", "requests"} <= set(refused())
    there = os.environ.get("TAPNB_HELA", "")
    done = subprocess.run(program(tiny, tiny / "out", there), capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "6 of 6 are finished" in done.stdout, done.stdout + done.stderr


def test_sigterm_ends_at_a_checkpoint_and_packs_it(tiny):
    out = tiny / "out"
    (tiny / "profiles" / "tiny.yaml").write_text(TINY.replace("tap_pairs: 8", "tap_pairs: 400000"), "utf-8")
    with subprocess.Popen(program(tiny, out), stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout:
            if "tap: about" in line:
                running.send_signal(signal.SIGTERM)
            last = line
    assert running.returncode == 0 and "packed 1 runs" in last
    assert "stopped at a checkpoint" in "".join(log(out))
    gpu_carry.unpack(out, tiny / "next", unfinished=True)
    assert [path.name for path in (tiny / "next").glob("tap/*/checkpoint*")] == ["checkpoint.pt"]
