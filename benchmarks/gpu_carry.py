"""Runs in a few small files, to be carried from a borrowed machine: packed most important first, unpacked with care.

An archive is one tar in numbered volumes, ``runs-1.tar.0``, ``runs-1.tar.1``, none larger than allowed; the first number is
that of the call. It holds folders ``<kind>/<name>`` of finished runs and, of unfinished ones, what they go on from.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from tapnb.store import damage
from tapnb.store.kinds import KINDS
from tapnb.system.files import read_json, replacing

VOLUME = re.compile(r"runs-(?P<call>\d{1,4})\.tar\.(?P<number>\d{1,4})")
RECORD = "record.json"
MEMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""What a file in a run's folder may be called."""


def pack(folders: Iterable[Path], target: Path, call: int, volume: int, most: int) -> list[str]:
    """Put run folders into an archive, in their order, as long as there is room: first without trained heads, then with them.

    Of a finished run whose weights fill more than a volume only those of its first seed are packed, as they are
    published. Its record names those that are.

    Parameters
    ----------
    folders : iterable of Path
        ``<kind>/<name>``, the most important first.
    target : Path
        Gets the volumes.
    call : int
        Their number.
    volume, most : int
        Bytes of a volume, and of all of them.

    Returns
    -------
    list of str
        Names of the runs that are packed.
    """
    folders, chosen, room = list(folders), {}, most - tarfile.RECORDSIZE
    for weights in (False, True):  # what all runs found before the weights of any
        for folder in folders:
            files = _files(folder, volume, weights)
            more = _size(files) - _size(chosen.get(folder, []))
            if more <= room:
                chosen[folder], room = files, room - more
    contents = io.BytesIO()
    with tarfile.open(fileobj=contents, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for folder in filter(chosen.__contains__, folders):
            for name, content in chosen[folder]:
                member = tarfile.TarInfo(f"{folder.parent.name}/{folder.name}/{name}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    for number, start in enumerate(range(0, contents.tell() if chosen else 0, volume)):
        with replacing(target / f"runs-{call}.tar.{number}") as temporary:
            temporary.write_bytes(contents.getvalue()[start : start + volume])
    return [folder.name for folder in folders if folder in chosen]


def _size(files: list[tuple[str, bytes]]) -> int:
    """In an archive: each file has a header and is filled up."""
    return sum(len(content) + 1024 for _, content in files)


def _files(folder: Path, volume: int, with_weights: bool) -> list[tuple[str, bytes]]:
    """Names and contents of what is packed of a run's folder; the record last, since it says that a run is whole.

    An unfinished run keeps its weights, to go on. Where all fill more than a volume, they are those of the first seed.
    """
    paths = [path for path in sorted(folder.glob("[!.]*")) if path.is_file() and not damage.is_leftover(path)]
    weights = {int(path.stem.removeprefix("weights-")): path for path in paths if path.name.startswith("weights-")}
    finished = (folder / RECORD).exists()
    kept = set(weights.values()) if with_weights or not finished else set()
    if sum(path.stat().st_size for path in kept) > volume:
        kept = {weights[min(weights)]}
    left_out = set(weights.values()) - kept
    newest = max((path for path in paths if path.name.startswith("checkpoint")), default=None,
                 key=lambda path: path.stat().st_mtime)  # earlier seeds have ended, and their answers are kept
    paths = [path for path in paths if path not in left_out and (path == newest or not path.name.startswith("checkpoint"))]
    files = [(path.name, path.read_bytes()) for path in paths if path.name != RECORD]
    if finished:
        record = read_json(folder / RECORD)
        record["files"] = [name for name in record["files"] if name in dict(files)]
        files.append((RECORD, json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False).encode()))
    return files


def unpack(source: Path, runs: Path, unfinished: bool = False) -> list[str]:
    """Bring the runs of all archives in a folder into a folder of runs; one that is finished there stays as it is.

    Parameters
    ----------
    source : Path
        The folder of the volumes.
    runs : Path
    unfinished : bool
        Also those that only began, to go on with.

    Returns
    -------
    list of str
        Names of the runs that were brought.

    Raises
    ------
    FileNotFoundError
        If there is no archive.
    ValueError
        If a volume is missing, or an archive holds anything but files of runs: then nothing is written.
    """
    by_run: dict[tuple[str, str], dict[str, bytes]] = {}
    for call in calls(source):
        of_call: dict[tuple[str, str], dict[str, bytes]] = {}
        for kind, name, file, content in _members(source, call):
            of_call.setdefault((kind, name), {})[file] = content
        by_run |= of_call  # a later call went on with the runs of an earlier one
    for (_, name), files in by_run.items():
        if RECORD in files and json.loads(files[RECORD]).get("name") != name:
            raise ValueError(f"the archive in {source} holds a record of another run than {name}: carry it again")
    brought = []
    for (kind, name), files in by_run.items():
        folder = runs / kind / name
        if (folder / RECORD).exists() or not (unfinished or RECORD in files):
            continue
        for file in sorted(files, key=lambda file: file == RECORD):  # last: a folder with a record is a whole run
            with replacing(folder / file) as temporary:
                temporary.write_bytes(files[file])
        brought.append(name)
    return brought


def calls(source: Path) -> list[int]:
    """The numbers of the archives in a folder, in order.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    found = {int(match["call"]) for path in source.glob("*") if (match := VOLUME.fullmatch(path.name))}
    if not found:
        raise FileNotFoundError(f"there is no runs-1.tar.0 in {source}: give the folder to which the runs were carried")
    return sorted(found)


def _members(source: Path, call: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Every file of an archive: kind, run, file and content."""
    numbers = sorted(int(match["number"]) for path in source.glob(f"runs-{call}.tar.*")
                     if (match := VOLUME.fullmatch(path.name)))
    missing = set(range(len(numbers))) - set(numbers)
    if missing:
        raise ValueError(f"{source / f'runs-{call}.tar.{min(missing)}'} is missing: carry all volumes")
    contents = b"".join((source / f"runs-{call}.tar.{number}").read_bytes() for number in numbers)
    if contents[-1024:].strip(b"\0"):  # with which every tar file ends
        raise ValueError(f"the last volume of runs-{call}.tar in {source} is cut or missing: carry all volumes")
    try:
        with tarfile.open(fileobj=io.BytesIO(contents), mode="r:") as archive:
            for member in archive:
                yield *_place(member, source), archive.extractfile(member).read()
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"runs-{call}.tar in {source} is damaged ({error}): carry it again") from None


def _place(member: tarfile.TarInfo, source: Path) -> tuple[str, str, str]:
    """Where a member belongs, if it is a file of a run and nothing else."""
    parts = PurePosixPath(member.name).parts
    sound = member.isreg() and len(parts) == 3 and parts[0] in KINDS and parts[1].startswith(f"{parts[0]}-") \
        and all(MEMBER.fullmatch(part) for part in parts) and "/".join(parts) == member.name
    if not sound:
        raise ValueError(f"the archive in {source} holds {member.name!r}, which is no file of a run: nothing of it is "
                         "taken; pack it again with this script")
    return parts[0], parts[1], parts[2]
