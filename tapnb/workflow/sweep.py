"""Many runs at once: tasks on Dask's scheduler, each tried once more if it fails, none stopped by what becomes of another.

Nothing is scheduled here. What a run is, that it is written once and that it goes on where it was interrupted is the matter
of :mod:`tapnb.store.runs`; which process computes it, that of Dask.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from distributed import Client, Future, KilledWorker, as_completed

from tapnb.movies import Movie, catalogue
from tapnb.movies.built_in import SIMULATED
from tapnb.store import archives, results, runs
from tapnb.system.files import said
from tapnb.workflow import worker
from tapnb.workflow.cluster import Cluster, connected
from tapnb.workflow.tasks import MEMORY, Task
from tapnb.workflow.worker import Outcome, Pixels

ATTEMPTS = 2
"""Times that a run is begun."""

SUBMISSIONS = 6
"""Times that it is handed to Dask, where processes are killed so early that nobody hears of a beginning."""

COMINGS = "all"
"""Under which Dask's scheduler tells of workers that come and go, among much else."""

AGAIN = "run the command again: what is finished is kept, and it goes on with what is missing"


class SweepError(RuntimeError):
    """Runs that were not made; its message names each with what went wrong."""


@dataclass
class Progress:
    """Says what begins and what ends, and how long the rest may take."""

    tasks: dict[str, Task]
    workers: Callable[[], int]
    say: Callable[[str], None]
    begun: Counter[str] = field(default_factory=Counter)
    ended: set[str] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def begins(self, key: str) -> None:
        self.say(f"{'again' if key in self.begun else 'begins'}  {key}")
        self.begun[key] += 1

    def made(self, outcome: Outcome) -> None:
        if outcome.run is None or outcome.before:  # whose seconds say nothing about the others
            self._ends(outcome.key, f"{outcome.run}, made before" if outcome.run else "nothing to be made")
            return
        self.seconds.setdefault(self.tasks[outcome.key].function, []).append(outcome.seconds)
        self._ends(outcome.key, f"{outcome.run}, {duration(outcome.seconds)}")

    def fails(self, key: str, what: str) -> None:
        self._ends(key, f"FAILED, {what}")

    def _ends(self, key: str, what: str) -> None:
        self.ended.add(key)
        self.say(f"[{len(self.ended)} of {len(self.tasks)}] {key}: {what}{self.left()}")

    def left(self) -> str:
        """The time left, by what runs of the same kind have taken; "at least" where there are kinds that have not ended."""
        waiting = [task.function for key, task in self.tasks.items() if key not in self.ended]
        known = [float(np.mean(self.seconds[function])) for function in waiting if function in self.seconds]
        if not known:
            return ""
        rounds = max(sum(known) / self.workers(), max(known))
        return f"; {'about' if len(known) == len(waiting) else 'at least'} {duration(rounds)} left"


def duration(seconds: float) -> str:
    """A time as it is said: "40 s", "12 min", "3 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def sweep(tasks: Sequence[Task], cluster: Cluster, say: Callable[[str], None] | None = None) -> dict[str, str | None]:
    """Make all runs of a list on a cluster; those that are there already are found.

    Parameters
    ----------
    tasks : sequence of Task
        Each after those that it needs. A need that is not among them is a run that a notebook has published.
    cluster : Cluster
    say : callable, optional
        Takes a line of progress; by default it goes to standard error.

    Returns
    -------
    dict
        The name of every task's run; None where there was nothing to be made.

    Raises
    ------
    SweepError
        When all others are finished, if one could not be made in two attempts; at once, if a worker has other code or
        the scheduler is lost.
    """
    memory = max((task.memory for task in tasks), default=MEMORY)  # any worker may get any task
    with connected(cluster, memory) as client:
        return _Sweep(client, cluster, {task.key: task for task in tasks}, say or _to_stderr).run()


class _Sweep:
    """One list of tasks on one client: a task is Dask's as soon as those that it needs are finished."""

    def __init__(self, client: Client, cluster: Cluster, tasks: dict[str, Task], say: Callable[[str], None]) -> None:
        self.client, self.cluster, self.tasks = client, cluster, tasks
        self.name, self.code = uuid.uuid4().hex[:8], worker.code()
        self.progress = Progress(tasks, self._workers, say)
        self.movies = {opened: catalogue.open_both(*opened) for opened in dict.fromkeys(task.movie for task in tasks.values())}
        self.pixels = {opened: Pixels.of(*opened, both) for opened, both in self.movies.items()}
        self.finished = {key: _published(task, key) for task in tasks.values() for key in task.needs if key not in tasks}
        self.sent: dict[str, Future] = {}
        self.submitted: Counter[str] = Counter()
        self.errors: dict[str, str] = {}
        self.deserted = False  # whether it was said that there is no worker

    def run(self) -> dict[str, str | None]:
        plugin = self._let_in_the_same_code_only()
        self.client.subscribe_topic(worker.TOPIC, self._begins)
        if self.cluster.scheduler:  # workers that were started here are replaced by themselves
            self.client.subscribe_topic(COMINGS, self._comes_or_goes)
            self._count(self.client.nthreads())
        try:
            self._work()
        finally:
            if self.client.status == "running":
                self.client.unsubscribe_topic(worker.TOPIC)
                if self.cluster.scheduler:
                    self.client.unsubscribe_topic(COMINGS)
                self.client.unregister_worker_plugin(plugin.name)
        self._raise()
        return {key: self.finished[key].run for key in self.tasks}

    def _let_in_the_same_code_only(self) -> worker.SameCode:
        try:
            self.client.run(worker.check_here, self.code)
        except worker.OtherCode as error:
            raise SweepError(str(error)) from None
        except Exception as error:  # noqa: BLE001  whatever it is that a worker without this module says
            raise SweepError(f"a worker has no tapnb, or one that is too old to be asked ({said(error)}): install there what is "
                             "installed here") from None
        plugin = worker.SameCode(self.code, self.name)
        self.client.register_plugin(plugin)  # for those that come later
        return plugin

    def _work(self) -> None:
        """Submit whatever can begin, and again after every end, until nothing is left."""
        waiting = dict(self.tasks)
        running = as_completed()
        while True:
            for key in [key for key, task in waiting.items() if self.finished.keys() >= set(task.needs)]:
                running.add(self._submit(waiting.pop(key)))
            if not running.count():
                return
            future = next(running)
            task = self.tasks[self._key(future.key)]
            if future.status in ("cancelled", "lost"):  # with everything else that the scheduler knew
                made = len(self.tasks.keys() & self.finished.keys())
                raise SweepError(f"the scheduler {self.cluster.scheduler or 'on this machine'} is lost after {made} of "
                                 f"{len(self.tasks)} runs: start it and its workers again, then {AGAIN}")
            if not self._keep(task, future) and task.key not in self.errors:
                waiting[task.key] = task

    def _submit(self, task: Task) -> Future:
        self.submitted[task.key] += 1
        key = f"{task.key} {self.name}-{self.submitted[task.key]}"  # of this attempt, whatever the scheduler remembers
        movies, rests_on = None, [self.finished[need] for need in task.needs]
        if not self.cluster.shares_disk:
            if not _is_simulated(task.movie[0]):
                movies = self._at_hand(f"movie {' '.join(task.movie)}", lambda: _in_memory(self.movies[task.movie]))
            rests_on = [self._at_hand(f"run {one.run}", functools.partial(_carried, one)) for one in rests_on if one.run]
        return self.client.submit(worker.compute, task, self.code, self.pixels[task.movie], not self.cluster.shares_disk, movies,
                                  *rests_on, key=key, pure=False, priority=-list(self.tasks).index(task.key))

    def _at_hand(self, called: str, pack: Callable[[], object]) -> Future:
        """What any worker gets from the scheduler when it needs it, one that comes later too; sent once, unless it is lost."""
        if called not in self.sent or self.sent[called].status not in ("pending", "finished"):
            key = f"{called} {uuid.uuid4().hex[:8]}"
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Sending large graph")  # it is as large as a movie
                self.sent[called] = self.client.submit(worker.hand_over, pack(), key=key, pure=False)
        return self.sent[called]

    def _keep(self, task: Task, future: Future) -> bool:
        """Take the run that a task has made; whether there is one."""
        try:
            outcome = future.result()
            if outcome.archive is not None:
                archives.unpacked(outcome.run, outcome.archive)
        except Exception as error:  # noqa: BLE001  of one run; the others go on
            if isinstance(error, worker.OtherCode):
                self.progress.say(f"refused  {error}")
            # A process that is killed takes along what has not begun yet, which is no attempt.
            if self.progress.begun[task.key] >= ATTEMPTS or self.submitted[task.key] >= SUBMISSIONS:
                self.errors[task.key] = _sentence(error)
                self.progress.fails(task.key, self.errors[task.key])
            return False
        self.finished[task.key] = replace(outcome, archive=None)
        self.progress.made(outcome)
        return True

    def _raise(self) -> None:
        """One sentence a run that failed; those that rest on it were not tried, and are counted."""
        if self.errors:
            missing = len(self.tasks.keys() - self.finished.keys())
            untried = missing - len(self.errors)
            raise SweepError(f"{missing} of {len(self.tasks)} runs are not made: "
                             + "; ".join(f"{key}: {what}" for key, what in self.errors.items())
                             + (f"; and {untried} that rest on them" if untried else "") + f". Mend it and {AGAIN}.")

    def _workers(self) -> int:
        """How many there are now: a cluster may get more, or be lost."""
        try:
            return max(1, len(self.client.nthreads()))
        except OSError:
            return 1

    async def _comes_or_goes(self, event: tuple[float, dict]) -> None:
        if event[1].get("action") in ("add-worker", "remove-worker"):
            with contextlib.suppress(OSError):  # the scheduler is lost, which is said elsewhere
                self._count(await self.client.scheduler.ncores(workers=None))

    def _count(self, workers: Mapping[str, int]) -> None:
        """Say once that nobody is there: Dask waits in silence, and for ever."""
        if not workers and not self.deserted:
            missing = "left" if self.progress.begun else "there yet"
            self.progress.say(f"no worker is {missing}: start some with `dask worker {self.cluster.scheduler} --nthreads 1`")
        self.deserted = not workers

    def _key(self, key: str) -> str:
        """The task of one of Dask's keys; empty for those of other sweeps."""
        task, _, attempt = key.rpartition(" ")
        return task if attempt.startswith(self.name) else ""

    def _begins(self, event: tuple[float, dict]) -> None:
        if key := self._key(event[1]["task"]):
            self.deserted = False  # a worker may have come before the scheduler told of any
            self.progress.begins(key)


def _published(task: Task, key: str) -> Outcome:
    """The run of a notebook that is not run now, as that notebook has published it, under another profile where the key names one."""
    place, _, role = key.partition(" ")
    profile, _, notebook = place.rpartition("/")
    return Outcome(key, results.published_run(profile or task.parameters["profile"], task.parameters["movie"], notebook, role))


def _carried(outcome: Outcome) -> Outcome:
    """The same with the run itself."""
    return replace(outcome, archive=archives.packed(runs.find(outcome.run)))


def _is_simulated(movie: str) -> bool:
    return movie == "synthetic" or SIMULATED.fullmatch(movie) is not None


def _in_memory(movies: Sequence[Movie]) -> tuple[Movie, ...]:
    """Movies whose frames and masks are no longer files of this machine."""
    return tuple(replace(movie, frames=np.array(movie.frames), masks=None if movie.masks is None else np.array(movie.masks))
                 for movie in movies)


def _sentence(error: Exception) -> str:
    """What went wrong with one run."""
    if isinstance(error, KilledWorker):
        return "its process was ended twice in the middle of it, by hand or short of memory"
    return said(error)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
