"""Building the book from notebooks that ran and numbers that they wrote. Nothing is executed here."""

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tapnb.system.files import replacing
from tapnb.workflow import notebooks

__all__ = ["BookError", "stage", "named_pictures", "build", "can_open"]

ROOT = notebooks.CHECKOUT


NOT_EXECUTED = """```{{note}}
Not executed in this build: the images of {movie} are not here. What this notebook found is on the pages of the paper's
sections. `tapnb data {movie}` fetches the images, `make book PROFILE={profile} MOVIE={movie}` then executes it.
```"""

SMOKE_WARNING = """```{warning}
Executed with the profile smoke: a few minutes of computing that show that everything works. The numbers say nothing
about the method.
```"""


class BookError(RuntimeError):
    """The book was not built; the message says why in a sentence."""


def stage(profile: str, movie: str, root: Path = ROOT) -> list[Path]:
    """Copy the executed notebooks of one profile and movie to where the table of contents expects them.

    Parameters
    ----------
    profile, movie : str
        Which of the executed notebooks.
    root : Path
        The book's root, with ``_toc.yml`` and ``notebooks/``.

    Returns
    -------
    list of Path
        ``book/executed/<name>.ipynb``, one a notebook; those of another profile or movie are gone. The pictures
        that they name lie beside them, for the pages: ``book/executed/<name>/<figure name>.png``. Where a movie is
        published whose images are not here, the notebooks as they are, with a note.

    Raises
    ------
    BookError
        If one of the notebooks was not run for this profile and movie, or did not come to its end.
    """
    import nbformat

    from tapnb.movies import catalogue  # here: they bring numpy and pandas
    from tapnb.workflow.published import whole

    command = f"make notebooks PROFILE={profile} MOVIE={movie}"
    what = f"with profile {profile} on movie {movie}; `{command}` runs it."
    staged = root / "book" / "executed"
    executed = notebooks.folder(profile, movie)
    sources = {n: executed / f"{n}.ipynb" for n in notebooks.names(root / "notebooks")}
    published = whole(profile, movie, root / "notebooks")
    if published and not any(s.is_file() for s in sources.values()) and not catalogue.at_hand(movie):
        sources = {n: _not_executed(n, profile, movie, root) for n in sources}
    for name, source in sources.items():
        if not source.is_file():
            failed = source.with_name(f"{name}.failed.ipynb").is_file()
            raise BookError(f"{name} {'failed' if failed else 'has not run'} {what}")
        # papermill keeps a failed notebook's output, and one may have been put here by hand.
        if nbformat.read(source, as_version=4).metadata.get("papermill", {}).get("exception"):
            raise BookError(f"{name} failed {what}")
    shutil.rmtree(staged, ignore_errors=True)
    for name, source in sources.items():
        notebook = nbformat.read(source, as_version=4)
        if profile == "smoke":  # every number on the pages links here
            notebook.cells.insert(1, nbformat.v4.new_markdown_cell(SMOKE_WARNING, id="smoke-warning"))
        with replacing(staged / f"{name}.ipynb") as temporary:
            nbformat.write(notebook, temporary)
        for figure, picture in named_pictures(notebook).items():
            with replacing(staged / name / f"{figure}.png") as temporary:
                temporary.write_bytes(picture)
    return [staged / f"{name}.ipynb" for name in sources]


def _not_executed(name: str, profile: str, movie: str, root: Path) -> Path:
    """Convert a notebook and put a note in it, for a movie that is published but not here."""
    import nbformat

    target = notebooks.folder(profile, movie) / f".{name}.not-executed.ipynb"
    notebooks.convert(name, target, root / "notebooks")
    notebook = nbformat.read(target, as_version=4)
    note = NOT_EXECUTED.format(profile=profile, movie=movie)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(note, id="not-executed"))
    with replacing(target) as temporary:
        nbformat.write(notebook, temporary)
    return target


def named_pictures(notebook) -> dict[str, bytes]:
    """Return the PNG of every cell that names its figure (``mystnb={"figure": {"name": ...}}``) and drew one."""
    pictures_by_name = {}
    for cell in notebook.cells:
        name = cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
        data = [output.get("data", {}) for output in cell.get("outputs", [])] if name else []
        pictures = [d["image/png"] for d in data if "image/png" in d]
        if pictures:
            pictures_by_name[name] = base64.b64decode(pictures[-1])
    return pictures_by_name


def build(profile: str, movie: str, root: Path = ROOT, builder: str = "html") -> Path:
    """Build the HTML pages, or all of them as one, every warning an error.

    Parameters
    ----------
    profile, movie : str
        Whose numbers the pages show.
    root : Path
        The book's root.
    builder : {"html", "singlehtml"}

    Returns
    -------
    Path
        The front page, ``_build/html/index.html``, or the only one.

    Raises
    ------
    BookError
        If a notebook is missing, or the build has a warning or an error.
    """
    stage(profile, movie, root)
    from tapnb.store.runs import movie_slug

    slug = movie_slug(movie)
    environment = os.environ | {"TAPNB_BOOK_PROFILE": profile, "TAPNB_BOOK_MOVIE": slug, "TAPNB_BOOK_MOVIE_NAME": movie}
    # -W alone stops at the first warning; --keep-going shows them all, and the exit code is the same.
    strict = ["--all", "-W", "-n", "--keep-going", "-q"]
    program = "from jupyter_book.cli.main import main; main()"  # this interpreter's, wherever the script lies
    command = [sys.executable, "-c", program, "build", str(root), "--builder", builder, *strict]
    done = subprocess.run(command, cwd=root, env=environment, check=False)
    page = root / "_build" / builder / "index.html"
    if done.returncode or not page.is_file():
        raise BookError("The book was not built: its warnings and errors are above.")
    return page


def can_open(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Say whether there is a person in front of a screen: a display, and no continuous integration."""
    if environment.get("CI"):
        return False
    display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return platform in ("darwin", "win32") or bool(display)
