"""The book as one PDF: all pages as one, printed by the system's Chromium."""

import os
import shutil
import subprocess
from pathlib import Path

import yaml

from tapnb.system.files import replacing
from tapnb.workflow.book import ROOT, BookError, build

__all__ = ["CHROMIUM", "pdf", "printed"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Names of the program, of which the first that is there is taken."""

PATIENCE = 600_000
"""Milliseconds of the page's own clock until its equations have to be drawn."""


def pdf(profile: str, movie: str, root: Path = ROOT) -> Path:
    """Build the book as one page and print it; ``book/_static/print.css`` says what of it.

    Parameters
    ----------
    profile, movie : str
        Whose numbers the pages show.
    root : Path
        The book's root.

    Returns
    -------
    Path
        ``_build/book.pdf``.

    Raises
    ------
    BookError
        If there is no Chromium, a notebook is missing, or the build has a warning or an error.
    """
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        raise BookError("There is no Chromium to print the book with: install it, on Debian `apt-get install chromium`.")
    folder = build(profile, movie, root, "singlehtml").parent
    front = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["root"]
    # Sphinx writes the page below, beside the front page, with the addresses that it would have at the top.
    page = Path(shutil.copy(folder / f"{front}.html", folder / "book.html"))
    return printed(page, root / "_build" / "book.pdf", chromium)


def printed(page: Path, target: Path, chromium: str) -> Path:
    """Print a page of HTML as PDF, with its headings as bookmarks, without a network."""
    settings = ["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline",
                "--host-resolver-rules=MAP * ~NOTFOUND", f"--virtual-time-budget={PATIENCE}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        settings.append("--no-sandbox")  # which Chromium refuses to root, as in a container
    with replacing(target) as temporary:
        done = subprocess.run([chromium, *settings, f"--print-to-pdf={temporary}", page.as_uri()], capture_output=True,
                              text=True, check=False)
        if done.returncode or not temporary.is_file():
            raise BookError(f"Chromium did not print {page}: {done.stderr.strip().splitlines()[-1:]}")
    return target
