"""What can go wrong with processes and disks in the middle of many runs: nothing is lost, nothing written twice."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import toy_runs
from toy_runs import STEPS, task

from tapnb.store import runs
from tapnb.system import paths
from tapnb.workflow import worker
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.sweep import SweepError, sweep

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.usefixtures("home")
ROOT = Path(__file__).resolve().parents[2]

SWEEP = """
import sys
import toy_runs
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.sweep import sweep

if __name__ == "__main__":
    movie, seconds, *names = sys.argv[1:]
    print(*sweep([toy_runs.task(movie, name, seconds=float(seconds)) for name in names], Cluster(1)).values())
"""
"""A sweep in a process of its own."""


class Processes:
    """A scheduler and workers as they are started by hand; all ended at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.all = folder, []

    def start(self, *command: str, home: Path | None = None, package: Path = ROOT, **options) -> subprocess.Popen:
        changed = {"PYTHONPATH": f"{package}{os.pathsep}{ROOT / 'tests'}"} | ({"TAPNB_HOME": str(home)} if home else {})
        self.all.append(subprocess.Popen([sys.executable, *command], env=os.environ | changed, cwd=self.folder, **options))
        return self.all[-1]

    def scheduler(self) -> str:
        file = self.folder / f"scheduler {len(self.all)}.json"
        self.start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                   "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file), stderr=subprocess.DEVNULL)
        wait_for(file.exists)
        return json.loads(file.read_text())["address"]

    def worker(self, scheduler: str, **options) -> subprocess.Popen:
        return self.start("-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1", "--host", "127.0.0.1", "--no-nanny",
                          "--no-dashboard", "--dashboard-address", "127.0.0.1:0", **options)

    def sweep(self, movie: str, seconds: float, *names: str) -> subprocess.Popen:
        return self.start("-c", SWEEP, movie, str(seconds), *names, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def processes(tmp_path):
    started = Processes(tmp_path)
    yield started
    for process in started.all:
        process.kill()
        process.wait()


def wait_for(condition, seconds=300):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def each_step_once(*names):
    return Counter(f"{name} {step}" for name in names for step in range(STEPS))


def alone(movie, tmp_path, monkeypatch, *names, **sizes):
    """The results of the same runs, one after the other in this process; those named in ``sizes`` with as many numbers."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TAPNB_HOME", str(tmp_path / "alone"))
        tasks = [task(movie, name) for name in names] + [task(movie, name, size=size) for name, size in sizes.items()]
        made = [one.make(*worker._opened(movie, "link"), {}) for one in tasks]
        return {run.name: (run.results, (run.folder / "steps.npz").read_bytes()) for run in made}


def results(home):
    return {path.parent.name: (runs.read_json(path)["results"], (path.parent / "steps.npz").read_bytes())
            for path in home.rglob("record.json")}


@pytest.mark.slow
def test_a_worker_that_is_killed_in_the_middle_of_a_run(movie, home, tmp_path, monkeypatch):
    """The run goes on from its checkpoint in another process, and the others never notice."""
    tasks = [task(movie, "a", die_at=2), task(movie, "b"), task(movie, "c", ["a"])]
    sweep(tasks, Cluster(1), lambda line: None)
    assert Counter(toy_runs.trace()) == each_step_once("a", "b", "c")
    assert alone(movie, tmp_path, monkeypatch, "a", "b").items() <= results(home).items()
    (record,) = [runs.read_json(path) for path in home.rglob("record.json") if runs.read_json(path)["parameters"]["name"] == "a"]
    assert len(record["sittings"]) == 2


@pytest.mark.slow
def test_a_run_that_kills_every_worker_is_reported_and_costs_no_other(movie, home):
    with pytest.raises(SweepError, match="1 of 2 runs are not made: toy a: its process was ended twice"):
        sweep([task(movie, "a", die_at=2, always=True), task(movie, "b")], Cluster(1), lambda line: None)
    assert [record.parent.name.split("-")[0] for record in home.rglob("record.json")] == ["tap"]
    assert Counter(toy_runs.trace()) == each_step_once("b") + Counter(["a 0", "a 1"])


@pytest.mark.slow
def test_a_scheduler_that_is_killed(movie, home, processes, tmp_path, monkeypatch):
    """What is finished stays, the client says what to do, and the same command goes on."""
    scheduler = processes.scheduler()
    processes.worker(scheduler)
    tasks = [task(movie, "a"), task(movie, "b", seconds=8)]
    killer = threading.Thread(target=lambda: (wait_for(lambda: "b 0" in toy_runs.trace()), processes.all[0].kill()))
    killer.start()
    with pytest.raises(SweepError, match="the scheduler tcp://.* is lost after 1 of 2 runs: start it .* run the command again"):
        sweep(tasks, Cluster(scheduler=scheduler), lambda line: None)
    killer.join()
    assert len(list(home.rglob("record.json"))) == 1
    processes.all[1].kill()
    again = processes.scheduler()
    processes.worker(again)
    sweep(tasks, Cluster(scheduler=again), lambda line: None)
    assert Counter(toy_runs.trace()) == each_step_once("a", "b")
    assert results(home) == alone(movie, tmp_path, monkeypatch, "a", "b")


@pytest.mark.slow
def test_a_command_that_is_killed_takes_its_workers_along_and_loses_nothing(movie, home, processes, tmp_path, monkeypatch):
    first = processes.sweep(movie, 16, "a", "b")  # four seconds a step, in which the kill comes
    wait_for(lambda: "b 1" in toy_runs.trace())
    first.kill()
    out, errors = processes.sweep(movie, 0, "a", "b").communicate()
    assert len(out.split()) == 2, errors
    assert Counter(toy_runs.trace()) == each_step_once("a", "b")
    assert results(home) == alone(movie, tmp_path, monkeypatch, "a", "b")


@pytest.mark.slow
def test_two_commands_at_once_on_the_same_runs(movie, home, processes, tmp_path, monkeypatch):
    both = [processes.sweep(movie, 1, "a", "b", "c") for _ in range(2)]
    said = [process.communicate() for process in both]
    assert said[0][0] == said[1][0] and len(said[0][0].split()) == 3, said
    assert Counter(toy_runs.trace()) == each_step_once("a", "b", "c")
    assert results(home) == alone(movie, tmp_path, monkeypatch, "a", "b", "c")


@pytest.mark.slow
def test_workers_that_share_no_disk(movie, home, processes, tmp_path, monkeypatch):
    """The movie goes to them, runs come back, and a run that another rests on reaches the worker that needs it."""
    scheduler = processes.scheduler()
    for name in ("one", "two"):
        processes.worker(scheduler, home=tmp_path / name)
    hidden = tmp_path / "hidden"
    tasks = [task(movie, "a", seconds=1), task(movie, "b", seconds=1), task(movie, "c", ["a", "b"])]
    real = worker._opened(movie, "link")
    monkeypatch.setattr("tapnb.workflow.sweep.catalogue.open_both", lambda *_: real)
    shutil.move(movie, hidden)  # no worker can open it
    names = sweep(tasks, Cluster(scheduler=scheduler), lambda line: None)
    shutil.move(hidden, movie)
    assert set(results(home)) == set(names.values()) and not toy_runs.trace()
    assert alone(movie, tmp_path, monkeypatch, "a", "b").items() <= results(home).items()
    computed = Counter(line for name in ("one", "two") for line in (tmp_path / name / "trace.txt").read_text().split("\n") if line)
    assert computed == each_step_once("a", "b", "c")


@pytest.mark.slow
def test_a_worker_of_another_version_of_the_code(movie, processes, tmp_path):
    """It is refused where it is there already, and where it comes later the others do all."""
    package = tmp_path / "other"
    shutil.copytree(ROOT / "tapnb", package / "tapnb", ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "tapnb" / "losses.py").open("a") as file:
        file.write("# changed\n")
    scheduler = processes.scheduler()
    other = processes.worker(scheduler, package=package)
    with distributed.Client(scheduler) as client:
        client.wait_for_workers(1, timeout=300)
    with pytest.raises(SweepError, match="worker tcp://.* has tapnb .*, and here is tapnb .*: install the same there"):
        sweep([task(movie, "a")], Cluster(scheduler=scheduler), lambda line: None)
    assert not toy_runs.trace()
    other.kill()
    other.wait()
    processes.worker(scheduler)

    def late() -> None:
        wait_for(lambda: "a 0" in toy_runs.trace())
        processes.worker(scheduler, package=package, stderr=subprocess.DEVNULL).wait(300)  # it ends by itself

    comes = threading.Thread(target=late)
    comes.start()
    assert len(sweep([task(movie, name, seconds=10) for name in "abc"], Cluster(scheduler=scheduler), lambda line: None)) == 3
    comes.join()
    assert processes.all[-1].returncode is not None
    assert Counter(toy_runs.trace()) == each_step_once("a", "b", "c")


@pytest.fixture(params=["tmpfs", "simulated"])
def small_disk(request, home, monkeypatch):
    """Let runs lie on a disk that is full after some 300 kB; returns what makes it larger."""
    home.mkdir(parents=True)
    if request.param == "simulated":
        full = threading.Event()
        full.set()
        real = np.savez

        def savez(file, **arrays):
            if full.is_set() and arrays["steps"].size > 40_000:
                file.write(b"half")
                raise OSError(28, "No space left on device", str(home))
            real(file, **arrays)

        monkeypatch.setattr(np, "savez", savez)
        yield full.clear
        return
    paths.runs().mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", paths.runs()], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    yield lambda: subprocess.run(["mount", "-o", "remount,size=10m", paths.runs()], check=True)
    subprocess.run(["umount", paths.runs()], check=True)


def test_a_full_disk(movie, home, small_disk, tmp_path, monkeypatch):
    """The run that does not fit is named, smaller ones are kept, and with more space the same command makes the rest."""
    tasks = [task(movie, "small"), task(movie, "large", size=50_000), task(movie, "also small")]
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
                                  dashboard_address="127.0.0.1:0") as local:
        nearby = Cluster(scheduler=local.scheduler_address)
        with pytest.raises(SweepError, match="1 of 3 runs are not made: toy large: OSError: .*No space left on device.* run the "
                                             "command again"):
            sweep(tasks, nearby, lambda line: None)
        assert len(results(home)) == 2 and not [path for path in home.rglob("*.tmp")]
        small_disk()
        sweep(tasks, nearby, lambda line: None)
    assert Counter(toy_runs.trace()) == each_step_once("small", "large", "also small")
    assert results(home) == alone(movie, tmp_path, monkeypatch, "small", "also small", large=50_000)
