"""Cells of tables that know their numbers."""

import math

import pandas as pd

from tapnb.metrics.quantity import Quantity
from tapnb.metrics.scores import with_interval, with_spread


def test_a_cell_is_its_text_and_its_numbers():
    cell = with_spread(0.7149, 0.0301)
    assert cell == "0.71 ± 0.03" and (cell.value, cell.std) == (0.7149, 0.0301) and math.isnan(cell.low)
    assert cell.bold == "**0.71 ± 0.03**" and cell.bold.std == 0.0301
    cell = with_interval(61.2, 54.4, 68.9, digits=0)
    assert cell == "61 (54 to 69)" and (cell.value, cell.low, cell.high) == (61.2, 54.4, 68.9) and math.isnan(cell.std)


def test_a_table_keeps_its_cells_and_writes_their_text(tmp_path):
    table = pd.DataFrame([{"strategy": "A0", "F1": Quantity("0.5", 0.5, std=0.1)}, {"strategy": "A1"}]).fillna("")
    assert table["F1"][0].std == 0.1 and table["F1"][1] == ""
    assert table.to_csv(index=False) == "strategy,F1\nA0,0.5\nA1,\n"
