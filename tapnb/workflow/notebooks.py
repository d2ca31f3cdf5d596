"""Running the notebooks: script -> notebook -> papermill, under a profile, for a movie.

The py:percent scripts under ``notebooks/`` are the only source, and conversion runs one way. What a notebook
is run with is its own defaults, then the profile's, then what the caller says; all of it is checked before
anything runs, and kept in the executed notebook's metadata.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tapnb.system import allocator, locks, paths
from tapnb.system.files import replacing
from tapnb.workflow.parameters import names as names_in

if TYPE_CHECKING:
    from tapnb.workflow.published import Job  # which brings numpy and pandas

__all__ = ["NotebookError", "Executed", "names", "convert", "run"]

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = CHECKOUT / "notebooks"

# For the kernel process only, and only where the caller has not chosen otherwise.
KERNEL_ENVIRONMENT = allocator.ENVIRONMENT | {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # silences the debugger's remark about frozen modules
    "JUPYTER_PREFER_ENV_PATH": "1",  # this environment's kernel, not one in the user's home
}


class NotebookError(RuntimeError):
    """A notebook stopped with an error; its message is one sentence with that error and where to look."""


@dataclass(frozen=True)
class Executed:
    """What came of running one notebook.

    Attributes
    ----------
    path : Path
        The executed notebook.
    seconds : float
        How long it took.
    """

    path: Path
    seconds: float


def names(sources: Path = SOURCES) -> list[str]:
    """Return the notebooks' names in reading order: the numbered scripts of the folder ``sources``."""
    return names_in(sources)


def folder(profile: str, movie: str) -> Path:
    """Return the folder of the executed notebooks, ``runs/notebooks/<profile>/<movie slug>``."""
    from tapnb.store.runs import movie_slug  # here, since it brings numpy and pandas, which --help can do without

    return paths.runs() / "notebooks" / profile / movie_slug(movie)


def convert(name: str, target: Path, sources: Path = SOURCES) -> Path:
    """Write one script as a notebook without outputs.

    Parameters
    ----------
    name : str
        The notebook.
    target : Path
        The .ipynb file to write, whole or not at all.
    sources : Path
        The folder of the scripts.

    Returns
    -------
    Path
        ``target``.
    """
    import jupytext
    import nbformat

    notebook = jupytext.read(Path(sources) / f"{name}.py", fmt="py:percent")
    # papermill wants to be told the kernel, and ids that do not change keep the built pages comparable.
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    with replacing(Path(target)) as temporary:
        nbformat.write(notebook, temporary)
    return Path(target)


def run(
    wanted: str = "all",
    profile: str = "auto",
    movie: str | None = None,
    mode: str = "auto",
    overrides: dict[str, object] | None = None,
    sources: Path = SOURCES,
    prepare: "Callable[[Job], None] | None" = None,
) -> Iterator[Executed]:
    """Run notebooks in this interpreter's kernel, from the checkout's root: one after the other or, restoring, two.

    A notebook that trains needs all cores, and those before it. One that restores needs nothing but what is published,
    and the movie, which the first of them simulates.

    Parameters
    ----------
    wanted : str
        ``all``, or a notebook.
    profile, movie, mode : str
        The three parameters that every notebook has; what they are by default says
        :func:`tapnb.workflow.published.decide`.
    overrides : dict, optional
        Other parameters, by name; text is read by the declared type. They never go over what is published.
    sources : Path
        The folder of the scripts and profiles.
    prepare : callable, optional
        Called before the first notebook is executed, and not where all is restored: makes runs that the notebooks then find,
        see :mod:`tapnb.workflow.sweep`.

    Yields
    ------
    Executed
        After each notebook; nothing if a movie whose runs are to be restored has no images here.

    Raises
    ------
    ValueError, FileNotFoundError
        Before anything runs, if a name or a value is wrong.
    NotebookError
        If a notebook stops with an error: it leaves ``<name>.failed.ipynb``, and an earlier success as it was.
    """
    from tapnb.workflow import published  # here: --help can do without what it brings

    job = published.decide(wanted, profile, movie, mode, overrides or {}, sources)
    target = folder(job.profile, job.movie)
    print(f"profile {job.profile}, movie {job.movie}, mode {job.mode}", file=sys.stderr)
    if job.profile != job.base:
        print(f"What {job.base} has published stays as it is: results go to "
              f"{_short(paths.results() / job.profile / target.name)}", file=sys.stderr)
    published.keep_profile(job, Path(sources) / "profiles")
    from tapnb.movies import catalogue

    if job.mode == "execute":
        catalogue.fetch_missing(job.movie)
        if prepare:
            prepare(job)
    elif not catalogue.at_hand(job.movie):  # what is published of it can be shown without a single image
        print(f"The images of {job.movie} are not here (`tapnb data {job.movie}` fetches them): no notebook is "
              "executed.", file=sys.stderr)
        return
    asked = [(f"[{place} of {len(job.parameters)}] {name} ...", name, chosen, target / f"{name}.ipynb", sources)
             for place, (name, chosen) in enumerate(job.parameters.items(), 1)]
    alone = asked[:1] if job.mode == "restore" else asked
    yield from map(_executed, alone)
    if len(alone) < len(asked):
        from tapnb.store import publication, results

        publication.restore_all(results.folder(job.profile, job.movie))  # here, so that no two restore the same run
        # Not threads: papermill changes the folder. Ctrl-C is for this process, which then ends the two at once.
        with multiprocessing.get_context("spawn").Pool(2, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as two:
            yield from two.imap(_executed, asked[1:])


def _executed(asked: tuple[str, str, dict[str, object], Path, Path]) -> Executed:
    heading, name, parameters, target, sources = asked
    print(heading, file=sys.stderr, flush=True)
    started = time.time()
    with locks.alone(target, f"notebook {name}"):  # its files have names that another process would give them as well
        _execute(name, parameters, target, sources)
    return Executed(target, time.time() - started)


def _execute(name: str, parameters: dict[str, object], target: Path, sources: Path) -> None:
    """Run one notebook; leave a new ``target``, or the old one and ``<name>.failed.ipynb``."""
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    failed = target.with_name(f"{name}.failed.ipynb")
    failed.unlink(missing_ok=True)  # an earlier success stays, with its numbers, until there is a new one
    source = convert(name, target.with_name(f".{name}.source.ipynb"), sources)
    unfinished = target.with_name(f".{name}.unfinished.ipynb")
    started = time.time()
    try:
        with _environment():
            notebook = papermill.execute_notebook(
                source,
                unfinished,
                parameters=parameters,
                kernel_name="python3",
                cwd=CHECKOUT,
                progress_bar=False,
                stderr_file=sys.stderr,  # the progress of a training, as it goes
                # The kernel's own log is about its sockets; what a cell says goes into the notebook.
                extra_arguments=["--IPKernelApp.log_level=50"],
            )
    except PapermillExecutionError as error:
        os.replace(unfinished, failed)
        # The paths of this machine in a traceback help its owner; the sentence needs the error only.
        what = f"{name} stopped in cell {error.exec_count} with {error.ename}: {error.evalue}"
        raise NotebookError(f"{what} (see {_short(failed)}).") from None
    except DeadKernelError:
        if unfinished.is_file():
            os.replace(unfinished, failed)
        raise NotebookError(f"{name} stopped: its process was ended, by hand or short of memory.") from None
    finally:
        source.unlink(missing_ok=True)
        if not failed.exists():
            unfinished.unlink(missing_ok=True)
    notebook.metadata["papermill"] |= {"input_path": f"notebooks/{name}.py", "output_path": target.name}
    notebook.metadata["tapnb"] = {
        "notebook": name,
        "parameters": parameters,
        "seconds": round(time.time() - started, 1),
    }
    with replacing(target) as temporary:
        nbformat.write(notebook, temporary)


def _short(path: Path) -> str:
    """Return a path as it is typed from the current folder."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


@contextmanager
def _environment() -> Iterator[None]:
    """Give the kernel process, which inherits this one's environment, its settings; take them back after."""
    added = {k: v for k, v in KERNEL_ENVIRONMENT.items() if k not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            os.environ.pop(key, None)
