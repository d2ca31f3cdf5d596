"""Claims 9, 10 and 12 where nothing was learned: answers of a coin, boxes placed anywhere, rankings that know no label.

The other claims are in ``test_claims_null.py``. That the arrow is told is taken for granted, or a coin would not come before the rules.
"""

import numpy as np
import pytest
from scipy import ndimage

from tapnb.explain import MAPS
from tapnb.metrics import intervals
from tapnb.metrics.intervals import Groups
from tapnb.studies import claim_records, claims, content_view, evidence_few, grad_cam
from tapnb.studies.claim_records import Records
from tapnb.studies.verdicts import REPRODUCED
from tapnb.workflow.notebooks import CHECKOUT

TAP = {"name": "tap-x-1", "parameters": {"settings": {"pairs": 64}},
       "results": {"accuracies": [{"sampler": "uniform", "size": 96, "right": 900, "n": 1000}]}}


def judged(number, numbers=None, **results):
    """The verdict on a claim by the results of one role, or by notebook 15's numbers."""
    of_roles = {role: {"name": role, "parameters": {}, "results": found} for role, found in results.items()}
    return claims.judge(Records({"tap": TAP} | of_roles, numbers=numbers))[number - 1]


# Claim 9: right answers (draws, windows), of windows that are shown reversed or not. A threshold on brightness is a coin here: every
# frame is brought to the same range, so which of two is the brighter says nothing of their order.

def tossed(rng, flip):
    return rng.random(flip.shape) < 0.5


def as_they_come(rng, flip):
    return ~flip


def every_other(rng, flip):
    return np.broadcast_to(np.arange(flip.shape[1]) % 2 == 0, flip.shape)


def alike_in_every_view(rng, flip):
    """No coin, but no better where it sees more."""
    return rng.random(flip.shape) < 0.9


def content(null, seed):
    """What notebook 04 counts, on as many windows as were published; two ways to one view see the same."""
    rng, flips, right = np.random.default_rng(seed), {}, {}
    for setting in content_view.SETTINGS:
        flip = flips.setdefault(setting.view, rng.random((3, 300)) < 0.5)
        right[setting.name] = null(rng, flip)
    rows = [{"setting": name, "sampler": "uniform", "draw": draw, "right": int(of_draw.sum()), "n": len(of_draw)}
            for name, answers in right.items() for draw, of_draw in enumerate(answers)]
    ways = (("crop halved", "resolution doubled"), ("crop doubled", "resolution halved"))
    matched = [{"crop_setting": a, "resolution_setting": b, "sampler": "uniform", "crop_only": int((right[a] & ~right[b]).sum()),
                "resolution_only": int((right[b] & ~right[a]).sum())} for a, b in ways]
    return judged(9, content={"accuracies": rows, "matched": matched})


# Claim 10: the map of a frame, from its labelled pixels (y, x). One that is the same everywhere has no peak, and no box.

def anywhere(rng, labelled):
    return rng.normal(size=labelled.shape)


def always_the_same(rng, labelled):
    return anywhere(np.random.default_rng(0), labelled)


def brightness(rng, labelled):
    """Of a frame in which events are brighter than most of what else there is."""
    return anywhere(rng, labelled) + 2.3 * labelled


def boxes(null, seed):
    """What notebook 03 counts, at a quarter of its scale: 24 frame pairs of two movies, in which an event is seen in three of them."""
    rng, size, border, statistics = np.random.default_rng(seed), 12, 2, {}
    for role in ("train", "held-out"):
        seeds = rng.random((24, 96, 96)) < 3e-4
        discs = ndimage.binary_dilation(seeds, np.hypot(*np.mgrid[-3:4, -3:4])[None] < 3.5)
        rows = []
        for t, labelled in enumerate(np.logical_or.reduce([np.roll(discs, k, axis=0) for k in range(3)])):
            places = grad_cam.touching_places(labelled, size)
            y, x = grad_cam.top_regions(null(rng, labelled), size=size, border=border, smoothing=1.0).T
            rows.append((t, grad_cam.touching_at_random(places, border), len(y), int(places[y, x].sum())))
        t, expected, found, touching = map(list, zip(*rows))
        statistics[role] = {"t": t, "expected": expected, "boxes": found, "touching": touching}
        for name in MAPS:  # the claim looks at the first alone
            statistics[role] |= {f"{name}_boxes": found, f"{name}_touching": touching}
    return judged(10, gradcam={"statistics": statistics})


# Claim 12: margins (R, N) of the held-out pairs by three trainings. A threshold on brightness is the same with few labels as with
# many, and in A1 as in C1.

def no_order(rng, groups):
    return rng.normal(size=(3, len(groups.labels)))


def no_order_of_events(rng, groups):
    """Crops of one event or place look alike, and all trainings see them so: features that no label has changed."""
    return np.broadcast_to(rng.random(sum(groups.counts))[groups.index + groups.labels * groups.counts[0]], (3, len(groups.labels)))


def all_alike(rng, groups):
    return np.zeros((3, len(groups.labels)))


def bright_pixels(rng, groups):
    """The same brightness in A1 and C1, of which every training sees something else."""
    brightness = np.random.default_rng(0).normal(size=len(groups.labels)) + 2.3 * groups.labels
    return brightness + 0.5 * rng.normal(size=(3, len(groups.labels)))


def few_labels(null, seed):
    """What notebook 15 publishes of the simulated movie's shares of labels."""
    rng = np.random.default_rng(seed)
    groups = Groups.of(np.arange(400) < 100, rng.integers(0, 40, 400), rng.integers(0, 60, 400))
    drawn, points = groups.draw(300), []
    for labels in (6, 12, 31, 61, 613):
        margins = {name: null(rng, groups) for name in ("A1", "C1")}
        points += [evidence_few.Point(name, labels, [], intervals.resample(groups, of_name, drawn)) for name, of_name in margins.items()]
    return judged(12, numbers=evidence_few.numbers(evidence_few.estimates(points), evidence_few.differences(points), points, [], 400))


@pytest.mark.parametrize(("made", "null", "parts"), [
    *((content, null, 5) for null in (tossed, as_they_come, every_other, alike_in_every_view)),
    *((boxes, null, 2) for null in (anywhere, always_the_same)),
    *((few_labels, null, 4) for null in (no_order, no_order_of_events, all_alike, bright_pixels))])
def test_what_has_learned_nothing_passes_no_claim(made, null, parts):
    verdicts = [made(null, seed) for seed in range(8)]
    assert {len(verdict.parts) for verdict in verdicts} == {parts}
    # Of eight one may be lucky, as in test_claims_null.py. Of the parts, which chance lifts above zero once in forty times, not a tenth.
    assert sum(verdict.verdict == REPRODUCED for verdict in verdicts) <= 1
    assert np.mean([part.holds for verdict in verdicts for part in verdict.parts]) < 0.1


def test_boxes_at_the_brightest_places_pass_claim_10():
    assert [boxes(brightness, seed).verdict for seed in range(4)] == [REPRODUCED] * 4


@pytest.mark.parametrize("movie", ["synthetic", "hela"])
def test_boxes_at_the_largest_changes_pass_claim_10_as_published_and_it_says_so(movie):
    """The published runs count them beside Grad-CAM, and no network has drawn them."""
    counted = claim_records.read(CHECKOUT / "results" / "cpu" / movie)["gradcam"]["results"]["statistics"]
    verdict = judged(10, gradcam={"statistics": {
        role: of_role | {"boxes": of_role["change_boxes"], "touching": of_role["change_touching"]} for role, of_role in counted.items()}})
    assert len(verdict.parts) == 2 and verdict.in_words == f"{REPRODUCED}; {claims.NULL[10]}"
