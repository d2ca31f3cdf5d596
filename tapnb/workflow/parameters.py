"""The parameters of a notebook: what it declares, whether a value fits, and which value it gets.

A notebook's cell tagged ``parameters`` holds one annotated assignment a line, with a comment::

    tap_pairs: int = 500  # pairs an epoch

papermill itself lets an unknown name pass and never looks at a type, so both are checked here before
anything runs.
"""

import ast
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Parameter", "declared", "coerce", "read_profile", "choose", "nearest"]

MODES = ("execute", "restore")

SCALARS = {"str": str, "int": int, "float": float, "bool": bool}
WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}


@dataclass(frozen=True)
class Parameter:
    """One declared parameter of a notebook.

    Attributes
    ----------
    name : str
        Its name in the notebook.
    type : str
        Its annotation: ``str``, ``int``, ``float``, ``bool``, ``list[T]`` or ``Optional[T]`` of these.
    default : object
        The value that the notebook itself gives.
    help : str
        The comment behind it.
    """

    name: str
    type: str
    default: object
    help: str


def nearest(name: str, names) -> str:
    """Return the sentence part that names what was probably meant, or lists all that there is.

    Parameters
    ----------
    name : str
        What was given.
    names : iterable of str
        What exists.
    """
    names = list(names)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names) or 'none'}."


def declared(notebook: Path | str) -> dict[str, Parameter]:
    """Read the parameters that a notebook declares.

    Parameters
    ----------
    notebook : path
        An .ipynb file with a cell tagged ``parameters``.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    ValueError
        If there is no such cell, or a line of it is not one annotated assignment of a literal.
    """
    import nbformat
    import papermill

    name = Path(notebook).stem
    cells = nbformat.read(str(notebook), as_version=4).cells
    tagged = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ValueError(f"{name} has {len(tagged)} cells tagged 'parameters'; it needs exactly one.")
    # papermill finds parameters with a regular expression that skips what it cannot read, silently; Python's
    # own parser says what is really assigned, so that no parameter is lost between the two.
    seen = papermill.inspect_notebook(str(notebook))
    parameters = {}
    for line in ast.parse(tagged[0].source).body:
        text = ast.unparse(line)
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
            raise ValueError(f"{name}: a parameter line must be 'name: type = value', not {text!r}.")
        key, annotation = line.target.id, ast.unparse(line.annotation)
        if key not in seen:
            raise ValueError(
                f"{name}: papermill cannot read the line of {key!r}; write it on one line, with one '=', "
                "and Optional[T] in place of 'T | None'."
            )
        try:
            default = coerce(key, annotation, ast.literal_eval(line.value))
        except ValueError as error:
            raise ValueError(f"{name}, parameter cell: {error}") from None
        parameters[key] = Parameter(key, annotation, default, seen[key]["help"])
    return parameters


def coerce(name: str, annotation: str, value: object) -> object:
    """Check one value against its declared type.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    annotation : str
        Its declared type.
    value : object
        What was given; text is read as YAML unless text is what is declared.

    Returns
    -------
    object
        The value in the declared type: a whole number given for a ``float`` becomes one, and ``1e-3``, which
        YAML takes for text, becomes the number that was meant.

    Raises
    ------
    ValueError
        If the value does not fit, or the annotation is none of the known ones.
    """
    annotation = annotation.strip("\"' ")
    outer = re.fullmatch(r"(Optional|list)\[(.+)\]", annotation)
    if outer and outer[1] == "Optional":
        return None if value is None or value in ("null", "None") else coerce(name, outer[2], value)
    if outer:
        items = _yaml(value) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"{name!r} must be a list such as [1, 2], not {value!r}.")
        return [coerce(f"{name}[{i}]", outer[2], item) for i, item in enumerate(items)]
    if annotation not in SCALARS:
        allowed = "str, int, float, bool, list[T] or Optional[T]"
        raise ValueError(f"{name!r} has the type {annotation!r}; it must be {allowed}.")
    kind = SCALARS[annotation]
    given = value
    if isinstance(value, str) and kind is not str:
        value = _yaml(value)
        if kind is float and isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                pass
    # bool is an int to Python, but `epochs: true` is a mistake.
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise ValueError(f"{name!r} must be {WORDS[annotation]} ({annotation}), not {given!r}.")
    return value


def read_profile(profile: str, folder: Path) -> dict[str, object]:
    """Read the profile ``<folder>/<profile>.yaml``, one flat mapping of parameter values.

    Raises
    ------
    FileNotFoundError
        If there is no such profile.
    ValueError
        If the file is not a flat mapping.
    """
    import yaml

    path = Path(folder) / f"{profile}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in folder.glob("*.yaml"))
        raise FileNotFoundError(f"There is no profile {profile!r} in {folder}: {nearest(profile, known)}")
    values = yaml.safe_load(path.read_text("utf-8")) or {}
    if not isinstance(values, dict) or any(isinstance(v, dict) for v in values.values()):
        raise ValueError(f"The profile {path.name} must be one flat mapping of 'parameter: value'.")
    return values


def choose(
    declarations: dict[str, dict[str, Parameter]],
    wanted: list[str],
    profile: str,
    settings: dict[str, object],
    overrides: dict[str, object],
) -> dict[str, dict[str, object]]:
    """Decide every parameter of every wanted notebook, and refuse what does not fit.

    Parameters
    ----------
    declarations : dict of str to dict of str to Parameter
        What each notebook declares; all notebooks, since a profile is shared by all of them.
    wanted : list of str
        The notebooks to be run.
    profile : str
        The profile's name, for messages.
    settings : dict
        The profile's values.
    overrides : dict
        The caller's values; ``profile``, ``movie`` and ``mode`` among them.

    Returns
    -------
    dict of str to dict
        All parameters of each wanted notebook: its defaults, the profile's values, the overrides.

    Raises
    ------
    ValueError
        If a profile's key is declared by no notebook, an override by none of the wanted ones, a value has the
        wrong type, or ``mode`` is neither ``execute`` nor ``restore``.
    """
    for key in settings:
        if not any(key in d for d in declarations.values()):
            everything = dict.fromkeys(k for d in declarations.values() for k in d)
            hint = nearest(key, everything)
            raise ValueError(f"The profile {profile!r} sets {key!r}, which no notebook declares: {hint}")
    for key in overrides:
        if not any(key in declarations[n] for n in wanted):
            known = dict.fromkeys(k for n in wanted for k in declarations[n])
            raise ValueError(f"{' and '.join(wanted)} declares no parameter {key!r}: {nearest(key, known)}")
    if overrides["mode"] not in MODES:
        raise ValueError(f"'mode' must be execute or restore, not {overrides['mode']!r}.")
    chosen = {}
    for name in wanted:
        parameters = declarations[name]
        for key in ("profile", "movie", "mode"):
            if key not in parameters:
                raise ValueError(f"{name} does not declare {key!r}, which every notebook needs.")
        chosen[name] = {k: p.default for k, p in parameters.items()}
        for values in (settings, overrides):
            own = {k: v for k, v in values.items() if k in parameters}
            chosen[name] |= {k: coerce(k, parameters[k].type, v) for k, v in own.items()}
    return chosen


def _yaml(text: str) -> object:
    """Read text as YAML; what is no YAML stays text."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
