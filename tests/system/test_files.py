"""Nothing half-written is ever read."""

import json
import math
import os

import pytest

from tapnb.system.files import read_json, replacing, set_aside, write_json


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a" / "numbers.json"
    write_json(path, {"x": 1})
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("{half")
        raise RuntimeError
    assert json.loads(path.read_text()) == {"x": 1}
    assert [p.name for p in path.parent.iterdir()] == ["numbers.json"]


def test_a_list_of_numbers_stands_on_one_line(tmp_path):
    value = {"counts": [[1, 0, -2], [1.5e-7, 3, 4]], "names": ["a, [\n1,\n2]", "b"], "empty": []}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text("utf-8")
    assert json.loads(text) == value and "[ 1, 0, -2 ]" in text


def test_what_is_renamed_is_on_the_disk_before(tmp_path, monkeypatch):
    """After a power cut no new name stands for a file whose content was never written."""
    did, flush, rename = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: did.append("flush") or flush(handle))
    monkeypatch.setattr(os, "replace", lambda *names: did.append("rename") or rename(*names))
    write_json(tmp_path / "x.json", 1)
    assert did[:2] == ["flush", "rename"]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_know_is_not_written(tmp_path, number):
    path = tmp_path / "record.json"
    write_json(path, {"a": None})
    with pytest.raises(ValueError, match=r"record.json is not written: results.rows\[1\].accuracy is (nan|-?inf)"):
        write_json(path, {"results": {"rows": [{"accuracy": 1.0}, {"accuracy": number}]}})
    assert json.loads(path.read_text()) == {"a": None}


@pytest.mark.parametrize("content, words", [
    (b"", "is empty"), (bytes(70), "holds nothing but zeros"), (b'{"a": [1, 2', "is cut, or no JSON file"),
    (b"\xff\xd8\xff", "is cut, or no JSON file"), (b"[" * 100_000, "is cut, or no JSON file")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, words):
    (tmp_path / "record.json").write_bytes(content)
    with pytest.raises(ValueError, match=f"record.json {words}: put back a copy"):
        read_json(tmp_path / "record.json")


def test_what_is_set_aside_is_not_lost_and_said(tmp_path, capsys):
    for content in ("first", "second"):
        (tmp_path / "w.csv").write_text(content)
        set_aside(tmp_path / "w.csv", f"{tmp_path / 'w.csv'} is cut")
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"w.csv.broken": "first", "w.csv.broken2": "second"}
    assert "w.csv is cut; it is set aside as w.csv.broken2 and made again" in capsys.readouterr().err
