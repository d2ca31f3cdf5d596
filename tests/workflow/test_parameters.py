"""What a notebook may be run with."""

import nbformat
import pytest

from tapnb.workflow.parameters import choose, coerce, declared, nearest, read_profile


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        ("float", "1e-3", 0.001),  # text to YAML, a number to everyone else
        ("float", 1, 1.0),
        ("float", "3", 3.0),
        ("int", "1000", 1000),
        ("bool", "true", True),
        ("str", "12", "12"),
        ("list[int]", "[20, 40]", [20, 40]),
        ("list[float]", [1, "1e-4"], [1.0, 0.0001]),
        ("list[str]", [], []),
        ("Optional[int]", "null", None),
        ("Optional[int]", 3, 3),
    ],
)
def test_a_fitting_value_comes_out_in_its_declared_type(annotation, given, expected):
    found = coerce("x", annotation, given)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "given", "says"),
    [
        ("int", "many", "a whole number"),
        ("int", "1.5", "a whole number"),
        ("int", True, "a whole number"),
        ("float", "fast", "a number"),
        ("bool", 1, "true or false"),
        ("str", 3, "text"),
        ("list[int]", "20", "a list"),
        ("list[int]", "[1, a]", r"x\[1\]"),
        ("dict", "{}", "the type 'dict'"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(annotation, given, says):
    with pytest.raises(ValueError, match=says) as error:
        coerce("x", annotation, given)
    assert "x" in str(error.value) and "\n" not in str(error.value)


def write_notebook(folder, cell, tags=("parameters",)):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(cell, metadata={"tags": list(tags)})]
    nbformat.write(notebook, folder / "01_try.ipynb")
    return folder / "01_try.ipynb"


def test_declared_reads_names_types_defaults_and_comments(tmp_path):
    cell = 'movie: str = "synthetic"  # which\nrate: float = 1  # per second\nsizes: list[int] = [48, 96]'
    found = declared(write_notebook(tmp_path, cell))
    assert list(found) == ["movie", "rate", "sizes"]
    assert (
        found["rate"].type == "float" and found["rate"].default == 1.0 and found["rate"].help == "per second"
    )
    assert found["sizes"].default == [48, 96]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("x = 3", "name: type = value"),
        ("import os", "name: type = value"),
        ("x: int | None = 3", "papermill cannot read the line of 'x'"),
        ("x: int = 3  # not x=4", "papermill cannot read the line of 'x'"),
        ("x: int = 'three'", "a whole number"),
    ],
)
def test_a_parameter_cell_that_papermill_would_half_read_is_refused(tmp_path, cell, says):
    with pytest.raises(ValueError, match="01_try.*" + says.replace("|", r"\|")):
        declared(write_notebook(tmp_path, cell))


def test_a_notebook_without_a_parameter_cell_is_refused(tmp_path):
    with pytest.raises(ValueError, match="0 cells tagged"):
        declared(write_notebook(tmp_path, "x: int = 1", tags=()))


@pytest.fixture
def declarations(tmp_path):
    common = 'profile: str = "p"\nmovie: str = "m"\nmode: str = "execute"\n'
    first = declared(write_notebook(tmp_path, common + "pairs: int = 5"))
    second = declared(write_notebook(tmp_path, common + "rate: float = 0.1"))
    return {"01_a": first, "02_b": second}


BASE = {"profile": "smoke", "movie": "hela", "mode": "restore"}


def test_what_the_caller_says_beats_the_profile_which_beats_the_notebook(declarations):
    chosen = choose(
        declarations, ["01_a", "02_b"], "smoke", {"pairs": 6, "rate": "1e-3"}, BASE | {"pairs": "7"}
    )
    assert chosen["01_a"] == BASE | {"pairs": 7}
    assert chosen["02_b"] == BASE | {"rate": 0.001}


@pytest.mark.parametrize(
    ("settings", "overrides", "says"),
    [
        ({"pair": 6}, {}, "profile 'smoke' sets 'pair'.*did you mean 'pairs'"),
        ({}, {"pair": 6}, "no parameter 'pair'.*did you mean 'pairs'"),
        ({}, {"rate": 6}, "01_a declares no parameter 'rate'"),  # the other notebook's
        ({"pairs": "x"}, {}, "'pairs' must be a whole number"),
        ({}, {"mode": "guess"}, "'mode' must be execute or restore, not 'guess'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(declarations, settings, overrides, says):
    with pytest.raises(ValueError, match=says):
        choose(declarations, ["01_a"], "smoke", settings, BASE | overrides)


def test_a_profile_must_exist_and_be_flat(tmp_path):
    (tmp_path / "smoke.yaml").write_text("pairs: 3\n")
    (tmp_path / "deep.yaml").write_text("tap:\n  pairs: 3\n")
    assert read_profile("smoke", tmp_path) == {"pairs": 3}
    with pytest.raises(FileNotFoundError, match="did you mean 'smoke'"):
        read_profile("smok", tmp_path)
    with pytest.raises(ValueError, match="flat"):
        read_profile("deep", tmp_path)


def test_nearest_lists_what_there_is_when_nothing_is_near():
    assert nearest("zzz", ["alpha", "beta"]) == "there are: alpha, beta."
