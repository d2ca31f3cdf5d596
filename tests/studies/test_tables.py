"""Tables of scores, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tapnb.metrics.scores import SCORES, with_interval, with_spread
from tapnb.store.runs import Run
from tapnb.studies import paper, tables


def run(outcomes, tmp_path):
    counts = np.broadcast_to(np.array(outcomes)[:, None], (len(outcomes), 5, 4)).tolist()
    return Run(tmp_path, {"name": "x", "results": {"test": {"seeds": [20, 40][:len(outcomes)], "counts": counts},
                                                   "average_precision": [0.4, 0.6][:len(outcomes)]}})


def test_table_2_by_hand(tmp_path):
    good, poor = [[90, 10, 5, 15], [90, 10, 5, 15]], [[80, 20, 10, 10], [60, 40, 10, 10]]
    made = {"A1": run(good, tmp_path), "B1": run(poor, tmp_path)}
    table = tables.strategies(made, paper.table2())
    assert table["strategy"].tolist() == ["A1", "A1", "B1", "B1"]
    ours, theirs = table.iloc[0], table.iloc[1]
    assert (ours["rec 1"], ours["prec 1"], ours["source"]) == ("**0.75 ± 0.00**", "**0.60 ± 0.00**", "here (2 runs)")
    assert ours["average precision"] == "0.50 ± 0.14"
    assert theirs["rec 1"] == "**0.89 ± 0.03**"  # just clear of 0.80 ± 0.05, the other of the paper that is shown
    assert table.iloc[2]["rec 0"] == "0.70 ± 0.14" and table.iloc[3]["rec 0"] == "0.87 ± 0.07"
    # every frame is alike and so are A1's runs: only the paper's standard error of 0.03 / sqrt(10) is left
    cell = tables.against_paper(made, paper.table2()).set_index("strategy").loc["A1", "rec 1"]
    assert cell.value == pytest.approx(-0.14) and str(cell).startswith("\u22120.14 (")
    assert cell.high - cell.low == pytest.approx(2 * stats.t.ppf(0.975, 9) * 0.03 / 10**0.5)


def test_the_best_is_bold_only_if_it_is_clear_of_the_next_beyond_their_spreads():
    near, far = [with_spread(0.9, 0.02), with_spread(0.87, 0.02), with_spread(0.5, 0.01)], [with_spread(0.9, 0.02), with_spread(0.85, 0.02)]
    assert bold(near) == ["0.90 ± 0.02", "0.87 ± 0.02", "0.50 ± 0.01"]  # 0.88 is below 0.89
    assert bold(far) == ["**0.90 ± 0.02**", "0.85 ± 0.02"]  # and above 0.87
    assert bold([with_interval(0.9, 0.8, 0.95), with_interval(0.7, 0.6, 0.79)])[0] == "**0.90 (0.80 to 0.95)**"
    assert bold([with_interval(0.9, 0.8, 0.95), with_interval(0.7, 0.6, 0.81)])[0] == "0.90 (0.80 to 0.95)"


def test_nothing_is_bold_that_has_no_spread_or_no_rival():
    alone, unknown = [with_spread(0.9, 0.02), "\u2013"], [with_spread(0.9, 0.02), with_spread(0.5, np.nan)]
    assert bold(alone) == alone and bold(unknown) == unknown


def bold(cells):
    """Return a column of cells as a table shows it, the best in bold."""
    table = pd.DataFrame({"rec 1": cells})
    tables.bold_best(table, table.index, ("rec 1",))
    return table["rec 1"].tolist()


def test_one_run_has_means_without_spread(tmp_path):
    table = tables.strategies({"A1": run([[90, 10, 5, 15]], tmp_path)}, paper.table2())
    assert table.iloc[0]["rec 1"] == "0.75" and table.iloc[0]["average precision"] == "0.40"


def test_a_strategy_that_the_paper_lacks_is_said_to_be_none_of_its_and_competes_here(tmp_path):
    fair, best = [[90, 10, 5, 15], [90, 10, 5, 15]], [[95, 5, 2, 18], [95, 5, 2, 18]]
    made = {"D1": run(best, tmp_path), "A1": run(fair, tmp_path)}
    table = tables.strategies(made, paper.table2())
    assert table["strategy"].tolist() == ["D1", "D1", "A1", "A1"]
    assert table["source"].tolist() == ["here (2 runs)", "not in the paper", "here (2 runs)", "paper (10 runs)"]
    assert table["rec 1"].tolist() == ["**0.90 ± 0.00**", "\u2013", "0.75 ± 0.00", "0.89 ± 0.03"]
    assert table["average precision"].tolist() == ["0.50 ± 0.14", "", "0.50 ± 0.14", ""]
    assert tables.against_paper(made, paper.table2())["strategy"].tolist() == ["A1"]


def test_where_the_paper_lacks_them_all_nothing_is_compared_with_it(tmp_path):
    made = {"D1": run([[90, 10, 5, 15], [90, 10, 5, 15]], tmp_path)}
    assert tables.strategies(made, paper.table2())["source"].tolist() == ["here (2 runs)", "not in the paper"]
    apart = tables.against_paper(made, paper.table2())
    assert list(apart) == ["strategy", *SCORES] and apart.empty
    assert tables.side_by_side(apart, [], []).empty
