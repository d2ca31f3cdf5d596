"""The runs of a profile, most important first, made by the very functions that the notebooks call, with their parameters.

So a run that is made here has the name under which a notebook of that profile looks for it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from benchmarks import gpu_count
from benchmarks.gpu_profile import parameters_of
from tapnb import recognise
from tapnb.dataset import CRITERIA, DatasetSettings, event_dataset
from tapnb.heads import HeadSettings
from tapnb.movies import Movie, catalogue
from tapnb.settings import chosen
from tapnb.store.runs import Run
from tapnb.studies import criteria, decorrelation, differences, evidence_runs, limitations_heads, pretraining, strategies

RESNET = ("A1", "C1", "D1", "B1", "P1")
"""Strategies with the ResNet head, most important first."""

LINEAR = ("A0", "C0", "D0", "B0")

Made = dict[str, list[Run]]
"""What is finished, by title."""


@dataclass(frozen=True)
class Task:
    """One run, or a few that belong together.

    Attributes
    ----------
    title : str
        Such as "A1".
    notebook : str
        Whose run it is.
    needs : tuple of str
        Titles of tasks that have to be finished before.
    make : callable
        Takes what is finished and a mode, see :func:`tapnb.store.runs.run`; returns its runs.
    work : callable
        Says what is to be computed; for a strategy that takes a look at the movie.
    """

    title: str
    notebook: str
    needs: tuple[str, ...]
    make: Callable[[Made, str], list[Run]]
    work: Callable[[], gpu_count.Work]


@dataclass(frozen=True, eq=False)
class Place:
    """What all tasks of a call share: a profile, a movie in both roles, and where it is computed.

    Attributes
    ----------
    profile, movie : str
    train, held_out : Movie
        With events as the profile's ``single_child`` says.
    linked : (train, held_out)
        The same with ``single_child: link``, which notebook 15 has in every profile.
    on : torch.device
    """

    profile: str
    movie: str
    train: Movie
    held_out: Movie
    linked: tuple[Movie, Movie]
    on: torch.device

    @classmethod
    def opened(cls, profile: str, movie: str, on: torch.device) -> Place:
        """Open the movie in both roles, with the events that the profile asks for."""
        way = parameters_of("06_strategies", profile)["single_child"]
        movies = catalogue.open_both(movie, way)
        return cls(profile, movie, *movies, movies if way == "link" else catalogue.open_both(movie), on)

    def parameters(self, notebook: str) -> dict[str, object]:
        """A notebook's parameters, as `tapnb run` would choose them."""
        return parameters_of(notebook, self.profile, movie=self.movie)

    def way(self, notebook: str, mode: str) -> dict[str, object]:
        """How a run is made, and what command makes it."""
        return {"mode": mode, "on": self.on,
                "command": f"tapnb run {notebook} --profile {self.profile} --movie {self.movie} --mode execute"}


def tasks(place: Place) -> list[Task]:
    """All runs of the profile that this script can make, most important first."""
    asked = place.parameters("06_strategies")["strategies"]
    evidence = place.parameters("15_evidence")["evidence_strategies"]
    every = [_tap(place)]
    of_table_2 = [name for name in (*RESNET, *LINEAR) if name in asked or (name == "D1" and name in evidence)]  # it is no row there
    every += [_strategy(place, name) if name in asked else _evidence(place, name) for name in of_table_2]
    every += [_evidence(place, name) for name in (*RESNET, *LINEAR) if name in evidence and (name in asked or name not in of_table_2)]
    every += [_few_labels(place, name, labels) for labels in evidence_runs.few_labels(place.parameters("15_evidence"))
              for name in place.parameters("15_evidence")["evidence_label_strategies"]]
    titles = {task.title for task in every}
    if "A0" in titles:
        every.append(_invariant(place))
    every += [_criterion(place, name, criterion) for criterion in CRITERIA for name in ("A1", "A0") if name in titles
              and criterion != place.parameters("06_strategies")["criterion"]]
    ways = place.parameters("11_differences")
    every += [_both_ways(place, name, option) for names, options in (
        (ways["balancing_strategies"], ("replacement",)), (ways["difference_strategies"], ("redraw_norms", "keep_trained_norms")))
        for option in options for name in names if name in titles]
    if ways["schedule_pairs"]:
        every.append(_schedules(place))
    if place.parameters("05_decorrelation")["ablation_pairs"]:
        every.append(_ablations(place))
    if importlib.util.find_spec("skimage") and importlib.util.find_spec("sklearn"):  # a borrowed machine may lack them
        from benchmarks import gpu_detectors

        every += gpu_detectors.tasks(place)
    return every


def _tap(place: Place) -> Task:
    values = place.parameters("02_pretraining")
    settings = pretraining.settings_of(values)

    def make(made: Made, mode: str) -> list[Run]:
        return [pretraining.tap_run(place.train, place.held_out, settings, test_pairs=values["tap_test_pairs"],
                                    seed=values["tap_seed"],
                                    **place.way("02_pretraining", mode))]

    return Task("tap", "02_pretraining", (), make,
                lambda: gpu_count.pretraining(settings, values["tap_test_pairs"]))


def _strategy(place: Place, name: str) -> Task:
    values = place.parameters("06_strategies")
    dataset, training = chosen(DatasetSettings, values), strategies.head_settings(name, values)
    asked = {"test_pairs": values["test_pairs"] or None,
             "validation_pairs": (values["validation_pairs"] or None) if name in values["validated"] else 0}

    def make(made: Made, mode: str) -> list[Run]:
        return [strategies.strategy_run(name, place.train, made["tap"][0], dataset, training, seeds=values["seeds"],
                                        **asked, **place.way("06_strategies", mode))]

    return Task(name, "06_strategies", ("tap",), make,
                lambda: _work(place, name, dataset, training, values["seeds"], **asked))


def _evidence(place: Place, name: str) -> Task:
    values = place.parameters("15_evidence")
    dataset, training = evidence_runs.dataset_settings(values), evidence_runs.head_settings(values)
    asked = {part: values[evidence_runs.PREFIX + part] or None
             for part in ("test_pairs", "validation_pairs", "held_out_pairs")}

    def make(made: Made, mode: str) -> list[Run]:
        return evidence_runs.trained(name, *place.linked, made["tap"][0], values,
                                     **place.way("15_evidence", mode))

    return Task(f"{name} to its end", "15_evidence", ("tap",), make,
                lambda: _work(replace(place, train=place.linked[0], held_out=place.linked[1]), name, dataset, training,
                              values["evidence_seeds"], **asked))


def _few_labels(place: Place, name: str, labels: evidence_runs.Labels) -> Task:
    values = place.parameters("15_evidence")

    def make(made: Made, mode: str) -> list[Run]:
        return [evidence_runs.trained_on_few(name, labels, *place.linked, made["tap"][0], values,
                                             **place.way("15_evidence", mode))]

    def work() -> gpu_count.Work:
        dataset, training = evidence_runs.dataset_settings(values), evidence_runs.head_settings_of_few(values)
        training_pairs = max(labels.share * len(_parts(place.linked[0], dataset)["balanced"]), training.least_steps * training.batch)
        asked = len(_parts(place.linked[1], replace(dataset, labelled_share=1.0))["test"][: values["evidence_held_out_pairs"] or None])
        return _counted(name, dataset, training, seeds=1, training_pairs=training_pairs, asked=asked)

    return Task(evidence_runs.role_of_few(name, labels), "15_evidence", ("tap",), make, work)


def _invariant(place: Place) -> Task:
    def make(made: Made, mode: str) -> list[Run]:
        return [limitations_heads.invariant_run(place.train, made["A0"][0], **place.way("10_limitations", mode))]

    return Task("A0i", "10_limitations", ("A0",), make, lambda: _like(place, "A0", name="A0i"))


def _criterion(place: Place, name: str, criterion: str) -> Task:
    def make(made: Made, mode: str) -> list[Run]:
        return [criteria.criterion_run(made[name][0], criterion, place.train, **place.way("08_criteria", mode))]

    return Task(f"{name} {criterion}", "08_criteria", (name,), make,
                lambda: _like(place, name, dataset={"criterion": criterion}, validation_pairs=0))


def _both_ways(place: Place, name: str, option: str) -> Task:
    def make(made: Made, mode: str) -> list[Run]:
        return list(differences.both_ways(made[name][0], option, place.train, made["tap"][0],
                                          **place.way("11_differences", mode)))

    group = "dataset" if option == "replacement" else "training"
    return Task(f"{name} {option}", "11_differences", (name,), make,
                lambda: _like(place, name, **{group: {option: True}}))


def _schedules(place: Place) -> Task:
    values = place.parameters("11_differences")

    def make(made: Made, mode: str) -> list[Run]:
        return list(differences.schedule_runs(place.train, place.held_out, made["tap"][0], values["schedule_pairs"],
                                              values["schedule_test_pairs"], **place.way("11_differences", mode)))

    return Task("schedules", "11_differences", ("tap",), make,
                lambda: _short(place, values["schedule_pairs"], values["schedule_test_pairs"], 2, validation_pairs=1))


def _ablations(place: Place) -> Task:
    values = place.parameters("05_decorrelation")

    def make(made: Made, mode: str) -> list[Run]:
        return list(decorrelation.ablation_runs(
            made["tap"][0], place.train, place.held_out, pairs=values["ablation_pairs"],
            seeds=values["ablation_seeds"], test_pairs=values["ablation_test_pairs"],
            **place.way("05_decorrelation", mode)).values())

    return Task("ablations", "05_decorrelation", ("tap",), make, lambda: _short(
        place, values["ablation_pairs"], values["ablation_test_pairs"], 2 * len(values["ablation_seeds"])))


def _short(place: Place, pairs: int, test_pairs: int, trainings: int, **changed: int) -> gpu_count.Work:
    """Trainings of the time arrow in six epochs."""
    settings = pretraining.settings_of(place.parameters("02_pretraining"))
    short = replace(settings, pairs=pairs, pairs_per_epoch=max(settings.batch, pairs // 6), **changed)
    return gpu_count.pretraining(short, test_pairs).times(trainings)


def _like(place: Place, plain: str, *, name: str = "", dataset: dict | None = None, training: dict | None = None,
          validation_pairs: int | None = -1) -> gpu_count.Work:
    """A strategy of notebook 06 with something changed."""
    values = place.parameters("06_strategies")
    validated = (values["validation_pairs"] or None) if plain in values["validated"] else 0
    return _work(place, name or plain, replace(chosen(DatasetSettings, values), **dataset or {}),
                 replace(strategies.head_settings(plain, values), **training or {}), values["seeds"],
                 test_pairs=values["test_pairs"] or None,
                 validation_pairs=validated if validation_pairs == -1 else validation_pairs)


def _work(place: Place, name: str, dataset: DatasetSettings, training: HeadSettings, seeds: list[int], *,
          test_pairs: int | None, validation_pairs: int | None, held_out_pairs: int | None = 0) -> gpu_count.Work:
    """What a strategy computes, from how many crop pairs of this movie it gets."""
    parts = _parts(place.train, dataset)
    asked = sum(len(parts[part][:most]) for part, most in (("test", test_pairs), ("validation", validation_pairs)))
    if held_out_pairs != 0:
        asked += len(_parts(place.held_out, replace(dataset, labelled_share=1.0))["test"][:held_out_pairs])
    return _counted(name, dataset, training, seeds=len(seeds), training_pairs=len(parts["balanced"]), asked=asked)


@cache
def _parts(movie: Movie, dataset: DatasetSettings) -> dict[str, np.ndarray]:
    """The crop pairs of each part: many tasks ask for the same."""
    return event_dataset(movie, dataset).parts


def _counted(name: str, dataset: DatasetSettings, training: HeadSettings, *, seeds: int, training_pairs: float,
             asked: int) -> gpu_count.Work:
    epochs = training.epochs or recognise.EPOCHS[recognise.strategy_named(name).head]
    return gpu_count.strategy(name, replace(training, epochs=epochs), size=dataset.crop_size, seeds=seeds,
                              training_pairs=training_pairs, asked=asked)
