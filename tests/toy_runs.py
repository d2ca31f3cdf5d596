"""Runs that take no training, as tasks: steps with a checkpoint, and every way to go wrong. Workers import this module."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import tifffile

from tapnb.store import kinds, runs
from tapnb.system import paths
from tapnb.system.files import replacing
from tapnb.workflow.tasks import Task
from toys import shrinking_discs

STEPS = 4


def own_movie(folder: Path) -> str:
    """A tiny movie of one's own, as a path."""
    path = folder / "movie.tif"
    frames = np.concatenate([shrinking_discs(seed, frames=6, side=96).frames for seed in range(4)], axis=2)
    tifffile.imwrite(path, frames, photometric="minisblack")  # wide enough for a part to learn from and one held out
    return str(path)


def task(movie: str, name: str, needs=(), **arguments) -> Task:
    return Task(f"toy {name}", "toy_runs:stepped", {"profile": "toy", "movie": movie, "mode": "execute"},
                {"name": name} | arguments, tuple(f"toy {need}" for need in needs))


def trace() -> list[str]:
    """What has been computed, in the order of time: one line a step, of all processes."""
    path = paths.home() / "trace.txt"
    return path.read_text().split("\n")[:-1] if path.exists() else []


def tell(line: str) -> None:
    paths.home().mkdir(parents=True, exist_ok=True)
    with (paths.home() / "trace.txt").open("a") as file:
        file.write(f"{line}\n")


def stepped(m, name: str, seconds: float = 0.0, die_at: int = -1, always: bool = False, fail: int = 0, size: int = 1000):
    """Some steps from a checkpoint on; ``die_at`` ends the process there, once or always; the first ``fail`` attempts raise."""
    def make(folder: Path) -> dict:
        checkpoint = folder / ".steps.npy"
        state = list(np.load(checkpoint)) if checkpoint.exists() else []
        for step in range(len(state), STEPS):
            if step == die_at and (always or once(name)):
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(seconds / STEPS)
            state.append(float(m.train.frames[step].mean()) + sum(run.results["sum"] for run in m.runs.values()))
            tell(f"{name} {step}")
            with replacing(checkpoint) as temporary, temporary.open("wb") as file:
                np.save(file, state)
        with replacing(folder / "steps.npz") as temporary, temporary.open("wb") as file:
            np.savez(file, steps=np.resize(state, size))
        checkpoint.unlink()
        return {"sum": float(np.sum(state))}

    if fail and any(once(f"{name} {attempt}") for attempt in range(fail)):
        raise RuntimeError(f"{name} does not\nfeel like it")
    return runs.run(kinds.TAP, {"train": m.train}, {"name": name}, 1, make, mode=m["mode"], command="toy")


def once(what: str) -> bool:
    """Whether this is the first time, in any process."""
    place = paths.home() / "once" / what
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        place.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
