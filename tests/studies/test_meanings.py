"""Every published number has its formula in words and a cell that makes it."""

import json

import jupytext
import pytest

from tapnb.studies.meanings import PATTERNS, cell_making, cells_of, meaning
from tapnb.workflow.notebooks import CHECKOUT, SOURCES, convert, names

PUBLISHED = sorted((CHECKOUT / "results").glob("*/*/[0-9]*.json"))


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: "-".join(path.with_suffix("").parts[-3:]))
def test_every_published_number_says_what_it_is_and_where_it_is_made(path):
    cells = cells_of((SOURCES / f"{path.stem}.py").read_text("utf-8"))
    for key in json.loads(path.read_text("utf-8"))["numbers"]:
        said = meaning(path.stem, key)
        assert said, f"{path.stem}: tapnb/studies/meanings.py does not say what {key} is"
        assert said.words.endswith(".") and "{" not in said.words and "_" not in said.words, said.words
        assert cell_making(cells, said.variable) is not None, f"no cell of {path.stem} assigns {said.variable}"


def test_every_notebook_with_numbers_has_its_patterns_and_each_is_of_use():
    assert set(PATTERNS) == set(names()) == {path.stem for path in PUBLISHED}
    keys = {name: [] for name in PATTERNS}
    for path in PUBLISHED:
        keys[path.stem] += json.loads(path.read_text("utf-8"))["numbers"]
    for name, patterns in PATTERNS.items():
        said = {meaning(name, key).variable for key in keys[name]}
        assert said <= {variable for *_, variable in patterns}


@pytest.mark.parametrize(("notebook", "key", "says"), [
    ("06_strategies", "A1_F1_half", "at probability 1/2: 2 \u00d7 precision \u00d7 recall"),
    ("06_strategies", "A1_rec_1", "true positives / (true positives + false negatives)"),
    ("06_strategies", "A1_less_B1_ranking", "A1 (TAP features, fixed; ResNet head) minus that of B1"),
    ("08_criteria", "test_positives_both", "Pairs of the test part"),
    ("15_evidence", "brightest_pixel_test", "on the random test pairs"),
    ("12_speed", "resnet_heads_work_of_ours", "Measured beside"),
    ("03_grad_cam", "train_grad_cam_less_change", "minus the same by the change from frame to frame")])
def test_a_key_is_read_part_by_part(notebook, key, says):
    assert says in meaning(notebook, key).words


def test_what_nobody_has_said_is_none():
    assert meaning("06_strategies", "luck") is None and meaning("99_none", "luck") is None


def test_a_cell_has_the_index_that_its_id_in_the_notebook_has(tmp_path):
    notebook = jupytext.read(convert("06_strategies", tmp_path / "06.ipynb"))
    cells = {cell["id"]: cell["source"] for cell in notebook.cells}
    of_script = cells_of((SOURCES / "06_strategies.py").read_text("utf-8"))
    assert "table2 = tables.strategies" in cells[f"cell-{cell_making(of_script, 'table2')}"]
    assert cell_making(of_script, "other") == 2  # "train, other = ..."
    assert cell_making(of_script, "nothing") is None
