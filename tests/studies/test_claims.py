"""Claims on made-up records whose verdicts are known."""


import numpy as np
import pytest

from tapnb.metrics import scores
from tapnb.studies import claim_records, claims, paper
from tapnb.studies.claim_records import Records
from tapnb.studies.verdicts import NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED, weigh
from tapnb.workflow.notebooks import CHECKOUT


def strategy(missed, false, runs=4, frames=40, positives=20, negatives=100, tap="tap-x-1"):
    """A record in which a share of positives is missed and a share of negatives is called positive, everywhere."""
    rng = np.random.default_rng(int(1e7 * missed + 1e6 * false))
    fn, fp = rng.binomial(positives, missed, (runs, frames)), rng.binomial(negatives, false, (runs, frames))
    counts = np.stack([negatives - fp, fp, fn, positives - fn], axis=-1)
    return {"name": f"strategy-x-{missed}-{false}", "parameters": {"tap": tap},
            "results": {"test": {"seeds": list(range(runs)), "counts": counts.tolist()}}}


def tap(right=900, n=1000):
    return {"name": "tap-x-1", "parameters": {"settings": {"pairs": 64}, "test_pairs": 1000},
            "results": {"accuracies": [{"sampler": "uniform", "size": 96, "right": right, "n": n}]}}


def table2(**changed):
    quality = {"A0": (0.15, 0.1), "A1": (0.05, 0.02), "B0": (0.4, 0.3), "B1": (0.3, 0.2), "C0": (0.3, 0.25),
               "C1": (0.2, 0.1)} | changed
    return Records({"tap": tap()} | {name: strategy(*q) for name, q in quality.items()})


def verdict(number, records):
    return claims.judge(records)[number - 1]


def test_what_table_2_claims_holds_where_it_was_put():
    found = claims.judge(table2())
    assert [v.verdict for v in found[:4]] == [REPRODUCED] * 4
    assert found[2].runs == ["tap-x-1", "strategy-x-0.05-0.02", "strategy-x-0.2-0.1"]
    assert found[2].effect.startswith("A1 \u2212 C1, F1: +0.")


def test_and_fails_where_it_was_not():
    found = claims.judge(table2(C1=(0.01, 0.005)))
    assert [v.verdict for v in found[:4]] == [NOT_REPRODUCED, REPRODUCED, NOT_REPRODUCED, REPRODUCED]


def test_alike_strategies_decide_nothing():
    found = verdict(3, table2(C1=(0.05, 0.02)))
    assert found.verdict == UNDECIDED and "1 of 1 comparisons are undecided" in found.reason


def test_too_few_runs_or_positives_decide_nothing_and_say_what_would():
    few = verdict(3, Records({"tap": tap(), "A1": strategy(0.1, 0.1, runs=2), "C1": strategy(0.9, 0.5)}))
    assert few.verdict == UNDECIDED
    assert "2 runs on 800 positive" in few.reason and "at least 3 on 100: more seeds" in few.reason
    assert "06_strategies, which makes A1, has not run" in verdict(3, Records({"tap": tap()})).reason
    left_out = Records({"tap": tap()}, frozenset({"08_criteria"}))
    assert '08_criteria has run without "A0 any size, both"' in verdict(7, left_out).reason


def test_features_that_have_not_learned_the_arrow_decide_nothing():
    records = table2()
    records.by_role["tap"] = tap(right=505)
    assert "after 64 crop pairs the network tells the time arrow no better than a coin" in verdict(2, records).reason
    assert verdict(4, records).verdict == REPRODUCED  # the heads' comparison does not rest on it


def test_content_view_is_judged_only_if_the_arrow_of_uniform_crops_is_told():
    """A network may tell it where something changes, and no better than a coin elsewhere."""
    pretrained = tap(right=505)
    pretrained["results"]["accuracies"].append({"sampler": "change", "size": 48, "right": 900, "n": 1000})
    records = Records({"tap": pretrained})
    records.arrow_is_told()
    assert "of uniform crops no better than a coin" in verdict(9, records).reason


def test_a_run_on_another_pretraining_is_not_used():
    records = table2()
    records.by_role["A1"] = strategy(0.05, 0.02, tap="tap-x-2")
    assert "another pretraining" in verdict(3, records).reason


def test_a_run_that_rests_on_no_pretraining_is_used_beside_any():
    records = table2()
    for role in ("B0", "B1", "C0", "C1"):  # random features
        del records.by_role[role]["parameters"]["tap"]
    assert [v.verdict for v in claims.judge(records)[:4]] == [REPRODUCED] * 4
    records.by_role["tap"]["name"] = "tap-x-2"  # on which A0 and A1 do not rest
    reasons = [v.reason for v in claims.judge(records)[:4]]
    assert all("strategy-x-0.15-0.1 rests on another pretraining" in reasons[i] for i in (0, 1, 3))
    assert "strategy-x-0.05-0.02 rests on another pretraining" in reasons[2]


def test_errors_over_time():
    steady = strategy(0.1, 0.05)
    counts = np.array(steady["results"]["test"]["counts"])
    counts[:, :, 3] = 10 + 2 * np.arange(40)  # events become more frequent, misses and false positives do not
    steady["results"]["test"]["counts"] = counts.tolist()
    found = claims.judge(Records({"tap": tap(), "A1": steady}))
    assert found[4].verdict == found[5].verdict == REPRODUCED
    counts[:, 20:, 2] += 40
    steady["results"]["test"]["counts"] = counts.tolist()
    assert verdict(6, Records({"tap": tap(), "A1": steady})).verdict == NOT_REPRODUCED


def test_the_criteria_are_compared_for_both_heads():
    quality = {"any size, both": (0.2, 0.2), "any size, either": (0.15, 0.1), "size filter, either": (0.1, 0.03)}
    records = Records({"tap": tap()} | {f"{h} {c}": strategy(m, f)
                                        for h in ("A0", "A1") for c, (m, f) in quality.items()})
    found = verdict(7, records)
    assert found.verdict == REPRODUCED and len(found.parts) == 8
    records.by_role["A1 any size, both"] = strategy(0.01, 0.001)
    assert verdict(7, records).verdict == NOT_REPRODUCED


def test_calibration_content_view_grad_cam_and_invariance():
    differences = {key: {"value": 0.05, "low": 0.02, "high": 0.08, "freedom": 6.5} for key in ("linear", "ResNet", "heads_before")}
    right = {"same": 90, "crop halved": 70, "crop doubled": 99, "resolution halved": 93, "resolution doubled": 60}
    content = [{"setting": s, "sampler": "uniform", "draw": d, "right": 10 * r, "n": 1000} for s, r in right.items()
               for d in range(3)] + [{"setting": "same", "sampler": "change", "draw": 0, "right": 0, "n": 9}]
    matched = [{"crop_setting": "crop doubled", "resolution_setting": "resolution halved", "sampler": "uniform",
                "crop_only": 190, "resolution_only": 10}]
    grad_cam = {"held-out": {"t": list(range(40)), "boxes": [8] * 40, "touching": [5, 6, 6] * 13 + [5], "expected": [0.2] * 40}}
    for name in ("second", "votes", "change"):  # what the claim does not look at
        grad_cam["held-out"] |= {f"{name}_boxes": [8] * 40, f"{name}_touching": [0] * 40}
    calibrated = {"runs": {"linear": "strategy-x-0.15-0.1", "ResNet": "strategy-x-0.05-0.02"}}
    records = Records({"tap": tap(), "A0": strategy(0.15, 0.1), "A1": strategy(0.05, 0.02), "A0i": strategy(0.2, 0.12),
                       "calibration": {"name": "calibration-x-1", "parameters": calibrated,
                                       "results": {"differences": differences}},
                       "content": {"name": "content-x-1", "parameters": {},
                                   "results": {"accuracies": content, "matched": matched}},
                       "gradcam": {"name": "gradcam-x-1", "parameters": {}, "results": {"statistics": grad_cam}}})
    found = claims.judge(records)
    assert [found[i - 1].verdict for i in (8, 9, 10, 11, 12)] == [REPRODUCED] * 4 + [NOT_RUN]
    assert found[9].parts[0].value == pytest.approx((40 * 5 + 26) / 320 - 0.2) and found[9].parts[0].freedom == 9  # ten blocks of frames
    assert found[7].parts[0].freedom == 6.5
    assert found[8].parts[0].value == pytest.approx(0.09)
    assert (found[8].parts[-1].low, found[8].parts[-1].high) == scores.paired_difference_interval(190, 10, 3000)
    differences["heads_before"] = {"value": -0.05, "low": -0.08, "high": -0.02, "freedom": None}
    without = grad_cam["held-out"] | {name: [0] * 40 for name in grad_cam["held-out"] if name.endswith(("boxes", "touching"))}
    records.by_role["gradcam"]["results"]["statistics"] = grad_cam | {"train": without}
    undecided = verdict(10, records)
    assert (undecided.verdict, undecided.parts) == (UNDECIDED, []) and "no frame pair of the train movie has a box" in undecided.reason
    records.by_role["gradcam"]["results"]["statistics"] = grad_cam
    grad_cam["held-out"]["touching"] = [0] * 40
    assert [verdict(i, records).verdict for i in (8, 10)] == [NOT_REPRODUCED] * 2 and verdict(8, records).parts[2].freedom == np.inf
    records.by_role["A0"]["name"] = "strategy-x-new"
    records.by_role["A0"]["parameters"]["seeds"] = [7]
    assert "run 09_calibration again" in verdict(8, records).reason
    assert "run 10_limitations again" in verdict(11, records).reason


def test_a_tie_is_no_failure():
    """Six strategies that are equally good: A1 is not worse than any, and chance must not make it so."""
    quality = [0.1 + 1e-4 * i for i in range(6)]  # other random numbers, the same quality
    names, lost = ("A0", "A1", "B0", "B1", "C0", "C1"), 0
    for k in range(1000, 1010):
        parts = claims.best_in_all_entries(table2(**{n: (q + 1e-6 * k, q) for n, q in zip(names, quality)}))
        lost += weigh(parts)[0] == NOT_REPRODUCED
    assert lost <= 2


def test_what_speaks_against_a_claim_in_the_paper_is_in_its_tables():
    def f1(row):
        return round(2 * row["prec 1"] * row["rec 1"] / (row["prec 1"] + row["rec 1"]), 2)

    table2, table5 = paper.table2(), paper.table5()
    said = [itself for _, itself, _ in claims.CLAIMS]
    assert f1(table2.loc["C0"]) == f1(table2.loc["C1"]) == 0.69 and "0.69" in said[3]
    either = [f1(table5.loc[(c, "ResNet")]) for c in ("any size, either", "size filter, either")]
    assert either == [0.78, 0.78] and "0.78" in said[6]
    same, halved = (paper.TABLE6_SETTINGS[setting][0] for setting in ("same", "resolution halved"))
    assert f"from {same} to {halved}" in said[8] and halved < same


def test_what_the_protocol_says_stands_beside_a_verdict_and_does_not_change_it():
    plain = table2(C1=(0.05, 0.02))
    found = claims.judge(Records(plain.by_role, primary={"A1 \u2212 C1": "+0.110 (+0.060 to +0.159): reproduced"}))
    assert found[2].verdict == UNDECIDED and found[2].protocol == "A1 \u2212 C1 +0.110 (+0.060 to +0.159): reproduced"
    assert not any(v.protocol for v in found if v.number != 3) and not claims.judge(plain)[2].protocol


def test_the_protocols_comparisons_are_read_with_their_verdicts():
    primary = claim_records.read(CHECKOUT / "results" / "cpu" / "hela").primary
    assert len(primary) == 7 and primary["A1 \u2212 C1"].endswith(": reproduced") and "(" in primary["A1 \u2212 C1"]


def test_where_the_protocol_compares_nothing_nothing_is_read(tmp_path):
    assert claim_records.read(tmp_path).primary == {}
    (tmp_path / "15_evidence_primary.csv").write_text("a,b\n1,2\n")  # as the smoke profile's has no comparison
    assert claim_records.read(tmp_path).primary == {}


def few(**at):
    """Differences A1 - C1 that notebook 15 published: of each number of labels value, low, high."""
    return Records({}, frozenset({"15_evidence"}), {f"few_A1_less_C1_{labels[1:]}": {
        "value": value, "interval": [low, high], "runs": [f"strategy-x-{labels}"]} for labels, (value, low, high) in at.items()})


def test_few_labels_are_a_tenth_of_all_or_fewer():
    helps, harms, vague = (0.2, 0.1, 0.3), (-0.2, -0.3, -0.1), (0.1, -0.1, 0.3)
    found = verdict(12, few(_2=helps, _17=helps, _42=harms, _170=harms))
    assert found.verdict == REPRODUCED and found.runs == ["strategy-x-_2", "strategy-x-_17"]
    assert [part.text for part in found.parts] == [f"A1 \u2212 C1 with {n} labelled events, average precision" for n in (2, 17)]
    assert verdict(12, few(_2=helps, _17=vague, _170=helps)).verdict == UNDECIDED
    assert verdict(12, few(_2=helps, _17=harms, _170=helps)).verdict == NOT_REPRODUCED
    barely = few(_2=(-0.2, -0.35, -0.05), _17=helps, _170=helps)
    assert verdict(12, barely).verdict == NOT_REPRODUCED
    barely.numbers["few_A1_less_C1_2"]["freedom"] = 2.5  # of three draws
    assert verdict(12, barely).verdict == UNDECIDED, "an interval of so few is far wider where several are taken together"
    for records in (few(_170=helps), Records({}, frozenset({"15_evidence"}))):
        assert verdict(12, records).verdict == NOT_RUN and "evidence_label_shares" in verdict(12, records).reason
