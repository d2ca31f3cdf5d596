"""A run that is to be made as plain data, which any process can compute: which function, with what, after which others."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tapnb.movies import Movie
from tapnb.store.runs import Run

TAP = "02_pretraining tap"
"""The key of the pretraining, on which most runs rest."""

MEMORY = 3 * 2**30
"""Bytes that most tasks are reckoned to need at most, by what trainings of the published profiles take."""


@dataclass(frozen=True)
class Task:
    """One run that is to be made.

    Attributes
    ----------
    key : str
        The notebook, and after a blank the role under which it publishes the run.
    function : str
        What makes it, ``module:function``: takes :class:`Materials` and the arguments, returns the run, or None where
        there is nothing to be made.
    parameters : mapping
        The notebook's.
    arguments : mapping
        What this run alone has.
    needs : tuple of str
        Keys of the tasks whose runs it rests on; of another notebook also such as were published before, of another profile
        with its name and a slash before the key.
    memory : int
        Bytes that it is reckoned to need on a CPU.
    """

    key: str
    function: str
    parameters: Mapping[str, object]
    arguments: Mapping[str, object] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    memory: int = MEMORY

    @property
    def notebook(self) -> str:
        """The notebook that looks at the run."""
        return self.key.split(" ")[0]

    @property
    def movie(self) -> tuple[str, str]:
        """What its movies are opened with: a name, and what a track with one daughter is."""
        return str(self.parameters["movie"]), str(self.parameters.get("single_child", "link"))

    def make(self, train: Movie, held_out: Movie, rests_on: Mapping[str, Run]) -> Run | None:
        """Make the run in this process, or find it finished."""
        module, _, name = self.function.partition(":")
        materials = Materials(train, held_out, self.parameters, rests_on, self.notebook)
        return getattr(importlib.import_module(module), name)(materials, **self.arguments)


@dataclass(frozen=True)
class Materials:
    """What a task's function works with: both movies, the notebook's parameters, and the runs that it rests on, by key."""

    train: Movie
    held_out: Movie
    parameters: Mapping[str, object]
    runs: Mapping[str, Run]
    notebook: str

    def __getitem__(self, name: str) -> object:
        return self.parameters[name]

    @cached_property
    def named(self) -> dict[str, str]:
        """Mode and command, as :func:`tapnb.store.runs.run` wants them."""
        return {"mode": self["mode"], "command": f"tapnb run {self.notebook} --profile {self['profile']} --movie "
                                                 f"{self['movie']} --mode execute"}

    @cached_property
    def way(self) -> dict[str, object]:
        """The same and the device."""
        from tapnb.system import device  # here: it brings PyTorch, which not every task needs

        return self.named | {"on": device.choose(self["device"])}


def task_of(notebook: str, role: str, function: Callable, parameters: Mapping, *needs: str, **arguments) -> Task:
    """The task that makes a notebook's run of a role with a function."""
    return Task(f"{notebook} {role}", f"{function.__module__}:{function.__name__}", parameters, arguments, needs)


def strategy_key(name: str) -> str:
    """The key of a strategy of notebook 06."""
    return f"06_strategies {name}"
