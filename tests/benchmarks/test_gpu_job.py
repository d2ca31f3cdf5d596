"""A borrowed GPU's half hour, on a processor: the order of the runs, stopping and going on, what is carried home."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs
from torch import nn

from benchmarks import gpu_carry, gpu_count, gpu_job, gpu_plan, gpu_profile, gpu_speed
from tapnb import models
from tapnb.movies import catalogue
from tapnb.store import runs
from tapnb.studies.strategies import predictions
from tapnb.system.files import read_json
from tapnb.workflow import parameters

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
balancing_strategies: []
difference_strategies: []
schedule_pairs: 0
ablation_pairs: 0
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


def archive(folder, *members):
    """Volumes with these (name, type, content)."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, kind, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(text), "target" if kind != tarfile.REGTYPE else ""
            tar.addfile(member, io.BytesIO(text))
    folder.mkdir(exist_ok=True)
    (folder / "runs-1.tar.0").write_bytes(content.getvalue())
    return folder


GOOD = ("tap/tap-x-1/history.csv", tarfile.REGTYPE, b"epoch\n1\n")


@pytest.mark.parametrize("name, kind", [
    ("../outside", tarfile.REGTYPE), ("tap/../../outside", tarfile.REGTYPE), ("/tap/tap-x-1/history.csv", tarfile.REGTYPE),
    ("tap/tap-x-1/../history.csv", tarfile.REGTYPE), ("tap/tap-x-1/.hidden", tarfile.REGTYPE), ("tap/history.csv", tarfile.REGTYPE),
    ("other/other-x-1/a.csv", tarfile.REGTYPE), ("tap/strategy-x-1/a.csv", tarfile.REGTYPE), ("tap/tap-x-1/a/b.csv", tarfile.REGTYPE),
    ("tap/tap-x-1/link", tarfile.SYMTYPE), ("tap/tap-x-1/link", tarfile.LNKTYPE), ("tap/tap-x-1/device", tarfile.CHRTYPE)])
def test_an_archive_of_anything_but_files_of_runs_is_refused_whole(tmp_path, name, kind):
    source = archive(tmp_path / "carried", GOOD, (name, kind, b""))
    with pytest.raises(ValueError, match="which is no file of a run: nothing of it is taken"):
        gpu_carry.unpack(source, tmp_path / "runs", unfinished=True)
    assert [path.name for path in tmp_path.iterdir()] == ["carried"]


def test_a_record_of_another_run_is_refused(tmp_path):
    source = archive(tmp_path, ("tap/tap-x-1/record.json", tarfile.REGTYPE, b'{"name": "tap-x-2"}'))
    with pytest.raises(ValueError, match="a record of another run than tap-x-1"):
        gpu_carry.unpack(source, tmp_path / "runs")


def run_folder(at, name, **files):
    folder = at / name.partition("-")[0] / name
    folder.mkdir(parents=True)
    for file, size in files.items():
        (folder / file.replace("__", ".").replace("_", "-")).write_bytes(os.urandom(size))
    return folder


def test_an_archive_is_cut_into_volumes_and_none_may_be_missing(tmp_path):
    folder = run_folder(tmp_path / "there", "tap-x-1", checkpoint__pt=100_000)
    assert gpu_carry.pack([folder], tmp_path / "out", 3, 30_000, 200_000) == ["tap-x-1"]
    volumes = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in volumes] == [f"runs-3.tar.{i}" for i in range(4)]
    assert max(path.stat().st_size for path in volumes) <= 30_000 and gpu_carry.calls(tmp_path / "out") == [3]
    assert gpu_carry.unpack(tmp_path / "out", tmp_path / "here", unfinished=True) == ["tap-x-1"]
    copy = tmp_path / "here" / "tap" / "tap-x-1" / "checkpoint.pt"
    assert copy.read_bytes() == (folder / "checkpoint.pt").read_bytes()
    for lost, what in ((1, r"runs-3.tar.1 is missing"), (3, "last volume of runs-3.tar")):
        content = volumes[lost].read_bytes()
        volumes[lost].unlink()
        with pytest.raises(ValueError, match=what):
            gpu_carry.unpack(tmp_path / "out", tmp_path / "nowhere")
        volumes[lost].write_bytes(content)
    with pytest.raises(FileNotFoundError, match="there is no runs-1.tar.0 in"):
        gpu_carry.unpack(tmp_path / "there", tmp_path / "nowhere")


def test_what_has_no_room_is_not_packed_and_of_many_large_weights_the_first_seeds(tmp_path):
    large = run_folder(tmp_path, "strategy-x-1", weights_100__safetensors=9000, weights_20__safetensors=9000,
                       predictions__parquet=10)
    record = {"name": "strategy-x-1", "files": ["predictions.parquet", "weights-100.safetensors", "weights-20.safetensors"]}
    (large / "record.json").write_text(json.dumps(record))
    huge, small = run_folder(tmp_path, "tap-x-1", a__pt=90_000), run_folder(tmp_path, "tap-x-2", a__pt=10)
    assert gpu_carry.pack([large, huge, small], tmp_path / "out", 1, 15_000, 50_000) == ["strategy-x-1", "tap-x-2"]
    gpu_carry.unpack(tmp_path / "out", tmp_path / "here")
    here = tmp_path / "here" / "strategy" / "strategy-x-1"
    kept = ["predictions.parquet", "weights-20.safetensors"]
    assert sorted(path.name for path in here.iterdir()) == [kept[0], "record.json", kept[1]]
    assert read_json(here / "record.json")["files"] == kept and read_json(large / "record.json") == record


@pytest.mark.parametrize("movie", ["synthetic", "hela"])
def test_the_plan_names_just_the_runs_that_the_notebooks_published(movie, tmp_path, monkeypatch):
    """Under the profile of the book, by fingerprints alone: all are there to be restored, and none is another's."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    of_notebook = {path.stem: read_json(path) for path in (ROOT / "results" / "cpu" / movie).glob("[01]*.json")}
    def movies(notebook, role):
        """Both movies as that run saw them, by name and fingerprints alone."""
        name = of_notebook[notebook]["runs"][role]
        seen = read_json(ROOT / "results" / "cpu" / movie / "records" / f"{name}.json")["movies"]
        return [SimpleNamespace(name=of["name"], fingerprint=of["fingerprint"], labels_fingerprint=of["labels"])
                for of in (seen[role] for role in ("train", "held-out") if role in seen)]

    (train,), linked = movies("06_strategies", "A1"), movies("15_evidence", "controls")
    found, published = {}, {name for of_one in of_notebook.values() for name in of_one["runs"].values()}
    every = gpu_plan.tasks(gpu_plan.Place("cpu", movie, train, linked[1], tuple(linked), torch.device("cpu")))
    for task in every:
        found[task.title] = task.make(found, "restore")
    names = {run.name for of_task in found.values() for run in of_task}
    assert names <= published
    assert {name for name in published - names if name.startswith("strategy")} == set()


def test_a_profile_is_read_as_the_notebooks_read_it():
    sources = ROOT / "notebooks"
    declared = {name: parameters.declared(sources / f"{name}.py") for name in parameters.names(sources)}
    for profile in sorted(path.stem for path in (sources / "profiles").glob("*.yaml")):
        settings = parameters.read_profile(profile, sources / "profiles")
        chosen = parameters.choose(declared, list(declared), profile, settings,
                                   {"profile": profile, "movie": "hela", "mode": "execute"})
        for notebook in declared:
            values = gpu_profile.parameters_of(notebook, profile, movie="hela", mode="execute")
            assert values == chosen[notebook]
            assert [type(values[name]) for name in values] == [type(chosen[notebook][name]) for name in values]


def test_a_profile_that_is_not_flat_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_profile, "PROFILES", tmp_path)
    (tmp_path / "mine.yaml").write_text("seeds:\n  - 20\n", "utf-8")
    with pytest.raises(ValueError, match="mine.yaml, line 1: only 'name: value' can be read without PyYAML"):
        gpu_profile.read_profile("mine")
    with pytest.raises(FileNotFoundError, match="no profile 'other' in .*; choose from mine"):
        gpu_profile.read_profile("other")


def test_arithmetic_is_counted_as_by_hand():
    """A 3x3 convolution of 4 to 8 channels on 10 x 10 pixels, and a linear layer: forward once, backward twice."""
    convolution = gpu_count.New(nn.Conv2d, (4, 8, 3, 1, 1))
    assert gpu_count.inference(convolution, 4, 10, 10).flop == 2 * 10 * 10 * 9 * 4 * 8
    linear = gpu_count.New(models.LinearHead, (4, 3))
    forward = 2 * (2 * 3 * 4 * 4) * 2
    assert gpu_count.inference(linear, 2, 3, 4, 4).flop == forward
    assert gpu_count.learning(linear, 2, 3, 4, 4).flop == 2 * forward  # nobody asks for a gradient of the features


def test_the_paper_profile_is_counted():
    """The U-Net alone by its layers, at 48 px: what is coarser has a quarter of the pixels and twice the channels."""
    full = 48 * 48
    flop = 2 * 2 * full * (9 * (1 * 32 + 32 * 32) + 9 * (32 * 64 + 64 * 64) / 4 + 9 * (64 * 128 + 128 * 128) / 16
                           + 9 * (128 * 256 + 256 * 256) / 64  # down
                           + (9 * 128 * 128 + 9 * 128 * 128) / 16 + 4 * 4 * 256 * 128 / 64  # up: 4 phases of 2x2
                           + (9 * 64 * 64 + 9 * 64 * 64) / 4 + 4 * 4 * 128 * 64 / 16
                           + 9 * 32 * 32 + 9 * 32 * 32 + 4 * 4 * 64 * 32 / 4 + 32 * 32 + 32 * 32)
    assert gpu_count.inference(gpu_count.New(models.DenseFeatures), 2, 48, 48).flop == pytest.approx(flop)
    settings = gpu_plan.pretraining.settings_of(gpu_profile.parameters_of("02_pretraining", "paper"))
    work = gpu_count.pretraining(settings, 10_000)
    learned = work.parts[0]
    assert learned.pairs == pytest.approx(2e6, rel=1e-2) and learned.flop == learned.pairs * learned.cost.flop
    assert np.isclose(work.times(2).flop, 2 * work.flop) and work.seconds > learned.seconds > 0
    text = gpu_count.table([("tap", "02_pretraining", work)], 1e8)
    assert "tap (02)" in text and "estimate, not measured" in text
