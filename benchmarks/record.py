"""``results/benchmarks.json``: every part is written as soon as it is measured; it holds the parts of one machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine
from tapnb.store import provenance
from tapnb.system import paths
from tapnb.system.files import write_json

KEYED = ("rows", "growth")
"""Parts with measurements by key; each other part is one measurement."""


def path() -> Path:
    """File of the measurements."""
    return paths.results() / "benchmarks.json"


def kept(file: Path, here: dict) -> dict:
    """Earlier measurements on this machine, with a new description of it; nothing of another machine.

    Parameters
    ----------
    file : Path
    here : dict
        From :func:`benchmarks.machine.describe`; earlier peak rates of this machine are kept.
    """
    record = json.loads(file.read_text("utf-8")) if file.exists() else None
    if record and not machine.same(record["machine"], here):
        earlier = record["machine"]
        print(f"{file.name} was measured on another machine ({earlier['processor']}, {', '.join(earlier['instruction_sets'])}, "
              f"threads: {earlier['threads']}); it begins anew")
        record = None
    record = record or {part: {} for part in KEYED}
    return record | {"machine": record.get("machine", {}) | here}


def has(record: dict, part: str, key: str) -> bool:
    """Whether the record has a part, or a key of a part with keys."""
    return key in record[part] if part in KEYED else part in record


def put(file: Path, record: dict, part: str, key: str, measure: Callable[[], dict]) -> None:
    """Measure one part or key, add its provenance, and write the whole record.

    Parameters
    ----------
    file : Path
    record : dict
        Changed in place.
    part : str
        "rows", "growth", "large", "memory", "films" or "precision".
    key : str
        Of the row or growth; the other parts have none.
    measure : callable
    """
    commit, dirty = provenance.commit()  # before measuring: files may change meanwhile
    start = time.perf_counter()
    measurement = measure()
    measurement |= {"commit": commit, "dirty": dirty, "made": provenance.now(),
                    "took_s": round(time.perf_counter() - start, 1)}
    if part in KEYED:
        record[part][key] = measurement
    else:
        record[part] = measurement
    write_json(file, record)
