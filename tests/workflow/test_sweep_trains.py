"""Real trainings of a tiny movie in two processes, one of them killed: the very bytes of one after the other."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import tifffile
import torch
from safetensors.torch import load_file
from toys import shrinking_discs
from typer.testing import CliRunner

from tapnb.cli import app
from tapnb.movies import catalogue
from tapnb.store import runs
from tapnb.system.files import read_json
from tapnb.workflow import notebook_runs, notebooks, published
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.sweep import sweep

pytest.importorskip("distributed")
ROOT = Path(__file__).resolve().parents[2]

SMALL = {"tap_pairs": 96, "tap_pairs_per_epoch": 8, "tap_batch": 4, "tap_validation_pairs": 4, "tap_validation_size": 24,
         "tap_test_pairs": 4, "recipe_pairs": 0, "crops_per_frame_pair": 40, "seeds": [20], "strategies": ["A0", "B0"],
         "validated": [], "linear_epochs": 1, "training_pairs": 16, "batch": 8, "test_pairs": 10, "validation_pairs": 10,
         "device": "cpu"}


@pytest.fixture
def described(tmp_path):
    """A small movie with another one held out, as a file that describes both."""
    for name, seed in (("movie", 1), ("other", 2)):
        movie = shrinking_discs(seed, frames=6, side=128, per_frame=8)
        tifffile.imwrite(tmp_path / f"{name}.tif", movie.frames)
        tifffile.imwrite(tmp_path / f"{name}-labels.tif", movie.masks)
    described = tmp_path / "movie.yaml"
    described.write_text("frames: movie.tif\nlabels: movie-labels.tif\nheld_out:\n  frames: other.tif\n"
                         "  labels: other-labels.tif\n")
    return described


@pytest.fixture
def tasks(described):
    job = published.decide("all", "smoke", str(described), "execute", {}, notebooks.SOURCES)
    small = {name: parameters | {key: value for key, value in SMALL.items() if key in parameters}
             for name, parameters in job.parameters.items() if name in ("02_pretraining", "06_strategies")}
    return notebook_runs.of_notebooks(small)


def kill_a_worker_in_the_middle_of_the_pretraining(home, killed):
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if list(home.glob("runs/tap/*/checkpoint.pt")):
            workers = [child for child in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]
            busiest = max(workers, key=lambda child: child.cpu_times().user)
            busiest.send_signal(signal.SIGKILL)
            killed.append(busiest.pid)
            return
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.trains
def test_trainings_give_the_same_bytes(tasks, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "alone"))
    made = {}
    for task in tasks:
        made[task.key] = task.make(*catalogue.open_both(*task.movie), {key: made[key] for key in task.needs})
    home, killed = tmp_path / "many", []
    monkeypatch.setenv("TAPNB_HOME", str(home))
    killer = threading.Thread(target=kill_a_worker_in_the_middle_of_the_pretraining, args=(home, killed))
    killer.start()
    names = sweep(tasks, Cluster(2), lambda line: None)
    killer.join()
    assert killed and names == {key: run.name for key, run in made.items()}
    for run in made.values():
        other = runs.find(run.name)
        assert other.record["files"] == run.record["files"]
        for name in run.record["files"]:
            if name.endswith(".safetensors"):
                one, two = load_file(run.folder / name), load_file(other.folder / name)
                assert one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one), (run.name, name)
            elif name.endswith(".parquet"):
                assert (other.folder / name).read_bytes() == (run.folder / name).read_bytes()
    tap = runs.find(names[notebook_runs.TAP])
    assert len(tap.record["sittings"]) == 2 and tap.results["accuracies"] == made[notebook_runs.TAP].results["accuracies"]


def pretraining_of(described, workers):
    """The words of a command that makes the pretraining on workers."""
    small = [word for name, value in SMALL.items() if name in ("recipe_pairs", "device") or name.startswith("tap_")
             for word in ("-p", name, str(value))]
    return ["run", "02_pretraining", "--profile", "smoke", "--movie", str(described), "--mode", "execute", "--workers", str(workers),
            *small]


@pytest.mark.slow
@pytest.mark.trains
def test_the_command_makes_all_runs_on_workers_and_its_notebooks_find_them(described, tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    command = pretraining_of(described, 2)
    first = CliRunner().invoke(app, command)
    assert first.exit_code == 0, first.output
    (published,) = (tmp_path / "home" / "results" / "smoke").glob("*/02_pretraining.json")
    made = read_json(published)["runs"]
    assert {record.parent.name for record in (tmp_path / "home" / "runs" / "tap").glob("*/record.json")} == set(made.values())
    said = [line.split()[0] for line in first.output.splitlines() if line.split()]
    assert said.index("begins") < said.index("02_pretraining"), "the runs come before the notebook"
    records = {path: path.stat().st_mtime_ns for path in (tmp_path / "home" / "runs").rglob("record.json")}
    assert CliRunner().invoke(app, command).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "home" / "runs").rglob("record.json")} == records


@pytest.mark.slow
@pytest.mark.trains
def test_two_commands_at_once_make_every_run_once_and_publish_one_result(described, tmp_path):
    home = tmp_path / "home"
    both = [subprocess.Popen([sys.executable, "-m", "tapnb", *pretraining_of(described, 1)], cwd=ROOT, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env=os.environ | {"TAPNB_HOME": str(home)}) for _ in range(2)]
    try:
        said = [process.communicate(timeout=280)[0] for process in both]
    finally:
        for process in both:
            process.kill()
            process.wait()
    assert [process.returncode for process in both] == [0, 0], said
    (published,) = (home / "results" / "smoke").glob("*/02_pretraining.json")
    names = set(read_json(published)["runs"].values())
    records = list((home / "runs").rglob("record.json"))
    assert {record.parent.name for record in records} == names and len(records) == len(names)
    assert all(len(read_json(record)["sittings"]) == 1 for record in records), "one of them waited"
    assert not [*(home / "runs").rglob("*.tmp"), *(home / "results").rglob("*.tmp")]
