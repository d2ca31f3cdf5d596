"""``python -m benchmarks.gpu_job --budget 9 --out FOLDER``: the runs of a profile on a borrowed GPU, in pieces.

It makes as many of the profile's runs as the minutes allow, most important first, under the names by which the notebooks
find them. Before the time is over it stops at a checkpoint and packs what is finished, and what a second call goes on
from, into a few files. At home ``--import FOLDER`` puts them into ``runs/``. Nothing is needed but torch, numpy, scipy,
tifffile, safetensors, pandas and pyarrow.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

MEGABYTE = 1 << 20


class Stopped(BaseException):
    """The time is over, or somebody wants an end; no training catches it."""


class Pace:
    """Writes checkpoints sparingly, and stops a training at the last one for which there is time.

    Parameters
    ----------
    end : float
        When all must have stopped, by ``clock``.
    every : float
        Seconds between two checkpoints of a training; the last one is written in any case.
    clock : callable
    """

    def __init__(self, end: float, every: float = 30.0, clock: Callable[[], float] = time.monotonic):
        self.end, self.every, self.clock = end, every, clock
        self.asked = self.stopping = False
        self._kept = self._before = clock()

    def begin(self) -> None:
        """A run begins."""
        self._kept = self._before = self.clock()

    @property
    def left(self) -> float:
        """Seconds until the end."""
        return self.end - self.clock()

    def due(self, path: Path) -> bool:
        """Whether to write: after a while, or if there is no time for another epoch."""
        now, before = self.clock(), self._before
        self._before = now
        self.stopping = self.asked or now + (now - before) > self.end
        return self.stopping or now - self._kept >= self.every

    def kept(self, path: Path) -> None:
        """Stop here, if at all."""
        self._kept = self.clock()
        if self.stopping:
            raise Stopped("at a checkpoint")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0 unless a run failed or an option is wrong."""
    begin = time.monotonic()
    options = _parser().parse_args(arguments)
    if options.compile:
        os.environ["TAPNB_COMPILE"] = "1"
    if options.together:
        os.environ["TAPNB_HEADS"] = "together"
    try:
        if options.imported:
            return _import(options.imported)
        if options.count:
            return _count(options)
        if options.out is None or options.budget is None:
            raise ValueError("give --budget MINUTES and --out FOLDER, or --count, or --import FOLDER")
        return _work(options, begin)
    except (ValueError, FileNotFoundError) as error:
        print(f"gpu_job: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.gpu_job", description="Make a profile's runs on a borrowed GPU, "
                                     "as many as a budget of minutes allows; a second call goes on.")
    parser.add_argument("--budget", type=float, metavar="MINUTES", help="minutes of this call, the packing included; needed to make runs")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="gets the archive and the log; needed to make runs")
    parser.add_argument("--movie", default="synthetic", help="synthetic or hela; synthetic if left out")
    parser.add_argument("--profile", default="paper", help="paper if left out")
    parser.add_argument("--only", nargs="+", default=["*"], metavar="TITLE", help="make these runs only, by title or pattern, such as "
                        "tap or '* to its end'; what they rest on has to be there")
    parser.add_argument("--device", default="auto", help="auto, cuda or cpu; a GPU if there is one")
    parser.add_argument("--compile", action="store_true", help="fuse layers by torch.compile; falls back where that fails")
    parser.add_argument("--together", action="store_true", help="train the heads of all seeds in one pass")
    parser.add_argument("--from", dest="carried", type=Path, metavar="FOLDER", help="go on from archives of former calls")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="where runs are made; FOLDER/work if left out")
    parser.add_argument("--volume", type=float, default=15.5, metavar="MB", help="largest file of the archive")
    parser.add_argument("--carry", type=float, default=62.0, metavar="MB", help="size of the whole archive")
    parser.add_argument("--count", action="store_true", help="count arithmetic and bytes, in some minutes; train nothing")
    parser.add_argument("--import", dest="imported", type=Path, metavar="FOLDER", help="put carried runs into runs/")
    return parser


def _work(options: argparse.Namespace, begin: float) -> int:
    """Make runs until the time is over, and pack them."""
    from benchmarks import gpu_carry
    from tapnb.system.files import write_json

    work = (options.work or options.out / "work").absolute()
    options.out.mkdir(parents=True, exist_ok=True)
    say = _log(options.out / "log.txt", begin)
    packed_path = work / "packed.json"
    packed = json.loads(packed_path.read_text()) if packed_path.exists() else {"calls": 0, "runs": []}
    if options.carried:
        brought = gpu_carry.unpack(options.carried, work / "runs", unfinished=True)
        packed["calls"] = max(packed["calls"], *gpu_carry.calls(options.carried))
        whole = {path.parent.name for path in (work / "runs").glob(f"*/*/{gpu_carry.RECORD}")}
        packed["runs"] = sorted({*packed["runs"], *whole.intersection(brought)})  # they are at home
        say(f"goes on from {len(brought)} runs of {options.carried}")
    pace = Pace(begin + 60 * options.budget - min(20.0, 6 * options.budget))
    failed: list[str] = []
    with _home(work) as at_home, _stopping(pace):
        try:
            _make(options, pace, say, at_home, failed)
        except Stopped as reason:
            say(f"stopped {reason}")
    folders = _by_importance(work / "runs", packed["runs"])
    packed["calls"] += 1
    names = gpu_carry.pack(folders, options.out, packed["calls"], int(options.volume * MEGABYTE),
                           int(options.carry * MEGABYTE))
    finished = {folder.name for folder in folders if (folder / gpu_carry.RECORD).exists()}
    packed["runs"] = sorted({*packed["runs"], *finished.intersection(names)})
    write_json(packed_path, packed)
    left = [folder.name for folder in folders if folder.name not in names]
    say(f"packed {len(names)} runs into {options.out}/runs-{packed['calls']}.tar.*"
        + (f"; no room for {', '.join(left)}, which stay in {work}" if left else ""))
    return 1 if failed else 0


def _make(options: argparse.Namespace, pace: Pace, say: Callable[[str], None], at_home: Callable, failed: list[str]) -> None:
    """Make one run after the other; the titles of those that fail are added to ``failed``, also where time runs out after them."""
    from benchmarks import gpu_plan
    from benchmarks.gpu_speed import Speed
    from tapnb import checkpoints
    from tapnb.system import device

    with at_home():  # where movies lie
        place = _place(options)
    say(f"{options.movie}, profile {options.profile}, {device.describe(place.on)}: {place.train.fingerprint}, "
        f"{place.held_out.fingerprint}")
    speed, made, waiting = Speed(place.on), {}, []
    every, chosen = _chosen(gpu_plan.tasks(place), options.only)
    for task in every:
        if any(title not in made for title in task.needs):
            waiting.append(task.title)
            continue
        try:
            made[task.title] = task.make(made, "restore")
            continue
        except (FileNotFoundError, ValueError):  # not made yet, or damaged
            if task.title not in chosen:
                waiting.append(task.title)
                continue
        if pace.asked:
            raise Stopped("between two runs")
        try:
            work = task.work()
            seconds = _estimate(speed, work, say)
            stretch = speed.of(work.parts[0]) * work.stretch
            say(f"{task.title}: about {seconds / 60:.1f} min, {pace.left / 60:.1f} min left")
            if stretch > pace.left:
                say(f"{task.title}: no time for {stretch / 60:.1f} min to its next checkpoint")
                waiting.append(task.title)
                continue
            pace.begin()
            start = time.monotonic()
            with checkpoints.at_pace(pace):
                made[task.title] = task.make(made, "execute")
            say(f"{task.title}: finished in {(time.monotonic() - start) / 60:.1f} min, "
                + ", ".join(run.name for run in made[task.title]))
        except Exception as error:  # noqa: BLE001  one run that fails must not cost the others
            failed.append(task.title)
            say(f"{task.title}: failed, {type(error).__name__}: {error}")
    say(f"{len(made)} of {len(every)} are finished" + (f"; waiting: {', '.join(waiting)}" if waiting else ""))


def _chosen(every: list, patterns: list[str]) -> tuple[list, set[str]]:
    """The tasks that are asked for, with those they rest on; and the titles of the former."""
    for pattern in patterns:
        if not any(fnmatchcase(task.title, pattern) for task in every):
            raise ValueError(f"no run of this profile is called {pattern!r}; there are: {', '.join(task.title for task in every)}")
    chosen = {task.title for task in every if any(fnmatchcase(task.title, pattern) for pattern in patterns)}
    wanted = set(chosen)
    for task in reversed(every):  # what a task rests on comes before it
        if task.title in wanted:
            wanted |= set(task.needs)
    return [task for task in every if task.title in wanted], chosen


def _estimate(speed, work, say: Callable[[str], None]) -> float:
    """Seconds of a run from measured steps; where compiling fails, nothing is compiled any more."""
    from tapnb.system import compiling

    try:
        return speed.seconds(work)
    except Exception as error:  # noqa: BLE001  of which compilers have many
        if not compiling.wanted():
            raise
        say(f"goes on without torch.compile, {type(error).__name__}: {str(error)[:200]}")
        os.environ["TAPNB_COMPILE"] = "0"
        return speed.seconds(work)


def _place(options: argparse.Namespace):
    """The movie in both roles, and the device."""
    from benchmarks.gpu_plan import Place
    from tapnb.system import device

    return Place.opened(options.profile, options.movie, device.choose(options.device))


def _by_importance(runs: Path, packed: list[str]) -> list[Path]:
    """Folders of runs that are not at home yet: the finished ones as they were finished, then the unfinished ones."""
    from benchmarks.gpu_carry import RECORD

    folders = [folder for folder in runs.glob("*/*") if folder.is_dir() and any(folder.iterdir())]
    finished = [folder for folder in folders if (folder / RECORD).exists() and folder.name not in packed]
    begun = [folder for folder in folders if not (folder / RECORD).exists()]
    return sorted(finished, key=lambda folder: (folder / RECORD).stat().st_mtime) + sorted(begun)


def _count(options: argparse.Namespace) -> int:
    """Print the table of counted arithmetic."""
    from benchmarks import gpu_count, gpu_plan

    place = _place(options)
    frames = place.train.frames.nbytes + place.held_out.frames.nbytes
    print(f"{options.movie}, profile {options.profile}: counted, nothing is trained")
    rows = []
    for task in gpu_plan.tasks(place):
        work = task.work()
        print(f"counted {task.title}: at most {work.seconds / 60:.1f} min", file=sys.stderr, flush=True)
        rows.append((task.title, task.notebook, work))
    print(gpu_count.table(rows, frames))
    return 0


def _import(folder: Path) -> int:
    """Put carried runs where the notebooks look for them."""
    from benchmarks import gpu_carry
    from tapnb.system import paths

    brought = gpu_carry.unpack(folder, paths.runs())
    print("\n".join([*brought, f"{len(brought)} runs are now in {paths.runs()}; `tapnb run all --profile P --movie M --mode "
                               "execute` takes them from there"]))
    return 0


@contextmanager
def _home(folder: Path) -> Iterator[Callable]:
    """Runs are made in a folder of their own; yields a context in which things lie where they did."""
    before = os.environ.get("TAPNB_HOME")

    def go(home: str | None) -> None:
        if home is None:
            os.environ.pop("TAPNB_HOME", None)
        else:
            os.environ["TAPNB_HOME"] = home

    @contextmanager
    def at_home() -> Iterator[None]:
        go(before)
        try:
            yield
        finally:
            go(str(folder))

    go(str(folder))
    try:
        yield at_home
    finally:
        go(before)


@contextmanager
def _stopping(pace: Pace) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop at the next checkpoint, a second one at once; so does the end of the time."""

    def ask(number: int, _) -> None:
        if pace.asked:
            raise Stopped("at once, as asked twice")
        pace.asked = True

    def end(*_) -> None:
        raise Stopped("in the middle of an epoch: the time is over")

    wanted = {signal.SIGINT: ask, signal.SIGTERM: ask, signal.SIGALRM: end}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    signal.setitimer(signal.ITIMER_REAL, max(pace.left, 0.01))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _log(path: Path, begin: float) -> Callable[[str], None]:
    """A function that writes a line with the seconds so far, on the screen and into a file."""

    def say(text: str) -> None:
        line = f"{time.monotonic() - begin:7.1f} s  {text}"
        print(line, flush=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return say


if __name__ == "__main__":
    sys.exit(main())
