"""A movie larger than memory: 4 GB, opened, sampled and mapped by a process with a limit of 2 GB.

The kernel limits private writable memory (``RLIMIT_DATA``). Pages of the mapped movie do not count, since the system
can take them back at any time; every array that the process allocates does. A detector takes frames whole, and two of this size
need more than the limit: it searches in a process of its own, without one, and says what it took.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
import torch

from benchmarks.laps import SEED
from benchmarks.processes import STATUS, MeasurementError, default_allocator, peak_gb, worker
from tapnb import models
from tapnb.arrow import PairSource
from tapnb.detect import Detector
from tapnb.event_map import event_maps
from tapnb.movies import read_movie
from tapnb.studies import events
from tapnb.system import paths

FRAMES, SIDE = 512, 2048  # 16 bit: 4.3 GB
LIMIT = 2 * 10**9  # bytes
TILE = 512  # pixels
CROPS = 1000
SEARCHED = 2  # frame pairs


def measure(frames: int = FRAMES, side: int = SIDE, limit: int = LIMIT, tile: int = TILE,
            widths: tuple[int, ...] = (32, 64, 128, 256), detector: Path | None = None,
            say: Callable[[str], None] = print) -> dict:
    """Write the movie into a temporary folder, work on it under the limit, search it without, and delete it.

    The detector is by default the published one of HeLa.

    Raises
    ------
    MeasurementError
        On a system without ``/proc``, without the room on the disk, or without the detector.
    """
    size, detector = frames * side * side * 2, detector or events.published_folder("hela") / events.WEIGHTS
    paths.data().mkdir(parents=True, exist_ok=True)  # the system's temporary folder may lie in memory
    if not STATUS.exists():
        raise MeasurementError("a limit on memory needs Linux")
    if shutil.disk_usage(paths.data()).free < 1.1 * size:
        raise MeasurementError(f"the large movie needs {1.1 * size / 1e9:.1f} GB of room in {paths.data()}")
    if not detector.is_file():  # said before minutes are measured
        raise MeasurementError(f"there is no detector at {detector}: measure in a checkout with its results")
    with tempfile.TemporaryDirectory(dir=paths.data()) as folder:
        file = Path(folder) / "large.tif"
        write_movie(file, frames, side)
        with worker(default_allocator()) as call:  # the fast settings keep freed memory
            call(resource.setrlimit, resource.RLIMIT_DATA, (limit, limit))
            steps, peak = call(work, file, tile, widths)
            mapped_too = call(peak_gb)
        with worker(default_allocator()) as call:
            steps.append(call(search, file, detector))
    for step in steps:
        say(f"  {step['what']}: {step['seconds']:.3g} s" + (f", {step['peak_gb']:.2f} GB" if "peak_gb" in step else ""))
    say(f"  at most {peak:.2f} GB of its own; {mapped_too:.2f} GB with what was mapped")
    return {"title": "A movie larger than memory", "movie_gb": size / 1e9, "limit_gb": limit / 1e9, "steps": steps,
            "peak_gb": peak, "peak_with_mapped_gb": mapped_too, "seed": SEED,
            "parameters": {"frames": frames, "side": side, "dtype": "uint16", "tile": tile, "crops": CROPS,
                           "searched": SEARCHED}}


def write_movie(file: Path, frames: int, side: int) -> None:
    """Write a smooth drifting picture with noise, page by page as uncompressed BigTIFF."""
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(2000, 30000, (side // 16, side // 16), dtype=np.uint16)
    picture = np.kron(coarse, np.ones((16, 16), np.uint16))
    with tifffile.TiffWriter(file, bigtiff=True) as tiff:
        for t in range(frames):
            noise = rng.integers(0, 500, (side, side), dtype=np.uint16)
            tiff.write(np.roll(picture, t, axis=1) + noise, photometric="minisblack", contiguous=True)


def work(file: Path, tile: int, widths: tuple[int, ...]) -> tuple[list[dict], float]:
    """Seconds of each step that a user takes with a movie, and the peak of the process' own memory in GB."""
    steps: list[dict] = []

    def step(what: str, function: Callable[[], object]) -> object:
        start = time.perf_counter()
        result = function()
        steps.append({"what": what, "seconds": time.perf_counter() - start})
        return result

    rng, on = np.random.default_rng(SEED), torch.device("cpu")
    features, head = models.DenseFeatures(widths).eval(), models.ResNetHead().eval()
    with Watch() as watch:
        movie = step("open", lambda: read_movie(file))
        step("levels of all frames", lambda: movie.levels)
        sources = {"uniformly": PairSource(movie, "uniform", on), "by change": PairSource(movie, "change", on)}
        for how, source in sources.items():
            weighing = "" if how == "uniformly" else ", change weights of all frames included"
            step(f"{CROPS} crop pairs drawn {how} and gathered{weighing}",
                 lambda: source.gather(source.sample(48, CROPS, rng)))
        step("event maps of two frame pairs",
             lambda: list(event_maps(features, head, movie, stride=8, tile=tile, frame_pairs=range(2))))
    return steps, watch.peak / 1e9


def search(file: Path, detector: Path) -> dict:
    """Seconds of a detector's search, frame by frame as ``tapnb events`` does it, and the peak of its process' own memory in GB."""
    loaded, movie = Detector.load(detector), read_movie(file)
    _ = movie.levels  # of all frames: timed under the limit
    start = time.perf_counter()
    with Watch() as watch:
        loaded.find(movie, range(SEARCHED), progress=False)
    return {"what": f"{SEARCHED} frame pairs searched by a detector, without the limit", "seconds": time.perf_counter() - start,
            "peak_gb": watch.peak / 1e9}


class Watch:
    """Largest anonymous memory of this process during a block, in bytes, read 50 times a second."""

    def __init__(self):
        self.peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, int(STATUS.read_text().split("RssAnon:")[1].split()[0]) * 1024)
            if self._over.wait(0.02):
                return
