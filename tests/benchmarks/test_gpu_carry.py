"""What is carried home from a borrowed GPU: archives of runs, in volumes, and nothing else."""

import io
import json
import os
import tarfile

import pytest

from benchmarks import gpu_carry
from tapnb.system.files import read_json


def archive(folder, *members):
    """Volumes with these (name, type, content)."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, kind, text in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(text), "target" if kind != tarfile.REGTYPE else ""
            tar.addfile(member, io.BytesIO(text))
    folder.mkdir(exist_ok=True)
    (folder / "runs-1.tar.0").write_bytes(content.getvalue())
    return folder


GOOD = ("tap/tap-x-1/history.csv", tarfile.REGTYPE, b"epoch\n1\n")


@pytest.mark.parametrize("name, kind", [
    ("../outside", tarfile.REGTYPE), ("tap/../../outside", tarfile.REGTYPE), ("/tap/tap-x-1/history.csv", tarfile.REGTYPE),
    ("tap/tap-x-1/../history.csv", tarfile.REGTYPE), ("tap/tap-x-1/.hidden", tarfile.REGTYPE), ("tap/history.csv", tarfile.REGTYPE),
    ("other/other-x-1/a.csv", tarfile.REGTYPE), ("tap/strategy-x-1/a.csv", tarfile.REGTYPE), ("tap/tap-x-1/a/b.csv", tarfile.REGTYPE),
    ("tap/tap-x-1/link", tarfile.SYMTYPE), ("tap/tap-x-1/link", tarfile.LNKTYPE), ("tap/tap-x-1/device", tarfile.CHRTYPE)])
def test_an_archive_of_anything_but_files_of_runs_is_refused_whole(tmp_path, name, kind):
    source = archive(tmp_path / "carried", GOOD, (name, kind, b""))
    with pytest.raises(ValueError, match="which is no file of a run: nothing of it is taken"):
        gpu_carry.unpack(source, tmp_path / "runs", unfinished=True)
    assert [path.name for path in tmp_path.iterdir()] == ["carried"]


def test_a_record_of_another_run_is_refused(tmp_path):
    source = archive(tmp_path, ("tap/tap-x-1/record.json", tarfile.REGTYPE, b'{"name": "tap-x-2"}'))
    with pytest.raises(ValueError, match="a record of another run than tap-x-1"):
        gpu_carry.unpack(source, tmp_path / "runs")


def run_folder(at, name, **files):
    folder = at / name.partition("-")[0] / name
    folder.mkdir(parents=True)
    for file, size in files.items():
        (folder / file.replace("__", ".").replace("_", "-")).write_bytes(os.urandom(size))
    return folder


def test_an_archive_is_cut_into_volumes_and_none_may_be_missing(tmp_path):
    folder = run_folder(tmp_path / "there", "tap-x-1", checkpoint__pt=100_000)
    assert gpu_carry.pack([folder], tmp_path / "out", 3, 30_000, 200_000) == ["tap-x-1"]
    volumes = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in volumes] == [f"runs-3.tar.{i}" for i in range(4)]
    assert max(path.stat().st_size for path in volumes) <= 30_000 and gpu_carry.calls(tmp_path / "out") == [3]
    assert gpu_carry.unpack(tmp_path / "out", tmp_path / "here", unfinished=True) == ["tap-x-1"]
    copy = tmp_path / "here" / "tap" / "tap-x-1" / "checkpoint.pt"
    assert copy.read_bytes() == (folder / "checkpoint.pt").read_bytes()
    for lost, what in ((1, r"runs-3.tar.1 is missing"), (3, "last volume of runs-3.tar")):
        content = volumes[lost].read_bytes()
        volumes[lost].unlink()
        with pytest.raises(ValueError, match=what):
            gpu_carry.unpack(tmp_path / "out", tmp_path / "nowhere")
        volumes[lost].write_bytes(content)
    with pytest.raises(FileNotFoundError, match="there is no runs-1.tar.0 in"):
        gpu_carry.unpack(tmp_path / "there", tmp_path / "nowhere")


def test_what_has_no_room_is_not_packed_and_of_many_large_weights_the_first_seeds(tmp_path):
    large = run_folder(tmp_path, "strategy-x-1", weights_100__safetensors=9000, weights_20__safetensors=9000,
                       predictions__parquet=10)
    record = {"name": "strategy-x-1", "files": ["predictions.parquet", "weights-100.safetensors", "weights-20.safetensors"]}
    (large / "record.json").write_text(json.dumps(record))
    huge, small = run_folder(tmp_path, "tap-x-1", a__pt=90_000), run_folder(tmp_path, "tap-x-2", a__pt=10)
    assert gpu_carry.pack([large, huge, small], tmp_path / "out", 1, 15_000, 50_000) == ["strategy-x-1", "tap-x-2"]
    gpu_carry.unpack(tmp_path / "out", tmp_path / "here")
    here = tmp_path / "here" / "strategy" / "strategy-x-1"
    kept = ["predictions.parquet", "weights-20.safetensors"]
    assert sorted(path.name for path in here.iterdir()) == [kept[0], "record.json", kept[1]]
    assert read_json(here / "record.json")["files"] == kept and read_json(large / "record.json") == record


def test_what_runs_found_is_packed_before_the_weights_of_any(tmp_path):
    first, second = (run_folder(tmp_path, f"strategy-x-{i}", weights_20__safetensors=8000, predictions__parquet=4000) for i in (1, 2))
    for folder in (first, second):
        (folder / "record.json").write_text(json.dumps({"name": folder.name, "files": ["predictions.parquet", "weights-20.safetensors"]}))
    assert gpu_carry.pack([first, second], tmp_path / "out", 1, 50_000, 35_000) == [first.name, second.name]
    gpu_carry.unpack(tmp_path / "out", tmp_path / "here")
    files = [read_json(tmp_path / "here" / "strategy" / folder.name / "record.json")["files"] for folder in (first, second)]
    assert files == [["predictions.parquet", "weights-20.safetensors"], ["predictions.parquet"]]
