"""The runs of the notebooks as tasks: all of them, and no others."""

import importlib
import pickle
from pathlib import Path

import pytest

from tapnb.movies import catalogue
from tapnb.system.files import read_json
from tapnb.workflow import notebook_runs, notebooks, published
from tapnb.workflow.tasks import MEMORY

PROFILES = [path.stem for path in sorted((notebooks.SOURCES / "profiles").glob("*.yaml"))]


def tasks_of(profile, wanted="all", movie="synthetic", mode="execute", given=()):
    job = published.decide(wanted, profile, movie, mode, dict(given), notebooks.SOURCES)
    return notebook_runs.of_notebooks(job.parameters)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_task_is_plain_data_and_comes_after_those_that_it_needs(profile):
    tasks = tasks_of(profile)
    assert tasks[0].key == notebook_runs.TAP and len({task.key for task in tasks}) == len(tasks) > 10
    before = set()
    for task in tasks:
        strategies = {need for need in task.needs if "06_strategies" in need}  # a profile may have some of them only
        assert set(task.needs) - strategies <= before
        before.add(task.key)
        module, _, function = task.function.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
        assert pickle.loads(pickle.dumps(task)) == task


def test_strategies_seeds_and_criteria_are_tasks_of_their_own():
    keys = [task.key for task in tasks_of("paper")]
    assert {f"06_strategies {name}" for name in ("A0", "A1", "B0", "B1", "C0", "C1")} <= set(keys)
    assert "15_evidence C1 to its end, 20" in keys and "15_evidence C1 to its end, 40" in keys
    assert "15_evidence A1 to its end, 20 40 60" in keys  # whose seeds share their features
    assert "14_events detector D, seed 60" in keys
    assert sum(key.startswith("08_criteria A1 ") for key in keys) == 3


def test_one_notebook_has_its_own_runs_only():
    tasks = tasks_of("smoke", "04")
    assert [task.key for task in tasks] == ["04_content_view content"]
    assert tasks[0].needs == (notebook_runs.TAP,)


def test_a_notebook_without_runs_has_no_tasks():
    assert not tasks_of("smoke", "01") and not tasks_of("smoke", "13")


def test_memory_is_reckoned_from_batches_and_training_pairs():
    """Of the profile paper by what its step and its heads take by measurement; the other profiles need no more than any task."""
    paper = {task.key: task.memory / 2**30 for task in tasks_of("paper")}
    assert {key for key, gigabytes in paper.items() if gigabytes == 15} == {
        key for key in paper if key == notebook_runs.TAP or " ablation " in key or " schedule " in key}
    assert paper["06_strategies A0"] == paper["11_differences B0 redraw_norms"] == 8
    assert paper["08_criteria A1 any size, both"] == paper["10_limitations A0i"] == 8
    assert paper["04_content_view content"] == paper["15_evidence C1 to its end, 20"] == paper["14_events detector D, seed 60"] == 3
    assert {task.memory for profile in ("smoke", "cpu") for task in tasks_of(profile)} == {MEMORY}


def test_memory_grows_with_the_crops_and_follows_what_is_published(monkeypatch):
    (tap,) = tasks_of("smoke", "02", given={"tap_batch": "108", "tap_crop_sizes": "[96]", "recipe_pairs": "0"})
    assert tap.memory == 15 * 2**30
    ablations = tasks_of("cpu", "05")
    assert {task.memory for task in ablations} == {MEMORY}
    monkeypatch.setattr(notebook_runs.results, "published_parameters",
                        lambda profile, movie, notebook: {"tap_batch": 216, "tap_crop_sizes": [24, 96]})
    assert max(task.memory for task in tasks_of("cpu", "05")) == 30 * 2**30


@pytest.mark.slow
def test_the_tasks_restore_exactly_what_is_published(hela, tmp_path, monkeypatch):
    """So each asks for the very run that its notebook has made, and none is missing."""
    results = notebooks.CHECKOUT / "results"
    (tmp_path / "results").symlink_to(results)
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    monkeypatch.setenv("TAPNB_HELA", str(hela))
    opened, restored = {}, {}
    for task in tasks_of("cpu", movie="hela", mode="restore"):
        if task.movie not in opened:
            opened[task.movie] = catalogue.open_both(*task.movie)
        run = task.make(*opened[task.movie], {key: restored[key] for key in task.needs if key in restored})
        if run is not None:
            restored[task.key] = run
    names = {name for file in Path(results / "cpu" / "hela").glob("[0-9]*.json") for name in read_json(file)["runs"].values()}
    assert {run.name for run in restored.values()} == names
