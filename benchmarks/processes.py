"""Measuring in separate processes: each with its own environment and peak of memory, several of them in turn."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

STATUS = Path("/proc/self/status")  # Linux


class MeasurementError(RuntimeError):
    """A measurement failed; the message says which and why."""


def peak_gb() -> float:
    """The most memory (10^9 bytes) that this process has had so far."""
    if STATUS.exists():  # ru_maxrss would include the parent's memory at the start of this process
        return int(STATUS.read_text().split("VmHWM:")[1].split()[0]) * 1024 / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


@dataclass(frozen=True)
class Side:
    """One of the implementations that are measured in turn.

    Attributes
    ----------
    what : str
        One sentence: what is timed.
    laps : callable
        A generator function at the top level of a module. Its code before the first ``yield`` is preparation; then
        every ``next()`` is one timed lap, which yields the number of units done, or (units, seconds) if it measures
        the seconds itself.
    arguments : dict
        Keyword arguments of ``laps``.
    environment : dict
        Environment variables of its process; None removes one.
    memory : callable
        Called in that process after each lap: the peak in GB.
    apart : bool
        Whether every lap has a new process: for a side that keeps too much memory between its laps.
    """

    what: str
    laps: Callable[..., Iterator]
    arguments: dict = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)
    memory: Callable[[], float] = peak_gb
    apart: bool = False


def default_allocator() -> dict[str, str | None]:
    """An environment without settings of the allocator, as a user has it."""
    return {name: None for name in os.environ if name.startswith("MALLOC_")}


@contextmanager
def worker(environment: dict[str, str | None]) -> Iterator[Callable]:
    """A fresh process for a block; yields ``call(function, *arguments, **keywords)``, which runs there.

    glibc reads its settings when a process starts, so the environment is set before.

    Raises
    ------
    MeasurementError
        From ``call``: with the traceback of the function, or if the process ended.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,))  # no daemon: a sweep in it starts processes of its own
    with _changed(environment):
        process.start()
    there.close()

    def call(function: Callable, *arguments, **keywords):
        try:
            here.send((function, arguments, keywords))
            value, error = here.recv()
        except (EOFError, ConnectionError):
            process.join()
            raise MeasurementError(f"the process that measured {function.__name__} was ended (exit code "
                                   f"{process.exitcode}); often there is too little memory") from None
        if error:
            raise MeasurementError(f"{function.__name__} failed:\n{error}")
        return value

    try:
        yield call
    finally:
        here.close()  # an idle worker then ends by itself
        process.join(timeout=2)
        process.kill()
        process.join()


def alone(environment: dict[str, str | None], function: Callable, *arguments, **keywords) -> tuple[object, float]:
    """Run a function in a fresh process; return its value and the process' peak memory in GB."""
    with worker(environment) as call:
        return call(function, *arguments, **keywords), call(peak_gb)


def alternate(sides: dict[str, Side], repetitions: int = 5,
              say: Callable[[str], None] = print) -> dict[str, dict]:
    """Measure several sides in turn: first, second, first, second, ... never two at once.

    Each has its own process, where the first lap is a warm-up.

    Parameters
    ----------
    sides : dict of Side
    repetitions : int
        Timed laps of each side.
    say : callable
        Takes a line of progress.

    Returns
    -------
    dict of dict
        By side: ``what``, ``seconds`` (one per lap and unit), ``memory_gb`` (the peak).
    """
    timings = {name: {"what": side.what, "seconds": [], "memory_gb": 0.0} for name, side in sides.items()}
    with ExitStack() as stack:
        warm = {name: stack.enter_context(_warm(side)) for name, side in sides.items() if not side.apart}
        for lap in range(1, repetitions + 1):
            for name, side in sides.items():
                with nullcontext(warm[name]) if name in warm else _warm(side) as call:
                    seconds, peak = call(_lap), call(side.memory)
                timings[name]["seconds"].append(seconds)
                timings[name]["memory_gb"] = max(timings[name]["memory_gb"], peak)
                say(f"  {lap} of {repetitions}  {name:8}  {seconds:.4g} s a unit")
    return timings


def ratio(timings: dict[str, dict]) -> float:
    """How many times as long "plain" takes as "ours": the ratio of the medians of :func:`alternate`."""
    return statistics.median(timings["plain"]["seconds"]) / statistics.median(timings["ours"]["seconds"])


@contextmanager
def _warm(side: Side) -> Iterator[Callable]:
    """A worker that has prepared a side and done its first lap."""
    with worker(side.environment) as call:
        call(_prepare, side.laps, side.arguments)
        call(_lap)
        yield call


@contextmanager
def _changed(environment: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    _set(environment)
    try:
        yield
    finally:
        _set(before)


def _set(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _serve(connection) -> None:
    """Loop of a worker: receive a function, send back its value or its traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this process
    while True:
        try:
            function, arguments, keywords = connection.recv()
        except EOFError:  # the parent is gone
            return
        try:
            connection.send((function(*arguments, **keywords), None))
        except Exception:
            connection.send((None, traceback.format_exc()))


_laps: Iterator | None = None  # of the side in this worker


def _prepare(laps: Callable[..., Iterator], arguments: dict) -> None:
    global _laps
    _laps = laps(**arguments)
    next(_laps)


def _lap() -> float:
    """Seconds per unit of one lap."""
    start = time.perf_counter()
    lap = next(_laps)
    elapsed = time.perf_counter() - start
    units, seconds = lap if isinstance(lap, tuple) else (lap, elapsed)
    return seconds / units
