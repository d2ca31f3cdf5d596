"""YAML 1.2: settings as a person reads them.

PyYAML reads YAML 1.1, where ``010`` is eight, ``1:30`` is ninety, ``no`` is false and ``1e-3`` is text.
"""

import re
import reprlib
from pathlib import Path

import yaml

__all__ = ["read", "read_mapping", "shown"]

SHORT = reprlib.Repr()
SHORT.maxlevel, SHORT.maxlist, SHORT.maxdict, SHORT.maxstring, SHORT.maxlong = 3, 8, 8, 80, 40


class _Loader(yaml.SafeLoader):
    """The scalars of YAML 1.2's core schema, and a mapping in which no key comes twice."""

    yaml_implicit_resolvers = {}


class _TwiceError(yaml.YAMLError):
    """A mapping has a key twice, of which PyYAML would keep the last."""


def _mapping(loader, node):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    seen = set()
    for key in keys:
        if key in seen:
            raise _TwiceError(f"has the key {shown(key)} twice")
        seen.add(key)
    return dict(zip(keys, (loader.construct_object(value, deep=True) for _, value in node.value), strict=True))


def _integer(loader, node):
    text = node.value
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


SCALARS = (
    ("null", r"~|null|Null|NULL|", lambda loader, node: None),
    ("bool", r"true|True|TRUE|false|False|FALSE", lambda loader, node: node.value.lower() == "true"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", _integer),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
     lambda loader, node: float(node.value.lower().replace(".inf", "inf").replace(".nan", "nan"))),
)

for _name, _pattern, _constructor in SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), None)
    _Loader.add_constructor(f"tag:yaml.org,2002:{_name}", _constructor)
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read(text: str) -> object:
    """Read a value.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or a mapping has a key twice.
    """
    try:
        return yaml.load(text, _Loader)  # a SafeLoader: it makes plain values and nothing else
    except yaml.YAMLError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # PyYAML leaves to Python what it does not check: "!!int abc", a list for a key, a thousand brackets.
        raise yaml.YAMLError(str(error)) from error


def shown(value: object) -> str:
    """Return a value as it stands in a message: on one line, and cut where it is long.

    A few lines of YAML whose aliases name each other would be gigabytes of text.
    """
    return SHORT.repr(value)


def read_mapping(path: Path | str) -> dict[str, object]:
    """Read a file that is one mapping with text for keys.

    Raises
    ------
    ValueError
        If it is not; the message names the file.
    """
    path = Path(path)
    try:
        values = read(path.read_text("utf-8"))
    except _TwiceError as error:
        raise ValueError(f"{path} {error}: leave out one of them.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{path}{where} is not YAML: write 'name: value' on each line.") from None
    values = {} if values is None else values
    if not isinstance(values, dict) or any(not isinstance(key, str) for key in values):
        raise ValueError(f"{path} must be one mapping: 'name: value' on each line.")
    return values
