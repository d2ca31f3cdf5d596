"""``results/benchmarks.json``: every part is written as soon as it is measured, and only one machine's parts stay."""

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
"""Parts that hold measurements by key; the others are one measurement each."""


def path() -> Path:
    """Where the measurements lie."""
    return paths.results() / "benchmarks.json"


def kept(file: Path, here: dict) -> dict:
    """What was measured on this machine before, with its description renewed; nothing of any other machine.

    Parameters
    ----------
    file : Path
    here : dict
        From :func:`benchmarks.machine.describe`; peaks that were measured on this machine before stay.
    """
    found = json.loads(file.read_text("utf-8")) if file.exists() else None
    if found and not machine.same(found["machine"], here):
        print(f"{file.name} was measured on another machine ({found['machine']['processor']}); it begins anew")
        found = None
    found = found or {part: {} for part in KEYED}
    return found | {"machine": found.get("machine", {}) | here}


def has(record: dict, part: str, key: str) -> bool:
    """Whether a part, or a key of one that has keys, is there."""
    return key in record[part] if part in KEYED else part in record


def put(file: Path, record: dict, part: str, key: str, measure: Callable[[], dict]) -> None:
    """Measure one thing, add where it comes from, and write the whole record.

    Parameters
    ----------
    file : Path
    record : dict
        Changed in place.
    part : str
        "rows", "growth", "large" or "precision".
    key : str
        Of the row or growth; the other parts have none.
    measure : callable
    """
    commit, dirty = provenance.commit()  # of the code that measures, whatever is written meanwhile
    start = time.perf_counter()
    found = measure()
    found |= {"commit": commit, "dirty": dirty, "made": provenance.now(),
              "took_s": round(time.perf_counter() - start, 1)}
    if part in KEYED:
        record[part][key] = found
    else:
        record[part] = found
    write_json(file, record)
