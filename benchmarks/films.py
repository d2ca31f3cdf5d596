"""From a movie's file to the report of its events: ``tapnb events`` on three movies, each in a process of its own.

The simulated one and HeLa 01 are searched by published detectors. The third is a 16-bit stack of simulated cells that nothing
published has seen: a detector is trained on its own labels first.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile

from benchmarks.laps import SEED
from benchmarks.processes import MeasurementError, default_allocator, worker
from benchmarks.starts import children_peak_gb
from tapnb.movies import catalogue
from tapnb.movies.built_in import at_hand, hela_folder
from tapnb.movies.synthetic import simulate
from tapnb.system import paths

GOAL_S, GOAL_GB = 300.0, 2.0  # of the simulated movie, with a detector that is there

STEPS = 800  # of a training


@dataclass(frozen=True)
class Film:
    """A movie, and how its events are found.

    Attributes
    ----------
    key, what : str
        A short name, and what the film is in words.
    make : callable
        Writes the movie's files into a folder and returns the arguments of ``tapnb events``; None if it is not at hand.
    goals : bool
        Whether :data:`GOAL_S` and :data:`GOAL_GB` are asked of it.
    """

    key: str
    what: str
    make: Callable[[Path], list[str] | None]
    goals: bool = False


def simulated(folder: Path) -> list[str]:
    """The published simulated movie's second position as a file."""
    _, movie = catalogue.open_both("synthetic")
    return [write(movie.frames, folder), "--model", "synthetic"]


def hela(folder: Path) -> list[str] | None:
    """HeLa 01, where it is at hand."""
    return [str(hela_folder() / "01"), "--model", "hela"] if at_hand("hela") else None


def own_stack(folder: Path, frames: int = 48, size: int = 512, steps: int = STEPS) -> list[str]:
    """Cells of another dish as a camera of 16 bits sees them, dimmer and over an offset, and a table of their events."""
    movie = simulate(SEED + 100, frames, size)
    grey = movie.frames.astype(np.uint16) * 37 + 900
    points = folder / "points.csv"
    of_interest = movie.events["kind"].isin(("division", "death"))
    movie.events[of_interest][["t", "y", "x", "kind"]].to_csv(points, index=False)
    return [write(grey, folder), "--labels", str(points), "--strategy", "A", "--steps", str(steps)]


FILMS = (Film("simulated", "simulated movie, published detector", simulated, goals=True),
         Film("hela", "HeLa 01, published detector of 02", hela),
         Film("stack", f"16-bit stack, trained on its own labels first (A, {STEPS} steps)", own_stack))


def write(frames: np.ndarray, folder: Path) -> str:
    """Write an uncompressed stack, as microscopes do, and return its path."""
    file = folder / "movie.tif"
    tifffile.imwrite(file, frames, photometric="minisblack")
    return str(file)


def measure(films: Sequence[Film] = FILMS, say: Callable[[str], None] = print) -> dict:
    """Find the events of every movie that is at hand: the entry in ``results/benchmarks.json``.

    Raises
    ------
    MeasurementError
        If a search does not come to its end.
    """
    measured = []
    paths.data().mkdir(parents=True, exist_ok=True)  # the system's temporary folder may lie in memory
    for film in films:
        with tempfile.TemporaryDirectory(dir=paths.data()) as folder, worker(default_allocator()) as call:
            arguments = film.make(Path(folder))
            if arguments is None:
                say(f"  {film.what}: the movie is not at hand")
                continue
            seconds, frames, size, found = call(search, arguments, Path(folder) / "found")
            measured.append({"key": film.key, "what": film.what, "frames": frames, "size": size, "seconds": seconds, "events": found,
                             "peak_gb": call(children_peak_gb), "goal_s": GOAL_S if film.goals else None,
                             "goal_gb": GOAL_GB if film.goals else None})
        say(f"  {film.what}: {seconds:.0f} s, {found} events, {measured[-1]['peak_gb']:.2f} GB")
    if not measured:
        raise MeasurementError("no movie is at hand")
    return {"title": "From a movie's file to the report of its events", "films": measured, "seed": SEED, "device": "cpu",
            "parameters": {"steps": STEPS}}


def search(arguments: list[str], out: Path) -> tuple[float, int, list[int], int]:
    """Run the command; return its seconds, the movie's frames and size in pixels, and the number of events that it lists."""
    start = time.perf_counter()
    ended = subprocess.run([sys.executable, "-m", "tapnb", "events", *arguments, "--out", str(out), "--no-open"],
                           capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if ended.returncode:
        raise MeasurementError(f"tapnb events {' '.join(arguments)} failed: {ended.stderr.strip()[-500:]}")
    movie = catalogue.open_whole(arguments[0])
    return seconds, len(movie.frames), list(movie.frames.shape[1:]), len(pd.read_csv(out / "events.csv"))
