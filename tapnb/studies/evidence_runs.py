"""The runs that evidence is made of: strategies trained to their end, and controls, on one set of pairs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from tapnb import recognise
from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.heads import HeadSettings
from tapnb.movies import Movie
from tapnb.settings import chosen
from tapnb.store import runs
from tapnb.studies.strategies import strategy_run

PREFIX = "evidence_"
"""Of the parameters that are this study's alone."""


def dataset_settings(parameters: dict) -> DatasetSettings:
    """How crop pairs are drawn and labelled, and which share of the events is labelled at all."""
    return replace(chosen(DatasetSettings, parameters),
                   **{name: parameters[PREFIX + name] for name in ("training_pairs", "labelled_share")})


def head_settings(parameters: dict) -> HeadSettings:
    """How heads are trained: at most the paper's epochs, and no further than the validation loss falls."""
    return replace(HeadSettings(), **{name: parameters[PREFIX + name] for name in ("batch", "patience")})


def head_settings_of_few(parameters: dict) -> HeadSettings:
    """:func:`head_settings` with epochs of at least so many steps, however few pairs there are."""
    return replace(head_settings(parameters), least_steps=parameters[PREFIX + "label_steps"])


def trained(name: str, train: Movie, held_out: Movie, tap: runs.Run, parameters: dict, *, mode: str, on: torch.device,
            command: str) -> list[runs.Run]:
    """A strategy on one pretraining: one run for all seeds where they share their features, else one a seed.

    Parameters
    ----------
    name : str
    train, held_out : Movie
    tap : Run
    parameters : dict
        The notebook's.
    mode, on, command
        See :func:`tapnb.store.runs.run`.
    """
    return [strategy_run(name, train, tap, dataset_settings(parameters), head_settings(parameters), seeds=group, held_out=held_out,
                         **_asked(parameters), mode=mode, on=on, command=command) for group in groups(name, parameters[PREFIX + "seeds"])]


@dataclass(frozen=True)
class Labels:
    """Which of the labelled events are known.

    Attributes
    ----------
    share : float
        Of the labelled events, above 0; 1: all.
    draw : int
        Which ones they are, from 1. A larger share of a draw holds the events of a smaller one. 0: the labelled events of
        :func:`trained`.
    """

    share: float
    draw: int


ALL = Labels(1.0, 0)
"""What :func:`trained` and :func:`controls` learn from: of all labels there is one draw."""


def few_labels(parameters: dict) -> list[Labels]:
    """What is to be trained on, one draw of all shares after the other.

    Raises
    ------
    ValueError
        If a share is not between 0 and 1: with all labels stand the trainings of :func:`trained`.
    """
    for share in parameters[PREFIX + "label_shares"]:
        if not 0 < share < 1:
            raise ValueError(f"evidence_label_shares has {share:g}: give shares above 0 and below 1, such as 0.1; with all labels the "
                             "trainings of evidence_strategies stand")
    return [Labels(share, draw) for draw in range(1, parameters[PREFIX + "label_draws"] + 1)
            for share in parameters[PREFIX + "label_shares"]]


def role_of_few(name: str, labels: Labels) -> str:
    """Under which such a run is published."""
    return f"{name}, {100 * labels.share:g} % of labels, draw {labels.draw}"


def trained_on_few(name: str, labels: Labels, train: Movie, held_out: Movie, tap: runs.Run, parameters: dict, *, mode: str,
                   on: torch.device, command: str) -> runs.Run:
    """One training with some of the labels, asked about the held-out movie alone; each draw has a head's seed of its own."""
    return strategy_run(name, train, tap, fewer_labels(labels, parameters), head_settings_of_few(parameters),
                        seeds=[_seed_of(labels, parameters)], held_out=held_out, **_held_out_alone(parameters), mode=mode, on=on,
                        command=command)


def controls_on_few(labels: Labels, train: Movie, held_out: Movie, parameters: dict, *, mode: str, command: str) -> runs.Run:
    """The controls with the same labels."""
    from tapnb.studies.controls import controls_run  # as below

    return controls_run(train, fewer_labels(labels, parameters), held_out=held_out, seeds=[_seed_of(labels, parameters)],
                        **_held_out_alone(parameters), mode=mode, command=command)


def groups(name: str, seeds: list[int]) -> list[list[int]]:
    """The seeds of each run of a strategy: all in one where they share their features."""
    return [seeds] if recognise.strategy_named(name).shared else [[seed] for seed in seeds]


def controls(train: Movie, held_out: Movie, parameters: dict, *, mode: str, command: str) -> runs.Run:
    """The controls on the same pairs, see :func:`tapnb.studies.controls.controls_run`."""
    from tapnb.studies.controls import controls_run  # here: it brings scikit-learn, which strategies do without

    return controls_run(train, dataset_settings(parameters), held_out=held_out, seeds=parameters[PREFIX + "seeds"],
                        **_asked(parameters), mode=mode, command=command)


def held_out_dataset(held_out: Movie, parameters: dict) -> EventDataset:
    """The crop pairs of the held-out movie, all of whose events are known; its test part is asked about."""
    return event_dataset(held_out, replace(dataset_settings(parameters), labelled_share=1.0))


def _asked(parameters: dict) -> dict[str, int | None]:
    """How many pairs of each part are asked about; None: all."""
    return {name: parameters[PREFIX + name] or None for name in ("test_pairs", "validation_pairs", "held_out_pairs")}


def fewer_labels(labels: Labels, parameters: dict) -> DatasetSettings:
    """:func:`dataset_settings` where only some of the labelled events are known."""
    usual = dataset_settings(parameters)
    return replace(usual, labelled_share=labels.share * usual.labelled_share, label_draw=labels.draw)


def _seed_of(labels: Labels, parameters: dict) -> int:
    seeds = parameters[PREFIX + "seeds"]
    return seeds[(labels.draw - 1) % len(seeds)]


def _held_out_alone(parameters: dict) -> dict[str, int | None]:
    return _asked(parameters) | {"test_pairs": 0, "validation_pairs": 0}
