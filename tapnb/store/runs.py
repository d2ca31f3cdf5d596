"""Runs: something computed once, kept with everything that made it.

A run's name is a function of its kind and version, of what its settings have that is not the default, of its seed, and
of the pixels that it saw (of the labels only where its kind looks at them). ``mode`` says what may happen:

* ``execute`` computes what is missing. A run that was interrupted resumes; a finished one is kept.
* ``restore`` only reads, from ``runs/`` or from what is published under ``results/``, whichever is newer, and fails
  with the command that would make what is missing.

A file that is empty, cut or foreign is never read as a result: ``execute`` sets it aside and computes it again,
``restore`` names it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from pathlib import Path

from tapnb import settings
from tapnb.movies import Movie
from tapnb.movies.catalogue import is_built_in
from tapnb.store import damage, provenance, publication
from tapnb.store.kinds import Kind
from tapnb.system import locks, paths
from tapnb.system.files import read_json, set_aside, write_json

MODES = ("execute", "restore")
RECORD = "record.json"
MAKE_ALL = "tapnb run all --mode execute"


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and its record."""

    folder: Path
    record: dict

    @property
    def name(self) -> str:
        """Kind, movie and eight digits that stand for parameters, seed and the movies' pixels."""
        return self.record["name"]

    @property
    def results(self) -> dict:
        """The numbers that the run left in its record."""
        return self.record["results"]


def slug(text: str) -> str:
    """``text`` as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def movie_slug(movie: str) -> str:
    """Folder name of a movie's notebooks and results: a built-in name, or the last part of a path without suffix.

    Six digits that stand for the whole path keep apart files of one name, and a file from a built-in movie.
    """
    if is_built_in(movie):
        return movie
    path = Path(os.path.abspath(Path(movie).expanduser()))  # without "..", whether or not it exists
    return f"{slug(path.stem) or 'movie'}-{hashlib.sha256(str(path).encode()).hexdigest()[:6]}"


def run_name(kind: Kind, movies: dict[str, Movie], parameters: dict, seed: int) -> str:
    """Name of a run; the same ingredients give the same name.

    Parameters
    ----------
    kind : Kind
    movies : dict of Movie
        By role; the first gives the run its name.
    parameters : dict
        Plain JSON values, and settings (:mod:`tapnb.settings`), of which only what is not the default counts.
    seed : int
    """
    differing = {key: settings.differing(value) if is_dataclass(value) else value for key, value in parameters.items()}
    key = {"kind": kind.name, "version": kind.version, "parameters": differing, "seed": seed, "movies": {
        role: [movie.fingerprint, movie.labels_fingerprint] if kind.labels else [movie.fingerprint]
        for role, movie in movies.items()}}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:8]
    return f"{kind.name}-{slug(next(iter(movies.values())).name)}-{digest}"


def run(kind: Kind, movies: dict[str, Movie], parameters: dict, seed: int, make: Callable[[Path], dict], *, mode: str,
        command: str, on: object = "cpu", precision: str = "auto") -> Run:
    """Execute or restore one run; of several processes that ask for it at once, one makes it and the others wait.

    Parameters
    ----------
    kind : Kind
    movies, parameters, seed
        Everything that the result depends on, see :func:`run_name`.
    make : callable
        Takes the run's folder, leaves files there, returns the results (plain JSON values).
    mode : {"execute", "restore"}
    command : str
        The command that makes this run, for the message of a failed restore.
    on : torch.device or str
    precision : str
        What it is computed on and in, for the record.

    Raises
    ------
    ValueError
        Unknown mode; a number of the results is not finite; a file of the run to be restored is damaged.
    FileNotFoundError
        The run is to be restored and is not there.

    Examples
    --------
    >>> from tapnb.movies.synthetic import simulate
    >>> from tapnb.store import kinds, runs
    >>> movie = simulate(frames=3, size=96)
    >>> def make(folder):  # called once; leaves files in the folder and returns numbers
    ...     return {"brightness": float(movie.frames.mean())}
    >>> made = runs.run(kinds.CONTENT_VIEW, {"train": movie}, {"scales": [1, 2]}, 1, make, mode="execute", command="...")
    >>> made.name.startswith("content-synthetic-"), sorted(path.name for path in made.folder.glob("record.json"))
    (True, ['record.json'])
    >>> again = runs.run(kinds.CONTENT_VIEW, {"train": movie}, {"scales": [1, 2]}, 1, make, mode="restore", command="...")
    >>> again.results == made.results == runs.find(made.name).results
    True
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; choose 'execute' (compute what is missing) or 'restore' (only read)")
    name = run_name(kind, movies, parameters, seed)
    folder = folder_of(name)
    recorded = {key: settings.kept(value) if is_dataclass(value) else value for key, value in parameters.items()}
    if mode == "restore":
        publication.restore(name, folder)
        if (folder / RECORD).exists():
            return Run(folder, _undamaged(folder, name, mode, command))
        raise FileNotFoundError(f"run {name} is not there to be restored; {_others(kind, movies, recorded, seed)}"
                                f"make it with `{command}`")
    if not is_whole(folder):  # else nobody is waited for
        with locks.alone(folder, f"run {name}"):
            finished = (folder / RECORD).exists() and _undamaged(folder, name, mode, command)
            if not finished or not is_whole(folder):  # neither here before nor made by who had the lock
                facts = {"name": name, "kind": kind.name, "version": kind.version, "parameters": recorded, "seed": seed,
                         "movies": {role: {"name": m.name, "fingerprint": m.fingerprint, "labels": m.labels_fingerprint,
                                           "shape": list(m.shape), "source": m.source} for role, m in movies.items()}}
                _make(folder, make, facts, on, precision)
    return Run(folder, read_json(folder / RECORD))  # just what restoring it will give


def folder_of(name: str) -> Path:
    """Where the run of that name lies, or will."""
    return paths.runs() / name.split("-")[0] / name


def is_whole(folder: Path) -> bool:
    """Whether a finished run lies there with all of its files, none of them damaged; a publication has the small ones."""
    path = folder / RECORD
    if not path.exists() or damage.of_record(path, folder.name):
        return False
    record = read_json(path)
    return all((folder / file).exists() for file in record.get("files", ())) and not damage.of_run(folder, record)


def _make(folder: Path, make: Callable[[Path], dict], facts: dict, on: object, precision: str) -> None:
    """One sitting of a run, the last one if nothing interrupts it; its record is written last."""
    from tapnb.system import device  # here: it brings torch, which who only reads records can do without

    record_path, begun_path = folder / RECORD, folder / "begun.json"
    begun = {"started": provenance.now(), "seconds": 0.0, "cpu_seconds": 0.0, "sittings": []}
    if begun_path.exists():
        if what := damage.of_file(begun_path):  # it only counts the time
            set_aside(begun_path, what)
        else:
            begun |= read_json(begun_path)
    commit, dirty = provenance.commit()
    begun["sittings"].append({"started": provenance.now(), "commit": commit, "dirty": dirty,
                              "device": device.describe(on, precision)})  # a run may go on elsewhere
    write_json(begun_path, begun)
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        results = make(folder)
    finally:  # an interrupted sitting counts as well
        begun["seconds"] += time.perf_counter() - start
        begun["cpu_seconds"] += time.process_time() - cpu_start  # of all threads: what else the machine did is left out
        write_json(begun_path, begun)
    record = facts | {
        "commit": commit, "dirty": dirty, "versions": provenance.versions(), "device": device.describe(on, precision),
        "started": begun["started"], "finished": provenance.now(), "seconds": round(begun["seconds"], 1),
        "cpu_seconds": round(begun["cpu_seconds"], 1), "sittings": begun["sittings"], "results": results,
        "files": sorted(path.name for path in folder.glob("[!.]*")
                        if path not in (begun_path, record_path) and not damage.is_leftover(path))}
    write_json(record_path, record)


def pretraining_of(record: dict) -> str | None:
    """Name of the pretraining that the run of a record rests on; None if on none, as random features do."""
    return record["parameters"].get("tap")


def check_pretraining(run: Run, tap: Run) -> None:
    """Raise ValueError unless a run rests on that pretraining, or on none."""
    rests_on = pretraining_of(run.record)
    if rests_on not in (None, tap.name):
        raise ValueError(f"{run.name} rests on the pretraining {rests_on}, not on {tap.name}: run its notebook again")


def check_movie(run: Run, movie: Movie, role: str = "train") -> None:
    """Raise ValueError unless a run saw the pixels of this movie in that role."""
    seen = run.record["movies"][role]
    if seen["fingerprint"] != movie.fingerprint:
        raise ValueError(f"{run.name} was made from another movie than this {movie.name!r} ({seen['fingerprint']}, not "
                         f"{movie.fingerprint}): run its notebook for this movie first, with the same options")


def find(name: str) -> Run:
    """The finished run of that name: from ``runs/`` or from what is published, whichever is newer.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If its record is damaged.
    """
    record = folder_of(name) / RECORD
    publication.restore(name, record.parent)
    if not record.exists():
        raise FileNotFoundError(f"run {name} is not in {record.parents[1]}; make it again with `{MAKE_ALL}`")
    if what := damage.of_record(record, name):
        raise ValueError(f"{what}; make it again with `{MAKE_ALL}`")
    return Run(record.parent, read_json(record))


def _undamaged(folder: Path, name: str, mode: str, command: str) -> dict | None:
    """The record of a finished run, if it and all the files that are there can be read.

    One that cannot is set aside where the run may be made again, and then there is no record; else ValueError.
    """
    path = folder / RECORD
    what = damage.of_record(path, name)
    damaged = [(path, what)] if what else damage.of_run(folder, record := read_json(path))
    if not damaged:
        return record
    if mode == "restore":
        raise ValueError(f"{damaged[0][1]}; make the run again with `{command}`")
    for file, what in damaged:
        set_aside(file, what)
    return None


def _others(kind: Kind, movies: dict[str, Movie], parameters: dict, seed: int) -> str:
    """What is published under the same parameters of other pixels, as the beginning of a sentence; else nothing."""
    other = publication.of_other_pixels(kind.name, parameters, seed)
    if other is None:
        return ""
    published = ", ".join(f"{m['name']} {m['fingerprint']}" for m in other["movies"].values())
    here = ", ".join(f"{m.name} {m.fingerprint}" for m in movies.values())
    return (f"what is published with its parameters is of {published}, and here is {here}: another movie, or one that "
            "this machine simulates or reads otherwise; ")
