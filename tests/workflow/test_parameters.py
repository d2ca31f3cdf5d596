"""What a notebook may be run with."""

import pytest

from tapnb.workflow.parameters import choose, declared, fitted, names, nearest, read_profile


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        ("float", "1e-3", 0.001),  # text to YAML 1.1, a number to everyone else
        ("int", "010", 10),
        ("str", "1:30", "1:30"),
        ("list[str]", "[1:30, no]", ["1:30", "no"]),
        ("float", 1, 1.0),
        ("float", "3", 3.0),
        ("int", "1000", 1000),
        ("bool", "true", True),
        ("str", "12", "12"),
        ("list[int]", "[20, 40]", [20, 40]),
        ("list[float]", "[1, 1e-4]", [1.0, 0.0001]),
        ("list[str]", [], []),
        ("Optional[int]", "null", None),
        ("Optional[int]", 3, 3),
        ("Optional[str]", "null", None),
        ("Optional[str]", "12", "12"),
        ("int | None", "3", 3),
    ],
)
def test_a_fitting_value_comes_out_in_its_declared_type(annotation, given, expected):
    value = fitted("x", annotation, given)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "given", "says"),
    [
        ("int", "many", "a whole number"),
        ("int", "1.5", "a whole number"),
        ("int", True, "a whole number"),
        ("int", "1:30", "a whole number"),
        ("int", "true", "a whole number"),
        ("float", "fast", "a number"),
        ("float", "nan", "a number"),
        ("float", ".nan", "a finite number"),
        ("float", float("inf"), "a finite number"),
        ("list[float]", "[1, -.inf]", r"x\[1\].*a finite number"),
        ("float", True, "a number"),
        ("bool", 1, "true or false"),
        ("str", 3, "text"),
        ("list[int]", "20", "a list"),
        ("list[int]", "[1, a]", r"x\[1\]"),
        ("dict", "{}", "the type 'dict'"),
        ("list[Path]", "[]", "the type 'list"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(annotation, given, says):
    with pytest.raises(ValueError, match=says) as error:
        fitted("x", annotation, given)
    assert "x" in str(error.value) and "\n" not in str(error.value)


def write_script(folder, cell, tags='tags=["parameters"]', name="01_try"):
    """Write a py:percent script whose second cell is ``cell``."""
    (folder / f"{name}.py").write_text(f"# %% [markdown]\n# # Title\n\n# %% {tags}\n{cell}\n\n# %%\ny = 1\n")
    return folder / f"{name}.py"


def test_declared_reads_names_types_defaults_and_comments(tmp_path):
    cell = 'movie: str = "synthetic"  # which\nrate: float = 1  # per second\nsizes: list[int] = [48, 96]'
    found = declared(write_script(tmp_path, cell))
    assert list(found) == ["movie", "rate", "sizes"]
    assert (
        found["rate"].type == "float" and found["rate"].default == 1.0 and found["rate"].help == "per second"
    )
    assert found["sizes"].default == [48, 96] and found["sizes"].help == ""


def test_a_comment_may_hold_anything_and_a_line_may_go_on(tmp_path):
    cell = 'x: int | None = 3  # not x=4, nor "#5"\nname: str = "#1"\n'
    cell += "sizes: list[int] = [\n    1,  # one\n    2]  # both"
    read = declared(write_script(tmp_path, cell))
    assert read["x"].help == 'not x=4, nor "#5"' and read["name"].default == "#1" and read["name"].help == ""
    assert read["sizes"].default == [1, 2] and read["sizes"].help == "both"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("x = 3", "name: type = value"),
        ("import os", "name: type = value"),
        ("x: int = 'three'", "a whole number"),
        ("x: int = '3'", "a whole number"),
    ],
)
def test_a_parameter_cell_that_does_not_declare_is_refused(tmp_path, cell, says):
    with pytest.raises(ValueError, match=f"01_try.*{says}"):
        declared(write_script(tmp_path, cell))


def test_a_notebook_without_a_parameter_cell_is_refused(tmp_path):
    with pytest.raises(ValueError, match="0 cells tagged"):
        declared(write_script(tmp_path, "x: int = 1", tags=""))


@pytest.fixture
def declarations(tmp_path):
    common = 'profile: str = "p"\nmovie: str = "m"\nmode: str = "execute"\n'
    first = declared(write_script(tmp_path, common + "pairs: int = 5"))
    second = declared(write_script(tmp_path, common + "rate: float = 0.1"))
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
        ({}, {"mode": "guess"}, "'mode' must be execute or restore, or auto, not 'guess'"),
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


def test_a_profile_says_only_what_differs_from_the_one_it_extends(tmp_path):
    (tmp_path / "paper.yaml").write_text("pairs: 3\nrate: 1e-3\nsizes: [1, 2]\n")
    (tmp_path / "cpu.yaml").write_text("extends: paper\npairs: 010\n")
    (tmp_path / "longer.yaml").write_text("extends: cpu\nsizes: []\nepochs: 5\n")
    assert read_profile("longer", tmp_path) == {"pairs": 10, "rate": 0.001, "sizes": [], "epochs": 5}


@pytest.mark.parametrize(("text", "says"), [
    ("extends: papre", "no profile 'papre', which 'cpu' extends, .*did you mean 'paper'"),
    ("extends: cpu", "'cpu' never ends: cpu extends cpu"),
    ("extends: paper", "'cpu' never ends: cpu extends paper extends cpu"),
    ("extends: [paper]", "extends .'paper'.: name one"),
])
def test_a_chain_of_profiles_has_an_end(tmp_path, text, says):
    (tmp_path / "paper.yaml").write_text("extends: cpu\n")
    (tmp_path / "cpu.yaml").write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=says):
        read_profile("cpu", tmp_path)


def test_notebooks_are_the_numbered_scripts_in_reading_order(tmp_path):
    for name in ("02_b.py", "01_a.py", "notes.py", "03_c.ipynb"):
        (tmp_path / name).touch()
    assert names(tmp_path) == ["01_a", "02_b"]


def test_nearest_lists_what_there_is_when_nothing_is_near():
    assert nearest("zzz", ["alpha", "beta"]) == "there are: alpha, beta."
