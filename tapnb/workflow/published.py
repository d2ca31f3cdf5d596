"""What is published, and what follows from it: the profile and the mode of whoever names none, and where results go.

Results of a published profile are kept in git, and the book shows them. They are restored where they are what is asked
for, and never overwritten by a run with other parameters.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from tapnb.store import runs
from tapnb.system import paths
from tapnb.system.files import read_json, replacing
from tapnb.workflow.parameters import Parameter, choose, declared, names, pick, read_profile

__all__ = ["PUBLISHED", "Job", "whole", "profile_and_movie", "decide", "keep_profile"]

PUBLISHED = ("cpu", "longer", "tuned", "few", "labels", "seed2", "seed3", "paper")
"""Profiles whose results are kept in git."""
AUTO = "auto"
FIRST, OTHERWISE = "cpu", "smoke"  # the profile where all of a movie is published, and any other movie's
MOVIE = "synthetic"
LONGEST = 60  # characters of a profile's name that are still readable

BEFORE = {"single_child": "division"}
"""What a parameter stood for before there was one, where that is not its default. Leaves with the profiles published
then."""

HEADER = "# Made by `tapnb run -p`, so that what {base} has published stays as it is: run it by name, or remove it.\n"


@dataclass(frozen=True)
class Job:
    """Notebooks that are to be run, everything decided and checked.

    Attributes
    ----------
    profile, movie, mode : str
        Of all of them: none is "auto", and a movie of one's own is an absolute path.
    parameters : dict of str to dict
        All parameters of each notebook, in reading order.
    base : str
        The profile that was asked for: another one than ``profile`` where ``changes`` need a name of their own.
    changes : dict
        Parameters that differ from those of ``base``.
    """

    profile: str
    movie: str
    mode: str
    parameters: dict[str, dict[str, object]]
    base: str
    changes: dict[str, object]


def whole(profile: str, movie: str, sources: Path) -> bool:
    """Say whether all notebooks have results under this profile and movie."""
    return all(_results(profile, movie, notebook).is_file() for notebook in names(sources))


def profile_and_movie(profile: str, movie: str | None, sources: Path) -> tuple[str, str]:
    """Decide what was left open.

    Parameters
    ----------
    profile : str
        A profile, or "auto": ``cpu`` where all notebooks of the movie are published under it, else ``smoke``.
    movie : str or None
        A movie, or None: the profile's, else ``synthetic``.
    sources : Path
        The folder of the notebooks and profiles.

    Returns
    -------
    profile, movie : str

    Raises
    ------
    FileNotFoundError
        If there is no such profile to take the movie from.
    """
    if profile == AUTO:
        profile = FIRST if whole(FIRST, movie or MOVIE, sources) else OTHERWISE
    return profile, movie or read_profile(profile, Path(sources) / "profiles").get("movie", MOVIE)


def decide(wanted: str, profile: str, movie: str | None, mode: str, overrides: dict[str, object],
           sources: Path) -> Job:
    """Decide profile, movie, mode and all parameters of the wanted notebooks; nothing is written, nothing is run.

    Parameters
    ----------
    wanted : str
        ``all``, or a notebook.
    profile, movie : str
        See :func:`profile_and_movie`.
    mode : str
        ``execute``, ``restore``, or "auto": restore what is published with these very parameters, else execute.
    overrides : dict
        Other parameters, by name. Where they change anything of a published profile, the notebooks run under a profile
        of their own name.
    sources : Path
        The folder of the notebooks and profiles.

    Raises
    ------
    ValueError, FileNotFoundError
        If a name or a value is wrong.
    """
    overrides = dict(overrides)
    named = overrides.pop("profile", profile)  # the settings of `profile`, but results under this name
    movie, mode = overrides.pop("movie", movie), overrides.pop("mode", mode)
    picked = pick(wanted, sources)
    named = None if named == profile else named
    profile, movie = profile_and_movie(profile, movie, sources)
    if named in PUBLISHED:
        raise ValueError(f"Results of {named!r} are published: give --profile {named}, or -p profile another name.")
    settings = read_profile(profile, Path(sources) / "profiles")
    declarations = {name: declared(Path(sources) / f"{name}.py") for name in names(sources)}
    same = {"profile": profile, "movie": movie, "mode": "execute" if mode == AUTO else mode}
    plain = choose(declarations, picked, profile, settings, same)
    asked = choose(declarations, picked, profile, settings, same | overrides)
    from tapnb.movies import catalogue  # now that everything else is known to be right

    movie = catalogue.checked(movie)
    changes = {key: value for name in picked for key, value in asked[name].items() if value != plain[name][key]}
    generated = profile in PUBLISHED or "--" in profile  # else a name that was given, whose results its owner may replace
    kept = named or (own_name(profile, changes) if changes and generated else profile)
    if mode == AUTO:
        restorable = kept in PUBLISHED and all(
            _has(_results(kept, movie, name), asked[name], declarations[name]) for name in picked)
        mode = "restore" if restorable else "execute"
    final = {"profile": kept, "movie": movie, "mode": mode}
    return Job(kept, movie, mode, {name: asked[name] | final for name in picked}, profile, changes)


def own_name(profile: str, changes: dict[str, object]) -> str:
    """Return the name of a profile with changes: ``cpu--tap-pairs-1000``, or with a hash where that would be long."""
    said = "--".join(f"{runs.slug(key)}-{runs.slug(str(value)) or 'none'}" for key, value in sorted(changes.items()))
    plain = all(re.fullmatch(r"\w[\w. -]*", str(value)) for value in changes.values())  # else two values share a slug
    if plain and len(profile) + len(said) <= LONGEST:
        return f"{profile}--{said}"
    digest = hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()[:8]
    return f"{profile}--{said[:LONGEST - len(profile) - 11].rstrip('-')}-{digest}"


def keep_profile(job: Job, folder: Path) -> None:
    """Write the profile of a job that has changes and a name of its own, so that other commands know that name."""
    import yaml

    if "--" not in job.profile or not job.changes:
        return

    def written(value: object) -> str:
        return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=math.inf).removesuffix("\n").removesuffix("\n...")

    lines = [f"{key}: {written(value)}\n" for key, value in ({"extends": job.base} | job.changes).items()]  # as a GPU without PyYAML reads it
    with replacing(Path(folder) / f"{job.profile}.yaml") as temporary:
        temporary.write_text(HEADER.format(base=job.base) + "".join(lines), "utf-8")


def _results(profile: str, movie: str, notebook: str) -> Path:
    return paths.results() / profile / runs.movie_slug(movie) / f"{notebook}.json"


def _has(path: Path, parameters: dict[str, object], declarations: dict[str, Parameter]) -> bool:
    """Say whether results are there that were made with these parameters, wherever and in whichever mode.

    What a notebook has learned to vary since then had its default, or the value in ``BEFORE``.
    """
    if not path.is_file():
        return False
    published_parameters = read_json(path)["provenance"]["parameters"]
    before = {key: declaration.default for key, declaration in declarations.items()} | BEFORE | published_parameters
    return all(before[key] == value for key, value in parameters.items()
               if key not in ("profile", "movie", "mode", "device"))
