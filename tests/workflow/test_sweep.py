"""Many runs at once, on workers in this process: the same results as one after the other, and what is said on the way."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import toy_runs
from toy_runs import task

from tapnb.store import runs
from tapnb.workflow import sweep as sweeps
from tapnb.workflow import worker
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.sweep import SweepError, sweep

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def nearby():
    """A cluster whose workers are threads of this process: it starts at once."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
                                  dashboard_address="127.0.0.1:0") as local:
        yield Cluster(scheduler=local.scheduler_address)


def contents(home):
    """The bytes of every file of every run, but for records, which have times; of these the results."""
    files = {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.suffix == ".npz"}
    return files | {path.parent.name: runs.read_json(path)["results"] for path in home.rglob("record.json")}


def test_results_are_those_of_one_after_the_other(nearby, movie, tmp_path, monkeypatch):
    tasks = [task(movie, "a", seconds=0.2), task(movie, "b", ["a"]), task(movie, "c"), task(movie, "d", ["a", "b"])]
    names = sweep(tasks, nearby, lambda line: None)
    computed = Counter(toy_runs.trace())
    assert set(computed) == {f"{name} {step}" for name in "abcd" for step in range(toy_runs.STEPS)}
    assert set(computed.values()) == {1}
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "alone"))
    earlier = {}
    for one in tasks:
        earlier[one.key] = one.make(*worker._opened(movie, "link"), {key: earlier[key] for key in one.needs})
    assert names == {key: run.name for key, run in earlier.items()}
    assert contents(tmp_path / "home") == contents(tmp_path / "alone")


def test_what_is_there_is_found_and_what_is_missing_is_made(nearby, movie):
    lines = []
    sweep([task(movie, "a")], nearby, lines.append)
    sweep([task(movie, "a"), task(movie, "b", ["a"])], nearby, lines.append)
    assert Counter(toy_runs.trace()) == Counter(f"{name} {step}" for name in "ab" for step in range(toy_runs.STEPS))
    assert any("toy a: tap-movie-left-" in line and "made before" in line for line in lines), lines


def test_a_run_that_fails_is_tried_again_once(nearby, movie):
    lines = []
    assert sweep([task(movie, "a", fail=1)], nearby, lines.append)["toy a"]
    assert Counter(line.split("  ")[0] for line in lines if "  " in line) == {"begins": 1, "again": 1}


def test_one_that_fails_again_costs_no_other(nearby, movie, home):
    lines = []
    tasks = [task(movie, "bad", fail=2), task(movie, "after", ["bad"]), task(movie, "a"), task(movie, "b", ["a"])]
    with pytest.raises(SweepError) as error:
        sweep(tasks, nearby, lines.append)
    assert str(error.value).startswith("2 of 4 runs are not made: toy bad: RuntimeError: bad does not feel like it; and 1 that "
                                       "rest on them. Mend it and run the command again")
    assert len(list(home.rglob("record.json"))) == 2 and "bad 0" not in toy_runs.trace()
    assert sum("FAILED, RuntimeError: bad does not feel like it" in line for line in lines) == 1
    assert set(sweep(tasks, nearby, lines.append)) == {one.key for one in tasks}  # now it works


def test_workers_are_reckoned_by_the_task_that_needs_most(movie, monkeypatch):
    reckoned = []
    monkeypatch.setattr("tapnb.workflow.cluster.fitting_workers", lambda memory: reckoned.append(memory) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sweep([task(movie, "a"), replace(task(movie, "b"), memory=7), replace(task(movie, "c"), memory=15 * 2**30)], Cluster())
    assert reckoned == [15 * 2**30]


@pytest.mark.parametrize("heard", [True, False])
def test_a_scheduler_without_workers_is_said_once_and_again_when_the_last_one_leaves(movie, monkeypatch, heard):
    """It gets a worker when that is said, which goes in the middle of the run; then another one, which makes it.

    That the first one comes may stay unheard: it can be there before the scheduler begins to tell.
    """
    if not heard:
        told = sweeps._Sweep._comes_or_goes

        async def deaf(self, event):
            if event[1].get("action") != "add-worker":
                await told(self, event)

        monkeypatch.setattr(sweeps._Sweep, "_comes_or_goes", deaf)
    lines = []
    # The cluster ends before the thread is waited for: what goes wrong here must not wait for ever.
    with ThreadPoolExecutor(1) as pool, distributed.LocalCluster(
            n_workers=0, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
            dashboard_address="127.0.0.1:0") as local:
        swept = pool.submit(sweep, [task(movie, "a", seconds=2)], Cluster(scheduler=local.scheduler_address), lines.append)
        for number, said in ((1, "there yet"), (2, "left")):
            wanted = f"no worker is {said}: start some with `dask worker {local.scheduler_address} --nthreads 1`"
            wait_for(lambda: wanted in lines or swept.done())
            local.scale(1)
            if number == 1:
                wait_for(lambda: "a 0" in toy_runs.trace() or swept.done())
                local.scale(0)
        assert swept.result(timeout=100)
    assert sum(line.startswith("no worker is") for line in lines) == 2, lines


def wait_for(condition, seconds=100):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_nothing_to_be_made_is_no_failure(nearby, movie, monkeypatch):
    lines = []
    monkeypatch.setattr(toy_runs, "stepped", lambda m, name: None)
    assert sweep([task(movie, "a"), task(movie, "b", ["a"])], nearby, lines.append) == {"toy a": None, "toy b": None}
    assert any("nothing to be made" in line for line in lines)


def test_a_worker_of_another_version_is_refused(nearby, movie, home, monkeypatch):
    codes = iter([worker.Code("as it was", "2.0")])
    monkeypatch.setattr(worker, "code", lambda: next(codes, worker.Code("as it is", "2.0")))
    with pytest.raises(SweepError, match=r"worker tcp://127.0.0.1:\d+ has tapnb as it is with torch 2.0, and here is tapnb as it "
                                         "was with torch 2.0: install the same there"):
        sweep([task(movie, "a")], nearby, lambda line: None)
    assert not toy_runs.trace()
    monkeypatch.undo()
    monkeypatch.setenv("TAPNB_HOME", str(home))
    sweep([task(movie, "a")], nearby, lambda line: None)  # and what refused it does not stay


def test_a_worker_with_another_movie_is_refused(nearby, movie, monkeypatch):
    wrong = worker.Pixels(movie, "link", ("0", None, "0", None))
    monkeypatch.setattr(worker.Pixels, "of", classmethod(lambda *_: wrong))
    with pytest.raises(SweepError, match="another one on this worker"):
        sweep([task(movie, "a")], nearby, lambda line: None)


def test_two_sweeps_at_once_write_every_run_once(nearby, movie):
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1",
                                  dashboard_address="127.0.0.1:0") as other:
        tasks = [task(movie, "a", seconds=0.5), task(movie, "b", ["a"], seconds=0.5), task(movie, "c", seconds=0.5)]
        clusters = [nearby, Cluster(scheduler=other.scheduler_address)]
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda one: sweep(tasks, one, lambda line: None), clusters)
    assert first == second
    assert Counter(toy_runs.trace()) == Counter(f"{name} {step}" for name in "abc" for step in range(toy_runs.STEPS))


def test_a_run_that_is_not_in_the_list_and_not_published_is_asked_for(nearby, movie):
    with pytest.raises(FileNotFoundError, match="toy has not been run"):
        sweep([task(movie, "b", ["a"])], nearby)
    with pytest.raises(FileNotFoundError, match="toy has not been run for profile 'theirs'"):
        sweep([replace(task(movie, "b"), needs=("theirs/toy a",))], nearby)


def test_the_time_left_is_that_of_runs_like_those_that_are_missing():
    tasks = {key: sweeps.Task(key, function, {}) for key, function in
             [("a", "m:f"), ("b", "m:f"), ("c", "m:f"), ("d", "m:g")]}
    lines = []
    progress = sweeps.Progress(tasks, lambda: 2, lines.append)
    progress.made(worker.Outcome("a", "run-a", None, 600.0))
    progress.made(worker.Outcome("d", "run-d", None, 1.0, before=True))
    progress.made(worker.Outcome("b", "run-b", None, 1200.0))
    assert lines == ["[1 of 4] a: run-a, 10 min; at least 10 min left", "[2 of 4] d: run-d, made before; about 10 min left",
                     "[3 of 4] b: run-b, 20 min; about 15 min left"]


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (11100, "3 h 05 min")])
def test_times_as_they_are_said(seconds, said):
    assert sweeps.duration(seconds) == said
