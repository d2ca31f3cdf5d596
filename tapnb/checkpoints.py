"""Checkpoints: where a training stood after an epoch, so that one that was interrupted goes on from there.

They are for the machine that wrote them: a file of PyTorch's, read without unpickling anything but tensors, and deleted
when the training has ended. What is handed on are weights, see :mod:`tapnb.weights`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import torch

from tapnb.system.files import replacing, set_aside

HISTORY = "history"


class Stateful(Protocol):
    """A network, an optimiser, or whatever else changes in a training."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


class Pace(Protocol):
    """How often checkpoints are written: of every epoch, unless :func:`at_pace` says otherwise."""

    def due(self, path: Path) -> bool:
        """Whether the one that could be written now is to be."""

    def kept(self, path: Path) -> None:
        """It is written: here a training may be stopped, by an exception, and nothing of it is lost."""


_pace: ContextVar[Pace | None] = ContextVar("pace", default=None)


@contextmanager
def at_pace(pace: Pace) -> Iterator[None]:
    """A context whose trainings ask before they write a checkpoint, and say when they have."""
    token = _pace.set(pace)
    try:
        yield
    finally:
        _pace.reset(token)


def keep(path: Path, parts: dict[str, Stateful], history: list) -> None:
    """Write down the state of every part, and the plain numbers of the epochs so far."""
    pace = _pace.get()
    if pace is not None and not pace.due(path):
        return
    with replacing(path) as temporary:
        torch.save({name: part.state_dict() for name, part in parts.items()} | {HISTORY: history}, temporary)
    if pace is not None:
        pace.kept(path)


def resume(path: Path, parts: dict[str, Stateful], on: torch.device) -> list | None:
    """Put every part back into the state that :func:`keep` wrote down.

    Returns
    -------
    list or None
        The history; None if there is no such file, or none of just these parts: it is then set aside, with a warning
        that names it, and the parts are as they were.
    """
    if not path.exists():
        return None
    before = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
    try:
        state = torch.load(path, map_location=on, weights_only=True)
        if state.keys() != parts.keys() | {HISTORY}:
            raise KeyError("other parts")
        for name, part in parts.items():
            part.load_state_dict(state[name])
        return list(state[HISTORY])
    except (MemoryError, torch.cuda.OutOfMemoryError):
        raise  # nothing is wrong with the file
    except Exception as error:  # noqa: BLE001  a file that is cut, empty or foreign has as many exceptions as bytes
        set_aside(path, f"{path} is no whole checkpoint of this training ({type(error).__name__})")
        for name, part in parts.items():  # some may have been filled in part
            part.load_state_dict(before[name])
        return None
