"""Which workers a command means, and that those here are closed to other machines."""

import os
import signal

import psutil
import pytest

from tapnb.workflow import cluster
from tapnb.workflow.cluster import Cluster
from tapnb.workflow.tasks import MEMORY

pytest.importorskip("distributed")


@pytest.mark.parametrize(("workers", "scheduler", "wanted"), [
    (None, None, None), ("3", None, Cluster(3)), ("auto", None, Cluster()), (None, "tcp://a:1", Cluster(0, "tcp://a:1")),
])
def test_what_a_command_means(workers, scheduler, wanted):
    assert cluster.asked(workers, scheduler) == wanted


@pytest.mark.parametrize(("workers", "scheduler", "says"), [
    ("0", None, "give 1 or more"), ("-1", None, "give 1 or more"), ("two", None, "give 1 or more"),
    ("2", "tcp://a:1", "one of them"),
])
def test_what_a_command_cannot_mean(workers, scheduler, says):
    with pytest.raises(ValueError, match=says):
        cluster.asked(workers, scheduler)


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install .\[book,sweep\]"):
        cluster.asked("2", None)
    assert cluster.asked(None, None) is None


def test_as_many_workers_as_fit(monkeypatch):
    monkeypatch.setattr("dask.system.CPU_COUNT", 1000)
    for gigabytes, each, most in ((1, 3, 1), (7, 3, 2), (3000, 3, 1000), (64, 15, 4), (64, 8, 8)):
        monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": gigabytes * 2**30}))
        assert cluster.fitting_workers(each * 2**30) == most


def test_a_scheduler_that_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with pytest.raises(ConnectionError, match="no scheduler answers at tcp://127.0.0.1:9"):
        with cluster.connected(Cluster(scheduler="tcp://127.0.0.1:9"), MEMORY):
            pass


@pytest.mark.slow
def test_workers_here_have_one_thread_each_and_listen_to_nobody_else(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    with cluster.connected(Cluster(2), MEMORY) as client:
        assert list(client.nthreads().values()) == [1, 1]
        seen = client.run(os.environ.get, "OMP_NUM_THREADS")
        assert list(seen.values()) == ["1", "1"] and len(seen) == 2
        assert set(client.run(signal.getsignal, signal.SIGINT).values()) == {signal.SIG_IGN}, "Ctrl-C is for the first process"
        me = psutil.Process()
        sockets = [socket for process in (me, *me.children(recursive=True)) for socket in process.net_connections("inet")]
        listening = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}
    assert dict(os.environ) == before
