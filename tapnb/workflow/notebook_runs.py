"""The runs of each notebook as tasks, and the functions that make them.

Each makes one run as the notebook's own cell does, with the notebook's parameters, so that the notebook finds it finished. A
test restores all that is published through these tasks: a run that a notebook has and this list has not fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tapnb import recognise
from tapnb.dataset import DatasetSettings
from tapnb.settings import chosen
from tapnb.store import results
from tapnb.store.runs import Run
from tapnb.studies import (calibration, content_view, criteria, decorrelation, differences, differences_rounding,
                           evidence_runs, grad_cam, limitations_heads, pretraining, strategies,
                           strategies_controls)
from tapnb.workflow import event_tasks
from tapnb.workflow.tasks import MEMORY, TAP, Materials, Task, strategy_key, task_of

STEP_MEMORY = 15 * 2**30 / (108 * 96**2)
"""Bytes of a step of the pretraining for each pixel of its batch's crops: the paper's, 108 pairs of 96 pixels, takes 14.3 GB."""

HEADS_MEMORY = 8 * 2**30
"""Bytes of event heads on many training pairs: the paper's 14 934 take 5.3 GB with linear heads, and 7.0 GB with others."""

MANY_PAIRS = 5000
"""Training pairs that still fit into what any task is reckoned to need."""


def of_notebooks(parameters: Mapping[str, Mapping[str, object]]) -> list[Task]:
    """The runs of some notebooks: those that others rest on come first.

    Parameters
    ----------
    parameters : dict of dict
        Of each notebook, in reading order.
    """
    tasks = [task for notebook, own in parameters.items() for task in LISTS.get(notebook, lambda *_: [])(notebook, own)]
    return [replace(task, memory=_memory(task, parameters)) for task in tasks]


def _memory(task: Task, parameters: Mapping[str, Mapping[str, object]]) -> int:
    """Bytes that a task is reckoned to need: what grows is a step of a pretraining, and the features of training pairs."""
    function = task.function.partition(":")[2]
    if function in ("tap", "recipe", "ablation", "schedule"):
        own = _parameters("02_pretraining", task, parameters)
        sizes = pretraining.read_recipe(task.arguments["text"]).sizes if function == "recipe" else own.get("tap_crop_sizes", [0])
        return max(MEMORY, round(STEP_MEMORY * own.get("tap_batch", 0) * max(sizes) ** 2))
    if function in ("strategy", "criterion", "invariant", "other_way"):
        pairs = _parameters("06_strategies", task, parameters).get("training_pairs", 1)
    elif function == "to_its_end":
        pairs = task.parameters[f"{evidence_runs.PREFIX}training_pairs"]
    else:
        return MEMORY
    return HEADS_MEMORY if pairs == 0 or pairs > MANY_PAIRS else MEMORY  # 0: all that there are


def _parameters(notebook: str, task: Task, parameters: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
    """Those that a notebook is run with now, else those that it has published with; if it has not, a sweep says so later."""
    if notebook in parameters:
        return parameters[notebook]
    try:
        return results.published_parameters(task.parameters["profile"], task.parameters["movie"], notebook)
    except FileNotFoundError:
        return {}


def tap(m: Materials) -> Run:
    """The pretraining of notebook 02."""
    return pretraining.tap_run(m.train, m.held_out, pretraining.settings_of(m.parameters), seed=m["tap_seed"],
                               test_pairs=m["tap_test_pairs"], **m.way)


def recipe(m: Materials, text: str) -> Run:
    """A short pretraining by another recipe, given as text."""
    settings = pretraining.of_recipe(pretraining.settings_of(m.parameters), pretraining.read_recipe(text), m["recipe_pairs"])
    return pretraining.tap_run(m.train, m.held_out, settings, seed=m["tap_seed"], test_pairs=m["tap_validation_pairs"], **m.way)


def _of_pretraining(notebook: str, p: Mapping) -> list[Task]:
    return [task_of(notebook, "tap", tap, p), *(task_of(notebook, f"recipe {text}", recipe, p, text=text)
                                              for text in p["recipes"] if p["recipe_pairs"])]


def touching(m: Materials) -> Run:
    """How often Grad-CAM's regions touch events."""
    return grad_cam.touching_run(m.runs[TAP], {"train": m.train, "held-out": m.held_out}, m["frame_pairs"], tile=m["tile"], **m.way)


def content(m: Materials) -> Run:
    """The content view: accuracy at other scales of the frames."""
    return content_view.content_run(m.runs[TAP], m.held_out, pairs=m["content_pairs"], draws=m["content_draws"],
                                    samplers=m["content_samplers"], **m.way)


def ablation(m: Materials, form: str, seed: int) -> Run:
    """A short pretraining with one form of the decorrelation term."""
    (run,) = decorrelation.ablation_runs(m.runs[TAP], m.train, m.held_out, pairs=m["ablation_pairs"], seeds=[seed], forms=[form],
                                         test_pairs=m["ablation_test_pairs"], **m.way).values()
    return run


def decorrelated(m: Materials) -> Run:
    """What the forms of the decorrelation term did."""
    trained = {key.partition(" ablation ")[2]: run for key, run in m.runs.items() if key != TAP}
    return decorrelation.decorrelation_run(m.runs[TAP], m.held_out, trained, sizes=m["decorrelation_sizes"],
                                           seeds=m["decorrelation_seeds"], pairs=m["decorrelation_pairs"],
                                           feature_pairs=m["channel_pairs"], **m.way)


def _of_decorrelation(notebook: str, p: Mapping) -> list[Task]:
    short = [task_of(notebook, f"ablation {form}, seed {seed}", ablation, p, TAP, form=form, seed=seed)
             for seed in p["ablation_seeds"] for form in decorrelation.ABLATED if p["ablation_pairs"]]
    return [*short, task_of(notebook, "decorrelation", decorrelated, p, TAP, *(task.key for task in short))]


def strategy(m: Materials, name: str) -> Run:
    """A strategy of notebook 06, all of its seeds."""
    validation_pairs = (m["validation_pairs"] or None) if name in m["validated"] else 0
    return strategies.strategy_run(name, m.train, m.runs[TAP], chosen(DatasetSettings, m.parameters),
                                   strategies.head_settings(name, m.parameters), seeds=m["seeds"],
                                   test_pairs=m["test_pairs"] or None, validation_pairs=validation_pairs, **m.way)


def controls_of_table_2(m: Materials) -> Run:
    """Controls on the pairs of notebook 06."""
    return strategies_controls.controls_run(m.train, m.parameters, **m.named)


def _of_strategies(notebook: str, p: Mapping) -> list[Task]:
    return [*(task_of(notebook, name, strategy, p, TAP, name=name) for name in p["strategies"]),
            task_of(notebook, "controls of these pairs", controls_of_table_2, p)]


def criterion(m: Materials, name: str, criterion: str) -> Run | None:
    """A head under another labelling criterion; None where it leaves no positive training pair."""
    published = m.runs[strategy_key(name)]
    data = strategies.dataset_of(published, m.train)
    counted = criteria.positives(data, published.record["parameters"]["dataset"]["area_threshold"])
    if not counted.loc[criterion, "training"]:
        return None
    return criteria.criterion_run(published, criterion, m.train, **m.way)


def one_labelling(m: Materials) -> Run:
    """All heads judged under one labelling."""
    by_head = {}
    for key, run in m.runs.items():
        _, name, criterion = key.split(" ", 2)
        by_head[criterion, recognise.strategy_named(name).head] = run
    return criteria.one_labelling_run(by_head, m.train, **m.named)


def _of_criteria(notebook: str, p: Mapping) -> list[Task]:
    each = [task_of(notebook, f"{name} {text}", criterion, p, TAP, strategy_key(name), name=name, criterion=text)
            for text in criteria.CRITERIA for name in ("A0", "A1")]
    return [*each, task_of(notebook, "criteria", one_labelling, p, *(task.key for task in each))]


def calibrated(m: Materials) -> Run:
    """The calibration of two heads."""
    return calibration.calibration_run({head: m.runs[strategy_key(name)] for head, name in calibration.HEADS.items()}, m.train,
                                       **m.named)


def invariant(m: Materials) -> Run:
    """A0 with a head that is blind to the order of the frames."""
    return limitations_heads.invariant_run(m.train, m.runs[strategy_key("A0")], **m.way)


def other_way(m: Materials, name: str, option: str) -> Run:
    """A strategy with one of the scripts' ways."""
    published = m.runs[strategy_key(name)]
    sides = differences.both_ways(published, option, m.train, m.runs[TAP], **m.way)
    return next(run for run in sides if run.name != published.name)


def schedule(m: Materials, name: str) -> Run:
    """A short pretraining under another schedule."""
    (run,) = differences.schedule_runs(m.train, m.held_out, m.runs[TAP], m["schedule_pairs"], m["schedule_test_pairs"],
                                       schedules=[name], **m.way)
    return run


def rounding(m: Materials, name: str) -> Run:
    """What rounding to bfloat16 does to a strategy's features."""
    return differences_rounding.rounding_run(m.train, m.runs[TAP], m.runs[strategy_key(name)], m["rounding_pairs"], **m.way)


def _of_differences(notebook: str, p: Mapping) -> list[Task]:
    pairs = [(name, "replacement") for name in p["balancing_strategies"]] + [
        (name, option) for name in p["difference_strategies"] for option in ("redraw_norms", "keep_trained_norms")]
    ways = [task_of(notebook, f"{name} {option}", other_way, p, TAP, strategy_key(name), name=name, option=option)
            for name, option in pairs]
    schedules = [task_of(notebook, f"schedule {name}", schedule, p, TAP, name=name)
                 for name in differences.SCHEDULES if p["schedule_pairs"]]
    like = p["rounding_strategy"]
    rounded = [task_of(notebook, "rounding", rounding, p, TAP, strategy_key(like), name=like)] if p["rounding_pairs"] else []
    return [*ways, *schedules, *rounded]


def controls(m: Materials) -> Run:
    """Recognition without a network."""
    return evidence_runs.controls(m.train, m.held_out, m.parameters, **m.named)


def to_its_end(m: Materials, name: str, seeds: list[int]) -> Run:
    """A strategy whose heads are trained until they get no better."""
    own = {**m.parameters, f"{evidence_runs.PREFIX}seeds": seeds}
    (run,) = evidence_runs.trained(name, m.train, m.held_out, m.runs[TAP], own, **m.way)
    return run


def with_few_labels(m: Materials, name: str, share: float, draw: int) -> Run:
    """A strategy from a share of the labelled events, or the controls."""
    labels, args = evidence_runs.Labels(share, draw), (m.train, m.held_out)
    if name == "controls":
        return evidence_runs.controls_on_few(labels, *args, m.parameters, **m.named)
    return evidence_runs.trained_on_few(name, labels, *args, m.runs[TAP], m.parameters, **m.way)


def _of_evidence(notebook: str, p: Mapping) -> list[Task]:
    few = [task_of(notebook, evidence_runs.role_of_few(name, labels), with_few_labels, p, *((TAP,) * (name != "controls")), name=name,
                 share=labels.share, draw=labels.draw)
           for labels in evidence_runs.few_labels(p) for name in (*p["evidence_label_strategies"], "controls")]
    return [task_of(notebook, "controls", controls, p), *(
        task_of(notebook, f"{name} to its end, {' '.join(map(str, seeds))}", to_its_end, p, TAP, name=name, seeds=seeds)
        for name in p["evidence_strategies"] for seeds in evidence_runs.groups(name, p[f"{evidence_runs.PREFIX}seeds"])), *few]


def _one(role: str, function: Callable, *needs: str) -> Callable[[str, Mapping], list[Task]]:
    """The list of a notebook that makes one run only."""
    return lambda notebook, p: [task_of(notebook, role, function, p, *needs)]


LISTS: dict[str, Callable[[str, Mapping], list[Task]]] = {
    "02_pretraining": _of_pretraining,
    "03_grad_cam": _one("touching", touching, TAP),
    "04_content_view": _one("content", content, TAP),
    "05_decorrelation": _of_decorrelation,
    "06_strategies": _of_strategies,
    "08_criteria": _of_criteria,
    "09_calibration": _one("calibration", calibrated, *map(strategy_key, calibration.HEADS.values())),
    "10_limitations": _one("A0i", invariant, TAP, strategy_key("A0")),
    "11_differences": _of_differences,
    "14_events": event_tasks.of_events,
    "15_evidence": _of_evidence,
}
"""What gives the tasks of a notebook, by its name; the other notebooks make no run, or only pictures, in seconds."""
