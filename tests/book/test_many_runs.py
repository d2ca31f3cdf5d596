"""The page about many runs: its script for SLURM is one, and its commands are those that there are."""

import os
import re
import sys
import time
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tapnb.workflow.notebooks import CHECKOUT

PAGE = (CHECKOUT / "book" / "many-runs.md").read_text("utf-8")
(SCRIPT,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)


def execute(run) -> None:
    """Run the script for SLURM, with ``run`` in place of what starts its command."""
    program = compile(SCRIPT.replace("import subprocess\n", ""), "many-runs.md", "exec")
    exec(program, {"__name__": "__main__", "subprocess": types.SimpleNamespace(run=run)})  # noqa: S102


def test_the_script_for_slurm_asks_for_workers_of_one_thread(monkeypatch, tmp_path):
    jobqueue = pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    commands, jobs, wanted = [], [], []

    class Nearby(jobqueue.SLURMCluster):
        """Whose scheduler listens here only, and which submits nothing."""

        def __init__(self, **options):
            super().__init__(**options, scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"})
            jobs.append(self.job_script())

        def adapt(self, minimum_jobs, maximum_jobs):
            wanted.append((minimum_jobs, maximum_jobs))

    monkeypatch.setattr(jobqueue, "SLURMCluster", Nearby)
    execute(lambda command, check: commands.append(command))
    (job,), (command,) = jobs, commands
    assert wanted == [(40, 40)]
    for line in ("#SBATCH --cpus-per-task=1", "#SBATCH --mem=15G", "#SBATCH -t 10:00:00", "#SBATCH -p short", "cd ~/tapnb"):
        assert line in job
    assert re.search(r"\.venv/bin/python -m distributed\.cli\.dask_worker tcp://\S+ .*--nthreads 1 .*--lifetime 9\.5h", job)
    assert command[:-1] == [".venv/bin/tapnb", "run", "all", "--profile", "paper", "--scheduler"]
    assert command[-1].startswith("tcp://127.0.0.1:")


@pytest.mark.slow
def test_a_job_of_that_script_that_ends_is_replaced_and_its_run_goes_on(monkeypatch, tmp_path):
    """The script as it is, with one job on this machine instead of 40, which is ended in the middle of a run."""
    jobqueue = pytest.importorskip("dask_jobqueue")
    import toy_runs
    from dask_jobqueue.local import LocalCluster

    from tapnb.store import runs
    from tapnb.workflow import worker
    from tapnb.workflow.cluster import Cluster
    from tapnb.workflow.sweep import sweep

    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "tests"))))
    worker._opened.cache_clear()
    clusters, made = [], []

    class Nearby(LocalCluster):
        """One job at most, as a process."""

        def __init__(self, *, cores, processes, memory, worker_extra_args, **for_slurm):
            super().__init__(cores=cores, processes=processes, memory=memory, worker_extra_args=worker_extra_args,
                             python=sys.executable, log_directory=str(tmp_path),
                             scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"})
            clusters.append(self)

        def scale(self, n=0, jobs=0):
            super().scale(min(1, n or jobs))

        def adapt(self, minimum_jobs, maximum_jobs):
            super().adapt(minimum_jobs=1, maximum_jobs=1)

    def run(command, check):
        task = toy_runs.task(toy_runs.own_movie(tmp_path), "a", seconds=12)
        with ThreadPoolExecutor(1) as pool:
            swept = pool.submit(sweep, [task], Cluster(scheduler=command[-1]), lambda line: None)
            try:
                wait(lambda: "a 0" in toy_runs.trace() or swept.done())
                (job,) = [child for child in psutil.Process().children() if "distributed.cli.dask_worker" in child.cmdline()]
                job.terminate()  # as SLURM does
                made.extend(swept.result(timeout=150).values())
            finally:
                if not swept.done():
                    clusters[0].close()  # which ends the sweep

    monkeypatch.setattr(jobqueue, "SLURMCluster", Nearby)
    execute(run)
    assert Counter(toy_runs.trace()) == Counter(f"a {step}" for step in range(toy_runs.STEPS))
    assert len(runs.find(made[0]).record["sittings"]) == 2


def wait(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def test_the_commands_of_the_page_have_the_options_that_they_name():
    from typer.testing import CliRunner

    from tapnb import cli

    described = CliRunner().invoke(cli.app, ["run", "--help"], terminal_width=200).output
    for option in set(re.findall(r"tapnb run all .*?(--workers|--scheduler)", PAGE)) | {"--profile"}:
        assert option in described
