"""Temperature scaling: fitted to the optimum, on the validation pairs only; what its run keeps; tables and numbers."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.metrics import calibration as measures
from tapnb.settings import kept
from tapnb.store import runs
from tapnb.studies import calibration


def logits_and_labels(n=400, seed=0, strength=3.0):
    rng = np.random.default_rng(seed)
    true = rng.normal(-1, 2, n)
    offset = rng.normal(0, 5, n)  # what both logits share must not matter
    return np.stack([offset, offset + strength * true], axis=1), rng.random(n) < expit(true)


def test_only_the_validation_pairs_decide():
    parts = {part: logits_and_labels(seed=seed) for part, seed in (("validation", 1), ("test", 2))}
    results, margins = calibration.calibrate(*({part: m[i] for part, m in parts.items()} for i in (0, 1)))
    assert results["temperature"] == measures.temperature(*parts["validation"])
    m = parts["test"][0][:, 1] - parts["test"][0][:, 0]
    np.testing.assert_allclose(margins["after"], m / results["temperature"])
    assert np.array_equal(margins["after"] > 0, m > 0)  # T changes no answer
    np.testing.assert_allclose(expit(margins["factor"]), np.minimum(results["factor"] * expit(m), 1))
    called = {scaling: (margins[scaling] > 0)[parts["test"][1]].mean() for scaling in calibration.SCALINGS}
    assert results["recall"] == pytest.approx(called) and called["before"] == called["after"] != called["factor"]
    assert np.isnan(measures.recall(m, np.zeros(len(m), bool)))
    before, after = (results["measures"][scaling]["test"] for scaling in ("before", "after"))
    assert after["nll"] < before["nll"] and after["ece"] < before["ece"]


def test_the_papers_form_counts_recognised_events_over_the_sigmoid_of_one_logit():
    logits, labels = np.array([[0, 3.0], [4.0, 3.0], [0, 3.0], [0, -3.0]]), np.array([True, True, False, False])
    parts = {"validation": logits, "test": logits}, {"validation": labels, "test": labels}
    form = calibration.calibrate(*parts)[0]["paper_form"]["before"]
    np.testing.assert_allclose(form[4], [3, 3 * expit(3), 1])  # one of three is predicted 1 and is 1
    np.testing.assert_allclose(form[0], [1, expit(-3), 0])


def test_differences_hold_what_was_measured_and_agree_where_nothing_differs():
    rng = np.random.default_rng(0)
    p, labels, frame = rng.random(3000), rng.random(3000) < 0.3, rng.integers(0, 30, 3000)
    sums = {head: np.stack([[measures.bin_sums(q, labels, frame=frame, frames=30) for q in scalings]
                            for _ in range(2)]).swapaxes(1, 2)
            for head, scalings in (("linear", (p, p * 0.6)), ("ResNet", (p, p)))}
    compared = calibration.ece_differences(sums, draws=200)
    fall = measures.ece(measures.bin_sums(p, labels)) - measures.ece(measures.bin_sums(p * 0.6, labels))
    linear = compared["linear"]
    assert linear["value"] == pytest.approx(fall) and 0 < linear["low"] < fall < linear["high"]
    assert compared["ResNet"] == {"value": 0, "low": 0, "high": 0, "freedom": None} == compared["heads_before"]


def test_runs_that_differ_add_their_variance_to_a_difference():
    """Two runs in one of which scaling halves what the other has: half a fall apart, read from Student's with few degrees of freedom."""
    rng = np.random.default_rng(0)
    p, labels, frame = rng.random(3000), rng.random(3000) < 0.3, rng.integers(0, 30, 3000)
    def sums(*factors):
        return np.stack([[measures.bin_sums(q, labels, frame=frame, frames=30) for q in (p, p * f)] for f in factors]).swapaxes(1, 2)
    alike, apart = (calibration.ece_differences({"linear": s, "ResNet": s}, draws=200)["linear"]
                    for s in (sums(0.6, 0.6), sums(0.6, 0.9)))
    falls = [measures.ece(measures.bin_sums(p, labels)) - measures.ece(measures.bin_sums(p * f, labels)) for f in (0.6, 0.9)]
    assert alike["freedom"] > 5 and 1 < apart["freedom"] < 2  # blocks of frames there, two runs here
    between = stats.t.ppf(0.975, apart["freedom"]) * np.var(falls, ddof=1) ** 0.5 / 2**0.5
    assert apart["value"] == pytest.approx(np.mean(falls)) and apart["high"] - apart["value"] > between > alike["high"] - alike["low"]


SETTINGS = DatasetSettings(crop_size=16, crops_per_frame_pair=30)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    """A movie, and two strategies' runs on it with made-up predictions."""
    home, movie = tmp_path_factory.mktemp("home"), shrinking_discs(1)
    data, strategies = event_dataset(movie, SETTINGS), {}
    for head, strength in (("linear", 4.0), ("ResNet", 2.0)):
        rows = []
        for seed in (20, 40):
            for part in ("test", "validation"):
                pair = data.parts[part]
                margin = strength * (2 * data.labels[pair] - 1 + np.random.default_rng(seed).normal(0, 1.5, len(pair)))
                rows.append(pd.DataFrame({"seed": seed, "part": part, "pair": pair, "label": data.labels[pair],
                                          "logit_0": -margin / 2, "logit_1": margin / 2}))
        folder = home / head
        folder.mkdir()
        pd.concat(rows).to_parquet(folder / "predictions.parquet", index=False)
        strategies[head] = runs.Run(folder, {"name": f"strategy-discs-{head}", "seconds": 1.0,
                                             "parameters": {"dataset": kept(SETTINGS), "tap": "tap-discs-1"},
                                             "movies": {"train": {"fingerprint": movie.fingerprint}}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(home))
        yield movie, strategies


def test_the_run_keeps_what_figure_and_claim_need(setting):
    movie, strategies = setting
    run = calibration.calibration_run(strategies, movie, mode="execute", command="", draws=50)
    assert json.loads((run.folder / "record.json").read_text())["results"] == run.results  # plain JSON values
    assert run.record["parameters"]["tap"] == "tap-discs-1"
    again = calibration.calibration_run(strategies, movie, mode="restore", command="", draws=50)
    assert again.results == run.results
    linear = run.results["heads"]["linear"]
    assert linear["seeds"] == [20, 40] and len(linear["temperature"]) == 2
    assert linear["temperature"][0] > run.results["heads"]["ResNet"]["temperature"][0]  # twice as stretched
    data = event_dataset(movie, SETTINGS)
    assert run.results["pairs"]["linear"]["test"] == {"pairs": len(data.parts["test"]),
                                                      "positives": int(data.labels[data.parts["test"]].sum())}
    fall = np.mean(linear["measures"]["before"]["test"]["ece"]) - np.mean(linear["measures"]["after"]["test"]["ece"])
    assert run.results["differences"]["linear"]["value"] == pytest.approx(fall)
    for kind in ("differences", "differences_class_1"):
        assert set(run.results[kind]) == {"linear", "ResNet", "heads_before"}


def test_tables_and_bins_are_those_of_the_run(setting):
    movie, strategies = setting
    calibration.calibration_run(strategies, movie, mode="execute", command="", draws=50)
    results = calibration.calibration_run(strategies, movie, mode="restore", command="", draws=50).results
    table, fits = calibration.measures_table(results), calibration.fits_table(results)
    assert table["scaling"].tolist() == list(calibration.SCALINGS.values()) * 2 == fits["scaling"].tolist()
    assert (fits["T or factor"] != "").sum() == 4
    assert table["NLL"][6] == calibration.spread(results["heads"]["ResNet"]["measures"]["after"]["test"]["nll"])
    bins = calibration.bins(results)
    assert len(bins) == 2 * 2 * 2 * 15 and (bins.groupby(["head", "scaling", "seed"])["pairs"].sum() == 66).all()
    one = bins.query("head == 'linear' and scaling == 'after' and seed == 40")
    gaps = abs(one["pairs"] * one["confidence"] - one["events"]).sum() / one["pairs"].sum()
    assert gaps == pytest.approx(one["ece"].iloc[0], abs=1e-6)
    assert table["head"].tolist() == ["linear"] * 5 + ["ResNet"] * 5  # a record's keys are in another order
    assert fits["T or factor"][1] == calibration.median_and_range(results["heads"]["linear"]["temperature"])
    paper = calibration.bins(results, "paper_form")
    assert paper["ece"].iloc[0] == results["heads"]["linear"]["measures"]["before"]["validation"]["ece"][0]


def test_the_cure_is_binned_as_its_error_was_measured(setting):
    movie, strategies = setting
    results = calibration.calibration_run(strategies, movie, mode="execute", command="", draws=50).results
    cured, before = calibration.cured_bins(strategies), calibration.bins(results)
    assert list(cured.columns) == list(before.columns) and set(cured["scaling"]) == {"platt"}
    for head in calibration.HEADS:
        errors = cured[cured["head"] == head].groupby("seed")["ece"].first()
        assert errors.index.tolist() == results["heads"][head]["seeds"]
        np.testing.assert_allclose(errors, results["heads"][head]["measures"]["platt"]["test"]["ece_class_1"])
    assert (cured.groupby(["head", "seed"])["events"].sum() == before["events"].sum() / 8).all()


def test_temperatures_that_differ_tenfold_are_a_median_and_a_range():
    assert calibration.median_and_range([9.57, 17.6, 76.44, 121.0, 277.73]) == "76.4 (9.6 to 277.7)"


def test_an_infinite_likelihood_is_kept_as_none_and_shown_as_such():
    assert calibration.spread([0.5, None]) == "infinite" and calibration.spread([0.5]) == "0.500"
    assert calibration.spread([0.4, 0.6]) == "0.500 ± 0.141"


def test_another_movie_is_refused(setting):
    with pytest.raises(ValueError, match="strategy-discs-linear was made from another movie than this 'discs 2'"):
        calibration.calibration_run(setting[1], shrinking_discs(2), mode="execute", command="")


@pytest.fixture
def by_hand():
    """What a run keeps of two seeds; the ResNet head's temperature stands at a bound and one NLL is infinite."""
    heads = {}
    for head, ece in (("linear", 0.2), ("ResNet", 0.1)):
        by_scaling = {scaling: {part: {key: [value, value + 0.02] for key in measures.MEASURES}
                                for part, value in (("validation", ece / 2), ("test", ece))}
                      for scaling in calibration.SCALINGS}
        heads[head] = {"seeds": [20, 40], "temperature": [1.5, 2.5], "factor": [0.5, 0.75], "remark": ["", ""],
                       "measures": by_scaling, "recall": {scaling: [0.5, 0.75] for scaling in calibration.SCALINGS},
                       "by_chance": {scaling: {"ece": [0.01, 0.03], "ece_class_1": [0.02, 0.02]}
                                     for scaling in ("before", "after")}}
    heads["ResNet"]["remark"] = ["T stopped", "T stopped"]
    heads["ResNet"]["measures"]["factor"]["test"]["nll"] = [0.4, None]
    compared = {key: {"value": -0.0204, "low": -0.05, "high": 0.011} for key in ("linear", "ResNet", "heads_before")}
    pairs = {"validation": {"pairs": 1000, "positives": 90}, "test": {"pairs": 1200, "positives": 110}}
    return {"heads": heads, "pairs": {"linear": pairs, "ResNet": pairs}, "differences": compared,
            "differences_class_1": compared | {"linear": {"value": 0.03, "low": 0.01, "high": 0.05}}}


def test_numbers_are_means_over_the_seeds_without_what_is_infinite(by_hand, tmp_path):
    numbers = calibration.numbers(runs.Run(tmp_path, {"name": "calibration-x", "results": by_hand}))
    texts = {key: number["text"] for key, number in numbers.items()}
    assert texts["linear_ece_before"] == "0.210 ± 0.014" and texts["linear_ece_validation_before"] == "0.110 ± 0.014"
    assert texts["linear_temperature"] == "2.0" and texts["linear_temperature_most"] == "2.5"
    assert texts["ResNet_recall_platt"] == "0.625 ± 0.177"
    assert texts["linear_ece_by_chance_after"] == "0.020 ± 0.014" and "linear_ece_by_chance_prior" not in texts
    assert "linear_nll_factor" in texts and "ResNet_nll_factor" not in texts
    assert texts["differences_ResNet"] == "\u22120.020 (\u22120.050 to 0.011)"
    assert texts["differences_class_1_linear"] == "0.030 (0.010 to 0.050)"
    assert texts["test_pairs"] == "1\u202f200" and texts["validation_positives"] == "90"
    assert all(number["runs"] == ["calibration-x"] for number in numbers.values())


def test_differences_and_chance_are_shown_for_either_error(by_hand):
    table = calibration.differences_table(by_hand).set_index("difference")
    assert table.loc["linear, before less after"].to_dict() == {
        "ECE": "\u22120.020 (\u22120.050 to +0.011)", "ECE, class 1": "+0.030 (+0.010 to +0.050)"}
    chance = calibration.chance_table(by_hand)
    assert list(zip(chance["head"], chance["scaling"])) == [
        ("linear", "as trained"), ("linear", "temperature T"), ("ResNet", "as trained"), ("ResNet", "temperature T")]
    assert chance["ECE"][2] == "0.110 ± 0.014" and chance["ECE, class 1, by chance"][2] == "0.020 ± 0.000"


def test_a_temperature_at_a_bound_is_remarked_once(by_hand):
    assert calibration.describe(by_hand).split("\n") == [
        "validation: 1000 crop pairs, 90 of them positive", "test: 1200 crop pairs, 110 of them positive", "T stopped"]
    by_hand["heads"]["ResNet"]["remark"] = ["", ""]
    assert calibration.describe(by_hand).endswith("no temperature stands at a bound of its search")
    assert calibration.temperatures(by_hand).loc[40].to_dict() == {"linear": 2.5, "ResNet": 2.5}
