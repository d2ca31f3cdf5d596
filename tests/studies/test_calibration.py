"""Temperature scaling: fitted to the optimum, on the validation pairs only; what its run keeps."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit, softmax
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


def nll(logits, labels, t):
    p = softmax(logits / t, axis=1)
    return -np.log(p[np.arange(len(labels)), labels.astype(int)]).mean()


def test_no_other_temperature_is_likelier():
    logits, labels = logits_and_labels()
    t = calibration.temperature(logits, labels)
    grid = np.exp(np.linspace(np.log(t) - 2, np.log(t) + 2, 4001))
    losses = [nll(logits, labels, g) for g in grid]
    assert grid[np.argmin(losses)] == pytest.approx(t, rel=2e-3) and nll(logits, labels, t) <= min(losses)
    assert t == pytest.approx(3, rel=0.25)  # what the logits were stretched by


def test_it_is_the_optimum_that_l_bfgs_finds_and_its_slope_is_zero():
    logits, labels = logits_and_labels(seed=4)
    found = calibration.temperature(logits, labels)
    z, y = torch.from_numpy(logits), torch.from_numpy(labels.astype(np.int64))
    log_t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_t], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(z / log_t.exp(), y)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert found == pytest.approx(float(log_t.detach().exp()), rel=1e-5)
    with torch.no_grad():
        log_t.copy_(torch.tensor(np.log(found)))
    closure()
    assert abs(float(log_t.grad)) < 1e-10


def test_labels_that_leave_no_optimum_end_at_a_bound_and_say_so():
    separable = np.array([[0, 2.0], [0, -3.0]]), np.array([True, False])
    assert calibration.temperature(*separable) == calibration.TEMPERATURES[0]
    assert "lower bound 0.01" in calibration.remark(calibration.temperature(*separable))
    contrary = np.array([[0, 2.0], [0, -3.0]]), np.array([False, True])
    assert calibration.temperature(*contrary) == calibration.TEMPERATURES[1]
    assert "upper bound 1000" in calibration.remark(calibration.temperature(*contrary))
    assert calibration.temperature(np.ones((3, 2)), np.array([True, False, False])) == 1
    assert calibration.remark(1.0) == ""


def test_labels_of_one_class_have_an_optimum_if_one_of_them_is_missed():
    logits = np.array([[0, -4.0], [0, -3.0], [0, 1.0]])
    labels = np.zeros(3, bool)
    t = calibration.temperature(logits, labels)
    assert calibration.TEMPERATURES[0] < t < calibration.TEMPERATURES[1]
    assert nll(logits, labels, t) < min(nll(logits, labels, t * 1.01), nll(logits, labels, t / 1.01))


@pytest.mark.parametrize("logits", [np.zeros((0, 2)), np.zeros((3, 1)), np.full((3, 2), np.nan)])
def test_logits_without_sense_are_refused(logits):
    with pytest.raises(ValueError, match="temperature scaling got logits of shape"):
        calibration.temperature(logits, np.zeros(len(logits), bool))


def test_the_factor_undoes_a_factor():
    rng = np.random.default_rng(0)
    p = rng.random(20_000) * 0.5
    labels = rng.random(len(p)) < 0.4 * p
    assert calibration.best_factor(p, labels) == pytest.approx(0.4, abs=0.05)
    assert calibration.best_factor(np.zeros(5), np.zeros(5, bool)) == 1  # all factors are equal: none is needed


def test_only_the_validation_pairs_decide():
    made = {part: logits_and_labels(seed=seed) for part, seed in (("validation", 1), ("test", 2))}
    results, margins = calibration.calibrate(*({part: m[i] for part, m in made.items()} for i in (0, 1)))
    assert results["temperature"] == calibration.temperature(*made["validation"])
    m = made["test"][0][:, 1] - made["test"][0][:, 0]
    np.testing.assert_allclose(margins["after"], m / results["temperature"])
    assert np.array_equal(margins["after"] > 0, m > 0)  # T changes no answer
    np.testing.assert_allclose(expit(margins["factor"]), np.minimum(results["factor"] * expit(m), 1))
    called = {scaling: (margins[scaling] > 0)[made["test"][1]].mean() for scaling in calibration.SCALINGS}
    assert results["recall"] == pytest.approx(called) and called["before"] == called["after"] != called["factor"]
    assert np.isnan(measures.recall(m, np.zeros(len(m), bool)))
    before, after = (results["measures"][scaling]["test"] for scaling in ("before", "after"))
    assert after["nll"] < before["nll"] and after["ece"] < before["ece"]


def test_the_papers_form_counts_events_found_over_the_sigmoid_of_one_logit():
    logits, labels = np.array([[0, 3.0], [4.0, 3.0], [0, 3.0], [0, -3.0]]), np.array([True, True, False, False])
    parts = {"validation": logits, "test": logits}, {"validation": labels, "test": labels}
    form = calibration.calibrate(*parts)[0]["paper_form"]["before"]
    np.testing.assert_allclose(form[4], [3, 3 * expit(3), 1])  # one of three is predicted 1 and is 1
    np.testing.assert_allclose(form[0], [1, expit(-3), 0])


def test_differences_hold_what_was_found_and_agree_where_nothing_differs():
    rng = np.random.default_rng(0)
    p, labels, frame = rng.random(3000), rng.random(3000) < 0.3, rng.integers(0, 30, 3000)
    sums = {head: np.stack([[measures.bin_sums(q, labels, frame=frame, frames=30) for q in scalings]
                            for _ in range(2)]).swapaxes(1, 2)
            for head, scalings in (("linear", (p, p * 0.6)), ("ResNet", (p, p)))}
    found = calibration.differences(sums, draws=200)
    fall = measures.ece(measures.bin_sums(p, labels)) - measures.ece(measures.bin_sums(p * 0.6, labels))
    assert found["linear"]["value"] == pytest.approx(fall) and found["linear"]["low"] < fall < found["linear"]["high"]
    assert found["linear"]["low"] > 0
    assert found["ResNet"] == {"value": 0, "low": 0, "high": 0} == found["heads_before"]


SETTINGS = DatasetSettings(crop_size=16, crops_per_frame_pair=30)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    """A movie, and two strategies' runs on it with made-up predictions."""
    home, movie = tmp_path_factory.mktemp("home"), shrinking_discs(1)
    data, made = event_dataset(movie, SETTINGS), {}
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
        made[head] = runs.Run(folder, {"name": f"strategy-discs-{head}", "seconds": 1.0,
                                       "parameters": {"dataset": kept(SETTINGS), "tap": "tap-discs-1"},
                                       "movies": {"train": {"fingerprint": movie.fingerprint}}})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(home))
        yield movie, made


def test_the_run_keeps_what_figure_and_claim_need(setting):
    movie, made = setting
    run = calibration.calibration_run(made, movie, mode="execute", command="", draws=50)
    assert json.loads((run.folder / "record.json").read_text())["results"] == run.results  # plain JSON values
    assert run.record["parameters"]["tap"] == "tap-discs-1"
    again = calibration.calibration_run(made, movie, mode="restore", command="", draws=50)
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
    movie, made = setting
    calibration.calibration_run(made, movie, mode="execute", command="", draws=50)
    results = calibration.calibration_run(made, movie, mode="restore", command="", draws=50).results
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
    paper = calibration.bins(results, "paper_form")
    assert paper["ece"].iloc[0] == results["heads"]["linear"]["measures"]["before"]["validation"]["ece"][0]


def test_an_infinite_likelihood_is_kept_as_none_and_shown_as_such():
    assert calibration.spread([0.5, None]) == "infinite" and calibration.spread([0.5]) == "0.500"
    assert calibration.spread([0.4, 0.6]) == "0.500 ± 0.141"


def test_another_movie_is_refused(setting):
    with pytest.raises(ValueError, match="strategy-discs-linear was made from another movie than this 'discs 2'"):
        calibration.calibration_run(setting[1], shrinking_discs(2), mode="execute", command="")


def test_scale_and_offset_undo_what_was_done_to_true_probabilities():
    """Margins stretched by 20 and shifted: what remains after the fit are the true ones."""
    rng = np.random.default_rng(0)
    true = rng.normal(-2, 1.5, 40_000)
    labels = rng.random(len(true)) < expit(true)
    a, b = calibration.scale_and_offset(20 * true + 60, labels)
    assert a == pytest.approx(1 / 20, rel=0.05) and b == pytest.approx(-3, rel=0.05)


@pytest.mark.parametrize("margins, labels", [([1.0, 2.0], [False, False]), ([3.0, 3.0], [True, False])])
def test_scale_and_offset_of_pairs_that_tell_nothing_are_their_share(margins, labels):
    a, b = calibration.scale_and_offset(np.array(margins), np.array(labels))
    assert a == 0 and expit(b) == pytest.approx((sum(labels) + 0.5) / 3)
