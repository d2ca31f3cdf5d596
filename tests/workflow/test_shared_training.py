"""One long training that torchrun starts: the notebook's own run, stopped by Ctrl-C, gone on with, found by the notebook."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tifffile
from toys import shrinking_discs

from tapnb.store import runs
from tapnb.workflow import notebooks, published, shared_training

CHOICES = {"device": "cpu", "tap_pairs": "96", "tap_pairs_per_epoch": "16", "tap_batch": "8", "tap_crop_sizes": "[24]",
           "tap_validation_size": "24", "tap_validation_pairs": "6", "tap_test_pairs": "6"}


@pytest.fixture
def movie(tmp_path, monkeypatch):
    """A movie of one's own, in two files, and nothing that is published."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    for seed, name in ((1, "train"), (2, "other")):
        tifffile.imwrite(tmp_path / f"{name}.tif", shrinking_discs(seed, frames=8, side=100).frames,
                         photometric="minisblack", metadata={"axes": "TYX"})
    (tmp_path / "movie.yaml").write_text("frames: train.tif\nheld_out: {frames: other.tif}\n")
    return str(tmp_path / "movie.yaml")


def command(movie, **choices):
    options = [word for name, value in (CHOICES | choices).items() for word in ("-p", name, value)]
    return ["-m", "tapnb", "pretrain", "--profile", "smoke", "--movie", movie, *options]


def torchrun(movie, **choices):
    return [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *command(movie, **choices)]


def processes_of(movie) -> list[int]:
    """The processes that were started with this movie, this one excepted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found += [int(folder.name)] if movie.encode() in (folder / "cmdline").read_bytes() else []
        except OSError:  # it has just ended
            pass
    return found


def in_the_notebook(movie) -> runs.Run:
    """What the cells of notebook 02 have as their first run, with the parameters that `tapnb run` would give it."""
    text = (notebooks.SOURCES / "02_pretraining.py").read_text("utf-8")
    cells = [cell for cell in text.split("# %%") if not cell.startswith(" [markdown]")]
    parameters = published.decide("02_pretraining", "smoke", movie, "execute", CHOICES, notebooks.SOURCES).parameters
    names = dict(parameters["02_pretraining"])
    setting_up = next(cell for cell in cells if "open_both" in cell)
    training = next(cell for cell in cells if "run = pretraining.tap_run(" in cell)
    exec("\n".join(setting_up.splitlines()[1:]), names)
    exec(next(line for line in training.splitlines() if line.startswith("run = ")), names)
    return names["run"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are looked up in /proc")
def test_ctrl_c_ends_all_and_the_same_command_goes_on_to_the_run_that_the_notebook_finds(movie, tmp_path, monkeypatch):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TAPNB_PRECISION": "float32"}
    with (tmp_path / "said").open("w") as said:
        started = subprocess.Popen(torchrun(movie), cwd=notebooks.CHECKOUT, env=environment, stdout=said, stderr=said)
        kept = None
        while started.poll() is None and not (kept := list((tmp_path / "home").rglob("history.csv"))):
            time.sleep(0.05)
        assert kept, (tmp_path / "said").read_text()
        assert len(processes_of(movie)) >= 3  # torchrun and two
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=120) != 0
    assert not processes_of(movie) and not list((tmp_path / "home").rglob("record.json"))
    done = subprocess.run(torchrun(movie), cwd=notebooks.CHECKOUT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1 and done.stdout.startswith("tap-")  # one process says so
    monkeypatch.setattr("tapnb.studies.pretraining.pretrain", lambda *arguments, **more: pytest.fail("trained again"))
    run = in_the_notebook(movie)
    assert run.name == done.stdout.split()[0] and run.record["device"].startswith("2 processes, each cpu")
    assert len(run.results["history"]) == 6 and len(run.record["sittings"]) == 2


def test_alone_it_makes_the_run_and_keeps_one_that_is_there(movie, monkeypatch):
    said = []
    choices = CHOICES | {"tap_pairs": "8", "tap_pairs_per_epoch": "8"}
    shared_training.train("smoke", movie, choices, said.append)
    monkeypatch.setattr("tapnb.studies.pretraining.pretrain", lambda *arguments, **more: pytest.fail("trained again"))
    shared_training.train("smoke", movie, choices, said.append)
    assert len(said) == 2 and said[0] == said[1] and said[0].startswith("tap-") and "processes" not in said[0]


@pytest.mark.parametrize("local_rank, error", [("0", ValueError), ("1", SystemExit)])
def test_a_mistake_is_said_by_the_first_process_of_a_machine(movie, monkeypatch, local_rank, error):
    monkeypatch.setenv("LOCAL_RANK", local_rank)
    with pytest.raises(error, match="2" if error is SystemExit else "which no notebook declares|declares no parameter"):
        shared_training.train("smoke", movie, {"tap_pears": "1"}, print)


def test_processes_that_share_a_training_do_not_compile_it(movie, monkeypatch):
    monkeypatch.setattr(shared_training.distributed, "size", lambda: 2)
    monkeypatch.setattr(shared_training.distributed, "share", lambda batch: slice(0, batch // 2))
    monkeypatch.setenv("TAPNB_COMPILE", "1")
    with pytest.raises(ValueError, match="TAPNB_COMPILE=1 compiles the training of one process, and torchrun"):
        shared_training.train("smoke", movie, {}, print)


def test_processes_that_would_train_different_things_are_refused(monkeypatch):
    monkeypatch.setattr(shared_training.distributed, "from_first", lambda what: ("tap-a-1", "float32"))
    monkeypatch.setattr(shared_training.distributed, "rank", lambda: 3)
    with pytest.raises(ValueError, match="process 3 would train tap-b-2 in float32 and process 0 tap-a-1 in float32: start all"):
        shared_training._check_the_same("tap-b-2", "float32")
    shared_training._check_the_same("tap-a-1", "float32")
