"""One reader let loose on bad files, watched: how long it takes, how much memory, and what it says.

A round of files is read in a child of the process, so that a reader that kills it, or fills the memory, is found as well,
and the next round begins with a clean one.
"""

import gc
import os
import pickle
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

import tapnb

LONGEST = 700
"""Characters of a sentence that a person still reads, a path included."""

Content = bytes | dict[str, bytes]
"""Of a file, or of all files of a folder by their names in it."""


@dataclass(frozen=True)
class Limits:
    """Beyond what a file of some kilobytes can justify.

    Attributes
    ----------
    seconds : float
        Of the processor, after which a read counts as hanging; six times as many on the clock.
    memory : int
        Bytes that may be allocated beyond what the process has when it begins.
    files : int
        Of one reader before it is the next one's turn.
    round : float
        Seconds after which its turn ends in any case.
    """

    seconds: float = 10.0
    memory: int = 2 * 2**30
    files: int = 200
    round: float = 60.0


@dataclass(frozen=True)
class Reader:
    """One reader: the name of its file or folder, what such files look like, and how it is called."""

    file: str
    files: Callable[[], hypothesis.strategies.SearchStrategy[Content]]
    read: Callable[[Path], object]


@dataclass(frozen=True)
class Outcome:
    """What came of one file: whether it was refused, what is wrong with that (None: nothing), and what was said."""

    refused: bool = False
    wrong: str | None = None
    said: str = ""


class Hanging(BaseException):
    """Not an Exception, which a reader may catch and turn into a sentence."""


def one_round(reader: Reader, seed: int, folder: Path, limits: Limits) -> Iterator[tuple[Content, Outcome]]:
    """Let a reader read a round of files; yields each with what came of it."""
    records = folder / "records"
    records.unlink(missing_ok=True)
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = 1
        try:
            gc.freeze()  # what the parent has is not looked through again
            limit_memory(limits.memory)
            with records.open("ab", buffering=0) as file:
                _all_files(reader, seed, folder / "files", limits, file)
            code = 0
        except BaseException:  # noqa: BLE001  a mistake of the fuzzing itself
            traceback.print_exc()
        finally:
            os._exit(code)  # no waiting for threads that hang
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code > 0:
        raise RuntimeError("the fuzzing itself went wrong, see above")
    yield from _recorded(records, code)


def _all_files(reader: Reader, seed: int, folder: Path, limits: Limits, records) -> None:
    """The child's part of a round: each file is recorded before it is read, and then what came of it."""
    end = time.monotonic() + limits.round

    def try_out(content: Content) -> None:
        if time.monotonic() < end and (path := put(content, folder, reader.file)):
            records.write(pickle.dumps(content))
            records.write(pickle.dumps(outcome(reader.read, path, limits.seconds)))

    how = settings(max_examples=limits.files, database=None, deadline=None, phases=[Phase.generate],
                   suppress_health_check=list(HealthCheck))
    hypothesis.seed(seed)(how(given(reader.files())(lambda content: try_out(content))))()


def _recorded(records: Path, code: int) -> Iterator[tuple[Content, Outcome]]:
    """Yield what a child has recorded; the last file has no outcome if the child did not survive it."""
    with records.open("rb") as file:
        while True:
            try:
                content = pickle.load(file)
            except EOFError:
                return
            try:
                yield content, pickle.load(file)
            except EOFError:
                what = "hangs where nothing interrupts it" if -code == signal.SIGPROF else "ends the process"
                yield content, Outcome(True, f"{what}: {signal.Signals(-code).name}")


def put(content: Content, folder: Path, name: str) -> Path | None:
    """Write a file, or a folder of files, into a folder of which nothing is left; None if the disk knows no such name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
        return path
    path.mkdir()
    for inside, part in content.items():
        try:
            (path / inside).parent.mkdir(parents=True, exist_ok=True)
            (path / inside).write_bytes(part)
        except (OSError, ValueError):
            return None
    return path


def outcome(read: Callable[[Path], object], path: Path, seconds: float) -> Outcome:
    """Read one file."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        watched(read, path, seconds)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  just what is looked for
        wrong = problem(error, path)
        return Outcome(True, wrong and f"{type(error).__name__} {wrong}; {place(error)}", str(error))
    if (grown := (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10) > MEBIBYTES:
        return Outcome(False, f"fills {MEBIBYTES} MiB of memory", f"{grown} MiB")
    return Outcome()


MEBIBYTES = 768
"""A file that is read may fill so much; allocated, and never touched, may be more."""


def watched(read: Callable[[Path], object], path: Path, seconds: float) -> object:
    """Read one file, and raise Hanging in the midst of it after so many seconds of the processor.

    The alarm comes again and again: where it meets a callback it would be lost, or break what is not the reader. Code that
    no alarm interrupts is ended by the system, together with the process.
    """
    clock, processor = time.monotonic(), time.process_time()

    def alarm(_, frame) -> None:
        late = time.process_time() - processor > seconds or time.monotonic() - clock > 6 * seconds
        if late and interruptible(frame):
            raise Hanging

    signal.signal(signal.SIGALRM, alarm)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    try:
        signal.setitimer(signal.ITIMER_PROF, 3 * seconds)
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
        return read(path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


def interruptible(frame) -> bool:
    """Whether an exception that is raised in this frame ends the read: it is inside, and not in a callback of hypothesis."""
    inside = False
    while frame is not None and frame.f_code is not watched.__code__:
        if "hypothesis" in Path(frame.f_code.co_filename).parts:
            return False
        frame, inside = frame.f_back, True
    return inside and frame is not None


def problem(error: BaseException, path: Path) -> str | None:
    """What is wrong with the way in which a reader refused a file; None if it is a clear sentence that names it."""
    if isinstance(error, Hanging):
        return "comes of a read that hangs"
    if any(isinstance(cause, MemoryError) for cause in causes(error)):
        return "comes of memory that is filled"
    ours = type(error) in (ValueError, FileNotFoundError) or type(error).__module__.startswith("tapnb.")
    if not ours:
        return "is no error of ours"
    text = str(error)
    if "\n" in text or len(text) > LONGEST:
        return "is no sentence"
    return None if path.name in text or path.stem in text else "does not name the file"


def causes(error: BaseException | None) -> list[BaseException]:
    """An error and all that led to it."""
    chain: list[BaseException] = []
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if error is not None and error not in chain:
            chain.append(error)
            waiting += [error.__cause__, error.__context__]
    return chain


def place(error: BaseException) -> str:
    """Where in our code an error came up."""
    house = Path(tapnb.__file__).parent
    calls = [call for call in traceback.extract_tb(error.__traceback__) if house in Path(call.filename).parents]
    return f"{Path(calls[-1].filename).name}, line {calls[-1].lineno}" if calls else "outside tapnb"


def limit_memory(beyond: int) -> None:
    """Let allocations fail that take this process beyond what it has by so many bytes."""
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + beyond, resource.getrlimit(resource.RLIMIT_AS)[1]))
