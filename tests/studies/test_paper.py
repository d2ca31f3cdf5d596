"""The paper's numbers, as typed, against its text where that is at hand."""

import re
from pathlib import Path

import pytest

from tapnb.metrics.scores import SCORES
from tapnb.studies import paper


def test_table_2_is_complete():
    table = paper.table2()
    assert table.index.tolist() == ["A0", "A1", "B0", "B1", "C0", "C1"]
    assert table.loc["A1", list(SCORES)].tolist() == [0.98, 0.94, 0.70, 0.89]


def test_table_2_is_what_the_paper_prints():
    text = Path(__file__).resolve().parents[3] / "shared" / "paper.txt"
    if not text.exists():
        pytest.skip("the paper's text is not beside this checkout")
    printed = {line.split()[0]: [float(x) for x in re.findall(r"(?<!\d)([01]\.\d+)±", line)]
               for line in text.read_text("utf-8").splitlines() if re.match(r"^[ABC][01] (TAP|random)", line)}
    table = paper.table2()
    for name, values in printed.items():
        plain = [re.sub(r"0$", "", f"{v:.2f}") for v in table.loc[name, list(SCORES)]]
        assert [float(v) for v in plain] == [values[i] for i in (0, 1, 2, 3)], name
    assert len(printed) == 6
