"""The paper's claims as functions of run records, each with a verdict.

What they are judged by is read in :mod:`tapnb.studies.claim_records`, what the parts of a claim add up to is decided in
:mod:`tapnb.studies.verdicts`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tapnb.metrics import confusion, intervals, scores
from tapnb.metrics.intervals import Estimate
from tapnb.metrics.scores import SCORES
from tapnb.studies import errors, grad_cam
from tapnb.studies.claim_records import EVIDENCE, Records
from tapnb.studies.verdicts import NOT_RUN, REPRODUCED, UNDECIDED, NotEnough, NotRun, Part, Verdict, weigh

TIE = 0.005
"""Half a unit of the paper's last digit: its tables cannot tell smaller differences from a tie."""

DRAWS = 2000
"""Of the frames; ten times as many where an interval ends within a tenth of its width from its bound."""

FEW = 0.1
"""Share of the labelled events up to which labels are few."""

NULL = dict.fromkeys((5, 6, 11), "a threshold on brightness would pass as well") | {
    10: "boxes at the largest changes between the frames would pass as well"}
"""Claims that hold of a classifier which has learned nothing, and what that would be: they say little about features. A coin
and a constant pass none (``tests/studies/test_claims_null.py``, and ``test_claims_null_arrow.py`` of 9, 10 and 12)."""

BY_PROTOCOL = {2: "A1 \u2212 B1", 3: "A1 \u2212 C1"}
"""Claims of which the protocol compares the same strategies, the second with its ResNet head alone: trained to their end, by average
precision on the movie that was never seen. It stands beside the verdict and does not change it."""


def judge(records: Records) -> list[Verdict]:
    """The verdict on every claim, in the order of the paper."""
    verdicts = []
    for number, (claim, paper_itself, decide) in enumerate(CLAIMS, 1):
        own = Records(records.by_role, records.notebooks, records.numbers)
        pair = BY_PROTOCOL.get(number, "")
        protocol = f"{pair} {records.primary[pair]}" if pair in records.primary else ""
        try:
            parts = decide(own)
        except NotEnough as missing:
            verdict = NOT_RUN if isinstance(missing, NotRun) else UNDECIDED
            verdicts.append(Verdict(number, claim, paper_itself, verdict, str(missing), [], own.used, protocol=protocol))
            continue
        verdict, reason = weigh(parts)
        mark = NULL.get(number, "") if verdict == REPRODUCED else ""
        verdicts.append(Verdict(number, claim, paper_itself, verdict, reason, parts, own.used, mark, protocol))
    return verdicts


def _part(text: str, estimated: Callable[[int], Estimate], bound: float = 0.0, above: bool = True) -> Part:
    """A part of a claim; see :class:`tapnb.studies.verdicts.Part` for ``bound`` and ``above``.

    Parameters
    ----------
    text : str
    estimated : callable
        Takes the number of draws.
    """
    for draws in (DRAWS, 10 * DRAWS):
        e = estimated(draws)
        part = Part(text, e.value, e.low, e.high, bound, above, freedom=e.freedom)
        if not part.barely:
            break
    return part


def _mean(text: str, counts: dict[str, np.ndarray], measure: Callable[[np.ndarray], np.ndarray], bound: float = 0.0,
          above: bool = True) -> Part:
    """A part about the mean over runs of a measure of one strategy, or of the first minus the second of two.

    Parameters
    ----------
    text : str
    counts : dict of array, shape (R, T, 4)
    measure : callable
        Counts (..., 4) of a run to (...).
    bound, above
        See :func:`_part`.
    """
    return _part(text, lambda draws: intervals.estimate(*confusion.resample(counts, measure, draws).values()), bound, above)


def _informed(counts: np.ndarray) -> np.ndarray:
    """Recall minus false-positive rate: 0 for a coin and for a constant, however rare events are."""
    scored = confusion.scores(counts)
    return scored[..., 3] + scored[..., 1] - 1


def _beyond_a_coin(counts: np.ndarray) -> np.ndarray:
    """F1 minus that of a coin which says "event" as often."""
    tn, fp, fn, tp = np.moveaxis(np.asarray(counts, float), -1, 0)
    n = np.maximum(tn + fp + fn + tp, 1)
    events, called = (fn + tp) / n, (fp + tp) / n
    coin = 2 * events * called / np.maximum(events + called, 1e-12)
    return confusion.f1(counts) - coin


def _compared(a: str, b: str, counts: dict[str, np.ndarray], bound: float = 0.0, above: bool = True, score: str = "F1") -> Part:
    """F1 of the event class or another score, ``a`` minus ``b``."""
    two = {name: counts[name] for name in (a, b)}
    return _part(f"{a} \u2212 {b}, {score}", lambda draws: confusion.difference(two, score, draws), bound, above)


def _better_than_a_coin(role: str, counts: dict[str, np.ndarray]) -> Part:
    """What a claim about a classifier's mistakes takes for granted: that it tells events from nothing at all."""
    return _mean(f"{role}: recall \u2212 false-positive rate", {role: counts[role]}, _informed)


def best_in_all_entries(records: Records) -> list[Part]:
    """Claim 1, Table 2: nothing is better than A1 in any entry; what the printed digits call a tie is one.

    Every rival in every entry is a part of its own: the best of five rivals, resampled, would look better than it is. And
    A1's F1 is higher than that of every rival, since six equal classifiers are not one best.
    """
    records.arrow_is_told()
    counts = records.counts("A0", "A1", "B0", "B1", "C0", "C1")
    rivals = [name for name in counts if name != "A1"]
    return [_compared("A1", other, counts, -TIE, score=score) for other in rivals for score in SCORES] + [
        _compared("A1", other, counts) for other in rivals]


def tap_beats_random(records: Records) -> list[Part]:
    """Claim 2, Table 2."""
    records.arrow_is_told()
    counts = records.counts("A0", "B0", "A1", "B1")
    return [_compared("A0", "B0", counts), _compared("A1", "B1", counts)]


def tap_beats_training_end_to_end(records: Records) -> list[Part]:
    """Claim 3, Table 2."""
    records.arrow_is_told()
    return [_compared("A1", "C1", records.counts("A1", "C1"))]


def resnet_beats_linear(records: Records) -> list[Part]:
    """Claim 4, Table 2."""
    counts = records.counts("A0", "A1", "B0", "B1", "C0", "C1")
    return [_compared(f"{group}1", f"{group}0", counts) for group in "ABC"]


def _of_two(text: str, counts: np.ndarray, first: int, measure: Callable[[np.ndarray, np.ndarray], np.ndarray],
            bound: float = 0.0, above: bool = True) -> Part:
    """A part about the outcomes before and from frame pair ``first``, of all runs together: one run makes few mistakes.

    Parameters
    ----------
    text : str
    counts : array, shape (R, T, 4)
    first : int
    measure : callable
        Outcomes (..., 4) of both sides to (...).
    bound, above
        See :func:`_part`.
    """
    return _part(text, lambda draws: intervals.estimate(confusion.resample_in_two(counts, first, measure, draws)), bound, above)


def positives_follow_the_truth(records: Records) -> list[Part]:
    """Claim 5, Figure 3: A1's true positives against all positives over time, and false positives at the start."""
    counts = records.counts("A1")["A1"]
    _, fp, fn, tp = np.moveaxis(counts.sum(0), -1, 0)  # (T,) each
    if min(tp.std(), (tp + fn).std()) == 0:
        raise NotEnough("true positives or all positives are the same in every frame pair: no course over time")
    r = np.corrcoef(tp, tp + fn)[0, 1]
    half = 1.96 / max(len(tp) - 3, 1) ** 0.5  # Fisher's interval
    low, high = np.tanh(np.arctanh(min(r, 0.9999)) + np.array([-half, half]))
    def surplus(early: np.ndarray, late: np.ndarray) -> np.ndarray:
        both = early + late
        of_mistakes = early[..., 1] / np.maximum(both[..., 1], 1e-9)
        return of_mistakes - early[..., 2:].sum(-1) / np.maximum(both[..., 2:].sum(-1), 1e-9)

    return [Part("correlation of true and all positives over frames", float(r), float(low), float(high), 0.8,
                 more="frames"),
            _of_two("share of false positives in the movie's first fifth \u2212 share of positives there", counts,
                    errors.early_frames(counts.shape[1]), surplus),
            _better_than_a_coin("A1", {"A1": counts})]


def misses_are_few_and_even(records: Records) -> list[Part]:
    """Claim 6, Figure 4: we call it uniform if each half of the movie has 30 to 70 % of the misses, low below 20 %."""
    counts = records.counts("A1")["A1"]
    half = counts.shape[1] // 2

    def late_share(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return second[..., 2] / np.maximum(first[..., 2] + second[..., 2], 1e-9)

    def missed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        both = first + second
        return both[..., 2] / np.maximum(both[..., 2] + both[..., 3], 1e-9)

    shares = [_of_two("share of misses in the second half", counts, half, late_share, 0.3),
              _of_two("share of misses in the second half", counts, half, late_share, 0.7, above=False),
              _of_two("share of events missed", counts, half, missed, 0.2, above=False)]
    return [*(replace(share, share=True) for share in shares), _better_than_a_coin("A1", {"A1": counts})]


def either_and_filter_are_better(records: Records) -> list[Part]:
    """Claim 7, Table 5: every criterion against its own labels, as in the paper.

    Where more crops are labelled, F1 is higher for a coin as well: so what F1 has beyond a coin's has to rise, too.
    """
    parts = []
    for head in ("A0", "A1"):
        roles = [f"{head} {c}" for c in ("any size, both", "any size, either", "size filter, either")]
        counts = records.counts(*roles)
        for after, before in ((1, 0), (2, 1)):
            pair = {roles[i]: counts[roles[i]] for i in (after, before)}
            parts += [_compared(*pair, counts), _mean(" \u2212 ".join(pair) + ", F1 beyond a coin's", pair, _beyond_a_coin)]
    return parts


def temperature_calibrates(records: Records) -> list[Part]:
    """Claim 8, Figure 5, on the test set."""
    counts = records.counts("A0", "A1")
    calibrated = records["calibration"]["parameters"]["runs"]
    if calibrated != {"linear": records["A0"]["name"], "ResNet": records["A1"]["name"]}:
        raise NotEnough("the calibration is that of other runs than the published A0 and A1: run 09_calibration again")
    changes = records["calibration"]["results"]["differences"]
    texts = {"linear": "ECE before \u2212 after, linear", "ResNet": "ECE before \u2212 after, ResNet",
             "heads_before": "ECE linear \u2212 ResNet, before"}
    return [Part(text, *(changes[key][part] for part in ("value", "low", "high")), freedom=changes[key]["freedom"] or math.inf)
            for key, text in texts.items()] + [_better_than_a_coin(role, counts) for role in counts]


def more_content_is_easier(records: Records) -> list[Part]:
    """Claim 9, Table 6, on uniform crops of the held-out movie; both ways to one view saw the same windows."""
    records.arrow_is_told("uniform")
    right: dict[str, list[int]] = {}
    for row in records["content"]["results"]["accuracies"]:
        if row["sampler"] == "uniform":
            so_far = right.setdefault(row["setting"], [0, 0])
            right[row["setting"]] = [so_far[0] + row["right"], so_far[1] + row["n"]]
    steps = (("crop doubled", "same"), ("same", "crop halved"), ("resolution halved", "same"),
             ("same", "resolution doubled"), ("crop doubled", "resolution halved"))
    for setting in {s for step in steps for s in step} - set(right):
        raise NotEnough(f"the setting {setting!r} does not fit this movie: it takes frames of 192 pixels and more")
    same_windows = {(row["crop_setting"], row["resolution_setting"]): (row["crop_only"], row["resolution_only"])
                    for row in records["content"]["results"]["matched"] if row["sampler"] == "uniform"}
    return [Part(f"accuracy, {a} \u2212 {b}", right[a][0] / right[a][1] - right[b][0] / right[b][1],
                 *(scores.paired_difference_interval(*same_windows[a, b], right[a][1]) if (a, b) in same_windows
                   else scores.difference_interval(*right[a], *right[b])), more="held-out crop pairs")
            for a, b in steps]


def grad_cam_finds_events(records: Records) -> list[Part]:
    """Claim 10, Figure 2: boxes at the strongest places against boxes anywhere."""
    records.arrow_is_told()
    parts, without = [], []
    for role, counts in records["gradcam"]["results"]["statistics"].items():
        if not any(counts["boxes"]):
            without.append(role)
            continue
        row = grad_cam.shares(counts).loc["grad_cam - random"]
        parts.append(Part(f"top boxes that touch an event \u2212 random boxes, {role} movie", row["share"], row["low"], row["high"],
                          freedom=row["freedom"], more="frame pairs"))
    if without:  # one movie less would be one comparison less, and the verdict on the other easier to reach
        raise NotEnough(f"no frame pair of the {' and the '.join(without)} movie has a box: no map has a peak away from the border")
    if not parts:
        raise NotEnough("neither movie has labelled events that boxes could touch")
    return parts


def invariance_does_not_help(records: Records) -> list[Part]:
    """Claim 11, Section 5: an improvement of less than 0.01 in F1 counts as none."""
    plain, invariant = ({k: v for k, v in records[role]["parameters"].items() if k != "strategy"}
                        for role in ("A0", "A0i"))
    if plain != invariant:
        raise NotEnough("A0i was not trained as the published A0: run 10_limitations again")
    counts = records.counts("A0i", "A0")
    return [_compared("A0i", "A0", counts, bound=0.01, above=False), _better_than_a_coin("A0", counts)]


def few_labels(records: Records) -> list[Part]:
    """Claim 12, abstract; the paper has no such experiment. A1 against C1 on the held-out movie, with a tenth of the labels and fewer."""
    compared = {int(found[1]): number for name, number in records.numbers.items() if (found := re.fullmatch(r"few_A1_less_C1_(\d+)", name))}
    few = [labels for labels in compared if labels <= round(FEW * max(compared))]
    if not few:
        raise NotRun(f"{EVIDENCE} has not trained A1 and C1 with a tenth of the labels or fewer on this pretraining (evidence_label_shares)")
    parts = []
    for labels in sorted(few):
        number = compared[labels]
        records.used += [name for name in number["runs"] if name not in records.used]
        parts.append(Part(f"A1 \u2212 C1 with {labels} labelled events, average precision", number["value"], *number["interval"],
                          freedom=number.get("freedom", math.inf), more="draws of labels, and events to find"))
    return parts


CLAIMS: tuple[tuple[str, str, Callable[[Records], list[Part]]], ...] = (
    ("TAP features with a ResNet head are best in all four entries of Table 2", "", best_in_all_entries),
    ("TAP features beat random fixed ones, for either head", "", tap_beats_random),
    ("TAP features beat training end to end on the same labels", "", tap_beats_training_end_to_end),
    ("For every kind of features the ResNet head beats the linear one",
     "C1 and C0 are equal in its Table 2, F1 0.69 both", resnet_beats_linear),
    ("True positives follow the ground truth over time; the start has more false positives", "",
     positives_follow_the_truth),
    ("False negatives are few and roughly uniform over time", "", misses_are_few_and_even),
    ("Labelling by either frame beats both; a size filter beats any size",
     "for the ResNet head the size filter's F1 equals that of any size in its Table 5, 0.78 both",
     either_and_filter_are_better),
    ("Temperature scaling lowers the calibration error; the ResNet head is better calibrated before it", "",
     temperature_calibrates),
    ("The time arrow is told better the more a crop shows; crop size does more than resolution",
     "halving the resolution lowers the accuracy in its Table 6, from 0.974 to 0.938", more_content_is_easier),
    ("Grad-CAM of the time arrow points at events", "", grad_cam_finds_events),
    ("A time-invariant head does not improve event recognition", "", invariance_does_not_help),
    ("With few labels, TAP features do better than end-to-end training", "it has no such experiment", few_labels),
)
"""The claims of Sections 1 to 5 and Appendix D: the claim, what in the paper itself speaks against it, and the function
that decides it."""
