"""Writing files so that nothing half-written is ever read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` if the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a value as indented JSON with sorted keys, a list of numbers on one line, whole or not at all."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"\[\n[\s\d.,eE+-]+\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", "utf-8")
