"""Comparing what was trained anew with what is published."""

import json
import os

import pandas as pd
import pytest

from tapnb.metrics.scores import with_spread
from tapnb.store import results
from tapnb.studies.tables import signed
from tapnb.system import paths
from tapnb.workflow import notebooks, reproduce


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    return tmp_path


def write(folder, **numbers):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "06_strategies.json").write_text(json.dumps({"numbers": numbers}))


def number(value, std=None, interval=None):
    return {"value": value, "std": std, "interval": interval, "text": f"{value:.3f}"}


def keep(folder, **tables):
    write(folder)
    results.quantities(tables).to_csv(folder / "06_strategies_values.csv", index=False)
    for name, table in tables.items():
        table.to_csv(folder / f"06_strategies_{name}.csv", index=False)


def test_every_number_gets_its_verdict(tmp_path):
    write(tmp_path / "old", same=number(0.5), near=number(0.5, 0.1), far=number(0.5, 0.1),
          inside=number(0.5, interval=[0.4, 0.6]), outside=number(0.5, interval=[0.4, 0.6]), minutes=number(10),
          gone=number(1))
    write(tmp_path / "new", same=number(0.5), near=number(0.69, 0.2), far=number(0.71, 0.2), inside=number(0.37, interval=[0.27, 0.47]),
          outside=number(0.35, interval=[0.25, 0.45]), minutes=number(11), added=number(1))
    found = reproduce.compare(tmp_path / "old", tmp_path / "new").set_index("number")["verdict"]
    same, within, beyond, unknown = reproduce.VERDICTS
    assert found.to_dict() == {"same": same, "near": within, "far": beyond, "inside": within, "outside": beyond,
                               "minutes": unknown, "gone": "missing", "added": "missing"}


def test_cells_that_say_their_spread_are_compared(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, cells in ((old, [with_spread(0.712, 0.03).bold, signed(0.1, 0.04, 0.16), with_spread(0.5, 0.01), "0.91"]),
                          (new, [with_spread(0.76, 0.02), signed(-0.1, -0.16, -0.04), with_spread(0.53, 0.0), "0.11"])):
        write(folder)
        keep(folder, table2=pd.DataFrame({"ours": cells, "hela: F1": cells}))
    found = reproduce.compare(old, new, ["hela"])
    assert found["number"].tolist() == [f"table2, row {row}, ours" for row in (1, 2, 3)]
    same, within, beyond, unknown = reproduce.VERDICTS
    assert found["verdict"].tolist() == [within, beyond, beyond]
    assert found["published"].tolist() == ["0.71 ± 0.03", "+0.10 (+0.04 to +0.16)", "0.50 ± 0.01"]
    assert set(reproduce.compare(old, old)["verdict"]) == {same}


def test_a_row_is_found_by_its_name_where_a_table_is_sorted_by_what_was_measured(tmp_path):
    a, c = with_spread(0.70, 0.01).bold, with_spread(0.68, 0.01)
    ranking = pd.DataFrame({"": ["A1", "*trees*", "A1"], "kind": ["division", "division", "death"], "steps": ["9", "", "9"],
                            "F1": [a, c, with_spread(0.2, 0.01)]})
    keep(tmp_path / "old", ranking=ranking)
    keep(tmp_path / "new", ranking=ranking.iloc[[1, 0, 2]].assign(steps=["", "8", "8"]))
    found = reproduce.compare(tmp_path / "old", tmp_path / "new")
    assert found["number"].tolist() == ["ranking, A1, division, F1", "ranking, trees, division, F1", "ranking, A1, death, F1"]
    assert set(found["verdict"]) == {"the same"}


def test_another_movies_findings_are_left_out(tmp_path):
    write(tmp_path / "cpu" / "synthetic", synthetic_claims=number(1), hela_claims=number(2), claims=number(12))
    write(tmp_path / "new", synthetic_claims=number(1), claims=number(12))
    found = reproduce.compare(tmp_path / "cpu" / "synthetic", tmp_path / "new", ["hela"])
    assert list(found["number"]) == ["synthetic_claims", "claims"] and set(found["verdict"]) == {"the same"}


def test_a_notebook_that_did_not_run_misses_all_its_numbers(tmp_path):
    write(tmp_path / "old", a=number(1), b=number(2))
    assert set(reproduce.compare(tmp_path / "old", tmp_path / "new")["verdict"]) == {"missing"}


def test_training_anew_sees_nothing_of_what_is_published(home, monkeypatch):
    write(results.folder("cpu", "synthetic"), answer=number(0.5, 0.1))
    for name in ("benchmarks.json", "cost.json"):
        (paths.results() / name).write_text("{}")
    few = results.folder("labels", "synthetic") / "15_evidence.json"
    few.parent.mkdir(parents=True)
    few.write_text('{"numbers": {}}')

    def run(*asked):
        assert asked == ("all", "cpu", "synthetic", "execute")
        assert paths.results() == home / "again" / "results" and os.environ["TAPNB_HOME"] == str(home / "again")
        given = sorted(str(p.relative_to(paths.results())) for p in paths.results().rglob("*.json"))
        assert given == ["benchmarks.json", "cost.json", "labels/synthetic/15_evidence.json"], "which claim 12 reads"
        write(results.folder("cpu", "synthetic"), answer=number(0.55, 0.1))
        return []

    monkeypatch.setattr(notebooks, "run", run)
    found = reproduce.anew("cpu", "synthetic", home / "again")
    assert list(found["verdict"]) == ["within its spread"] and paths.home() == home
    assert "0.550" in (home / "again" / "comparison-cpu-synthetic.csv").read_text()


def test_without_a_publication_there_is_nothing_to_compare_with(home):
    write(results.folder("cpu", "hela"), answer=number(1))
    with pytest.raises(FileNotFoundError, match="profile 'paper' and movie 'synthetic'.*results/ has cpu/hela"):
        reproduce.anew("paper", "synthetic", home / "again")
