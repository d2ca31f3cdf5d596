"""The folder that `tapnb events` leaves: tables, ROIs, a film, a report, the detector, and a record to cite."""

from __future__ import annotations

from pathlib import Path

from tapnb.asking import places
from tapnb.movies.event_files import write_events
from tapnb.store.runs import movie_slug
from tapnb.system import paths
from tapnb.system.files import replacing, write_json
from tapnb.workflow.find_events import Outcome

REPORT, RECORD, DETECTOR, OVERLAY = "report.html", "record.json", "detector.safetensors", "overlay"
QUESTIONS = "questions.csv"


def place(movie: str, out: str | None = None) -> Path:
    """Where a movie's list goes: the folder that is asked for, else one of the movie's name under ``events/``."""
    return Path(out).expanduser().absolute() if out else paths.home() / "events" / movie_slug(movie)


def ask(outcome: Outcome, folder: Path, count: int) -> Path:
    """Write a table and a page of the places whose answers would help most, see :mod:`tapnb.asking`.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
    count : int
        How many places.

    Returns
    -------
    Path
        The page, or the table where the packages for pictures are not installed.
    """
    chosen = places(outcome.seen, count, outcome.threshold)
    with replacing(folder / QUESTIONS) as temporary:
        chosen.assign(answer="").to_csv(temporary, index=False, float_format="%.7g")
    try:
        from tapnb.figures.event_questions import page
    except ImportError:
        return folder / QUESTIONS
    path = (folder / QUESTIONS).with_suffix(".html")
    with replacing(path) as temporary:
        temporary.write_text(page(outcome.movie, chosen), "utf-8")
    return path


def write(outcome: Outcome, folder: Path) -> Path:
    """Write everything, each file whole or not at all; those of an earlier search are replaced.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        The report; or the folder's table where the packages for pictures are not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_events(folder, outcome.events)  # first: the list is there whatever becomes of the pictures
    write_json(folder / RECORD, outcome.about | {"threshold": outcome.threshold, "quality": outcome.quality,
                                                 "events": outcome.events["kind"].value_counts().to_dict()})
    if outcome.detector is not None:
        outcome.detector.save(folder / DETECTOR)
    try:
        from tapnb.figures.event_overlay import write_overlay
        from tapnb.figures.event_report import report
    except ImportError:  # the method alone is installed, without the extra `book`
        return folder / "events.csv"
    with replacing(folder / REPORT) as temporary:
        temporary.write_text(report(outcome.movie, outcome.events, outcome.about, outcome.quality), "utf-8")
    write_overlay(folder / OVERLAY, outcome.movie, outcome.events)
    return folder / REPORT
