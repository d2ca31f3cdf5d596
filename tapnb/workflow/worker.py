"""What happens in a worker of a sweep: it makes one run, and says of itself whether its code is the client's."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distributed import Worker, WorkerPlugin, get_worker

from tapnb.movies import Movie, catalogue
from tapnb.store import archives, runs
from tapnb.workflow.tasks import Task

TOPIC = "tapnb runs"
"""Under which a worker tells that it begins."""


class OtherCode(RuntimeError):
    """A worker whose tapnb or PyTorch is not the client's."""


@dataclass(frozen=True)
class Code:
    """What a run is computed by: digits that stand for tapnb's files, and PyTorch's version."""

    tapnb: str
    torch: str

    def __str__(self) -> str:
        return f"tapnb {self.tapnb} with torch {self.torch}"


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    key : str
        The task's.
    run : str or None
        Name of the run; None if there was none to be made.
    archive : bytes, optional
        The run itself, for who does not share the worker's disk.
    seconds : float
        How long it took the worker.
    before : bool
        Whether the run was finished before.
    """

    key: str
    run: str | None
    archive: bytes | None = None
    seconds: float = 0.0
    before: bool = False


@dataclass(frozen=True)
class Pixels:
    """The movies of a task, as a worker has to have them.

    Attributes
    ----------
    name, single_child : str
        See :func:`tapnb.movies.catalogue.open_both`.
    fingerprints : tuple
        Of frames and labels of both movies.
    """

    name: str
    single_child: str
    fingerprints: tuple[str | None, ...]

    @classmethod
    def of(cls, name: str, single_child: str, movies: Sequence[Movie]) -> Pixels:
        """Those of movies that are open."""
        return cls(name, single_child, fingerprints(movies))


def fingerprints(movies: Sequence[Movie]) -> tuple[str | None, ...]:
    """Of frames and labels of every movie."""
    return tuple(digits for movie in movies for digits in (movie.fingerprint, movie.labels_fingerprint))


def code(folder: Path = Path(__file__).parents[1]) -> Code:
    """The code of this process: of every file of the package, since a table can change a number as well."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size} ".encode() + path.read_bytes())
    return Code(digest.hexdigest()[:12], importlib.metadata.version("torch"))


def check(wanted: Code, address: str) -> None:
    """Raise OtherCode unless this process has the code of the client."""
    if (here := code()) != wanted:
        raise OtherCode(f"the worker {address} has {here}, and here is {wanted}: install the same there, and start it again")


def check_here(wanted: Code, dask_worker: Worker) -> None:
    """The same of the worker that a client runs this on."""
    check(wanted, dask_worker.address)


class SameCode(WorkerPlugin):
    """Sends away every worker of other code that comes in the middle of a sweep."""

    def __init__(self, wanted: Code, sweep: str) -> None:
        self.wanted, self.name = wanted, f"tapnb-{sweep}"  # apart from those of other sweeps on the same scheduler

    def setup(self, worker: Worker) -> None:
        """Called by Dask before the worker gets its first task; it would let the worker in even if this fails."""
        try:
            check(self.wanted, worker.address)
        except OtherCode:
            worker.loop.add_callback(worker.close, reason="other code")
            raise


def compute(task: Task, wanted: Code, pixels: Pixels, carry: bool, movies: Sequence[Movie] | None, *rests_on: Outcome) -> Outcome:
    """Make one run, or find it finished.

    Parameters
    ----------
    task : Task
    wanted : Code
        The client's: a worker may get a task before it is sent away.
    pixels : Pixels
        What the movies have to be.
    carry : bool
        Whether client and workers may have disks of their own: then runs travel as archives.
    movies : sequence of Movie, optional
        The movies for training and held out; None: the worker opens them by their name.
    rests_on : Outcome
        Of the tasks that it needs.
    """
    started, begun = time.monotonic(), time.time()
    _admit(wanted)
    earlier = {one.key: runs.find(one.run) if one.archive is None else archives.unpacked(one.run, one.archive)
               for one in rests_on if one.run is not None}
    train, held_out = _checked(pixels, tuple(movies) if movies else _opened(pixels.name, pixels.single_child))
    run = task.make(train, held_out, earlier)
    if run is None:
        return Outcome(task.key, None)
    archive = archives.packed(run) if carry else None
    before = (run.folder / "record.json").stat().st_mtime < begun  # its own time is in whole seconds
    return Outcome(task.key, run.name, archive, time.monotonic() - started, before)


def hand_over(what: object) -> object:
    """What the client has sent along: a worker that dies with it costs nothing, since the scheduler asks for it again."""
    return what


@functools.lru_cache(maxsize=2)
def _opened(name: str, single_child: str) -> tuple[Movie, Movie]:
    """Movies that a worker has open; two, since some notebooks read a lineage otherwise."""
    catalogue.fetch_missing(name)
    return catalogue.open_both(name, single_child)


def _checked(pixels: Pixels, movies: tuple[Movie, Movie]) -> tuple[Movie, Movie]:
    here = fingerprints(movies)
    if here != pixels.fingerprints:
        raise ValueError(f"the movie {pixels.name} is another one on this worker than where the sweep was started ({here}, "
                         f"not {pixels.fingerprints}): it simulates or reads it otherwise; give it the same files and versions")
    return movies


def _admit(wanted: Code) -> None:
    """Refuse a task of other code, else say that it begins; in a process that is no worker, nobody listens."""
    try:
        worker = get_worker()
    except ValueError:
        return check(wanted, "in this process")
    check(wanted, worker.address)
    worker.log_event(TOPIC, {"task": str(worker.get_current_task())})
