"""YAML 1.2, where a number is what a person takes for one."""

import math

import pytest

from tapnb.system import yaml12


@pytest.mark.parametrize(("text", "value"), [
    ("010", 10), ("-7", -7), ("0o17", 15), ("0x1F", 31), ("1e-3", 0.001), ("1.0e-10", 1e-10), (".5", 0.5), ("1.", 1.0),
    ("1:30", "1:30"), ("no", "no"), ("on", "on"), ("1_000", "1_000"), ("2024-01-02", "2024-01-02"), ("nan", "nan"),
    ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("'12'", "12"), ("[A0, 12]", ["A0", 12]),
])
def test_scalars_are_those_of_the_core_schema(text, value):
    read = yaml12.read(text)
    assert read == value and type(read) is type(value)


def test_infinity_and_not_a_number_are_spelt_with_a_point():
    assert yaml12.read("-.inf") == -math.inf and math.isnan(yaml12.read(".nan"))


@pytest.mark.parametrize(("text", "says"), [
    ("a: 1\na: 2", "has the key 'a' twice"), ("- 1", "one mapping"), ("a: [1", "line 1|line 2"), ("1: 2", "one mapping"),
    ("a: {b: 1, b: 2}", "has the key 'b' twice"), ("a: !!python/name:os.system x", "is not YAML"),
])
def test_a_file_that_is_no_mapping_is_refused_in_one_sentence(tmp_path, text, says):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"settings.yaml.*({says})") as error:
        yaml12.read_mapping(path)
    assert "\n" not in str(error.value)


def test_an_empty_file_is_an_empty_mapping(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing differs\n")
    assert yaml12.read_mapping(tmp_path / "empty.yaml") == {}
