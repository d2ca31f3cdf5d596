"""Runs: something computed once, kept with everything that made it.

A run's name is a function of its kind, parameters, seed and movies. ``mode`` says what may happen:

* ``execute`` computes what is missing. A run that was interrupted resumes; one that this very code has
  finished before is kept; one that other code made is made again.
* ``restore`` only reads, from ``runs/`` or from what is published under ``results/``, whichever is newer, and fails
  with the command that would make what is missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tapnb.movies import Movie
from tapnb.movies.catalogue import is_built_in
from tapnb.store import provenance, publication
from tapnb.system import paths
from tapnb.system.files import write_json

MODES = ("execute", "restore")


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


def run_name(kind: str, movies: dict[str, Movie], parameters: dict, seed: int) -> str:
    """Name of a run; the same ingredients give the same name."""
    key = {"kind": kind, "parameters": parameters, "seed": seed,
           "movies": {role: movie.fingerprint for role, movie in movies.items()}}
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:8]
    return f"{kind}-{slug(next(iter(movies.values())).name)}-{digest}"


def run(kind: str, movies: dict[str, Movie], parameters: dict, seed: int, mode: str,
        make: Callable[[Path], dict], device: str, modules: tuple[str, ...], command: str) -> Run:
    """Execute or restore one run.

    Parameters
    ----------
    kind : str
        "tap", "strategy", ...: the first part of the name, and the folder under ``runs/``.
    movies : dict of Movie
        By role; the first gives the run its name.
    parameters : dict
        Everything but the seed that the result depends on; plain JSON values.
    seed : int
    mode : {"execute", "restore"}
    make : callable
        Takes the run's folder, leaves files there, returns the results (plain JSON values).
    device : str
        One line, see :func:`tapnb.system.device.describe`.
    modules : tuple of str
        Modules of ``tapnb`` whose code makes the result.
    command : str
        The command that makes this run, for the message of a failed restore.

    Raises
    ------
    ValueError
        Unknown mode.
    FileNotFoundError
        The run is to be restored and is not there.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}; choose 'execute' (compute what is missing) or 'restore' (only read)")
    name = run_name(kind, movies, parameters, seed)
    folder = paths.runs() / kind / name
    record_path, begun_path = folder / "record.json", folder / "begun.json"
    code = provenance.code_fingerprint(*modules)
    if mode == "restore":
        publication.restore(name, folder)
    if record_path.exists():
        record = json.loads(record_path.read_text("utf-8"))
        if mode == "restore" and record["code"] != code:
            print(f"{name} was made by the code of commit {str(record['commit'])[:10]}, which has changed since")
        whole = all((folder / file).exists() for file in record.get("files", ()))  # a publication has the small ones
        if mode == "restore" or (record["code"] == code and whole):
            return Run(folder, record)
    if mode == "restore":
        raise FileNotFoundError(f"run {name} is not there to be restored; {_others(kind, movies, parameters, seed)}make "
                                f"it with `{command}`")

    begun = {"cpu_seconds": 0.0} | json.loads(begun_path.read_text("utf-8")) if begun_path.exists() else None
    if folder.exists() and (begun is None or begun["code"] != code):
        _set_aside(folder)  # other code made it: neither resumed nor lost
        begun = None
    commit, dirty = provenance.commit()
    if begun is None:
        begun = {"code": code, "started": provenance.now(), "seconds": 0.0, "cpu_seconds": 0.0, "sittings": []}
    begun["sittings"].append({"started": provenance.now(), "commit": commit, "dirty": dirty})
    write_json(begun_path, begun)
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        results = make(folder)
    finally:  # an interrupted sitting counts as well
        begun["seconds"] += time.perf_counter() - start
        begun["cpu_seconds"] += time.process_time() - cpu_start  # of all threads: what else the machine did is left out
        write_json(begun_path, begun)
    record = {"name": name, "kind": kind, "parameters": parameters, "seed": seed,
              "movies": {role: {"name": m.name, "fingerprint": m.fingerprint, "shape": list(m.shape),
                                "source": m.source} for role, m in movies.items()},
              "commit": commit, "dirty": dirty, "code": code, "versions": provenance.versions(), "device": device,
              "started": begun["started"], "finished": provenance.now(),
              "seconds": round(begun["seconds"], 1), "cpu_seconds": round(begun["cpu_seconds"], 1),
              "sittings": begun["sittings"], "results": results,
              "files": sorted(path.name for path in folder.glob("[!.]*") if path not in (begun_path, record_path))}
    write_json(record_path, record)
    return Run(folder, json.loads(record_path.read_text("utf-8")))  # just what restoring it will give


def find(name: str) -> Run:
    """The finished run of that name: from ``runs/`` or from what is published, whichever is newer.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    record = paths.runs() / name.split("-")[0] / name / "record.json"
    publication.restore(name, record.parent)
    if not record.exists():
        raise FileNotFoundError(f"run {name} is not in {record.parents[1]}; make it again with "
                                "`tapnb run all --mode execute`")
    return Run(record.parent, json.loads(record.read_text("utf-8")))


def _others(kind: str, movies: dict[str, Movie], parameters: dict, seed: int) -> str:
    """What is published under the same parameters of other pixels, as the beginning of a sentence; else nothing."""
    other = publication.of_other_pixels(kind, parameters, seed)
    if other is None:
        return ""
    theirs = ", ".join(f"{m['name']} {m['fingerprint']}" for m in other["movies"].values())
    ours = ", ".join(f"{m.name} {m.fingerprint}" for m in movies.values())
    return (f"what is published with its parameters is of {theirs}, and here is {ours}: another movie, or one that this "
            "machine simulates or reads otherwise; ")


def _set_aside(folder: Path) -> None:
    """Move a run that other code made to ``<name>.old``, in place of an older one."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
