"""What detectors come to on a movie that they have not seen, beside controls and published numbers: events, not crops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tapnb.detect import KINDS
from tapnb.detector_training import DetectorSettings
from tapnb.metrics import events as scores
from tapnb.metrics import intervals
from tapnb.metrics.intervals import Estimate
from tapnb.metrics.scores import with_interval
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.studies import event_controls, events, tables
from tapnb.studies.evidence import key

PUBLISHED_F1 = {"every division, supervised U-Net": 0.868, "every division, their method": 0.841,
                "5 divisions, their method": 0.795, "1 division, their method": 0.593}
"""F1 on Fluo-N2DL-HeLa, from the README of naivete5656/MDPAFOF (Nishimura et al., MICCAI 2023): four folds over four sequences,
means of five draws. Not our folds: here one sequence is for training and one for testing."""

MEASURES = {"average precision": "average precision", "f1": "F1 at the chosen threshold", "strict": "the same, 1 frame",
            "best": "F1 at the best threshold"}
"""What is estimated of each, and its title. The threshold of "best" is known only afterwards."""

COMPARISONS = (("D", "C"), ("A", "B"), ("D", "A"), ("D", "B"))
"""Is the first better than the second? The first two differ in nothing but the features' pretraining."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What one strategy or control found in the held-out movie, matched to the true events of one kind.

    Attributes
    ----------
    name, kind : str
    runs : list of Run
    matched, strict : list of Matched
        One a run: at most 6 frames from the true event, as published, or 1.
    thresholds : list of float
        One a run, chosen on the training movie; infinite where nothing was found there.
    """

    name: str
    kind: str
    runs: list[runs.Run]
    matched: list[scores.Matched]
    strict: list[scores.Matched]
    thresholds: list[float]

    @property
    def average_precision(self) -> intervals.Resampled:
        """Average precision of the runs, and what it would be with other events."""
        return scores.resampled_average_precision(self.matched)

    def estimates(self) -> dict[str, Estimate]:
        """All :data:`MEASURES` with 95 % intervals."""
        best = [scores.best_threshold(m) for m in self.matched]
        resampled = {"average precision": self.average_precision,
                     "f1": scores.resampled_f1(self.matched, self.thresholds),
                     "strict": scores.resampled_f1(self.strict, self.thresholds),
                     "best": scores.resampled_f1(self.matched, best)}
        return {measure: intervals.estimate(resampled[measure]) for measure in MEASURES}


def kinds_of(movie: Movie) -> tuple[str, ...]:
    """The kinds of events that are labelled in a movie."""
    there = set(events.true_events(movie)["kind"])
    return tuple(kind for kind in KINDS if kind in there)


def detector_settings(parameters: dict, movie: Movie) -> DetectorSettings:
    """How the notebook's detectors are trained on a movie."""
    return DetectorSettings(kinds=kinds_of(movie), steps=parameters["event_steps"])


def control_names(controlled: Iterable[runs.Run]) -> list[str]:
    """The controls of some runs, such as those of :func:`tapnb.studies.event_controls.control_run`."""
    return list(dict.fromkeys(name for run in controlled for of_kind in run.results["thresholds"].values() for name in of_kind))


def judged(trained: dict[str, list[runs.Run]], controlled: Sequence[runs.Run], held_out: Movie) -> list[Judged]:
    """Strategies and controls, each for every kind of event that the held-out movie holds.

    Parameters
    ----------
    trained : dict of list of Run
        By strategy, from :func:`tapnb.studies.events.detector_run`, one a seed.
    controlled : sequence of Run
        From :func:`tapnb.studies.event_controls.control_run` and :func:`tapnb.studies.event_windows.window_run`.
    held_out : Movie
    """
    true, frames = events.true_events(held_out), len(held_out.frames) - 1
    judgements = []
    for kind in kinds_of(held_out):
        of_kind = true[true["kind"] == kind]
        found = {name: ([events.found(run, events.HELD_OUT) for run in own], own,
                        [events.threshold(run) for run in own]) for name, own in trained.items() if own}
        found |= {name: ([event_controls.found_by(run, name, kind)], [run], [threshold]) for run in controlled
                  for name, threshold in run.results["thresholds"].get(kind, {}).items()}
        for name, (found_tables, own, thresholds) in found.items():
            found_tables = [table[table["kind"] == kind] for table in found_tables]
            by_rule = [[scores.matched(table, of_kind, frames, rule) for table in found_tables]
                       for rule in (scores.PUBLISHED, scores.STRICT)]
            judgements.append(Judged(name, kind, own, *by_rule, thresholds))
    return judgements


def estimates(judgements: Iterable[Judged]) -> pd.DataFrame:
    """Every measure of every strategy and control, of each kind the highest average precision first.

    Returns
    -------
    DataFrame
        ``name``, ``kind``, ``runs``, ``measure``, ``value``, ``low``, ``high``.
    """
    rows = []
    for one in sorted(judgements, key=lambda one: (KINDS.index(one.kind), -one.average_precision.runs.mean())):
        rows += [{"name": one.name, "kind": one.kind, "runs": len(one.runs), "measure": measure, "value": e.value,
                  "low": max(e.low, 0.0), "high": min(e.high, 1.0)} for measure, e in one.estimates().items()]
    return pd.DataFrame(rows, columns=["name", "kind", "runs", "measure", "value", "low", "high"])


def scores_table(estimated: pd.DataFrame, published: bool) -> pd.DataFrame:
    """:func:`estimates` as text, a row a strategy or control and kind.

    Parameters
    ----------
    estimated : DataFrame
    published : bool
        Add the rows of :data:`PUBLISHED_F1`: whether the movie is the one that they are of.
    """
    rows = []
    for (name, kind), own in estimated.groupby(["name", "kind"], sort=False):
        row = {"": name, "kind": kind, "runs": str(own["runs"].iloc[0])}
        rows.append(row | {MEASURES[r.measure]: with_interval(r.value, r.low, r.high) for r in own.itertuples()})
    if published:
        rows += [{"": f"published: {name}", "kind": "division", "runs": "5", MEASURES["f1"]: f"{f1:.3f}"}
                 for name, f1 in PUBLISHED_F1.items()]
    return pd.DataFrame(rows, columns=["", "kind", "runs", *MEASURES.values()]).fillna("–")


def comparisons(judgements: list[Judged]) -> pd.DataFrame:
    """What pretraining and training on change in average precision, and what the best detector has over the best control.

    Returns
    -------
    DataFrame
        ``kind``, ``first``, ``second``, ``difference``, ``low``, ``high``, ``p`` (Holm's correction for all that have one).
        The best detector and the best control are picked by the very scores that are compared, so that their difference has no p.
    """
    rows = []
    for kind in dict.fromkeys(one.kind for one in judgements):
        own = {one.name: one.average_precision for one in judgements if one.kind == kind}
        pairs = [pair for pair in COMPARISONS if set(pair) <= own.keys()]
        detectors, controls = ([name for name in own if (name in events.DETECTORS) == wanted] for wanted in (True, False))
        if detectors and controls:
            pairs.append(tuple(max(names, key=lambda name: own[name].runs.mean()) for names in (detectors, controls)))
        for first, second in pairs:
            e = intervals.estimate(own[first], own[second])
            rows.append({"kind": kind, "first": first, "second": second, "difference": e.value, "low": e.low,
                         "high": e.high, "p": np.nan if second in controls else e.p})
    table = pd.DataFrame(rows, columns=["kind", "first", "second", "difference", "low", "high", "p"])
    asked = table["p"].notna()
    table.loc[asked, "p"] = intervals.holm(table["p"][asked])
    return table


def comparisons_table(compared: pd.DataFrame) -> pd.DataFrame:
    """:func:`comparisons` as text."""
    return pd.DataFrame({
        "comparison": compared["first"] + " − " + compared["second"], "kind": compared["kind"],
        "average precision (95 %)": [tables.signed(r.difference, r.low, r.high, 3) for r in compared.itertuples()],
        "p (Holm)": ["–" if np.isnan(p) else tables.p_value(p) for p in compared["p"]]})


def trainings_table(trained: dict[str, list[runs.Run]]) -> pd.DataFrame:
    """How every detector was trained, and how good it was on the last fifth of its own movie."""
    rows = []
    for name, own in trained.items():
        for run in own:
            validation, course = run.results["validation"], run.results["course"]
            rows.append({"strategy": name, "seed": run.record["seed"], "labelled events": run.results["events"],
                         "steps kept": max(course, key=lambda row: row["score"])["step"],
                         "events of the last fifth": validation["true"],
                         "average precision there": _or_dash(validation["average_precision"]),
                         "F1 there": _or_dash(validation.get("f1")),
                         "threshold": _or_dash(validation["threshold"]),
                         "minutes": round(run.record["seconds"] / 60)})
    return pd.DataFrame(rows, columns=["strategy", "seed", "labelled events", "steps kept", "events of the last fifth",
                                       "average precision there", "F1 there", "threshold", "minutes"])


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def free_response(judgements: Iterable[Judged]) -> pd.DataFrame:
    """Recall against false alarms of the first run of each.

    Returns
    -------
    DataFrame
        ``name``, ``kind``, ``false_per_frame``, ``recall``; at most a few hundred rows each.
    """
    parts = []
    for one in judgements:
        steps = scores.curve(one.matched[0])[["false_per_frame", "recall"]]
        kept = steps.iloc[np.unique(np.linspace(0, len(steps) - 1, 300).astype(int))] if len(steps) else steps
        parts.append(kept.assign(name=one.name, kind=one.kind))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(
        columns=["false_per_frame", "recall", "name", "kind"])


def mistakes(judgement: Judged, held_out: Movie, most: int) -> dict[str, pd.DataFrame]:
    """The surest false alarms of the first run, and the true events that it gave the lowest scores.

    Parameters
    ----------
    judgement : Judged
    held_out : Movie
    most : int
        Of each.

    Returns
    -------
    dict of DataFrame
        "false alarms" and "missed events": ``t``, ``y``, ``x``, ``score`` (0 where nothing was found at all).
    """
    run, kind = judgement.runs[0], judgement.kind
    found = events.found(run, events.HELD_OUT)
    found = found[found["kind"] == kind].reset_index(drop=True)
    true = events.true_events(held_out)
    true = true[true["kind"] == kind].reset_index(drop=True)
    event, threshold = scores.match(found, true), judgement.thresholds[0]
    scored = true.assign(score=0.0)
    scored.loc[event[event >= 0], "score"] = found.loc[event >= 0, "score"].to_numpy()
    false = found[(event < 0) & (found["score"] >= threshold)]
    missed = scored[scored["score"] < threshold].sort_values("score", kind="stable")
    columns = ["t", "y", "x", "score"]
    return {"false alarms": false[columns].head(most), "missed events": missed[columns].head(most)}


def numbers(estimated: pd.DataFrame, judgements: list[Judged], compared: pd.DataFrame) -> dict[str, dict]:
    """The numbers of the notebook: every measure of every row, and the differences."""
    of = {(one.name, one.kind): one for one in judgements}
    named = {f"{one.kind}s": results.number(one.matched[0].events, one.runs, 0) for one in judgements}
    for r in estimated.itertuples():
        named[f"{key(r.name)}_{r.kind}_{key(r.measure)}"] = results.number(
            r.value, of[r.name, r.kind].runs, 2, interval=(r.low, r.high))
    for r in compared.itertuples():
        made_of = of[r.first, r.kind].runs + of[r.second, r.kind].runs
        named[f"{key(r.first)}_less_{key(r.second)}_{r.kind}"] = results.number(
            r.difference, made_of, 2, interval=(r.low, r.high))
    return named
