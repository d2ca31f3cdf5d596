"""Detectors of events on a borrowed GPU: their runs, and what they compute.

They come last, and only where scikit-image and scikit-learn are installed, which nothing before them needs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from torch import nn

from benchmarks import gpu_count
from benchmarks.gpu_plan import Made, Place, Task
from tapnb.detect import DetectorHead, usable_pairs
from tapnb.detector_training import SEARCHED, DetectorSettings
from tapnb.models import FEATURES, DenseFeatures
from tapnb.store.runs import Run
from tapnb.studies import event_few, event_scores, events


def tasks(place: Place) -> list[Task]:
    """Detectors of events: with every label, then from few."""
    values = place.parameters("14_events")

    def whole() -> DetectorSettings:
        return event_scores.detector_settings(values, place.linked[0])

    def few() -> DetectorSettings:
        return event_few.settings(values, place.linked[0])

    def with_every_label(name: str, seed: int, tap: Run, **way: object) -> Run:
        return events.detector_run(name, place.linked[0], tap, whole(), place.linked[1], seed=seed, **way)

    def from_few(name: str, labels: events.Labels, tap: Run, **way: object) -> Run:
        return event_few.few_run(name, labels, *place.linked, tap, values, **way)

    return [*(_detector(place, name, f"detector {name}, seed {seed}", whole, functools.partial(with_every_label, name, seed))
              for seed in values["event_seeds"] for name in values["event_strategies"]),
            *(_detector(place, name, event_few.role(name, labels), few, functools.partial(from_few, name, labels))
              for name, labels in event_few.all_labels(values))]


def _detector(place: Place, name: str, title: str, settings: Callable[[], DetectorSettings], train: Callable[..., Run]) -> Task:
    def make(made: Made, mode: str) -> list[Run]:
        return [train(made["tap"][0], **place.way("14_events", mode))]

    def counted() -> gpu_count.Work:
        own = settings()
        return work(name, own, place.train.shape[1:], _searched(place, own))

    return Task(title, "14_events", ("tap",), make, counted)


def _searched(place: Place, settings: DetectorSettings) -> int:
    """Frame pairs that a detector searches: the last fifth at every check and in the end, for hard negatives, the other movie."""
    last_fifth = len(events.split_pairs(place.linked[0])[1])
    hard = 2 * SEARCHED if settings.hard_negatives else 0
    return (settings.checks + 1) * last_fifth + hard + len(usable_pairs(place.linked[1]))


def work(name: str, settings: DetectorSettings, frames: tuple[int, int], searched: int) -> gpu_count.Work:
    """What :func:`tapnb.studies.events.detector_run` computes, its checks included.

    Parameters
    ----------
    name : str
        One of :data:`tapnb.studies.events.DETECTORS`.
    settings : DetectorSettings
    frames : (height, width)
        Of both movies, in pixels.
    searched : int
        Frame pairs that are searched, in all.
    """
    size, kinds = settings.crop_size, len(settings.kinds)
    head, crop, maps = gpu_count.New(DetectorHead, (kinds,)), (2, size, size), (2, FEATURES, size, size)
    seen, crops = settings.steps * settings.batch, searched * frames[0] * frames[1] / size**2
    if events.DETECTORS[name]["trained"]:
        network = gpu_count.New(_detecting, (kinds,))
        parts = [gpu_count.Part("learning, all layers", "bfloat16", seen, settings.batch, network, crop)]
        weights = gpu_count.weights_of(network)
    else:
        parts = [gpu_count.Part("learning, head", "bfloat16", seen, settings.batch, gpu_count.New(_scoring, (kinds,)), maps),
                 gpu_count.Part("features of crops", "float32", seen, settings.batch, gpu_count.New(DenseFeatures), crop)]
        weights = gpu_count.weights_of(head)
    # Of the two frames of a pair one was searched before.
    parts += [gpu_count.Part("features of frames", "float32", crops / 2, gpu_count.TESTED, gpu_count.New(DenseFeatures), crop),
              gpu_count.Part("scores", "float32", crops, gpu_count.TESTED, head, maps)]
    return gpu_count.Work(tuple(parts), 16.0 * weights, seen / settings.checks)


def _scoring(kinds: int) -> nn.Module:
    return nn.Sequential(DetectorHead(kinds), nn.AdaptiveAvgPool2d(1), nn.Flatten())  # one loss, of all pixels


def _detecting(kinds: int) -> nn.Module:
    return nn.Sequential(DenseFeatures(), _scoring(kinds))
