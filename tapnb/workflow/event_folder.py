"""The folder that `tapnb events` leaves: tables, ROIs, a film, a report, the detector, and a record to cite."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

from tapnb.asking import has_answers, places
from tapnb.movies.event_files import write_events
from tapnb.store.runs import movie_slug, slug
from tapnb.system import paths
from tapnb.system.files import replacing, write_json
from tapnb.workflow.find_events import Outcome

REPORT, RECORD, DETECTOR, OVERLAY = "report.html", "record.json", "detector.safetensors", "overlay"
PLACES = "places.csv"
"""All that the detector sees, with a column that says what is listed: for whoever looks for another threshold."""


def place(movie: str, choices: Mapping[str, object], out: str | None = None) -> Path:
    """Where a movie's list goes: the folder that is asked for, else one under ``events/``, with the movie's name.

    What is chosen of its files, such as a position, has a folder of its own.
    """
    chosen = "".join(f"-{slug(f'{option} {value}')}" for option, value in choices.items())
    return Path(out).expanduser().absolute() if out else paths.home() / "events" / (movie_slug(movie) + chosen)


def questions(folder: Path) -> Path:
    """Where the next table of questions goes: never over one that somebody has filled in."""
    names = (f"questions{_numbered(number)}.csv" for number in count(1))
    return next(folder / name for name in names if not has_answers(folder / name))


def _numbered(number: int) -> str:
    return f"-{number}" if number > 1 else ""


def ask(outcome: Outcome, folder: Path, most: int, again: str, number: int = 1) -> Path:
    """Write a table and a page of the places whose answers would help most, see :mod:`tapnb.asking`.

    Parameters
    ----------
    outcome : Outcome
    folder : Path
    most : int
        Of places.
    again : str
        The command that takes the answers, without their file.
    number : int
        Of the round: how the answers are to be called.

    Returns
    -------
    Path
        The page, or the table where the packages for pictures are not installed.
    """
    seen = outcome.seen if outcome.learnt is None else outcome.seen[(outcome.seen["t"] - 1).isin(outcome.learnt)]
    chosen, path = places(seen, most, outcome.threshold, outcome.known), questions(folder)
    with replacing(path) as temporary:
        chosen.assign(answer="").to_csv(temporary, index=False, float_format="%.7g")
    try:
        from tapnb.figures.event_questions import page
    except ImportError:
        return path
    path = path.with_suffix(".html")
    with replacing(path) as temporary:
        answers = f"answers{_numbered(number)}.csv"
        temporary.write_text(page(outcome.movie, chosen, answers, f"{again} --answers {answers}"), "utf-8")
    return path


def write(outcome: Outcome, folder: Path) -> Path:
    """Write everything, each file whole or not at all; those of an earlier search are replaced.

    Candidates leave the detector of an earlier search where it is: it may be the only copy.

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
    write_events(folder, outcome.events, outcome.choice.one_of_several)  # first: the list is there whatever becomes of the pictures
    write_json(folder / RECORD, outcome.about | {"threshold": outcome.threshold, "quality": outcome.quality,
                                                 "events": outcome.events["kind"].value_counts().to_dict()})
    if outcome.detector is None:
        (folder / PLACES).unlink(missing_ok=True)
    else:
        outcome.detector.save(folder / DETECTOR)
        with replacing(folder / PLACES) as temporary:
            outcome.seen.assign(listed=outcome.seen["score"] >= outcome.threshold).to_csv(temporary, index=False, float_format="%.7g")
    try:
        from tapnb.figures.event_overlay import write_overlay
        from tapnb.figures.event_report import report
    except ImportError:  # the method alone is installed, without the extra `book`
        return folder / "events.csv"
    with replacing(folder / REPORT) as temporary:
        temporary.write_text(report(outcome.movie, outcome.events, outcome.about, outcome.quality), "utf-8")
    write_overlay(folder / OVERLAY, outcome.movie, outcome.events)
    return folder / REPORT
