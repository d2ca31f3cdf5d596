"""The parameters of a notebook: what it declares, whether a value fits, and which value it gets.

A notebook's cell tagged ``parameters`` holds one annotated assignment a line, with a comment::

    tap_pairs: int = 500  # pairs an epoch

It is read here and nowhere else, straight from the script. papermill itself lets an unknown name pass and never looks
at a type, so both are checked here before anything runs.
"""

import ast
import difflib
import io
import re
import tokenize
import types
import typing
from dataclasses import dataclass
from pathlib import Path

from tapnb.system import yaml12

__all__ = ["Parameter", "names", "pick", "declared", "fitted", "read_profile", "choose", "nearest"]

MODES = ("execute", "restore")
EXTENDS = "extends"  # the key under which a profile names the one whose values it takes over

CELL = re.compile(r"^(?=# %%)", re.MULTILINE)
TAGGED = re.compile(r'# %%.*\btags=\[[^\]]*"parameters"')

# What pydantic calls an error, in words; anything else says itself what it wants.
WORDS = {"string_type": "text", "int_type": "a whole number", "float_type": "a number", "bool_type": "true or false",
         "finite_number": "a finite number", "list_type": "a list such as [1, 2]"}


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
    return f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names)}." if names else "there are none."


def names(sources: Path) -> list[str]:
    """Return the notebooks' names in reading order: the numbered scripts of the folder ``sources``."""
    return sorted(p.stem for p in Path(sources).glob("[0-9]*.py"))


def pick(wanted: str, sources: Path) -> list[str]:
    """Return the notebooks that ``wanted`` names: ``all``, a name, or the start of just one name.

    Raises
    ------
    ValueError
        If there is no such notebook.
    """
    known = names(sources)
    if wanted == "all":
        return known
    exact = Path(wanted).stem if wanted.endswith((".py", ".ipynb")) else wanted
    meant = [n for n in known if n == exact] or [n for n in known if n.startswith(exact)]
    if len(meant) != 1:
        raise ValueError(f"There is no notebook {wanted!r}: {nearest(exact, known)}")
    return meant


def declared(script: Path | str) -> dict[str, Parameter]:
    """Read the parameters that a notebook declares.

    Parameters
    ----------
    script : path
        A py:percent script with a cell tagged ``parameters``.

    Returns
    -------
    dict of str to Parameter
        In the order of the cell.

    Raises
    ------
    ValueError
        If there is no such cell, or a line of it is not one annotated assignment of a literal.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tapnb.workflow.parameters import declared
    >>> script = Path("01_try.py")
    >>> _ = script.write_text('# %% tags=["parameters"]\\nepochs: int = 3  # passes over all pairs\\n')
    >>> declared(script)["epochs"]
    Parameter(name='epochs', type='int', default=3, help='passes over all pairs')
    """
    script = Path(script)
    cells = [cell for cell in CELL.split(script.read_text("utf-8")) if TAGGED.match(cell)]
    if len(cells) != 1:
        raise ValueError(f"{script.stem} has {len(cells)} cells tagged 'parameters'; it needs exactly one.")
    comments = {token.start[0]: token.string.lstrip("# ")
                for token in tokenize.generate_tokens(io.StringIO(cells[0]).readline) if token.type == tokenize.COMMENT}
    parameters = {}
    for line in ast.parse(cells[0]).body:
        if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name) or line.value is None:
            text = ast.unparse(line)
            raise ValueError(f"{script.stem}: a parameter line must be 'name: type = value', not {text!r}.")
        name, annotation = line.target.id, ast.unparse(line.annotation)
        try:
            value = ast.literal_eval(line.value)
        except ValueError:
            raise ValueError(f"{script.stem}: the value of {name} is computed, {ast.unparse(line.value)!r}: write it out, such "
                             "as 500.") from None
        try:
            default = fitted(name, annotation, value, text_is_yaml=False)
        except ValueError as error:
            raise ValueError(f"{script.stem}, parameter cell: {error}") from None
        parameters[name] = Parameter(name, annotation, default, comments.get(line.end_lineno, ""))
    return parameters


def fitted(name: str, annotation: str, value: object, text_is_yaml: bool = True) -> object:
    """Check one value against its declared type.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    annotation : str
        Its declared type.
    value : object
        What was given.
    text_is_yaml : bool
        Whether text, as the command line gives it, is read as YAML 1.2, unless text is what is declared.

    Returns
    -------
    object
        The value in the declared type: a whole number given for a ``float`` becomes one.

    Raises
    ------
    ValueError
        If the value does not fit, or the annotation is none of the known ones.
    """
    from pydantic import ConfigDict, FiniteFloat, TypeAdapter, ValidationError  # here: --help can do without

    known = {"str": str, "int": int, "float": FiniteFloat, "bool": bool, "list": list, "Optional": typing.Optional}
    try:
        kind = eval(annotation, {"__builtins__": {}} | known)  # of a notebook, which is code that will be run
        adapter = TypeAdapter(kind, config=ConfigDict(strict=True))  # else `epochs: true` would be one epoch
    except Exception:  # noqa: BLE001  whatever Python or pydantic has against it
        raise ValueError(f"{name!r} has the type {annotation!r}; it must be str, int, float, bool, list[T] or "
                         "Optional[T].") from None
    union = typing.get_origin(kind) in (typing.Union, types.UnionType)
    options = typing.get_args(kind) if union else (kind,)
    wanted = value
    if isinstance(value, str) and text_is_yaml:
        nothing = type(None) in options and value in ("null", "None")
        wanted = None if nothing else value if str in options else _read(value)
    try:
        return adapter.validate_python(wanted)
    except ValidationError as error:
        first = error.errors()[0]
        place = name + "".join(f"[{i}]" for i in first["loc"] if isinstance(i, int))
        what = WORDS.get(first["type"], first["msg"])
        raise ValueError(f"{place!r} must be {what} ({annotation}), not {yaml12.shown(value)}.") from None


def read_profile(profile: str, folder: Path, extended_by: tuple[str, ...] = ()) -> dict[str, object]:
    """Read a profile: its own values, over those of the profile that it extends.

    Parameters
    ----------
    profile : str
        ``<folder>/<profile>.yaml``, one flat mapping of parameter values; ``extends: NAME`` takes over another's.
    folder : Path
        The folder of the profiles.
    extended_by : tuple of str
        The profiles that led here, the one that was asked for first.

    Raises
    ------
    FileNotFoundError
        If there is no such profile, or none that it extends.
    ValueError
        If a file is not a flat mapping, or a profile extends itself.
    """
    chain = (*extended_by, profile)
    if profile in extended_by:
        raise ValueError(f"The profile {chain[0]!r} never ends: {' extends '.join(chain)}; leave out one.")
    path = Path(folder) / f"{profile}.yaml"
    if not path.is_file():
        known = sorted(p.stem for p in Path(folder).glob("*.yaml") if p.stem not in chain)
        by = f", which {extended_by[-1]!r} extends," if extended_by else ""
        raise FileNotFoundError(f"There is no profile {profile!r}{by} in {folder}: {nearest(profile, known)}")
    values = yaml12.read_mapping(path)
    base = values.pop(EXTENDS, None)
    if any(isinstance(value, dict) for value in values.values()):
        raise ValueError(f"The profile {path.name} must be one flat mapping of 'parameter: value'.")
    if base is None:
        return values
    if not isinstance(base, str):
        raise ValueError(f"The profile {path.name} extends {yaml12.shown(base)}: name one other profile.")
    return read_profile(base, folder, chain) | values


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
        raise ValueError(f"'mode' must be execute or restore, or auto, not {overrides['mode']!r}.")
    chosen = {}
    for name in wanted:
        parameters = declarations[name]
        for key in ("profile", "movie", "mode"):
            if key not in parameters:
                raise ValueError(f"{name} does not declare {key!r}, which every notebook needs.")
        chosen[name] = {k: p.default for k, p in parameters.items()}
        for values in (settings, overrides):
            own = {k: v for k, v in values.items() if k in parameters}
            chosen[name] |= {k: fitted(k, parameters[k].type, v) for k, v in own.items()}
    return chosen


def _read(text: str) -> object:
    """Read text as YAML; what is no YAML stays text."""
    import yaml

    try:
        return yaml12.read(text)
    except yaml.YAMLError:
        return text
