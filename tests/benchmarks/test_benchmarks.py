"""The benchmarks: sides are measured in turn, and the record keeps the parts of one machine."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # benchmarks is not installed; its processes get this path as well

from benchmarks import __main__, machine, processes, record  # noqa: E402


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A separate folder for movies, runs and results."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    return tmp_path


# Measuring


def logging_laps(log, name, seconds, variable):
    """Laps that write a line to ``log``; lap n takes n times ``seconds``."""
    with open(log, "a") as file:
        file.write(f"{name} starts {os.environ.get(variable)}\n")
    yield
    lap = 0
    while True:
        with open(log, "a") as file:
            file.write(f"{name}\n")
        yield 2, seconds * lap
        lap += 1


def test_two_sides_are_measured_in_turn_each_in_its_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "3")
    log, name = str(tmp_path / "log"), "MALLOC_ARENA_MAX"
    environments = {"plain": processes.default_allocator(), "ours": {name: "5"}}
    sides = {side: processes.Side(f"the {side} way", logging_laps, {"log": log, "name": side, "seconds": seconds,
                                                                    "variable": name}, environments[side])
             for side, seconds in (("plain", 12.0), ("ours", 4.0))}
    timings = processes.alternate(sides, 3, say=lambda line: None)
    lines = Path(log).read_text().splitlines()
    assert lines[:4] == ["plain starts None", "plain", "ours starts 5", "ours"], "a warm-up of each"
    assert lines[4:] == ["plain", "ours"] * 3
    assert timings["plain"]["seconds"] == [6.0, 12.0, 18.0], "seconds a unit, without the warm-up"
    assert processes.ratio(timings) == 3.0
    assert timings["ours"]["what"] == "the ours way" and timings["ours"]["memory_gb"] > 0.005
    assert os.environ[name] == "3", "the environment is as it was"

    timings = processes.alternate({"ours": dataclasses.replace(sides["ours"], apart=True)}, 2, say=lambda line: None)
    assert timings["ours"]["seconds"] == [2.0, 2.0], "every lap is the second one of a new process"


def test_a_failure_in_a_process_says_what_and_where():
    with pytest.raises(processes.MeasurementError, match=r"divmod failed:[\s\S]*by zero"):
        processes.alone({}, divmod, 1, 0)
    with pytest.raises(processes.MeasurementError, match=r"_exit was ended \(exit code 3\)"):
        processes.alone({}, os._exit, 3)


def test_memory_is_that_of_the_process_and_not_of_its_parent():
    here = np.ones(60_000_000)  # 0.48 GB
    length, peak = processes.alone({}, len, "four")
    assert length == 4 and peak < 0.3 < here.nbytes / 1e9


def test_operations_are_counted_forward_and_backward():
    convolution = torch.nn.Conv2d(2, 3, 3, padding=1, bias=False)
    operations = machine.flop_per_pair(convolution, lambda model, pairs, flip: model(pairs).sum(), 8)
    forward = 2 * 8 * 8 * 3 * 2 * 9
    assert operations == 2 * forward, "forward, and the gradient of the weights; the images want none"


def test_instruction_sets_are_read_from_the_processors_flags():
    text = "processor : 0\nflags\t\t: fpu avx2 avx512f amx_tile avx512_bf16\n"
    assert machine.cpu_flags(text) == ["AVX2", "AVX-512", "AVX512_BF16", "AMX"]
    assert machine.cpu_flags("nothing") == []


def test_a_peak_is_the_best_that_was_ever_seen():
    rates = {"float32": 300.0, "bfloat16": None}
    assert machine.higher({}, rates) == rates
    assert machine.higher({"float32": 350.0, "bfloat16": None}, rates) == {"float32": 350.0, "bfloat16": None}
    assert machine.higher({"float32": 200.0}, {"float32": 300.0, "bfloat16": 9.0}) == {"float32": 300.0, "bfloat16": 9.0}


def test_a_peak_is_a_rate_of_this_machine():
    rates = machine.peak_gflops(side=256, channels=32, repetitions=2)
    assert set(rates) == {"float32", "bfloat16"} and 0.1 < rates["float32"] < 1e5


# The record


def described(**changes):
    return {"processor": "one", "instruction_sets": ["AVX2"], "cores": 2, "threads": 2, "memory_gb": 16.0, "gpu": None, "versions": {"torch": "2.13.0"}} | changes


def test_the_record_keeps_rows_of_this_machine_and_drops_those_of_another(tmp_path, capsys):
    file = tmp_path / "benchmarks.json"
    first = record.kept(file, described())
    first["machine"]["peak_gflops"] = {"float32": 1.0, "bfloat16": None}
    record.put(file, first, "rows", "step", lambda: {"ratio": 2.0})
    record.put(file, first, "large", "large", lambda: {"peak_gb": 1.0})
    written = json.loads(file.read_text())
    assert set(written) == {"machine", "rows", "growth", "large"}
    assert {"ratio", "commit", "dirty", "made", "took_s"} == set(written["rows"]["step"])

    second = record.kept(file, described(memory_gb=16.1))
    assert second["machine"]["peak_gflops"] == {"float32": 1.0, "bfloat16": None}
    record.put(file, second, "rows", "frame", lambda: {"ratio": 3.0})
    assert set(json.loads(file.read_text())["rows"]) == {"step", "frame"}
    assert record.has(second, "rows", "frame") and record.has(second, "large", "large")
    assert not record.has(second, "rows", "crops") and not record.has(second, "precision", "precision")

    for other in ({"processor": "two"}, {"instruction_sets": ["AVX2", "AVX512_BF16"]}, {"cores": 4}, {"threads": 1},
                  {"memory_gb": 32.0}, {"versions": {"torch": "2.14.0"}}):
        assert record.kept(file, described(**other)) == {"machine": described(**other), "rows": {}, "growth": {}}
    assert "another machine (one, AVX2, threads: 2)" in capsys.readouterr().out


def test_an_unknown_name_is_refused_in_one_sentence(home, capsys):
    assert __main__.main(["fram"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "nothing named 'fram'" in message and "did you mean 'frame'" in message
    assert __main__.main(["import", "--tap", str(home)]) == 2
    assert "no weights.safetensors" in capsys.readouterr().err
    assert not (home / "results").exists()


def test_names_stand_for_one_part_or_for_several():
    parts = {"step": ("rows", None), "frames": ("growth", None), "seeds": ("growth", None), "large": ("large", None)}
    assert __main__.pick([], parts) == list(parts)
    assert __main__.pick(["growth", "step", "frames"], parts) == ["frames", "seeds", "step"]
    assert __main__.pick(["large"], parts) == ["large"]


def test_what_was_measured_is_written_and_what_failed_is_named(home, monkeypatch, capsys):
    def fails(measurements):
        raise processes.MeasurementError("too little memory")

    parts = {"import": ("rows", lambda measurements: {"ratio": 2.5, "goal": 2.0}), "frame": ("rows", fails),
             "frames": ("growth", lambda measurements: {"points": []}), "films": ("films", lambda measurements: {"films": []})}
    monkeypatch.setattr(__main__, "all_parts", lambda tap: parts)
    monkeypatch.setattr(machine, "peak_gflops", lambda: {"float32": 1.0, "bfloat16": None})
    assert __main__.main([]) == 1
    printed = capsys.readouterr()
    assert "2.5 times as fast (goal 2)" in printed.out and "not measured: frame" in printed.out
    assert "too little memory" in printed.err
    written = json.loads((home / "results" / "benchmarks.json").read_text())
    assert set(written["rows"]) == {"import"} and set(written["growth"]) == {"frames"}
    again = []
    parts |= {"import": ("rows", again.append), "frame": ("rows", lambda measurements: {})}
    assert __main__.main(["--missing"]) == 0 and not again


def test_ctrl_c_keeps_what_was_measured(home, monkeypatch, capsys):
    def stop(measurements):
        raise KeyboardInterrupt

    parts = {"import": ("rows", lambda measurements: {}), "help": ("rows", stop)}
    monkeypatch.setattr(__main__, "all_parts", lambda tap: parts)
    monkeypatch.setattr(machine, "peak_gflops", lambda: {"float32": 1.0, "bfloat16": None})
    assert __main__.main([]) == 130 and "stopped" in capsys.readouterr().err
    assert set(json.loads((home / "results" / "benchmarks.json").read_text())["rows"]) == {"import"}


@pytest.mark.slow
def test_the_command_runs_from_the_root_and_names_no_folder_of_this_machine(home):
    command = [sys.executable, "-m", "benchmarks", "import"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    text = (home / "results" / "benchmarks.json").read_text()
    row = json.loads(text)["rows"]["import"]
    assert len(row["ours"]["seconds"]) == 7 and 0 < min(row["ours"]["seconds"]) and row["goal"] == 1.0
    assert row["plain"] is None and row["ratio"] is None
    assert sys.prefix not in text and str(ROOT) not in text
