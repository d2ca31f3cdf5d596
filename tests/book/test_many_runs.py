"""The page about many runs: its script for SLURM is one, and its commands are those that there are."""

import re
import types

import pytest

from tapnb.workflow.notebooks import CHECKOUT

PAGE = (CHECKOUT / "book" / "many-runs.md").read_text("utf-8")


def test_the_script_for_slurm_asks_for_workers_of_one_thread(monkeypatch, tmp_path):
    jobqueue = pytest.importorskip("dask_jobqueue")
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    commands, jobs, wanted = [], [], []

    class Nearby(jobqueue.SLURMCluster):
        """Whose scheduler listens here only, and which submits nothing."""

        def __init__(self, **options):
            super().__init__(**options, scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"})
            jobs.append(self.job_script())

        def scale(self, n=0, jobs=0):
            wanted.append(jobs)
            return super().scale(0)

    monkeypatch.setattr(jobqueue, "SLURMCluster", Nearby)
    program = compile(script.replace("import subprocess\n", ""), "many-runs.md", "exec")
    exec(program, {"__name__": "__main__", "subprocess": types.SimpleNamespace(  # noqa: S102
        run=lambda command, check: commands.append(command))})
    (job,), (command,) = jobs, commands
    assert wanted[0] == 40
    for line in ("#SBATCH --cpus-per-task=1", "#SBATCH --mem=4G", "#SBATCH -t 10:00:00", "#SBATCH -p short", "cd ~/tapnb"):
        assert line in job
    assert re.search(r"\.venv/bin/python -m distributed\.cli\.dask_worker tcp://\S+ .*--nthreads 1 .*--lifetime 9h30m", job)
    assert command[:-1] == [".venv/bin/tapnb", "run", "all", "--profile", "paper", "--scheduler"]
    assert command[-1].startswith("tcp://127.0.0.1:")


def test_the_commands_of_the_page_have_the_options_that_they_name():
    from typer.testing import CliRunner

    from tapnb import cli

    described = CliRunner().invoke(cli.app, ["run", "--help"], terminal_width=200).output
    for option in set(re.findall(r"tapnb run all .*?(--workers|--scheduler)", PAGE)) | {"--profile"}:
        assert option in described
