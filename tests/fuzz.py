"""Bad files, made up by the million: no reader may crash, hang or fill the memory; it reads, or says one clear sentence.

``python tests/fuzz.py --minutes 60 --seed 1`` takes every reader in turn until the time is over, prints how many files
were tried and what was found, and ends with exit code 1 if anything was. Whatever was found is kept in ``--keep``.
"""

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

import fuzz_files
from tapnb.movies.lineage import divisions
from tapnb.movies.lineage_file import read_lineage
from tapnb.movies.movie_file import read_movie_file
from tapnb.movies.points_file import read_points
from tapnb.movies.stacks import read_stack
from tapnb.workflow.parameters import read_profile

SECONDS = 10
"""After which reading a file of some hundred bytes counts as hanging."""
MEMORY = 2 * 2**30
"""Bytes that may be allocated beyond what the process has when it begins."""
ROUND = 200
"""Files of one reader before it is the next one's turn."""
LONGEST = 700
"""Characters of a sentence that a person still reads, a path included."""


@dataclass(frozen=True)
class Reader:
    """One reader: the name of its file, what such files look like, and how it is called."""

    file: str
    files: Callable[[], hypothesis.strategies.SearchStrategy[bytes]]
    read: Callable[[Path], object]


READERS = {
    "stack": Reader("stack.tif", fuzz_files.stacks, read_stack),
    "labels": Reader("labels.tif", fuzz_files.stacks, lambda path: read_stack(path, labels=True)),
    "lineage": Reader("man_track.txt", fuzz_files.lineages, lambda path: divisions(read_lineage(path))),
    "points": Reader("points.csv", fuzz_files.points, read_points),
    "profile": Reader("mine.yaml", fuzz_files.profiles, lambda path: read_profile(path.stem, path.parent)),
    "movie": Reader("movie.yaml", fuzz_files.movies, read_movie_file),
}


class Hanging(BaseException):
    """Not an Exception, which a reader may catch and turn into a sentence."""


@dataclass
class Findings:
    """What came of many files.

    Attributes
    ----------
    tried, refused : Counter
        Files, by reader: all, and those that a sentence was said about.
    kept : dict
        By what went wrong: the first file in which it did, and what was said.
    """

    tried: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    kept: dict[str, tuple[bytes, str]] = field(default_factory=dict)


def problem(error: BaseException, path: Path) -> str | None:
    """What is wrong with the way in which a reader refused a file; None if it is a clear sentence that names it."""
    causes = [error]
    while causes[-1] is not None:
        causes.append(causes[-1].__cause__)
    if any(isinstance(cause, (MemoryError, Hanging)) for cause in causes):
        return "fills the memory" if not isinstance(error, Hanging) else f"takes more than {SECONDS} s"
    ours = type(error) in (ValueError, FileNotFoundError) or type(error).__module__.startswith("tapnb.")
    if not ours:
        return "is no error of ours"
    text = str(error)
    if "\n" in text or len(text) > LONGEST:
        return "is no sentence"
    return None if path.name in text or path.stem in text else "does not name the file"


def try_out(name: str, reader: Reader, content: bytes, folder: Path, findings: Findings) -> None:
    """Let a reader read one file."""
    path = folder / reader.file
    path.write_bytes(content)
    findings.tried[name] += 1
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        reader.read(path)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  just what is looked for
        findings.refused[name] += 1
        if wrong := problem(error, path):
            calls = [call for call in traceback.extract_tb(error.__traceback__) if "tapnb" in call.filename]
            place = f"{Path(calls[-1].filename).name}, line {calls[-1].lineno}"
            findings.kept.setdefault(f"{name}: {type(error).__name__} {wrong}; {place}", (content, str(error)))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def rounds(readers: list[str], seed: int, folder: Path, findings: Findings) -> Iterator[None]:
    """One round of every reader after the other, without an end."""
    how = settings(max_examples=ROUND, database=None, deadline=None, phases=[Phase.generate],
                   suppress_health_check=list(HealthCheck))
    while True:
        for name in readers:
            reader = READERS[name]
            one_round = partial(try_out, name, reader, folder=folder, findings=findings)
            hypothesis.seed(seed)(how(given(reader.files())(lambda content: one_round(content))))()  # noqa: B023
            yield
        seed += 1_000_003  # the next round makes up other files


def limit_memory() -> None:
    """Let allocations fail that a file of some hundred bytes cannot justify."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))


def hang(*_) -> None:
    raise Hanging


def main() -> int:
    """Fuzz for a while; returns 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "tapnb-fuzz",
                        help="folder for the files in which something was found")
    parser.add_argument("--only", nargs="+", choices=READERS, default=list(READERS), help="readers to try")
    asked = parser.parse_args()
    signal.signal(signal.SIGALRM, hang)
    limit_memory()
    findings, start = Findings(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for _ in rounds(asked.only, asked.seed, Path(folder), findings):
            if time.monotonic() - start > 60 * asked.minutes:
                break
    print(f"seed {asked.seed}, {(time.monotonic() - start) / 60:.1f} minutes, {findings.tried.total()} files")
    for name, tried in findings.tried.items():
        print(f"  {name}: {tried} files, {findings.refused[name]} refused")
    for number, (key, (content, text)) in enumerate(findings.kept.items(), 1):
        asked.keep.mkdir(parents=True, exist_ok=True)
        kept = asked.keep / f"seed-{asked.seed}-{number}-{READERS[key.partition(':')[0]].file}"
        kept.write_bytes(content)
        print(f"FOUND {key}\n  {kept}\n  {text[:300]!r}")
    print(f"{len(findings.kept)} kinds of problems found")
    return int(bool(findings.kept))


if __name__ == "__main__":
    sys.exit(main())
