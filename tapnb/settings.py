"""Settings as small frozen dataclasses: chosen from parameters by name, and told by what differs from the defaults.

The defaults are the paper's values, or those of the authors' scripts where the paper is silent. A run's name depends on
what differs from them, so a new setting with a default leaves the names of all earlier runs as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, ClassVar, Protocol, TypeVar


class _Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Settings = TypeVar("Settings", bound=_Dataclass)


def chosen(kind: type[Settings], parameters: Mapping[str, object], prefix: str = "") -> Settings:
    """Settings of one kind from the parameters that bear their names.

    Parameters
    ----------
    kind : type
        A frozen dataclass, such as :class:`tapnb.pretrain.PretrainSettings`.
    parameters : mapping
        A notebook's parameters; those that are none of the settings are passed over.
    prefix : str
        What stands before a setting's name in the parameters, such as ``tap_``.
    """
    names = [field.name for field in fields(kind)]
    return restored(kind, {name: parameters[prefix + name] for name in names if prefix + name in parameters})


def restored(kind: type[Settings], values: Mapping[str, object]) -> Settings:
    """Settings from the values that a run's record keeps; JSON's lists become tuples again.

    Raises
    ------
    ValueError
        If there is no such setting.
    """
    names = [field.name for field in fields(kind)]
    for name in values:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise ValueError(f"{kind.__name__} has no setting {name!r}; "
                             + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}"))
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def kept(settings: _Dataclass) -> dict:
    """All settings as plain JSON values, for a record."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def differing(settings: _Dataclass) -> dict:
    """The settings that are not the defaults, as plain JSON values."""
    defaults = kept(type(settings)())
    return {name: value for name, value in kept(settings).items() if value != defaults[name]}
