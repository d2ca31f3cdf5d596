"""Is it worth asking a person about the places of which a detector is least sure, rather than about any it lists?

A detector learns from a few labelled events and lists places in its training movie. Some of them are asked about, what is
known of the movie answers, and a detector is trained again with the answers: places with an event, and places without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch

from tapnb.asking import places
from tapnb.event_probability import probability
from tapnb.metrics import events as scores
from tapnb.metrics.scores import with_interval
from tapnb.movies import Movie
from tapnb.store import kinds, results, runs
from tapnb.studies import event_few, events, tables

WAYS = ("doubtful", "random")
"""Which places are asked about: those that :func:`tapnb.asking.places` picks, or any of the detector's, as far apart."""

ANSWERED_BY = scores.STRICT
"""How near a true event has to be, so that a person who looks at the place would see it."""

PLACES = ["t", "y", "x", "answer"]


@dataclass(frozen=True)
class Step:
    """One detector on the way.

    Attributes
    ----------
    way : str
        One of :data:`WAYS`; before the first answer both are the same.
    draw : int
        Of the labelled events that it all begins with.
    rounds : int
        How often places were asked about before this detector was trained.
    """

    way: str
    draw: int
    rounds: int

    @property
    def role(self) -> str:
        """Under which its run is published."""
        return f"detector after {self.rounds} x {self.way}, draw {self.draw}"

    @property
    def asked_role(self) -> str:
        """Under which the places that it is asked about are published."""
        return f"places after {self.rounds} x {self.way}, draw {self.draw}"


@dataclass(frozen=True, eq=False)
class Setting:
    """What all runs of the study share; ``parameters`` are the notebook's, the rest as in :func:`tapnb.store.runs.run`."""

    train: Movie
    held_out: Movie
    tap: runs.Run
    parameters: Mapping
    mode: str
    on: torch.device
    command: str

    @property
    def how(self) -> dict:
        """How runs are made."""
        return {"mode": self.mode, "on": self.on, "command": self.command}

    def labels(self, draw: int) -> events.Labels:
        """The labelled events before the first answer."""
        return events.Labels(self.parameters["event_ask_start"], draw)


def steps(parameters: Mapping) -> list[Step]:
    """All detectors: those before any answer first, and each before those that learn from its answers."""
    return [Step(way, draw, rounds) for draw in range(parameters["event_ask_draws"])
            for rounds in range(parameters["event_ask_rounds"] + 1) for way in WAYS]


def asking(parameters: Mapping) -> list[Step]:
    """Those of the detectors whose places are asked about: all but the last."""
    return [step for step in steps(parameters) if step.rounds < parameters["event_ask_rounds"]]


def detector_run(step: Step, setting: Setting) -> runs.Run:
    """Train the detector of a step; all that comes before it is found, or made."""
    strategy = setting.parameters["event_ask_strategy"]
    if not step.rounds:
        return event_few.few_run(strategy, setting.labels(step.draw), setting.train, setting.held_out, setting.tap,
                                 setting.parameters, **setting.how)
    known, negatives = _known(step, setting)
    settings = replace(event_few.settings(setting.parameters, setting.train), complete=False)
    return events.detector_run(strategy, replace(setting.train, events=known), setting.tap, settings, setting.held_out,
                               negatives=negatives, seed=event_few.SEED, **setting.how)


def asked_run(step: Step, setting: Setting) -> runs.Run:
    """Let the detector of a step list places, and answer some of them.

    Its record keeps the ``places``: ``t``, ``y``, ``x`` and ``answer``, a kind of event or "none".
    """
    trained, count = detector_run(step, setting), setting.parameters["event_ask_places"]

    def make(folder) -> dict:
        detector = events.detector(trained, setting.on)
        learnt, _ = events.split_pairs(setting.train)
        seen = detector.find(setting.train, learnt)
        seen = seen.assign(probability=probability(seen, detector.calibration))
        if step.way == "random":  # the same rule, with doubts that mean nothing
            rng = np.random.default_rng([step.draw, step.rounds])
            seen = seen.assign(probability=0.5 + rng.random(len(seen)))
        taken = _places_before(step, setting)[["t", "y", "x"]]
        picked = places(seen, count, detector.threshold, taken)
        return {"places": answered(picked, events.true_events(setting.train)).to_dict("records")}

    key = {"detector": trained.name, "way": step.way, "places": count, "rounds": step.rounds, "draw": step.draw,
           "events": events.digest(events.true_events(setting.train))}  # by which the answers are given
    return runs.run(kinds.ASKED, {"train": setting.train}, key, step.draw, make, **setting.how)


def answered(picked: pd.DataFrame, true: pd.DataFrame) -> pd.DataFrame:
    """What is known of some places: the kind of the nearest true event within :data:`ANSWERED_BY`, or "none"."""
    answers = []
    for place in picked.itertuples():
        apart = np.hypot(true["y"] - place.y, true["x"] - place.x)
        apart = apart[(np.abs(true["t"] - place.t) <= ANSWERED_BY.frames) & (apart < ANSWERED_BY.pixels)]
        answers.append("none" if apart.empty else true.loc[apart.idxmin(), "kind"])
    return picked[["t", "y", "x"]].assign(answer=np.array(answers, dtype=object))


def _places_before(step: Step, setting: Setting) -> pd.DataFrame:
    """All that is known in the frames to learn from: the labelled events, and every answer up to a step."""
    learnt, _ = events.split_pairs(setting.train)
    labelled = events.labelled(events.true_events(setting.train), learnt, setting.labels(step.draw))
    parts = [labelled.rename(columns={"kind": "answer"})[PLACES]]
    for rounds in range(step.rounds):
        parts.append(pd.DataFrame(asked_run(replace(step, rounds=rounds), setting).results["places"], columns=PLACES))
    return pd.concat(parts, ignore_index=True)


def _known(step: Step, setting: Setting) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events with a label, all of the last fifth among them, and places without an event."""
    _, checked = events.split_pairs(setting.train)
    of_last_fifth = events.labelled(events.true_events(setting.train), checked)
    told = _places_before(step, setting).rename(columns={"answer": "kind"})
    no_event = told["kind"] == "none"
    return pd.concat([told[~no_event], of_last_fifth], ignore_index=True), told.loc[no_event, ["t", "y", "x"]]


def points(made: Mapping[Step, runs.Run], parameters: Mapping, held_out: Movie) -> list[event_few.Point]:
    """Detectors of each way, together by the number of places that were asked about; a detector may have listed fewer.

    Parameters
    ----------
    made : dict of Run
        From :func:`detector_run`, those without answers too.
    parameters : dict
        The notebook's.
    held_out : Movie
    """
    grouped: dict[tuple[str, int], list[runs.Run]] = {}
    for step, run in made.items():
        grouped.setdefault((step.way, step.rounds * parameters["event_ask_places"]), []).append(run)
    return [event_few.point(way, answers, own, held_out) for (way, answers), own in sorted(grouped.items())]


def gains(collected: list[event_few.Point]) -> pd.DataFrame:
    """How much better doubtful places are than random ones, by the number of ``answers``; 95 % intervals, draw by draw of the labels."""
    of = {(point.name, point.labels): point for point in collected}
    rows = []
    for answers in sorted({point.labels for point in collected} - {0}):
        e = event_few.paired(of[WAYS[0], answers], of[WAYS[1], answers])
        rows.append({"answers": answers, "difference": e.value, "low": e.low, "high": e.high, "p": e.p})
    return pd.DataFrame(rows, columns=["answers", "difference", "low", "high", "p"])


def table(estimated: pd.DataFrame, gained: pd.DataFrame, asked: Mapping[Step, runs.Run]) -> pd.DataFrame:
    """A row for each number of answers: average precision of both ways, their difference, and events among the answers.

    Parameters
    ----------
    estimated : DataFrame
        From :func:`tapnb.studies.event_few.estimates`.
    gained : DataFrame
        From :func:`gains`.
    asked : dict of Run
        From :func:`asked_run`.
    """
    own = estimated[estimated["measure"] == "average precision"].set_index(["labels", "name"])
    differences = gained.set_index("answers")
    rows = []
    for rounds, (answers, of_ways) in enumerate(own.groupby(level="labels")):
        row = {"places asked about": str(answers)}
        for way in WAYS:
            e = of_ways.loc[answers, way]
            row[f"{way} places"] = with_interval(e["value"], e["low"], e["high"])
        difference = differences.loc[answers, ["difference", "low", "high"]] if answers in differences.index else None
        row["doubtful − random"] = "–" if difference is None else tables.signed(*difference, 3)
        row["events among the answers"] = " and ".join(f"{found_by_asking(asked, way, rounds):.1f}" for way in WAYS)
        rows.append(row)
    return pd.DataFrame(rows, columns=["places asked about", *(f"{way} places" for way in WAYS), "doubtful − random",
                                       "events among the answers"])


def found_by_asking(asked: Mapping[Step, runs.Run], way: str, rounds: int) -> float:
    """Events among the answers of so many rounds, the mean over draws."""
    own = {step: run for step, run in asked.items() if step.way == way}
    events_there = [sum(place["answer"] != "none" for place in run.results["places"])
                    for step, run in own.items() if step.rounds < rounds]
    return sum(events_there) / max(1, len({step.draw for step in own}))  # none: of detectors that nobody was asked about


def numbers(estimated: pd.DataFrame, gained: pd.DataFrame, collected: list[event_few.Point]) -> dict[str, dict]:
    """Average precision of either way at every number of answers, and the differences."""
    of = {(point.name, point.labels): point.runs for point in collected}
    named = {f"asked_{r.name}_{r.labels}": results.number(r.value, of[r.name, r.labels], 2, interval=(r.low, r.high))
             for r in estimated[estimated["measure"] == "average precision"].itertuples()}
    for r in gained.itertuples():
        made_of = [run for way in WAYS for run in of[way, r.answers]]
        named[f"asked_gain_{r.answers}"] = results.number(r.difference, made_of, 3, interval=(r.low, r.high))
    return named
