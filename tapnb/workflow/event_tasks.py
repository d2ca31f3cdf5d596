"""The runs of notebook 14 as tasks: controls, candidates, detectors, and those that learn from few labels or from answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from tapnb.store.runs import Run
from tapnb.studies import (event_asking, event_candidates, event_controls, event_few, event_negatives, event_scores, event_windows,
                           events)
from tapnb.workflow.tasks import TAP, Materials, Task, strategy_key, task_of


def controlled_events(m: Materials) -> Run:
    """Detectors that learn nothing but a threshold."""
    return event_controls.control_run(m.train, m.held_out, **m.named)


def windows(m: Materials) -> Run:
    """The head of A1 at every window of the movie."""
    return event_windows.window_run(m.runs[_heads(m.parameters)], m.train, m.held_out, **m.way)


def _heads(p: Mapping) -> str:
    """The key of A1: of this profile, or as another one has published it."""
    return f"{p['event_heads']}/{strategy_key('A1')}" if p["event_heads"] else strategy_key("A1")


def candidates_of(m: Materials) -> Run:
    """Where the network's answers about the arrow of time point."""
    return event_candidates.candidate_run(m.runs[TAP], m.train, m.held_out, **m.way)


def detector(m: Materials, name: str, seed: int) -> Run:
    """A detector of one strategy and seed."""
    return events.detector_run(name, m.train, m.runs[TAP], event_scores.detector_settings(m.parameters, m.train), m.held_out,
                               seed=seed, **m.way)


def from_few_labels(m: Materials, name: str, labels: int, draw: int) -> Run:
    """A detector from few labelled events, :func:`tapnb.studies.event_few.few_run`."""
    return event_few.few_run(name, events.Labels(labels, draw), m.train, m.held_out, m.runs[TAP], m.parameters, **m.way)


def after_answers(m: Materials, way: str, draw: int, rounds: int) -> Run:
    """A detector that has learnt from answers, or is about to; see :mod:`tapnb.studies.event_asking`."""
    return event_asking.detector_run(event_asking.Step(way, draw, rounds), _asks(m))


def places_asked(m: Materials, way: str, draw: int, rounds: int) -> Run:
    """The places that such a detector is asked about."""
    return event_asking.asked_run(event_asking.Step(way, draw, rounds), _asks(m))


def _asks(m: Materials) -> event_asking.Setting:
    return event_asking.Setting(m.train, m.held_out, m.runs[TAP], m.parameters, **m.way)


def _of_answers(notebook: str, p: Mapping) -> list[Task]:
    """Detectors and the places that they are asked about by turns: each looks for all before it, back to the first."""
    few = {event_few.role(name, labels) for name, labels in event_few.all_labels(p)}
    made: list[Task] = []

    def add(role: str, function: Callable, step: event_asking.Step) -> None:
        before = [task.key for task in made if task.arguments["draw"] == step.draw
                  and (task.arguments["way"] == step.way or not task.arguments["rounds"])]  # both ways begin with one detector
        start = event_few.role(p["event_ask_strategy"], events.Labels(p["event_ask_start"], step.draw))  # and it is this one
        before += [f"{notebook} {start}"] * (start in few)
        made.append(task_of(notebook, role, function, p, TAP, *before, **asdict(step)))

    for step in event_asking.steps(p):
        add(step.role, after_answers, step)
        if step in event_asking.asking(p):
            add(step.asked_role, places_asked, step)
    return made


def with_negatives(m: Materials, way: str, draw: int) -> Run:
    """A detector that takes something else for no event, :func:`tapnb.studies.event_negatives.detector_run`."""
    return event_negatives.detector_run(way, draw, m.train, m.held_out, m.runs[TAP], m.parameters, **m.way)


def _of_negatives(notebook: str, p: Mapping) -> list[Task]:
    """Other negatives; the usual ones are those of a detector from few labels, which need not be made twice."""
    few = {event_few.role(name, labels) for name, labels in event_few.all_labels(p)}
    tasks = []
    for way, draw in event_negatives.steps(p):
        usual = event_few.role(p["event_negative_strategy"], event_negatives.labels_of(p, draw))
        before = [f"{notebook} {usual}"] * (way == "hard" and usual in few)
        tasks.append(task_of(notebook, event_negatives.role(way, draw), with_negatives, p, TAP, *before, way=way, draw=draw))
    return tasks


def of_events(notebook: str, p: Mapping) -> list[Task]:
    """The tasks of notebook 14 with these parameters, each after all that it rests on."""
    return [task_of(notebook, "event controls", controlled_events, p), task_of(notebook, "windows of A1", windows, p, TAP, _heads(p)),
            task_of(notebook, "candidates", candidates_of, p, TAP), *(
        task_of(notebook, f"detector {name}, seed {seed}", detector, p, TAP, name=name, seed=seed)
        for name in p["event_strategies"] for seed in p["event_seeds"]), *(
        task_of(notebook, event_few.role(name, labels), from_few_labels, p, TAP, name=name, labels=labels.events, draw=labels.draw)
        for name, labels in event_few.all_labels(p)), *_of_answers(notebook, p), *_of_negatives(notebook, p)]
