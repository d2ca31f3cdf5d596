"""Fetching a movie from the web: resumed transfers, checked archives, checked content.

The Cell Tracking Challenge publishes no checksums, so an archive is judged by what is in it: the number of
frames and of divisions that are known of each sequence. Its SHA-256 is printed, to be recorded.
"""

import hashlib
import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from tapnb.movies.lineage import divisions
from tapnb.movies.lineage_file import read_lineage

__all__ = ["download", "unpack", "check_sequences", "fetch_sequences", "sha256_of"]

CHUNK = 1 << 14  # bytes; at most so many are lost when a transfer is cut


def sha256_of(path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(address, path, progress=True) -> Path:
    """Download a file; continue where an earlier transfer was cut.

    Parameters
    ----------
    address : str
        An http or https address.
    path : str or pathlib.Path
        Where the whole file goes. What has come so far lies beside it under ``<path>.part``.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ConnectionError
        If the server does not answer, refuses, or the transfer is cut: call again to continue.
    """
    import requests  # here: whoever has the movies does without
    from tqdm import tqdm

    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    try:
        with requests.get(address, stream=True, timeout=(15, 60),
                          headers={"Range": f"bytes={have}-", "Accept-Encoding": "identity"}) as answer:
            if answer.status_code == 416:  # nothing after what is here: all of it, or another file's
                total = re.fullmatch(r"bytes \*/(\d+)", answer.headers.get("Content-Range", ""))
                if total and int(total[1]) == have:
                    return part.replace(path)
                part.unlink(missing_ok=True)
                raise ConnectionError(f"What was kept of {address} is not a part of it: "
                                      "run the same command again.")
            answer.raise_for_status()
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                have = 0  # the server sends the whole file again
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else None
            with part.open("ab" if have else "wb") as file, tqdm(
                    desc=path.name, initial=have, total=total, unit="B", unit_scale=True,
                    disable=not progress) as bar:
                for chunk in answer.iter_content(CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
    except requests.RequestException as error:
        kept = part.stat().st_size if part.exists() else 0
        raise ConnectionError(f"The download of {address} stopped after {kept} bytes "
                              f"({type(error).__name__}): run the same command again to continue.") from error
    if total is not None and part.stat().st_size != total:
        raise ConnectionError(f"The download of {address} stopped after {part.stat().st_size} of {total} "
                              "bytes: run the same command again to continue.")
    return part.replace(path)


def unpack(archive, folder) -> Path:
    """Unpack a zip archive, after checking that every member stays inside the folder.

    Parameters
    ----------
    archive : str or pathlib.Path
        The zip file.
    folder : str or pathlib.Path
        Where its members go.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    ValueError
        If the file is no zip archive, a member is damaged, or a member has an absolute path, ``..`` in its
        path, or is a link. Nothing is written in the last three cases.
    """
    archive, folder = Path(archive), Path(folder)
    try:
        with zipfile.ZipFile(archive) as file:
            members = file.infolist()
            for member in members:
                _check_member(member, archive)
            folder.mkdir(parents=True, exist_ok=True)
            size, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
            if size > free:
                raise ValueError(f"{archive} unpacks to {size >> 20} MiB, but only {free >> 20} MiB are free "
                                 f"in {folder}: make room.")
            for member in members:
                file.extract(member, folder)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{archive} is not a sound zip archive ({error}): "
                         "delete it and fetch it again.") from error
    return folder


def _check_member(member: zipfile.ZipInfo, archive: Path) -> None:
    """Refuse a member that would be written outside the folder, or through a link."""
    # orig_filename: ZipInfo itself cuts names at a null byte and turns the system's separator into "/".
    name = member.orig_filename.replace("\\", "/")
    outside = (PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\0" in name
               or re.match(r"[A-Za-z]:", name))
    if outside or stat.S_ISLNK(member.external_attr >> 16):
        raise ValueError(f"{archive} holds the unsafe member {member.orig_filename!r}: nothing was unpacked, "
                         "do not use this archive.")


def check_sequences(folder, facts) -> None:
    """Check the content of a Cell Tracking Challenge folder against what is known of it.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder that holds ``01``, ``01_GT`` and so on.
    facts : dict
        Sequence -> (number of frames, number of divisions).

    Raises
    ------
    FileNotFoundError
        If a lineage table is missing.
    ValueError
        If a number differs.
    """
    folder = Path(folder)
    for sequence, (frames, events) in facts.items():
        lineage = read_lineage(folder / f"{sequence}_GT" / "TRA" / "man_track.txt")
        found = len(list((folder / sequence).glob("*.tif"))), len(divisions(lineage))
        if found != (frames, events):
            raise ValueError(f"{folder}, sequence {sequence}, has {found[0]} frames and {found[1]} "
                             f"divisions, expected {frames} and {events}: delete it and fetch it again.")


def fetch_sequences(address, folder, facts, progress=True) -> Path:
    """Download, unpack and check a Cell Tracking Challenge data set.

    Parameters
    ----------
    address : str
        Address of the zip archive.
    folder : str or pathlib.Path
        Where ``01``, ``01_GT`` and so on shall lie. If they are there already, they are only checked.
    facts : dict
        Sequence -> (number of frames, number of divisions), see :func:`check_sequences`.
    progress : bool
        Whether a progress bar is shown.

    Returns
    -------
    pathlib.Path
        `folder`.

    Raises
    ------
    ConnectionError
        If the transfer is cut; calling again continues it.
    ValueError
        If the archive is unsafe, damaged, or not what is expected.
    """
    folder = Path(folder)
    if not folder.exists():
        archive = folder.with_name(folder.name + ".zip")
        if not archive.exists():
            download(address, archive, progress)
        print(f"{archive.name}: {archive.stat().st_size} bytes, sha256 {sha256_of(archive)}")
        unpacked = folder.with_name(f".{folder.name}.unpacking")
        shutil.rmtree(unpacked, ignore_errors=True)
        try:
            unpack(archive, unpacked)
            inner = unpacked / folder.name  # the challenge's archives hold one folder of their own name
            inner = inner if inner.is_dir() else unpacked
            check_sequences(inner, facts)
            inner.rename(folder)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
        archive.unlink()
    check_sequences(folder, facts)
    return folder
