"""One process at a time, whatever becomes of it."""

import subprocess
import sys
import threading
import time

from tapnb.system import locks

HOLDS = "import sys, time; from pathlib import Path; from tapnb.system import locks\n" \
        "with locks.alone(Path(sys.argv[1]), 'it'):\n    print('in', flush=True); time.sleep(60)"


def test_who_comes_second_waits_and_is_told_for_what(tmp_path, capsys):
    order, first_is_in = [], threading.Event()

    def first():
        with locks.alone(tmp_path / "run", "run a"):
            first_is_in.set()
            time.sleep(0.5)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait()
    with locks.alone(tmp_path / "run", "run a"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert capsys.readouterr().err == "run a is being made by another process; waiting for it.\n"


def test_a_process_that_is_killed_leaves_no_lock(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "in\n"
    process.kill()
    process.wait()
    started = time.monotonic()
    with locks.alone(tmp_path / "run", "it"):
        assert time.monotonic() - started < 5


def test_other_names_do_not_wait(tmp_path):
    with locks.alone(tmp_path / "a", "a"), locks.alone(tmp_path / "b", "b"):
        pass
