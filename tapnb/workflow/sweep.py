"""Many runs at once: tasks on Dask's scheduler, each tried once more if it fails, none stopped by what becomes of another.

Nothing is scheduled here. What a run is, that it is written once and that it goes on where it was interrupted is the matter
of :mod:`tapnb.store.runs`; which process computes it, that of Dask.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from distributed import Client, Future, KilledWorker, as_completed

from tapnb.movies import Movie, catalogue
from tapnb.movies.built_in import SIMULATED
from tapnb.store import archives, results
from tapnb.system.files import said
from tapnb.workflow import worker
from tapnb.workflow.cluster import Cluster, connected
from tapnb.workflow.tasks import Task
from tapnb.workflow.worker import Outcome, Pixels

AGAIN = "run the command again: what is finished is kept, and it goes on with what is missing"


class SweepError(RuntimeError):
    """Runs that were not made; its message names each with what went wrong."""


@dataclass
class Progress:
    """Says what begins and what ends, and how long the rest may take."""

    tasks: dict[str, Task]
    workers: Callable[[], int]
    say: Callable[[str], None]
    begun: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def begins(self, key: str) -> None:
        self.say(f"{'again' if key in self.begun else 'begins'}  {key}")
        self.begun.add(key)

    def made(self, outcome: Outcome) -> None:
        if outcome.run is None or outcome.before:  # whose seconds say nothing about the others
            self.ends(outcome.key, f"{outcome.run}, made before" if outcome.run else "nothing to be made")
            return
        self.seconds.setdefault(self.tasks[outcome.key].function, []).append(outcome.seconds)
        self.ends(outcome.key, f"{outcome.run}, {duration(outcome.seconds)}")

    def ends(self, key: str, what: str) -> None:
        self.ended.add(key)
        self.say(f"[{len(self.ended)} of {len(self.tasks)}] {key}: {what}{self.left()}")

    def left(self) -> str:
        """The time left, by what runs of the same kind have taken; "at least" where there are kinds that have not ended."""
        waiting = [task.function for key, task in self.tasks.items() if key not in self.ended]
        known = [float(np.mean(self.seconds[function])) for function in waiting if function in self.seconds]
        if not known:
            return ""
        rounds = max(sum(known) / max(1, self.workers()), max(known))
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
    tasks = {task.key: task for task in tasks}
    movies = {opened: catalogue.open_both(*opened) for opened in dict.fromkeys(task.movie for task in tasks.values())}
    published = {key: _published(task, key) for task in tasks.values() for key in task.needs if key not in tasks}
    with connected(cluster) as client:
        return _Sweep(client, cluster, tasks, say or _to_stderr).run(movies, published)


class _Sweep:
    """One list of tasks on one client."""

    def __init__(self, client: Client, cluster: Cluster, tasks: dict[str, Task], say: Callable[[str], None]) -> None:
        self.client, self.cluster, self.tasks, self.say = client, cluster, tasks, say
        self.name = uuid.uuid4().hex[:8]
        self.keys = {f"{key} {self.name}": key for key in tasks}  # of this sweep alone, whatever the scheduler remembers

    def run(self, movies: dict, published: dict[str, Outcome]) -> dict[str, str | None]:
        plugin = self._let_in_the_same_code_only()
        progress = Progress(self.tasks, lambda: len(self.client.nthreads()), self.say)  # of which a cluster may get more
        self.client.subscribe_topic(worker.TOPIC, lambda event: self._begins(progress, event))
        try:
            return self._results(self._submitted(movies, published), progress)
        finally:
            if self.client.status == "running":
                self.client.unsubscribe_topic(worker.TOPIC)
                self.client.unregister_worker_plugin(plugin.name)

    def _let_in_the_same_code_only(self) -> worker.SameCode:
        plugin = worker.SameCode(worker.code(), self.name)
        try:
            self.client.register_plugin(plugin)
        except worker.OtherCode as error:
            raise SweepError(str(error)) from None
        except Exception as error:  # noqa: BLE001  whatever it is that a worker without this module says
            raise SweepError(f"a worker has no tapnb, or one that is too old to be asked ({said(error)}): install there what is "
                             "installed here") from None
        return plugin

    def _submitted(self, movies: dict, published: dict[str, Outcome]) -> dict[str, Future]:
        """Every task as Dask's future; the order of the list is that of their priorities."""
        carry, futures, arrays = not self.cluster.shares_disk, {}, {}
        for opened, both in movies.items():
            travels = carry and not (opened[0] == "synthetic" or SIMULATED.fullmatch(opened[0]))
            arrays[opened] = self.client.scatter(_in_memory(both), hash=False) if travels else None
        pixels = {opened: Pixels.of(*opened, both) for opened, both in movies.items()}
        for place, (key, task) in enumerate(self.tasks.items()):
            rests_on = [futures[need] if need in futures else published[need] for need in task.needs]
            if carry:
                rests_on = [_carried(one) if isinstance(one, Outcome) else one for one in rests_on]
            futures[key] = self.client.submit(worker.compute, task, pixels[task.movie], carry, arrays[task.movie], *rests_on,
                                              key=f"{key} {self.name}", pure=False, retries=1, priority=-place)
        return futures

    def _results(self, futures: dict[str, Future], progress: Progress) -> dict[str, str | None]:
        names: dict[str, str | None] = {}
        errors: dict[str, str] = {}
        for future in as_completed(list(futures.values())):
            key = self.keys[future.key]
            if future.status in ("cancelled", "lost"):
                raise SweepError(f"the scheduler {self.cluster.scheduler or 'on this machine'} is lost after {len(names)} of "
                                 f"{len(self.tasks)} runs: start it and its workers again, then {AGAIN}")
            try:
                outcome = future.result()
                if outcome.archive is not None:
                    archives.unpacked(outcome.run, outcome.archive)
            except Exception as error:  # noqa: BLE001  of one run; the others go on
                errors[key] = _sentence(error)
                progress.ends(key, f"FAILED, {errors[key]}")
            else:
                names[key] = outcome.run
                progress.made(outcome)
        self._raise(errors)
        return {key: names[key] for key in self.tasks}

    def _raise(self, errors: dict[str, str]) -> None:
        """One sentence a run that failed by itself; those that rest on it are counted."""
        if not errors:
            return
        own = {key: what for key, what in errors.items() if not errors.keys() & set(self.tasks[key].needs)}
        rest = len(errors) - len(own)
        raise SweepError(f"{len(errors)} of {len(self.tasks)} runs are not made: "
                         + "; ".join(f"{key}: {what}" for key, what in own.items())
                         + (f"; and {rest} that rest on them" if rest else "") + f". Mend it and {AGAIN}.")

    def _begins(self, progress: Progress, event: tuple[float, dict]) -> None:
        _, message = event
        if (key := self.keys.get(message.get("task"))) is not None:
            progress.begins(key)


def _published(task: Task, key: str) -> Outcome:
    """The run of a notebook that is not run now, as that notebook has published it."""
    notebook, _, role = key.partition(" ")
    return Outcome(key, results.published_run(task.parameters["profile"], task.parameters["movie"], notebook, role))


def _carried(outcome: Outcome) -> Outcome:
    from tapnb.store import runs

    return replace(outcome, archive=archives.packed(runs.find(outcome.run)))


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
