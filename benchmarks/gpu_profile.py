"""A profile's parameters, read with nothing but Python: a borrowed machine has neither PyYAML nor pydantic.

The tests hold it against :mod:`tapnb.workflow.parameters`, which is how notebooks get theirs, for every profile.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
PROFILES = NOTEBOOKS / "profiles"

CELL = re.compile(r'^# %%[^\n]*\btags=\[[^\]]*"parameters"[^\n]*\n(?P<code>.*?)(?=^# %%)', re.MULTILINE | re.DOTALL)
ITEM = re.compile(r'\s*("[^"]*"|\'[^\']*\'|[^,]+?)\s*(?:,|$)')
WORDS = {"true": True, "false": False, "null": None}


def parameters_of(notebook: str, profile: str, **others: object) -> dict[str, object]:
    """All parameters of a notebook: its defaults, the profile's values, and others such as ``movie``.

    Parameters
    ----------
    notebook : str
        Its name, such as "06_strategies".
    profile : str
        ``notebooks/profiles/<profile>.yaml``.
    **others
        Those that the notebook does not declare are passed over.
    """
    kinds, values = declared(NOTEBOOKS / f"{notebook}.py")
    own = {name: value for name, value in (read_profile(profile) | others).items() if name in values}
    values |= own | {"profile": profile}
    return {name: _as_declared(value, kinds[name]) for name, value in values.items()}


def declared(script: Path) -> tuple[dict[str, str], dict[str, object]]:
    """Types and default values of a notebook's parameters, by name."""
    lines = [line for line in ast.parse(CELL.search(script.read_text("utf-8"))["code"]).body
             if isinstance(line, ast.AnnAssign)]
    return ({line.target.id: ast.unparse(line.annotation) for line in lines},
            {line.target.id: ast.literal_eval(line.value) for line in lines})


def read_profile(profile: str) -> dict[str, object]:
    """A profile's values, over those of the profile that it extends.

    Raises
    ------
    FileNotFoundError
        If there is no such profile.
    ValueError
        If a line is more than ``name: value``.
    """
    path = PROFILES / f"{profile}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PROFILES.glob("*.yaml")))
        raise FileNotFoundError(f"there is no profile {profile!r} in {PROFILES}; choose from {known}")
    values: dict[str, object] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        name, colon, value = text.partition(": ")
        if not text:
            continue
        if not colon or not line[0].isalpha():
            raise ValueError(f"{path}, line {number}: only 'name: value' can be read without PyYAML, not {line!r}")
        values[name] = _value(value.strip())
    base = values.pop("extends", None)
    return values if base is None else read_profile(str(base)) | values


def _value(text: str) -> object:
    if text.startswith("["):
        return [_value(item) for item in ITEM.findall(text[1:-1])]
    if text[:1] in ("'", '"'):
        return text[1:-1]
    if text in WORDS:
        return WORDS[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def _as_declared(value: object, kind: str) -> object:
    """A whole number is a ``float`` where one is declared, as in a notebook."""
    if kind == "float" and isinstance(value, int):
        return float(value)
    if kind == "list[float]" and isinstance(value, list):
        return [float(item) for item in value]
    return value
