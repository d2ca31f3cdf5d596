"""Nothing half-written is ever read."""

import json

import pytest

from tapnb.system.files import replacing, write_json


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
