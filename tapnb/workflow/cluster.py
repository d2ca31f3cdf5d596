"""Where the runs of a sweep are computed: workers on this machine, or those of a scheduler that runs already."""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tapnb.system import allocator

ENVIRONMENT = allocator.ENVIRONMENT | {
    "OMP_NUM_THREADS": "1",  # runs side by side are faster than one with several threads, and give the same numbers as alone
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",  # bars of several processes would write over each other
}
LOOPBACK = "127.0.0.1"

PATIENCE = 20.0
"""Seconds in which a scheduler has to answer."""


@dataclass(frozen=True)
class Cluster:
    """Which workers: some on this machine, or those of a scheduler.

    Attributes
    ----------
    workers : int
        Processes on this machine; 0: as many as its cores and memory allow.
    scheduler : str
        Address of a Dask scheduler, such as ``tcp://node7:8786``; empty: workers on this machine.
    """

    workers: int = 0
    scheduler: str = ""

    @property
    def shares_disk(self) -> bool:
        """Whether the workers certainly see this machine's folders."""
        return not self.scheduler


def asked(workers: str | None, scheduler: str | None) -> Cluster | None:
    """The cluster that a command names; None if it names none.

    Parameters
    ----------
    workers : str or None
        A number, or "auto".
    scheduler : str or None
        An address.

    Raises
    ------
    ValueError
        If that is no number, or Dask is not installed.
    """
    if workers is None and scheduler is None:
        return None
    if importlib.util.find_spec("distributed") is None:
        raise ValueError("many runs at once need Dask, which is not installed: `pip install .[book,sweep]` brings it")
    if workers is not None and scheduler is not None:
        raise ValueError("--workers starts workers here and --scheduler takes those of a scheduler: give one of them")
    if workers not in (None, "auto") and not (workers.isascii() and workers.isdigit() and int(workers)):
        raise ValueError(f"--workers {workers} is no number of processes: give 1 or more, or auto")
    return Cluster(int(workers) if workers not in (None, "auto") else 0, scheduler or "")


def fitting_workers(memory: int) -> int:
    """As many workers as this machine has cores, and memory for: so many bytes each."""
    import psutil
    from dask.system import CPU_COUNT  # those that this process may use

    return max(1, min(CPU_COUNT, psutil.virtual_memory().available // memory))


@contextmanager
def connected(cluster: Cluster, memory: int) -> Iterator:
    """A Dask client of the cluster; workers that were started here end with the block.

    Parameters
    ----------
    cluster : Cluster
    memory : int
        Bytes that one worker needs, where it is to be reckoned how many fit.

    Raises
    ------
    ConnectionError
        If there is no scheduler under that address.
    """
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said in one sentence, by the sweep
    if cluster.scheduler:
        try:
            client = Client(cluster.scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no scheduler answers at {cluster.scheduler} ({error}): start one with `dask scheduler`, "
                                  "and workers with `dask worker`, or leave --scheduler out") from None
        with client:
            yield client
        return
    with _local(cluster.workers or fitting_workers(memory)) as local, Client(local) as client:
        client.register_worker_callbacks(_leave_interrupts)
        yield client


def _leave_interrupts() -> None:
    """Ctrl-C reaches all processes of a terminal: it is for the first, which then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _local(workers: int) -> Iterator:
    """Processes of one thread each; no port of theirs is open to other machines."""
    import dask
    from distributed import LocalCluster

    before = dict(os.environ)
    settings = {
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    os.environ.update(ENVIRONMENT)  # of which a worker gets a copy, and which Dask's own settings do not go over
    try:
        with dask.config.set(settings), LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, host=LOOPBACK, silence_logs=logging.CRITICAL,
                dashboard_address=f"{LOOPBACK}:0", worker_dashboard_address=f"{LOOPBACK}:0",
                memory_limit=0,  # the system's own: a training may take more than its share for a moment
                # A process that is killed is the sweep's to count: Dask would blame all runs that waited for it.
                scheduler_kwargs={"dashboard": False, "allowed_failures": 0}) as local:
            yield local
    finally:
        for key in os.environ.keys() - before.keys():
            del os.environ[key]
        os.environ.update(before)
