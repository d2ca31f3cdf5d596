"""A finished run as one piece of bytes, for a process that does not share a disk with the one that made it."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from pathlib import Path

from tapnb.store import damage, runs
from tapnb.store.kinds import KINDS
from tapnb.store.runs import RECORD, Run
from tapnb.system import locks
from tapnb.system.files import read_json

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
"""Names of runs: no way out of the folder of runs can be written so."""


def packed(run: Run) -> bytes:
    """A run's record and the files that it lists, as a tar archive; checkpoints and the like stay behind."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in [RECORD, *run.record.get("files", ())]:
            archive.add(run.folder / name, name, recursive=False)
    return buffer.getvalue()


def unpacked(name: str, archive: bytes) -> Run:
    """Put a run into the folder of runs, unless it is there already.

    Parameters
    ----------
    name : str
        Of the run.
    archive : bytes
        From :func:`packed`.

    Raises
    ------
    ValueError
        If that is no name of a run, or the archive holds anything but the files of that run.
    """
    if not NAME.fullmatch(name) or name.split("-")[0] not in KINDS:
        raise ValueError(f"{name!r} is no name of a run: nothing was unpacked")
    folder = runs.folder_of(name)
    if runs.is_whole(folder):
        return runs.find(name)
    with locks.alone(folder, f"run {name}"):
        if not runs.is_whole(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".arriving-", dir=folder) as arriving:
                files = _checked(name, archive, Path(arriving))
                for file in sorted(files, key=lambda file: file.name == RECORD):  # which comes last, as in any run
                    file.replace(folder / file.name)
    return Run(folder, read_json(folder / RECORD))


def _checked(name: str, archive: bytes, folder: Path) -> list[Path]:
    """Extract an archive into an empty folder; its files, if they are those of that run and of nothing else."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            if not member.isfile() or member.name != Path(member.name).name or member.name.startswith("."):
                raise ValueError(f"the archive of {name} holds {member.name!r}, which is no file of a run: nothing was "
                                 "unpacked")
        tar.extractall(folder, filter="data")
    if not (folder / RECORD).exists():
        raise ValueError(f"the archive of {name} holds no {RECORD}: nothing was unpacked")
    if what := damage.of_record(folder / RECORD, name):
        raise ValueError(f"what came as the run {name} is none: {what}")
    record = read_json(folder / RECORD)
    if what := damage.of_run(folder, record):
        raise ValueError(f"what came as the run {name} is damaged: {what[0][1]}")
    files = sorted(folder.iterdir())
    if {file.name for file in files} != {RECORD, *record.get("files", ())}:
        raise ValueError(f"the archive of {name} does not hold the files that its record lists: nothing was unpacked")
    return files
