"""Files of runs that are empty, cut or something else: what a power cut, a full disk or half a copy leaves behind.

A file is opened as what its name says, and no further: a few milliseconds each. Nothing here needs torch.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from tapnb.system.files import BROKEN, emptiness, read_json


IN_RECORDS = {"name", "kind", "parameters", "seed", "movies", "finished", "results"}
"""What every record has, those of older versions too."""


LONGEST = 256
"""No file system takes a longer name."""


def of_file(path: Path) -> str | None:
    """What is wrong with a file that exists, as a sentence that names it; None if it is whole as far as can be seen."""
    with path.open("rb") as file:
        beginning = file.read(2**16)
    if what := emptiness(beginning):
        return f"{path} {what}"
    kind, check = CHECKS.get(path.suffix, ("", None))
    try:
        if check is None or check(path):
            return None
    except Exception:  # noqa: BLE001  of which every library has its own
        pass
    return f"{path} is cut, or no {kind} file"


def of_record(path: Path, name: str) -> str | None:
    """The same of the record of the run of that name."""
    if what := of_file(path):
        return what
    record = read_json(path)
    sound = isinstance(record, dict) and record.keys() >= IN_RECORDS and record["name"] == name \
        and isinstance(files := record.get("files", []), list) and all(map(_is_name, files))
    return None if sound else f"{path} is no record of the run {name}"


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) < LONGEST and value.isprintable()


def of_run(folder: Path, record: dict) -> list[tuple[Path, str]]:
    """The damaged ones of the files that a run has left, each with :func:`of_file`'s sentence; missing ones are not."""
    paths = [folder / name for name in record.get("files", ()) if (folder / name).is_file()]
    return [(path, what) for path in paths if not path.name.startswith(".") and (what := of_file(path))]


def is_leftover(path: Path) -> bool:
    """Whether a file of a run's folder was set aside, see :func:`tapnb.system.files.set_aside`."""
    return path.suffix.startswith(BROKEN)


def _safetensors(path: Path) -> bool:
    from safetensors import safe_open

    with safe_open(path, framework="numpy"):  # compares what its header promises with the file's size
        return True


def _parquet(path: Path) -> bool:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        return file.metadata is not None


def _archive(path: Path) -> bool:
    with zipfile.ZipFile(path) as file:
        return file.testzip() is None


def _json(path: Path) -> bool:
    read_json(path)
    return True


def _table(path: Path) -> bool:
    content = path.read_bytes()
    return content.endswith(b"\n") and b"\0" not in content


CHECKS: dict[str, tuple[str, Callable[[Path], bool]]] = {
    ".safetensors": ("safetensors", _safetensors), ".parquet": ("parquet", _parquet), ".npz": ("npz", _archive),
    ".json": ("JSON", _json), ".csv": ("CSV", _table),
}
"""By the end of a name: what such a file is called, and whether one is whole; those that are not may also raise."""
