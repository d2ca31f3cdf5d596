"""Runs that are published with the book: records and small files under ``results/``, which ``runs/`` is restored from.

A run is published as it is, file by file: whatever is computed from the publication is what was computed from the run.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tapnb.store import damage
from tapnb.system import locks, paths
from tapnb.system.files import read_json, replacing, write_json

PREDICTIONS, FOUND = "predictions.parquet", "found.parquet"
"""Of a strategy, what it said of every crop pair; of a detector, which events it found."""

WHOLE = ("weights.safetensors", "history.csv")
"""What is published of the pretraining, on which the others rest."""

HEADS = ("A0", "A1", "D1")
"""Strategies of which a trained head is published, the first seed's: enough to recognise events in another movie."""

TO_ITS_END = " to its end"
"""In the role of a strategy's run that was trained until its validation loss no longer fell."""

SMALL = ("A0", "A1")
"""Of :data:`HEADS`, those trained to their end: each seed of D1 has a run and a network of its own, of 5 MB."""


def publish(target: Path, role: str, folder: Path, record: dict) -> None:
    """Put one run under ``target``: its record, what it predicted or found, and what others can use of its weights.

    Parameters
    ----------
    target : Path
        ``results/<profile>/<movie>``.
    role : str
        What the notebook calls the run: "tap" is published whole, and of :data:`HEADS` one head.
    folder : Path
        The run's own folder.
    record : dict
    """
    name, files = record["name"], [PREDICTIONS, FOUND]
    strategy, to_its_end, _ = role.partition(TO_ITS_END)
    if role == "tap":
        files += WHOLE
    elif strategy in (SMALL if to_its_end else HEADS):
        files.append(f"weights-{record['parameters']['seeds'][0]}.safetensors")
    for file in files:
        if (folder / file).exists():
            _copy(folder / file, target / "files" / name / file)
    write_json(target / "records" / f"{name}.json", record)


def forget(target: Path) -> None:
    """Remove what no notebook's ``<notebook>.json`` under ``target`` names any longer."""
    named = {name for file in target.glob("[0-9]*.json")
             for name in read_json(file)["runs"].values()}
    for record in (target / "records").glob("*.json"):
        if record.stem not in named:
            record.unlink()
            shutil.rmtree(target / "files" / record.stem, ignore_errors=True)


def find(name: str) -> Path | None:
    """The published record of a run: of several, one that has its files, and of these the newest; else None."""
    records = sorted(paths.results().glob(f"*/*/records/{name}.json"))
    return max(records, key=lambda record: (_files(record).is_dir(), _finished(record)), default=None)


def restore(name: str, folder: Path) -> bool:
    """Copy a published run into ``folder``, unless none is published or what is there is as new, and whole.

    Another finished or unfinished run that stands in its place is moved to ``<name>.published-over``, and none that was
    moved there before is lost.

    Returns
    -------
    bool
        Whether something was copied.
    """
    published = find(name)
    if published is None or _is_as_good(folder, published):
        return False
    with locks.alone(folder, f"run {name}"):
        if _is_as_good(folder, published):
            return False  # another process has restored it
        if damaged := _damaged(folder, published):
            print(f"{damaged[0]}: the published run takes its place.", file=sys.stderr)
        if folder.exists():
            asides = (folder.with_name(f"{folder.name}.published-over{n}") for n in ("", *range(2, 1000)))
            folder.rename(next(aside for aside in asides if not aside.exists()))
        for file in sorted(_files(published).glob("*")):
            _copy(file, folder / file.name)
        write_json(folder / "record.json", read_json(published))  # last: a folder with a record is a whole run
    return True


def _is_as_good(folder: Path, published: Path) -> bool:
    """Whether the run in a folder is as new as the published one, and whole."""
    own = folder / "record.json"
    if not own.exists() or _damaged(folder, published):
        return False
    whole = all((folder / file.name).exists() for file in _files(published).glob("*"))
    return _finished(own) > _finished(published) or (whole and _finished(own) == _finished(published))


def _damaged(folder: Path, published: Path) -> list[str]:
    """What is wrong with the files in a folder that are published of its run."""
    names = ["record.json", *sorted(file.name for file in _files(published).glob("*"))]
    return [what for name in names if (folder / name).exists() and (what := damage.of_file(folder / name))]


def restore_all(target: Path) -> None:
    """:func:`restore` every run that is published under ``target``, ``results/<profile>/<movie>``."""
    for record in (target / "records").glob("*.json"):
        restore(record.stem, paths.runs() / record.stem.split("-")[0] / record.stem)


def of_other_pixels(kind: str, parameters: dict, seed: int) -> dict | None:
    """The record of a published run that differs from the wanted one in its movies only; None if there is none."""
    places = sorted(paths.results().glob(f"*/*/records/{kind}-*.json"))
    records = map(read_json, places)
    return next((record for record in records if (record["parameters"], record["seed"]) == (parameters, seed)), None)


def _files(record: Path) -> Path:
    """The folder of the published files of the run with that record."""
    return record.parents[1] / "files" / record.stem


def _finished(record: Path) -> str:
    content = read_json(record)
    return content.get("finished", "") if isinstance(content, dict) else ""  # of another program: never the newer one


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as temporary:
        shutil.copyfile(source, temporary)
