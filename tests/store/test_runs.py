"""Run records: names, round trip, executing, resuming, restoring."""

import json

import numpy as np
import pytest

from tapnb.movies import Movie
from tapnb.store import provenance, runs
from tapnb.system import paths


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


def execute(movie, make, mode="execute", parameters=None, seed=1, modules=("losses",)):
    return runs.run("tap", {"train": movie}, parameters or {"pairs": 3}, seed, mode, make, "cpu", modules,
                    "tapnb run 02_pretraining")


def test_a_record_round_trips(movie):
    made = execute(movie, Make())
    found = runs.find(made.name)
    assert found.record == made.record == json.loads((made.folder / "record.json").read_text())
    assert made.name.startswith("tap-my-movie-") and made.folder == paths.runs() / "tap" / made.name
    record = made.record
    assert record["parameters"] == {"pairs": 3} and record["seed"] == 1 and record["results"]["answer"] == 42.5
    assert record["movies"]["train"]["fingerprint"] == movie.fingerprint
    assert record["commit"] == provenance.commit()[0] and record["versions"]["torch"] and record["device"] == "cpu"
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
    assert len(made.record["sittings"]) == 2
    assert (made.folder / "partial.txt").exists()


def test_other_code_makes_a_finished_run_again_and_loses_nothing(movie, monkeypatch, capsys):
    make = Make()
    made = execute(movie, make)
    monkeypatch.setattr(provenance, "code_fingerprint", lambda *modules: "othercode")
    assert execute(movie, make, "restore").record == made.record
    assert f"{made.name} was made by the code of commit" in capsys.readouterr().out
    again = execute(movie, make)
    assert make.calls == 2 and again.record["code"] == "othercode"
    assert json.loads((made.folder.with_name(made.name + ".old") / "record.json").read_text()) == made.record


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
