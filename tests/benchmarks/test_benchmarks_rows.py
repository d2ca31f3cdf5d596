"""The rows and the growth of the benchmarks: each once, as small as possible."""

import contextlib
import functools
import json
import resource
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import shrinking_discs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # benchmarks is not installed

from benchmarks import (films, growth, laps, large, memory, precision, processes, quality, rows, starts,  # noqa: E402
                        sweeps)
from tapnb import models  # noqa: E402
from tapnb.detect import Detector, DetectorHead  # noqa: E402
from tapnb.event_map import event_maps  # noqa: E402
from tapnb.movies import catalogue  # noqa: E402
from tapnb.movies.stacks import read_stack  # noqa: E402

WIDTHS = (4, 8, 8, 8)
MOVIE = {"frames": 3, "size": 96}
SMALL = {"movie": MOVIE, "widths": WIDTHS}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A separate folder for movies and runs."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    return tmp_path


def test_every_row_of_the_table_is_there():
    starts = ["import", "import_networks", "help"]
    keys = ["step", "augmentation", "crops", "linear_heads", "resnet_heads", "frame", "event_map", "detector", "sweep", *starts]
    all_rows = rows.all_rows()
    assert list(all_rows)[: len(keys)] == keys
    assert set(all_rows) - set(keys) == ({"step_cuda"} if torch.cuda.is_available() else set())
    for key, row in all_rows.items():
        assert row.repetitions >= (3 if key == "sweep" else 5) and "ours" in row.sides, key
        assert ("plain" in row.sides) == (key not in starts)
        assert row.sides["ours"].environment.get("MALLOC_TRIM_THRESHOLD_") or key in starts
        if "plain" in row.sides and key != "sweep":  # one worker and two have the same settings
            assert not any(row.sides["plain"].environment.values())
    assert list(growth.KINDS) == ["frames", "frame_size", "crop_pairs", "seeds", "threads"]


@pytest.mark.parametrize("generator, arguments, units", [
    (laps.plain_step, SMALL | {"batch": 2, "size": 16}, 2),
    (laps.step, SMALL | {"batch": 2, "size": 16, "steps": 2}, 4),
    (laps.plain_augmentation, {"batch": 2, "size": 16}, 2),
    (laps.augmentation, {"batch": 2, "size": 16, "batches": 3}, 6),
    (laps.plain_crops, {"movie": MOVIE, "pairs": 20}, 20),
    (laps.crop_pairs, {"movie": MOVIE, "per_frame_pair": 10, "batch": 8}, 20),
    (laps.plain_heads, {"kind": "linear", "batch": 2, "size": 16, "widths": WIDTHS}, 2),
    (laps.plain_heads, {"kind": "ResNet", "batch": 2, "size": 16, "widths": WIDTHS}, 2),
    (laps.plain_frame, {"side": 32, "widths": WIDTHS}, 1),
    (laps.frame, {"side": 32, "widths": WIDTHS}, 1),
    (laps.plain_event_map, SMALL | {"windows": 7}, 7 / 49),
    (laps.event_map, SMALL, 1),
    (laps.plain_detector, {"movie": MOVIE, "widths": WIDTHS}, 1),
    (laps.detector, {"movie": MOVIE, "widths": WIDTHS}, 1),
    (growth.mapping, {"movie": MOVIE}, 1),
    (starts.start, {"script": "tapnb", "arguments": ["--help"]}, 1),
])
def test_a_lap_of_every_way_does_its_units(generator, arguments, units, home):
    lap = generator(**arguments)
    assert next(lap) is None, "the preparation"
    assert next(lap) == units
    assert next(lap) == units


@pytest.mark.parametrize("units, others", [
    (False, {}), (True, {"step": "float32", "linear_heads": "float32", "resnet_heads": "float32", "frame": "bfloat16"})])
def test_what_multiplies_matrices_is_timed_in_the_other_precision_too_where_there_are_units(units, others, monkeypatch):
    monkeypatch.setattr(rows, "in_bfloat16", lambda: units)
    sides = {key: set(row.sides) - {"plain", "ours", "compiled"} for key, row in rows.all_rows().items()}
    assert {key: names for key, names in sides.items() if names} == {key: {name} for key, name in others.items()}
    for key, name in others.items():
        side = rows.all_rows()[key].sides[name]
        assert side.environment.get("TAPNB_PRECISION") == "float32" or side.arguments["precision"] == name


@pytest.mark.trains
def test_a_sweep_makes_all_its_runs_in_a_home_that_goes(home, monkeypatch):
    ended = []
    monkeypatch.setenv("TAPNB_HOME", str(home))  # put back at the end
    monkeypatch.setattr("tapnb.workflow.sweep.sweep", lambda tasks, cluster, say: ended.append(
        [task.make(*catalogue.open_both(*task.movie), {}).folder for task in tasks]))
    lap = sweeps.laps(1, "synthetic-6x160", ["uniform 24", "change 24"], pairs=32)
    assert next(lap) is None and next(lap) == 2
    assert len({*ended[0]}) == 2 and not any(folder.exists() or folder.is_relative_to(home / "runs") for folder in ended[0])
    assert next(lap) == 2 and len(ended) == 2


@pytest.mark.slow
def test_a_sweep_is_timed_in_a_process_that_may_have_processes_of_its_own(home):
    side = processes.Side("a sweep", sweeps.laps, {"workers": 1, "movie": "synthetic-6x160", "recipes": ["uniform 24"], "pairs": 32})
    timing = processes.alternate({"ours": side}, repetitions=1, say=lambda line: None)["ours"]
    assert 0 < timing["seconds"][0] < 300


def test_a_notebooks_memory_is_that_of_its_kernel(home, tmp_path):
    (tmp_path / "results").mkdir()
    for file in ("benchmarks.json", "cost.json"):
        (tmp_path / "results" / file).write_text("{}", "utf-8")
    measurement = memory.measure(["01_data"], "smoke", "synthetic-6x160", {"crops_per_frame_pair": 60})
    (notebook,) = measurement["notebooks"]
    assert notebook["notebook"] == "01_data" and 0.1 < notebook["peak_gb"] < 4
    assert not list((tmp_path / "data").glob("memory*"))


def test_memory_that_was_interrupted_goes_on_with_the_next_notebook(home, tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    for file in ("benchmarks.json", "cost.json"):
        (tmp_path / "results" / file).write_text("{}", "utf-8")
    called = []

    def call(function, name="", *rest):
        if function is not memory.run:
            return 1.0 + len(called)
        if name == "02_pretraining" and name not in called:
            called.append(name)
            raise KeyboardInterrupt
        called.append(name)

    monkeypatch.setattr(memory, "worker", lambda environment: contextlib.nullcontext(call))
    names = ["01_data", "02_pretraining"]
    with pytest.raises(KeyboardInterrupt):
        memory.measure(names, short={})
    assert [notebook["peak_gb"] for notebook in memory.measure(names, short={})["notebooks"]] == [2.0, 4.0]
    assert called == ["01_data", "02_pretraining", "02_pretraining"]
    called.clear()
    with pytest.raises(KeyboardInterrupt):
        memory.measure(names, short={})
    assert [notebook["peak_gb"] for notebook in memory.measure(["01_data"], short={"seeds": [1]})["notebooks"]] == [4.0]
    assert called[2:] == ["01_data"], "other parameters begin anew"


@pytest.mark.slow
def test_a_film_goes_from_its_file_to_the_report_of_its_events(home, tmp_path):
    dish = films.Film("stack", "a small stack", functools.partial(films.own_stack, frames=12, size=256, steps=4))
    absent = films.Film("hela", "not at hand", lambda folder: None, goals=True)
    lines = []
    (film,) = films.measure([absent, dish], lines.append)["films"]
    assert "not at hand" in lines[0] and film["key"] == "stack" and film["goal_s"] is None
    assert film["frames"] == 12 and film["size"] == [256, 256] and 5 < film["seconds"] < 600 and film["events"] >= 0
    assert 0.2 < film["peak_gb"] < 2 and not list((tmp_path / "data").glob("tmp*"))


def test_heads_share_their_features_time_among_seeds_and_epochs(monkeypatch):
    now = iter([0.0, 30.0, 100.0, 108.0])  # 30 s for features, 8 s for an epoch of all heads
    lap = laps.heads("ResNet", epochs=10, seeds=2, batch=3, size=16, widths=WIDTHS)
    next(lap)
    monkeypatch.setattr(laps.time, "perf_counter", lambda: next(now))
    units, seconds = next(lap)
    assert units == 3 * 2 and seconds == 30 / 10 + 8


def test_all_features_are_held_while_heads_train():
    assert laps.hold_features("linear", pairs=4, seeds=2, size=16, widths=WIDTHS) is None


def test_a_row_is_measured_as_the_book_reads_it():
    arguments = {"side": 16, "widths": WIDTHS}
    row = rows.Row("a frame", "frame", 4.0, {"plain": processes.Side("plain", laps.plain_frame, arguments),
                                             "ours": processes.Side("ours", laps.frame, arguments, rows.OURS)},
                   lambda timings, record: {"a rate": rows.number(1 / rows.median(timings), "frames/s")}, repetitions=2)
    measurement = rows.measure(row, {"rows": {}}, say=lambda line: None)
    assert measurement["ratio"] == pytest.approx(processes.ratio(measurement))
    assert len(measurement["plain"]["seconds"]) == 2 and measurement["also"]["a rate"]["unit"] == "frames/s"
    json.dumps(measurement)


def test_a_row_stands_without_what_is_measured_beside_it():
    def fails(timings, record):
        raise processes.MeasurementError("too little memory")

    lines = []
    side = processes.Side("ours", laps.frame, {"side": 16, "widths": WIDTHS})
    row = rows.Row("a frame", "frame", 4.0, {"ours": side}, fails, repetitions=1, tap="tap-1")
    measurement = rows.measure(row, {"rows": {}}, say=lines.append)
    assert measurement["also"] == {} and len(measurement["ours"]["seconds"]) == 1 and "too little memory" in lines[-1]
    assert measurement["ratio"] is None and measurement["parameters"]["tap"] == "tap-1"


def test_augmentation_is_compared_with_a_training_step_that_was_measured():
    timings = {"ours": {"seconds": [0.001]}}
    assert rows._beside_augmentation(timings, {"rows": {}}) == {}
    step = {"step": {"ours": {"seconds": [0.05, 0.04, 0.06]}}}
    beside = rows._beside_augmentation(timings, {"rows": step})
    assert beside["share of a training step"]["value"] == pytest.approx(0.02)


def test_event_maps_are_compared_on_the_same_windows():
    torch.manual_seed(0)
    features, head = models.DenseFeatures(WIDTHS).eval(), models.ResNetHead(16).eval()
    movie = shrinking_discs(1)
    answers = quality.both_ways(features, head, movie, frame_pairs=2, windows=1000)
    cells = ((64 - 16) // laps.STRIDE + 1) ** 2
    assert all(len(part) == 2 * cells for part in answers.values()) and 0 < answers["labels"].sum() < 2 * cells
    first = next(iter(event_maps(features, head, movie, laps.STRIDE)))
    np.testing.assert_array_equal(answers["ours"][:cells], first.ravel())
    assert np.abs(answers["ours"] - answers["plain"]).mean() > 0, "features of a crop are no crop of features"


def test_a_detector_finds_the_events_of_a_whole_movie(home):
    assert laps.events_of_whole_movie(MOVIE, WIDTHS)["frame_pairs"] == MOVIE["frames"] - 1


def test_the_head_of_the_comparison_is_trained_on_balanced_pairs():
    features, movie = models.DenseFeatures(WIDTHS).eval(), shrinking_discs(1, side=160)
    first, again = (quality.train_head(features, movie, 20, 1) for _ in range(2))
    assert not first.training and all(map(torch.equal, first.state_dict().values(), again.state_dict().values()))
    untouched = laps.untrained(models.ResNetHead)
    assert not torch.equal(first.linear.weight, untouched.linear.weight)


# Growth, the large movie, precision


def test_the_exponent_is_that_of_a_power():
    points = [{"series": "square", "x": x, "seconds": [9.0, 2 * x**2, 0.0]} for x in (1, 2)]
    points += [{"series": "inverse", "x": x, "seconds": [3 / x]} for x in (1, 2)]
    assert growth.exponents(points) == pytest.approx({"square": 2.0, "inverse": -1.0})


@pytest.mark.slow
def test_growth_is_measured_point_by_point(home):
    kind = growth.Kind("Length", "frames", [
        growth.Point("event maps", n, growth.mapping, {"movie": {"frames": n, "size": 96}}) for n in (2, 3)])
    measurement = growth.measure(kind, say=lambda line: None)
    measured = [(p["series"], p["x"], len(p["seconds"])) for p in measurement["points"]]
    assert measured == [("event maps", 2, 5), ("event maps", 3, 5)]  # five repetitions, whose medians are shown
    assert all(p["memory_gb"] > 0.05 for p in measurement["points"]) and set(measurement["exponent"]) == {"event maps"}
    json.dumps(measurement)


def test_movies_to_be_read_are_written_with_their_masks(home):
    growth.write_tiffs(home, [2, 3], MOVIE)
    frames, masks = map(read_stack, growth.tiff_files(home, 2))
    np.testing.assert_array_equal(frames, laps.open_movie(MOVIE).frames[:2])
    np.testing.assert_array_equal(masks, laps.open_movie(MOVIE).masks[:2])


@pytest.mark.slow
def test_a_movie_is_worked_on_under_a_limit(home):
    if not processes.STATUS.exists():
        pytest.skip("no /proc")
    lines, detector = [], home / "detector.safetensors"
    with pytest.raises(processes.MeasurementError, match="there is no detector at"):
        large.measure(frames=3, side=128)
    Detector(("division",), models.DenseFeatures(WIDTHS), DetectorHead()).save(detector)
    measurement = large.measure(frames=3, side=128, limit=2 * 10**9, tile=64, widths=WIDTHS, detector=detector, say=lines.append)
    assert measurement["movie_gb"] == pytest.approx(3 * 128 * 128 * 2 / 1e9)
    assert 0.02 < measurement["peak_gb"] < measurement["limit_gb"] == 2.0
    assert [step["what"].split()[0] for step in measurement["steps"]] == ["open", "levels", "1000", "1000", "event", "2"]
    search = measurement["steps"][-1]
    assert search["what"] == "2 frame pairs searched by a detector, without the limit" and 0.02 < search["peak_gb"] < 2
    assert lines[5] == f"  {search['what']}: {search['seconds']:.3g} s, {search['peak_gb']:.2f} GB"
    assert not list((home / "data").iterdir()), "the movie is deleted"
    with processes.worker({}) as call:
        call(resource.setrlimit, resource.RLIMIT_DATA, (10**9, 10**9))
        with pytest.raises(processes.MeasurementError, match="Unable to allocate"):
            call(np.ones, 2 * 10**8)  # 1.6 GB


def test_precisions_are_trained_alike_and_kept(home, monkeypatch):
    training = precision.TRAINING | {"pairs": 8, "pairs_per_epoch": 4, "batch": 2, "validation_pairs": 2}
    monkeypatch.setattr(precision, "TEST_PAIRS", 2)
    monkeypatch.setattr(precision, "alone", lambda environment, function, *arguments: (function(*arguments), 0.0))
    measurement = precision.measure((1,), MOVIE, training)
    trained = [(run["precision"], run["seed"], len(run["history"])) for run in measurement["runs"]]
    assert trained == [("float32", 1, 2), ("bfloat16", 1, 2)]
    losses = [run["history"][0]["train_loss"] for run in measurement["runs"]]
    assert losses[0] != losses[1] and losses[0] == pytest.approx(losses[1], abs=0.05), "the same pairs, other rounding"
    assert precision.measure((1,), MOVIE, training) == measurement
