"""What is published: runs as they are, back again on another machine, and nothing newer lost."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from tapnb.movies import Movie
from tapnb.store import kinds, publication, results, runs
from tapnb.system import paths

WEIGHTS, HISTORY = publication.WHOLE


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "here"))
    return tmp_path


@pytest.fixture
def movie():
    return Movie(np.random.default_rng(0).integers(0, 9, (3, 20, 20)).astype(np.uint8), name="Made")


def write(path, text):
    """A whole file of its kind that says a word."""
    if path.suffix == ".safetensors":
        save_file({"weight": np.ones(2, np.float32)}, path, {"says": text})
    elif path.suffix == ".parquet":
        pd.DataFrame({"says": [text]}).to_parquet(path)
    else:
        path.write_text(f"{text}\n")


def read(path):
    if path.suffix == ".safetensors":
        with safe_open(path, "numpy") as file:
            return file.metadata()["says"]
    return pd.read_parquet(path)["says"].item() if path.suffix == ".parquet" else path.read_text().strip()


def make(folder, text="first"):
    for name in (WEIGHTS, publication.PREDICTIONS, HISTORY):
        write(folder / name, text)
    return {"answer": text}


def run(movie, mode="execute", text="first", kind="tap", pairs=3):
    return runs.run(kinds.KINDS[kind], {"train": movie}, {"pairs": pairs}, 1, lambda folder: make(folder, text),
                    mode=mode, command="tapnb run 02_pretraining")


def publish(movie, notebook="02_pretraining", **by_role):
    results.publish(notebook, "cpu", "made", {}, by_role, {}, {"train": movie})
    return results.folder("cpu", "made")


def forget_runs(home):
    (home / "here" / "runs").rename(home / "elsewhere")


def test_a_published_run_is_restored_as_it_was(movie, home):
    made = run(movie)
    publish(movie, tap=made)
    forget_runs(home)
    for found in (runs.find(made.name), run(movie, "restore")):
        assert found.record == made.record and found.folder == made.folder
    assert {p.name for p in made.folder.iterdir()} == {"record.json", WEIGHTS, publication.PREDICTIONS,
                                                       HISTORY}
    assert run(movie, text="second").record == made.record  # whole: it need not be made again


def test_only_the_pretraining_that_others_rest_on_publishes_its_weights(movie):
    made = run(movie)
    target = publish(movie, **{"recipe uniform 96": made})
    assert [p.name for p in (target / "files" / made.name).iterdir()] == [publication.PREDICTIONS]
    assert read(publish(movie, tap=made) / "files" / made.name / WEIGHTS) == "first"


def test_of_some_strategies_the_first_seeds_head_is_published(movie):
    def keep_heads(folder):
        for seed in (40, 20):
            write(folder / f"weights-{seed}.safetensors", f"head {seed}")
        return {}

    trained = runs.run(kinds.STRATEGY, {"train": movie}, {"seeds": [20, 40]}, 1, keep_heads, mode="execute", command="")
    target = publish(movie, "06_strategies", A1=trained)
    assert [read(p) for p in (target / "files" / trained.name).iterdir()] == ["head 20"]
    for role, published in (("D1", ["head 20"]), ("A1 to its end, 20 40", ["head 20"]), ("D1 to its end, 20 40", []), ("C1", [])):
        shutil.rmtree(target / "files" / trained.name, ignore_errors=True)
        publish(movie, "06_strategies", **{role: trained})
        assert [read(p) for p in (target / "files" / trained.name).glob("*")] == published, role


def test_a_run_without_some_of_its_files_is_shown_but_not_taken_for_made(movie, home):
    made = run(movie)
    publish(movie, recipe=made)
    forget_runs(home)
    assert run(movie, "restore", "second").results == {"answer": "first"}
    assert run(movie, "execute", "second").results == {"answer": "second"}


def test_the_newer_one_counts_and_the_older_is_not_lost(movie, home):
    made = run(movie)
    publish(movie, tap=made)
    own = made.folder / "record.json"
    own.write_text(json.dumps(made.record | {"finished": "2999-01-01T00:00:00Z"}))
    assert run(movie, "restore").record["finished"].startswith("2999")
    own.write_text(json.dumps(made.record | {"finished": "1999-01-01T00:00:00Z"}))
    assert runs.find(made.name).record == made.record
    aside = made.folder.with_name(made.name + ".published-over")
    assert json.loads((aside / "record.json").read_text())["finished"].startswith("1999")


def test_of_two_publications_the_later_run_counts(movie):
    for profile, finished in (("mine", "2020-01-01T00:00:00Z"), ("cpu", "2026-01-01T00:00:00Z"), ("zoo", "2021-01-01")):
        results.publish("02_pretraining", profile, "made", {}, {}, {}, {"train": movie})
        folder = results.folder(profile, "made")
        (folder / "records").mkdir()
        (folder / "records" / "tap-made-1.json").write_text(json.dumps({"finished": finished}))
    assert publication.find("tap-made-1").parts[-4] == "cpu"


def test_a_run_that_lost_a_file_gets_it_back(movie):
    made = run(movie)
    publish(movie, tap=made)
    (made.folder / publication.PREDICTIONS).unlink()
    assert read(run(movie, "restore").folder / publication.PREDICTIONS) == "first"


def test_all_runs_of_a_movie_are_restored_at_once(movie, home):
    made = [run(movie), run(movie, kind="strategy")]
    target = publish(movie, tap=made[0], B0=made[1])
    forget_runs(home)
    publication.restore_all(target)
    assert all((one.folder / "record.json").is_file() for one in made)
    assert read(made[1].folder / publication.PREDICTIONS) == "first"


def test_an_unfinished_run_is_set_aside_for_a_published_one(movie, home):
    made = run(movie)
    publish(movie, tap=made)
    (made.folder / "record.json").unlink()
    (made.folder / "checkpoint.pt").write_text("hours")
    assert run(movie, "restore").record == made.record
    (made.folder / "record.json").unlink()
    assert run(movie, "restore").record == made.record  # and again: what was set aside first is still there
    assert (made.folder.with_name(made.name + ".published-over") / "checkpoint.pt").read_text() == "hours"


def test_what_nobody_names_any_more_is_forgotten(movie):
    old, new = run(movie), run(movie, pairs=4)
    target = publish(movie, tap=old)
    publish(movie, "06_strategies", tap=old, B0=run(movie, kind="strategy"))
    publish(movie, tap=new)
    assert (target / "records" / f"{old.name}.json").exists()  # notebook 06 still shows it
    publish(movie, "06_strategies", tap=new)
    assert {p.stem for p in (target / "records").iterdir()} == {new.name}
    assert {p.name for p in (target / "files").iterdir()} == {new.name}


def test_the_same_run_of_other_pixels_is_named(movie):
    publish(movie, tap=run(movie))
    other = Movie(movie.frames + 1, name="Made")
    with pytest.raises(FileNotFoundError) as error:
        run(other, "restore")
    assert f"is of Made {movie.fingerprint}, and here is Made {other.fingerprint}" in str(error.value)


def test_nothing_published_nothing_restored(movie):
    assert publication.find("tap-made-00000000") is None
    with pytest.raises(FileNotFoundError, match="tapnb run 02_pretraining"):
        run(movie, "restore")
    assert not paths.runs().exists()


@pytest.mark.parametrize("name", ["record.json", WEIGHTS, publication.PREDICTIONS, HISTORY])
@pytest.mark.parametrize("content", [b"", bytes(99), b'{"cut": [1, 2'])
def test_a_damaged_file_gives_way_to_the_published_one_and_is_not_lost(movie, capsys, name, content):
    made = run(movie)
    publish(movie, tap=made)
    (made.folder / name).write_bytes(content)
    assert run(movie, "restore").record == made.record and runs.find(made.name).record == made.record
    assert f"{made.folder / name} " in capsys.readouterr().err
    assert (made.folder.with_name(made.name + ".published-over") / name).read_bytes() == content
    assert run(movie, text="second").record == made.record


def test_a_damaged_publication_is_named(movie):
    made = run(movie)
    target = publish(movie, tap=made)
    (target / "records" / f"{made.name}.json").write_text("")
    with pytest.raises(ValueError, match=f"records.{made.name}.json is empty: put back a copy of it"):
        run(movie, "restore")
