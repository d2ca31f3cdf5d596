"""Run records: names, round trip, executing, resuming, restoring."""

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from tapnb import weights
from tapnb.movies import Movie
from tapnb.store import kinds, provenance, runs
from tapnb.system import device, paths
from tapnb.system.files import write_json


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))


@pytest.fixture
def movie():
    return Movie(np.random.default_rng(0).integers(0, 9, (3, 20, 20)).astype(np.uint8), name="My Movie")


class Make:
    """Counts how often it was asked to compute."""

    def __init__(self, fail=False):
        self.calls, self.fail = 0, fail

    def __call__(self, folder):
        self.calls += 1
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "partial.txt").write_text("half")
        if self.fail:
            raise KeyboardInterrupt
        return {"answer": 42.5, "kept": [1, 2]}


@dataclass(frozen=True)
class Before:
    """Settings, and the same after one was added."""

    batch: int = 108


@dataclass(frozen=True)
class After:
    """:class:`Before` with one more."""

    batch: int = 108
    floor: float = 0.0


def execute(movie, make, mode="execute", parameters=None, seed=1, kind=kinds.TAP):
    return runs.run(kind, {"train": movie}, parameters or {"pairs": 3}, seed, make, mode=mode,
                    command="tapnb run 02_pretraining")


def test_a_record_round_trips(movie):
    made = execute(movie, Make())
    found = runs.find(made.name)
    assert found.record == made.record == json.loads((made.folder / "record.json").read_text())
    assert made.name.startswith("tap-my-movie-") and made.folder == paths.runs() / "tap" / made.name
    record = made.record
    assert record["parameters"] == {"pairs": 3} and record["seed"] == 1 and record["results"]["answer"] == 42.5
    assert record["movies"]["train"]["fingerprint"] == movie.fingerprint and record["version"] == kinds.TAP.version
    assert record["commit"] == provenance.commit()[0] and record["versions"]["torch"]
    assert record["device"].startswith("cpu")
    assert record["seconds"] >= 0 and record["started"] <= record["finished"]


def test_a_finished_run_is_not_made_again(movie):
    make = Make()
    execute(movie, make), execute(movie, make)
    assert make.calls == 1


def test_the_name_depends_on_parameters_seed_and_pixels(movie):
    other = Movie(movie.frames + np.uint8(1), name=movie.name)
    assert len({execute(movie, Make()).name, execute(movie, Make(), parameters={"pairs": 4}).name,
                execute(movie, Make(), seed=2).name, execute(other, Make()).name}) == 4


def test_restoring_reads_and_never_computes(movie):
    make = Make()
    with pytest.raises(FileNotFoundError, match="make it with `tapnb run 02_pretraining`"):
        execute(movie, make, "restore")
    assert make.calls == 0
    made = execute(movie, make)
    assert execute(movie, make, "restore").record == made.record
    assert make.calls == 1


def test_an_interrupted_run_resumes_in_its_folder(movie):
    with pytest.raises(KeyboardInterrupt):
        execute(movie, Make(fail=True))
    with pytest.raises(FileNotFoundError):
        execute(movie, Make(), "restore")
    made = execute(movie, Make())
    assert [sitting["device"] for sitting in made.record["sittings"]] == [made.record["device"]] * 2
    assert (made.folder / "partial.txt").exists()


def test_every_sitting_says_where_it_was(movie, monkeypatch):
    monkeypatch.setattr(device, "describe", lambda on, precision: "a GPU")
    with pytest.raises(KeyboardInterrupt):
        execute(movie, Make(fail=True))
    monkeypatch.setattr(device, "describe", lambda on, precision: "two cores")
    made = execute(movie, Make())
    assert [sitting["device"] for sitting in made.record["sittings"]] == ["a GPU", "two cores"]
    assert made.record["device"] == "two cores"


def test_another_version_of_a_kind_is_another_run_and_loses_nothing(movie):
    first = execute(movie, Make())
    second = execute(movie, Make(), kind=replace(kinds.TAP, version=kinds.TAP.version + 1))
    assert second.name != first.name and runs.find(first.name).record == first.record


def test_a_setting_that_is_new_leaves_the_names_of_earlier_runs_as_they_are(movie):
    names = {runs.run_name(kinds.TAP, {"train": movie}, {"settings": settings}, 1)
             for settings in (Before(), After(), After(batch=108, floor=0.0))}
    assert len(names) == 1
    assert runs.run_name(kinds.TAP, {"train": movie}, {"settings": After(floor=1.0)}, 1) not in names
    record = execute(movie, Make(), parameters={"settings": After(batch=7)}).record
    assert record["parameters"] == {"settings": {"batch": 7, "floor": 0.0}}  # the record says them all


def test_a_mended_label_renames_only_the_runs_that_look_at_labels(movie):
    masks = np.zeros(movie.shape, np.uint8)
    masks[0, 3, 3] = 1
    labelled, mended = (Movie(movie.frames, mask, name=movie.name) for mask in (masks, 2 * masks))
    assert len({execute(m, Make()).name for m in (movie, labelled, mended)}) == 1
    assert len({execute(m, Make(), kind=kinds.STRATEGY).name for m in (movie, labelled, mended)}) == 3


def test_a_run_knows_its_pretraining_and_its_movie(movie):
    tap = execute(movie, Make())
    resting = execute(movie, Make(), parameters={"tap": tap.name}, kind=kinds.STRATEGY)
    assert runs.pretraining_of(resting.record) == tap.name and runs.pretraining_of(tap.record) is None
    runs.check_pretraining(resting, tap)
    with pytest.raises(ValueError, match=f"{resting.name} rests on the pretraining {tap.name}, not on"):
        runs.check_pretraining(resting, execute(movie, Make(), seed=2))
    runs.check_movie(tap, movie)
    with pytest.raises(ValueError, match="was made from another movie than this 'My Movie'.*run its notebook"):
        runs.check_movie(tap, Movie(movie.frames + np.uint8(1), name=movie.name))


def test_an_unknown_mode_is_refused(movie):
    with pytest.raises(ValueError, match="unknown mode 'train'; choose 'execute'"):
        execute(movie, Make(), "train")


def test_a_missing_run_is_said_in_a_sentence():
    with pytest.raises(FileNotFoundError, match="run tap-x-12345678 is not in"):
        runs.find("tap-x-12345678")


def test_a_run_that_was_begun_before_processor_time_was_counted_still_ends(movie):
    with pytest.raises(KeyboardInterrupt):
        execute(movie, Make(fail=True))
    (begun,) = paths.runs().rglob("begun.json")
    old = json.loads(begun.read_text())
    assert old.pop("cpu_seconds") >= 0
    begun.write_text(json.dumps(old))
    record = execute(movie, Make()).record
    assert record["results"]["answer"] == 42.5 and record["cpu_seconds"] >= 0 and len(record["sittings"]) == 2


def weights_and_answer(folder):
    weights.save(folder / "weights.safetensors", {"w": torch.ones(2)})
    return {"answer": 1}


DAMAGED = {"empty": (b"", "is empty"), "zeros": (bytes(500), "holds nothing but zeros"),
           "cut": (None, "is cut, or no (JSON|safetensors) file"), "foreign": (b"PK\3\4 is something else", "is cut, or no")}


@pytest.mark.parametrize("file", ["record.json", "weights.safetensors"])
@pytest.mark.parametrize("content, words", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_when_restored_and_made_again_when_executed(movie, capsys, file, content, words):
    first = execute(movie, weights_and_answer)
    path = first.folder / file
    damaged = path.read_bytes()[:-20] if content is None else content
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=f"{file} {words}.*make the run again with `tapnb run 02_pretraining`"):
        execute(movie, weights_and_answer, "restore")
    again = execute(movie, weights_and_answer)
    assert again.results == {"answer": 1} and again.record["files"] == ["weights.safetensors"]
    assert path.with_name(f"{file}.broken").read_bytes() == damaged
    assert f"it is set aside as {file}.broken and made again" in capsys.readouterr().err
    assert execute(movie, weights_and_answer, "restore").record == again.record


@pytest.mark.parametrize("content", ["[]", "{}", '{"name": "tap-other-12345678"}'])
def test_a_record_of_something_else_is_no_record(movie, content):
    made = execute(movie, Make())
    (made.folder / "record.json").write_text(content)
    for ask in (lambda: execute(movie, Make(), "restore"), lambda: runs.find(made.name)):
        with pytest.raises(ValueError, match=f"record.json is no record of the run {made.name}; make"):
            ask()


@pytest.mark.parametrize("files", [None, 3, [1.5], [["record.json"]], ["a" * 5000], ["a\0b"]])
def test_a_record_that_lists_no_files_by_name_is_no_record(movie, files):
    made = execute(movie, Make())
    write_json(made.folder / "record.json", made.record | {"files": files})
    with pytest.raises(ValueError, match=f"record.json is no record of the run {made.name}; make"):
        execute(movie, Make(), "restore")


def test_a_damaged_note_of_the_beginning_costs_no_more_than_the_time_in_it(movie):
    with pytest.raises(KeyboardInterrupt):
        execute(movie, Make(fail=True))
    (begun,) = paths.runs().rglob("begun.json")
    begun.write_text("")
    assert len(execute(movie, Make()).record["sittings"]) == 1
    assert begun.with_name("begun.json.broken").exists()


def test_a_result_that_is_not_finite_is_not_recorded(movie):
    with pytest.raises(ValueError, match=r"record.json is not written: results.history\[1\].loss is nan, which is no"):
        execute(movie, lambda folder: {"history": [{"loss": 1.0}, {"loss": float("nan")}]})
    with pytest.raises(FileNotFoundError):
        execute(movie, Make(), "restore")
