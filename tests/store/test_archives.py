"""A run as bytes, there and back, and nothing else from such bytes."""

import io
import json
import tarfile

import numpy as np
import pytest

from tapnb.movies import Movie
from tapnb.store import archives, kinds, runs
from tapnb.system import paths


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "there"))

    def make(folder):
        (folder / "history.csv").write_text("a,b\n1,2\n")
        (folder / ".checkpoint").write_text("not for others")
        return {"answer": 42}

    movie = Movie(np.random.default_rng(0).integers(0, 9, (3, 20, 20)).astype(np.uint8), name="mine")
    made = runs.run(kinds.TAP, {"train": movie}, {}, 1, make, mode="execute", command="toy")
    packed = archives.packed(made)
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "here"))
    return made, packed


def tar(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content or b""))
    return buffer.getvalue()


def test_there_and_back(run):
    made, packed = run
    arrived = archives.unpacked(made.name, packed)
    assert arrived.record == made.record and arrived.folder != made.folder
    assert sorted(path.name for path in arrived.folder.iterdir()) == ["history.csv", "record.json"]
    assert (arrived.folder / "history.csv").read_bytes() == (made.folder / "history.csv").read_bytes()


def test_a_run_that_is_there_is_not_written_again(run):
    made, packed = run
    record = archives.unpacked(made.name, packed).folder / "record.json"
    before = record.stat().st_mtime_ns
    archives.unpacked(made.name, packed)
    assert record.stat().st_mtime_ns == before


def test_what_an_interrupted_run_left_is_written_over(run):
    made, packed = run
    folder = runs.folder_of(made.name)
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text("half")
    assert archives.unpacked(made.name, packed).folder == folder
    assert (folder / "history.csv").read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize("name", ["../../away", "tap-../x", "tap", "elsewhere-hela-02-12345678", "/tap-mine-12345678"])
def test_a_name_that_leads_elsewhere_is_refused(run, name):
    with pytest.raises(ValueError, match="no name of a run"):
        archives.unpacked(name, run[1])


@pytest.mark.parametrize("files", [{"../away.csv": b"x"}, {"/tmp/away.csv": b"x"}, {"a/b.csv": b"x"}, {"link.csv": None},
                                   {".hidden": b"x"}])
def test_an_archive_with_other_paths_is_refused(run, files):
    made, _ = run
    record = (made.folder / "record.json").read_bytes()
    with pytest.raises(ValueError, match="no file of a run"):
        archives.unpacked(made.name, tar(**{"record.json": record}, **files))
    assert not list(paths.home().rglob("*.csv")) and not list(paths.home().rglob("record.json"))


@pytest.mark.parametrize(("change", "says"), [
    (lambda record: None, "holds no record.json"),
    (lambda record: record | {"name": "tap-other-12345678"}, "no record of the run"),
    (lambda record: record | {"files": ["history.csv", "weights.safetensors"]}, "does not hold the files"),
    (lambda record: record | {"files": []}, "does not hold the files"),
])
def test_an_archive_of_something_else_is_refused(run, change, says):
    made, _ = run
    record = change(json.loads((made.folder / "record.json").read_text()))
    files = {"history.csv": b"a,b\n1,2\n"} | ({"record.json": json.dumps(record).encode()} if record else {})
    with pytest.raises(ValueError, match=says):
        archives.unpacked(made.name, tar(**files))
    assert not runs.is_whole(runs.folder_of(made.name))


def test_a_file_that_was_cut_on_the_way_is_refused(run):
    made, _ = run
    with pytest.raises(ValueError, match="damaged: .*history.csv is cut"):
        archives.unpacked(made.name, tar(**{"record.json": (made.folder / "record.json").read_bytes(), "history.csv": b"a,b\n1"}))
