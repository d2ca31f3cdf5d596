"""How time and memory grow with frames, frame size, crop pairs, seeds and threads.

Every point has its own process, and so its own peak of memory. The exponent of a series is the slope of log time over
log size: 1 is linear.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
import torch

from benchmarks import laps
from benchmarks.processes import alone
from benchmarks.rows import OURS
from tapnb import crops, dataset, models
from tapnb.heads import train_heads
from tapnb.movies import read_movie

REPETITIONS = 5
FULL = {"frames": 96, "size": 512}
LONGEST = {"frames": 192, "size": 512}


@dataclass(frozen=True)
class Point:
    """One measurement: laps as in :mod:`benchmarks.laps`; a lap counts as one unit."""

    series: str
    x: int
    laps: Callable[..., Iterator]
    arguments: dict
    tiff: int = 0  # number of frames of LONGEST to write first; ``laps`` gets their folder
    threads: int = 0  # 0: torch's own choice


@dataclass(frozen=True)
class Kind:
    """A quantity against which time and memory are plotted, with its points."""

    title: str
    against: str
    points: list[Point]


def reading(folder: Path, frames: int) -> Iterator:
    """Open a TIFF movie and do all steps before the networks."""
    yield
    while True:
        movie = read_movie(*tiff_files(folder, frames))
        pairs = crops.sample_per_frame_pair(movie.shape, 48, 1000, laps.SEED)
        dataset.label(dataset.labelled_areas(movie.masks, pairs))
        crops.change_weights(movie.frames, movie.levels, 48)
        yield 1


def mapping(movie: dict) -> Iterator:
    """Event maps of all frame pairs."""
    pairs = laps.event_map(movie)
    frames = len(laps.open_movie(movie).frames)
    next(pairs)
    yield
    while True:
        for _ in range(frames - 1):
            next(pairs)
        yield 1


def head_steps(kind: str, seeds: int, batch: int = laps.BATCH) -> Iterator:
    """One step of several heads on the features of one batch."""
    features = torch.randn(batch, 2, models.FEATURES, 48, 48).to(torch.bfloat16)
    labels, heads = laps.random_labels(batch), [laps.HEADS[kind]() for _ in range(seeds)]
    yield
    while True:
        train_heads(heads, features, labels, 1)
        yield 1


def _kinds() -> dict[str, Kind]:
    read = "read, levels, change weights, 1 000 crops a frame pair labelled (512 px)"
    return {
        "frames": Kind("Length of the movie", "frames", [
            *(Point(read, n, reading, {"frames": n}, tiff=n) for n in (24, 48, 96, 192)),
            *(Point("event maps (256 px)", n, mapping, {"movie": {"frames": n, "size": 256}})
              for n in (6, 12, 24, 48))]),
        "frame_size": Kind("Size of the frames", "side of a frame (pixels)", [
            *(Point("event map of one frame pair", side, mapping, {"movie": {"frames": 2, "size": side}})
              for side in (256, 512, 1024)),
            *(Point("dense features of a frame", side, laps.frame, {"side": side}) for side in (256, 512, 1024))]),
        "crop_pairs": Kind("Crop pairs", "crop pairs", [
            *(Point("sampled, labelled, gathered (96 frames of 512 px)", 95 * n, laps.crop_pairs,
                    {"movie": FULL, "per_frame_pair": n}) for n in (125, 250, 500, 1000)),
            *(Point("TAP training, 48 px, batch 16", 16 * steps, laps.step,
                    {"movie": FULL, "batch": 16, "size": 48, "steps": steps}) for steps in (2, 4, 8))]),
        "seeds": Kind("Seeds", "heads trained together", [
            Point(f"{kind} heads, one batch of {laps.BATCH}", n, head_steps, {"kind": kind, "seeds": n})
            for kind in laps.HEADS for n in (1, 2, 5, 10)]),
        "threads": Kind("Threads", "threads", [
            Point(series, n, work, arguments, threads=n) for series, work, arguments in (
                ("TAP step, 16 pairs, 48 px", laps.step, {"movie": FULL, "batch": 16, "size": 48}),
                ("dense features of a frame, 512 px", laps.frame, {"side": 512}),
                (f"step of a ResNet head, batch {laps.BATCH}", head_steps, {"kind": "ResNet", "seeds": 1}))
            for n in (1, 2)]),
    }


KINDS = _kinds()


def measure(kind: Kind, say: Callable[[str], None] = print) -> dict:
    """Measure all points of a kind: its entry in ``results/benchmarks.json``, without the provenance."""
    points = []
    with tempfile.TemporaryDirectory() as temporary:
        _prepare(kind.points, Path(temporary))
        for point in kind.points:
            arguments = point.arguments | ({"folder": Path(temporary)} if point.tiff else {})
            seconds, peak = alone(OURS, timed, point.laps, arguments, point.threads)
            points.append({"x": point.x, "series": point.series, "seconds": seconds, "memory_gb": peak})
            say(f"  {point.series}, {point.x} {kind.against}: {statistics.median(seconds):.3g} s, {peak:.2f} GB")
    return {"title": kind.title, "against": kind.against, "points": points, "exponent": exponents(points),
            "parameters": {"repetitions": REPETITIONS, "series": {p.series: p.arguments for p in kind.points}}}


def timed(work: Callable[..., Iterator], arguments: dict, threads: int = 0) -> list[float]:
    """Seconds of :data:`REPETITIONS` laps."""
    if threads:
        torch.set_num_threads(threads)
    lap, seconds = work(**arguments), []
    next(lap)
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        next(lap)
        seconds.append(time.perf_counter() - start)
    return seconds


def exponents(points: list[dict]) -> dict[str, float]:
    """Slope of log time over log x of every series, by least squares over the medians."""
    slopes = {}
    for series in dict.fromkeys(point["series"] for point in points):
        own = [point for point in points if point["series"] == series]
        x, seconds = [p["x"] for p in own], [statistics.median(p["seconds"]) for p in own]
        slopes[series] = float(np.polyfit(np.log(x), np.log(seconds), 1)[0])
    return slopes


def tiff_files(folder: Path, frames: int) -> tuple[Path, Path]:
    """Paths of a movie of this many frames and of its masks."""
    return folder / f"{frames}.tif", folder / f"{frames}-masks.tif"


def write_tiffs(folder: Path, lengths: list[int], movie: dict = LONGEST) -> None:
    """The first frames of a simulated movie as uncompressed TIFF, once for every length."""
    simulated = laps.open_movie(movie)
    for n in lengths:
        for file, stack in zip(tiff_files(folder, n), (simulated.frames, simulated.masks)):
            tifffile.imwrite(file, stack[:n], photometric="minisblack")


def _simulate(movies: list[dict]) -> None:
    for movie in movies:
        laps.open_movie(movie)


def _prepare(points: list[Point], folder: Path) -> None:
    """Simulate and write the movies of the points, in another process, so that it adds to none of their peaks."""
    movies = [point.arguments["movie"] for point in points if "movie" in point.arguments]
    if movies:
        alone(OURS, _simulate, movies)
    lengths = [point.tiff for point in points if point.tiff]
    if lengths:
        alone(OURS, write_tiffs, folder, lengths)
