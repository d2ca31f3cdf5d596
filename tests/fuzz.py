"""Bad files, made up by the million: no reader may crash, hang or fill the memory; it reads, or says one clear sentence.

``python tests/fuzz.py --minutes 60 --seed 1 --log fuzz.log`` takes every reader in turn until the time is over, prints and
logs how many files were tried and what was found, and ends with exit code 1 if anything was. The smallest file in which
something was found is kept in ``--keep``.
"""

import argparse
import contextlib
import io
import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

import fuzz_files
import fuzz_folders
from fuzz_watch import Content, Limits, Outcome, Reader, one_round, put
from tapnb import checkpoints, weights
from tapnb.movies.ctc import read_ctc
from tapnb.movies.lineage import divisions
from tapnb.movies.lineage_file import read_lineage
from tapnb.movies.movie_file import read_movie_file
from tapnb.movies.points_file import read_points
from tapnb.movies.rois import read_rois
from tapnb.movies.stacks import read_stack
from tapnb.store import damage
from tapnb.system.files import read_json
from tapnb.workflow.parameters import read_profile


def read_checkpoint(path: Path) -> None:
    """A checkpoint that is not whole is set aside and never stops a training."""
    with contextlib.redirect_stderr(io.StringIO()):
        history = checkpoints.resume(path, {"network": fuzz_folders.network()}, torch.device("cpu"))
    if history is None:
        raise ValueError(f"{path} is set aside")


def read_record(path: Path) -> None:
    """A record, and the files of the run that it names."""
    what = damage.of_record(path, "record") or next((what for _, what in damage.of_run(path.parent, read_json(path))), None)
    if what:
        raise ValueError(what)


READERS = {
    "stack": Reader("stack.tif", fuzz_files.stacks, read_stack),
    "labels": Reader("labels.tif", fuzz_files.stacks, lambda path: read_stack(path, labels=True)),
    "array": Reader("array.npy", fuzz_folders.arrays, read_stack),
    "zarr": Reader("movie.zarr", fuzz_folders.zarrs, read_stack),
    "folder": Reader("frames", fuzz_folders.named_frames, read_stack),
    "tracked": Reader("tracked", fuzz_folders.tracked, lambda path: read_ctc(path, "01")),
    "lineage": Reader("man_track.txt", fuzz_files.lineages, lambda path: divisions(read_lineage(path))),
    "points": Reader("points.csv", fuzz_files.points, read_points),
    "rois": Reader("rois.zip", fuzz_folders.rois, read_rois),
    "profile": Reader("mine.yaml", fuzz_files.profiles, lambda path: read_profile(path.stem, path.parent)),
    "movie": Reader("movie.yaml", fuzz_files.movies, read_movie_file),
    "weights": Reader("weights.safetensors", fuzz_folders.safetensors, weights.load),
    "checkpoint": Reader("checkpoint.pt", fuzz_folders.epochs, read_checkpoint),
    "record": Reader("record.json", fuzz_folders.records, read_record),
}


@dataclass
class Findings:
    """What came of many files.

    Attributes
    ----------
    keep : Path
        Folder of the files in which something was found.
    say : callable
        Takes the lines that are printed and logged.
    tried, refused : Counter
        Files, by reader: all, and those that were refused.
    sizes : dict
        Of the smallest file in which it was found, by what went wrong.
    """

    keep: Path
    say: Callable[[str], None] = print
    tried: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, file: str, content: Content, outcome: Outcome) -> None:
        """Count one file of a reader, and keep it if something is wrong with what came of it."""
        self.tried[name] += 1
        self.refused[name] += outcome.refused
        if not outcome.wrong:
            return
        kind = f"{name}: {outcome.wrong}"
        size = len(content) if isinstance(content, bytes) else sum(map(len, content.values()))
        if size >= self.sizes.get(kind, size + 1):
            return
        new = kind not in self.sizes
        self.sizes[kind] = size
        kept = put(content, self.keep / f"{name}-{list(self.sizes).index(kind) + 1}", file)
        if new:
            self.say(f"FOUND {kind}; {kept}; {outcome.said[:300]!r}")


def fuzz(readers: dict[str, Reader], minutes: float, seed: int, findings: Findings, limits: Limits = Limits()) -> None:
    """Let one reader after the other read a round of files, until the time is over."""
    start = said = time.monotonic()
    number = seed
    with tempfile.TemporaryDirectory() as folder:
        while True:
            for name, reader in readers.items():
                for content, outcome in one_round(reader, number, Path(folder), limits):
                    findings.add(name, reader.file, content, outcome)
                now = time.monotonic()
                if now - start > 60 * minutes:
                    return
                if now - said > 300:
                    said = now
                    findings.say(f"{(now - start) / 60:.0f} minutes, {findings.tried.total()} files, "
                                 f"{len(findings.sizes)} kinds of problems")
            number += 1_000_003  # the next round makes up other files


def main(words: list[str] | None = None) -> int:
    """Fuzz for a while; returns 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=Limits.seconds, help="of the processor, after which a read hangs")
    parser.add_argument("--log", type=Path, help="file to which all that is printed is added")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "tapnb-fuzz",
                        help="folder for the files in which something was found")
    parser.add_argument("--only", nargs="+", choices=READERS, default=list(READERS), help="readers to try")
    asked = parser.parse_args(words)
    warnings.simplefilter("ignore")  # of other packages, a million times
    logging.disable(logging.WARNING)

    def say(line: str) -> None:
        print(line, flush=True)
        if asked.log:
            with asked.log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")

    findings, start = Findings(asked.keep, say), time.monotonic()
    say(f"seed {asked.seed}, {asked.minutes:g} minutes, a read hangs after {asked.seconds:g} s: {', '.join(asked.only)}")
    fuzz({name: READERS[name] for name in asked.only}, asked.minutes, asked.seed, findings, Limits(asked.seconds))
    say(f"seed {asked.seed}, {(time.monotonic() - start) / 60:.1f} minutes, {findings.tried.total()} files")
    for name, tried in findings.tried.items():
        say(f"  {name}: {tried} files, {findings.refused[name]} refused")
    for number, (kind, size) in enumerate(findings.sizes.items(), 1):
        say(f"{number}. {kind}; {size} bytes")
    say(f"{len(findings.sizes)} kinds of problems")
    return int(bool(findings.sizes))


if __name__ == "__main__":
    sys.exit(main())
