"""Classifiers that have learned nothing go through every claim's rule: what a coin reproduces is no finding."""

import numpy as np
import pytest

from tapnb.studies import claims
from tapnb.studies.claim_records import Records
from tapnb.studies.verdicts import REPRODUCED

FRAMES, RUNS = 96, 5
CRITERIA = ("any size, both", "any size, either", "size filter, either")
ROLES = ("A0", "A1", "B0", "B1", "C0", "C1", "A0i", *(f"{head} {c}" for head in ("A0", "A1") for c in CRITERIA))
JUDGED = (1, 2, 3, 4, 5, 6, 7, 8, 11)
"""Claims about classifiers; 9 and 10 are about the time arrow, and 12 compares by intervals whose coverage has a test."""


def coin(rng, labels, brightness):
    return rng.random((RUNS, *labels.shape)) < 0.5


def eager_coin(rng, labels, brightness):
    return rng.random((RUNS, *labels.shape)) < 0.9


def always(rng, labels, brightness):
    return np.ones((RUNS, *labels.shape), bool)


def never(rng, labels, brightness):
    return np.zeros((RUNS, *labels.shape), bool)


def bright(rng, labels, brightness):
    """A threshold on the brightest pixel: deterministic, so all runs are one; it takes nearly all events and much else."""
    return np.broadcast_to(brightness > 1.0, (RUNS, *labels.shape))


def records(null, seed):
    """Records of a movie in which every strategy is that classifier, under every criterion."""
    rng = np.random.default_rng(seed)
    share = {"any size, both": 0.08, "any size, either": 0.16, "size filter, either": 0.12}
    course = 1 + 0.6 * np.sin(np.arange(FRAMES) * np.pi / 12)  # events come and go, once in each half
    place = rng.random((FRAMES, 120))
    noise = rng.normal(size=(FRAMES, 120))
    early = (np.arange(FRAMES) < FRAMES / 5)[:, None]  # when the lamp is brighter
    by_role = {"tap": {"name": "tap-x-1", "parameters": {"settings": {"pairs": 64}},
                       "results": {"accuracies": [{"sampler": "uniform", "size": 96, "right": 900, "n": 1000}]}}}
    for role in ROLES:
        labels = place < share[role.partition(" ")[2] or CRITERIA[2]] * course[:, None]
        called = null(rng, labels, noise + 2.3 * labels + (~labels & early))
        outcome = 2 * labels + called  # (R, T, n)
        counts = np.stack([(outcome == k).sum(-1) for k in range(4)], axis=-1)
        by_role[role] = {"name": role, "parameters": {"tap": "tap-x-1"}, "results": {
            "test": {"seeds": list(range(RUNS)), "counts": counts.tolist()}}}
    lower = {"value": 0.05, "low": 0.03, "high": 0.07, "freedom": None}  # a temperature lowers the error of an overconfident coin as well
    by_role["calibration"] = {"name": "calibration", "parameters": {"runs": {"linear": "A0", "ResNet": "A1"}},
                              "results": {"differences": dict.fromkeys(("linear", "ResNet", "heads_before"), lower)}}
    return Records(by_role)


@pytest.mark.parametrize("null", [coin, eager_coin, always, never])
def test_a_coin_and_a_constant_reproduce_no_claim(null):
    passed = {number: 0 for number in JUDGED}
    for seed in range(8):
        for verdict in claims.judge(records(null, seed)):
            if verdict.number in passed:
                passed[verdict.number] += verdict.verdict == REPRODUCED
    # An interval of 95 % lies above zero once in forty times: of eight coins one may be lucky, two are not luck.
    assert max(passed.values()) <= 1, passed


def test_a_threshold_on_brightness_passes_only_what_is_marked_so():
    passed = {verdict.number for seed in range(4) for verdict in claims.judge(records(bright, seed))
              if verdict.verdict == REPRODUCED and verdict.number in JUDGED}
    assert passed - {8} == set(claims.NULL)  # 8 is about probabilities, which a threshold does not have


def test_the_mark_is_said_with_the_verdict():
    (marked,) = [v for v in claims.judge(records(bright, 0)) if v.number == 11]
    assert marked.verdict == REPRODUCED and marked.in_words == "reproduced; a threshold on brightness would pass as well"
