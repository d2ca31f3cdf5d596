"""What came out, movie beside movie: read from records, by hand."""

import json

import numpy as np
import pytest

from tapnb import figures
from tapnb.studies import claims, findings, paper


def write(folder, accuracies=(), **strategies):
    """Records of a pretraining and of strategies, with outcomes (tn, fp, fn, tp) per run, in two frame pairs."""
    (folder / "records").mkdir(parents=True)
    shared = {"parameters": {}}
    records = {"tap": {"kind": "tap", "parameters": {"settings": {"pairs": 9}},
                       "results": {"accuracies": list(accuracies)}}}
    records |= {name: {"kind": "strategy", "results": {"average_precision": [0.5] * len(runs), "test": {
                    "counts": [[list(c), [0, 0, 0, 0]] for c in runs]}}}
                for name, runs in strategies.items()}
    for name, record in records.items():
        (folder / "records" / f"{name}-1.json").write_text(json.dumps(shared | record | {"name": f"{name}-1"}))
    (folder / "06_strategies.json").write_text(json.dumps({"runs": {name: f"{name}-1" for name in records}}))


@pytest.fixture
def records(tmp_path):
    answers = [{"sampler": "uniform", "size": 48, "right": 60, "n": 100},
               {"sampler": "change", "size": 48, "right": 90, "n": 100}]
    write(tmp_path / "hela", answers, A1=[(5, 0, 0, 5), (5, 5, 0, 5)], C1=[(5, 5, 5, 0)])
    write(tmp_path / "apart", answers)
    write(tmp_path / "synthetic", answers[1:])
    (tmp_path / "not-run").mkdir()
    return findings.read(tmp_path)


def test_movies_come_in_their_order(records):
    assert list(records) == ["synthetic", "hela", "apart"]


def test_the_arrow_is_that_of_uniform_crops_beside_the_papers(records):
    found = findings.arrow(records)
    assert found["source"].tolist() == ["paper", "paper", "hela", "apart"]
    assert found["accuracy"].tolist() == [0.824, 0.974, 0.6, 0.6] and found["size"].tolist() == [48, 96, 48, 48]
    assert found["low"][2] == pytest.approx(0.502, abs=1e-3) and found["high"][2] == pytest.approx(0.691, abs=1e-3)


def test_f1_by_hand(records):
    found = findings.strategies(records).set_index(["source", "strategy"])
    assert len(found) == len(paper.table2()) + 2
    assert found.loc[("hela", "A1"), "f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert found.loc[("hela", "A1"), "std"] == pytest.approx(np.std([1, 2 / 3], ddof=1))
    assert found.loc[("hela", "C1"), "f1"] == 0 and np.isnan(found.loc[("hela", "C1"), "std"])
    row = paper.table2().loc["A1"]
    assert found.loc[("paper", "A1"), "f1"] == pytest.approx(2 / (1 / row["prec 1"] + 1 / row["rec 1"]))
    table = findings.strategies_table(found.reset_index()).set_index("strategy")
    assert list(table) == ["paper: F1", "hela: F1", "hela: average precision"]
    assert table.loc["A1"].tolist()[1:] == ["0.83 ± 0.24", "0.50 ± 0.00"] and table.loc["A0", "hela: F1"] == ""


def test_every_claim_has_a_line_and_every_verdict_is_counted(records):
    judged = {movie: claims.judge(of_movie) for movie, of_movie in records.items()}
    table = findings.verdict_table(judged)
    assert len(table) == len(claims.CLAIMS) and list(table) == ["claim", "synthetic", "hela", "apart"]
    assert table["hela"].str.contains(": ").all()
    numbers = findings.numbers(judged, findings.strategies(records))
    counted = sum(numbers[f"hela_{key}"]["value"] for key in ("reproduced", "not_reproduced", "undecided", "not_run"))
    assert counted == len(claims.CLAIMS) == numbers["claims"]["value"]
    assert numbers["hela_A1_F1"]["text"] == "0.83 ± 0.24"
    assert (numbers["hela_A1_F1"]["n"], numbers["hela_A1_F1"]["runs"]) == (2, ["A1-1"])
    assert numbers["hela_undecided"]["runs"] == ["tap-1", "A1-1", "C1-1"]


def test_the_figure_shows_every_source_at_its_place(records):
    figure = figures.findings(findings.arrow(records), findings.strategies(records))
    left, right, _ = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["paper", "hela", "apart"]
    drawn = [line.get_ydata() for line in right.lines if line.get_marker() == "o" and len(line.get_ydata())]
    assert any(np.allclose(y, [5 / 6, 0]) for y in drawn)
    assert left.get_ylim()[0] < 0.5 and right.get_ylim() == (0, 1)
