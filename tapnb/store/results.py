"""What the book shows: numbers, tables and plots under ``results/<profile>/<movie>/``, each with its runs."""

from __future__ import annotations

import io
import math
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tapnb.metrics.quantity import Quantity
from tapnb.movies import Movie
from tapnb.store import damage, provenance, publication
from tapnb.store.runs import Run, movie_slug
from tapnb.system import locks, paths
from tapnb.system.files import read_json, replacing, write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure  # at run time only where a plot is kept: whoever has no book has no matplotlib

CLIP_PATH = re.compile(r"\bp[0-9a-f]{10}\b")
"""The name of a clip path in matplotlib's SVG files."""


NARROW = "_narrow"
"""Of the names of plots for phones."""


def folder(profile: str, movie: str) -> Path:
    """Folder of one profile and one movie (a name or a path)."""
    return paths.results() / profile / movie_slug(movie)


def number(value: float, runs: list[Run], digits: int = 3, std: float | None = None, n: int = 1,
           interval: tuple[float, float] | None = None, unit: str = "") -> dict:
    """A number as the book shows it, with its spread and the runs it was computed from.

    Parameters
    ----------
    value : float
        NaN: there is none, which a dash shows and JSON's null keeps.
    runs : list of Run
    digits : int
        Decimals shown.
    std : float, optional
        Standard deviation over ``n`` repetitions.
    n : int
        Repetitions behind ``std``, or 1.
    interval : (float, float), optional
        95 % confidence interval.
    unit : str

    Examples
    --------
    >>> from tapnb.store.results import number
    >>> number(0.7134, [], digits=2, std=0.031, n=5)["text"]
    '0.71 ± 0.03'
    >>> number(12.5, [], digits=1, interval=(11.0, 14.2), unit="%")["text"]
    '12.5 (11.0 to 14.2)\\u202f%'
    """
    if math.isnan(value):
        return {"value": None, "std": None, "n": n, "interval": None, "runs": [run.name for run in runs],
                "text": "\u2013"}
    text = f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "\u2212")
    if std is not None and math.isnan(std):
        std = None  # one run has no spread
    if interval is not None and any(map(math.isnan, interval)):
        interval = None
    if std is not None:
        text += f" ± {std:.{digits}f}"
    if interval is not None:
        text += f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})".replace("-", "\u2212")
    if unit:
        text += f"\u202f{unit}"
    return {"value": float(value), "std": None if std is None else float(std), "n": n,
            "interval": None if interval is None else [float(i) for i in interval],
            "runs": [run.name for run in runs], "text": text}


def parameters_of(variables: dict) -> dict:
    """The parameters of a notebook, from its ``globals()`` before anything else is assigned."""
    return {name: value for name, value in variables.items()
            if not name.startswith("_") and name != "In" and isinstance(value, (str, int, float, list))}


def publish(notebook: str, profile: str, movie: str, parameters: dict, runs: dict[str, Run],
            numbers: dict[str, dict], movies: dict[str, Movie], tables: dict[str, pd.DataFrame] | None = None,
            plots: dict[str, Figure] | None = None) -> Path:
    """Write what a notebook found; the book reads it from there.

    A notebook that restores and finds what is published leaves the provenance as it is: that of the numbers.

    Parameters
    ----------
    notebook : str
        Its name, such as "02_pretraining".
    profile, movie : str
    parameters : dict
        All parameters of the notebook, see :func:`parameters_of`.
    runs : dict of Run
        By the role that they play; later notebooks find them here.
    numbers : dict
        From :func:`number`.
    movies : dict of Movie
        By role; the provenance keeps their fingerprints.
    tables : dict of DataFrame
        Written as ``<notebook>_<name>.csv``, as text; values, spreads and intervals of their cells stand in
        ``<notebook>_values.csv``, see :func:`quantities`.
    plots : dict of Figure
        Written as ``<notebook>_<name>.svg``, and for phones as ``<notebook>_<name>_narrow.svg`` if it can be drawn so, see
        ``tapnb/figures/narrow.py``. Plots only: no movie's pixels belong under ``results/``.
    """
    target = folder(profile, movie)
    for name, table in (tables or {}).items():
        with replacing(target / f"{notebook}_{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    if len(values := quantities(tables or {})):
        with replacing(target / f"{notebook}_values.csv") as temporary:
            values.to_csv(temporary, index=False)
    for name, figure in (plots or {}).items():
        _keep_plot(target / f"{notebook}_{name}.svg", figure)
        narrow = figure.narrow() if hasattr(figure, "narrow") else None
        if narrow is not None:
            _keep_plot(target / f"{notebook}_{name}{NARROW}.svg", narrow)
    path, named = target / f"{notebook}.json", {role: run.name for role, run in runs.items()}
    provenance_now = stamp(parameters, runs, movies)
    with locks.alone(paths.runs() / f"publish-{target.parent.name}-{target.name}", f"what is published under {profile} of {movie}"):
        for role, run in runs.items():
            publication.publish(target, role, run.folder, run.record)
        if not (parameters.get("mode") == "restore" and _says(path, numbers, named, provenance_now)):
            write_json(path, {"notebook": notebook, "profile": profile, "movie": movie, "numbers": numbers, "runs": named,
                              "provenance": provenance_now})
        publication.forget(target)  # it sees what is named, not what another process is about to name
    return path


def quantities(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The numbers of all cells that have a spread or an interval.

    Returns
    -------
    DataFrame
        ``table``, ``row`` (from 1), ``column``, ``text``, ``value``, ``std``, ``low``, ``high``.
    """
    rows = [[name, row, column, cell.text.strip("*"),
             *(round(part, 6) for part in (cell.value, cell.std, cell.low, cell.high))]
            for name, table in tables.items() for column in table for row, cell in enumerate(table[column], 1)
            if isinstance(cell, Quantity) and not (math.isnan(cell.std) and math.isnan(cell.low))]
    return pd.DataFrame(rows, columns=["table", "row", "column", "text", "value", "std", "low", "high"])


def _keep_plot(path: Path, figure: Figure) -> None:
    """Write a plot, unless it is there: the same figure makes the same file."""
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "tapnb"}):  # ids that do not change
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    # Except those of clip paths: the last digit that the layout's solver leaves, never printed, goes into them.
    if path.exists() and CLIP_PATH.sub("", path.read_text("utf-8")) == CLIP_PATH.sub("", drawn.getvalue()):
        return
    with replacing(path) as temporary:
        temporary.write_text(drawn.getvalue(), "utf-8")


def _says(path: Path, numbers: dict[str, dict], runs: dict[str, str], provenance_now: dict) -> bool:
    """Whether a published file has these numbers, as they are shown, with their runs, of these runs, parameters and movies.

    Then restoring changes nothing. A parameter that the notebook has gained or lost since does not count.
    """
    if not path.exists() or damage.of_file(path):
        return False
    published = read_json(path)
    before, now = published["provenance"]["parameters"], provenance_now["parameters"]
    return (published["runs"] == runs and published["provenance"]["movies"] == provenance_now["movies"]
            and all(before[key] == now[key] for key in before.keys() & now.keys() - {"mode", "device"})
            and _shown(published["numbers"]) == _shown(numbers))


def _shown(numbers: dict[str, dict]) -> dict[str, tuple]:
    """What the book shows of each number: its text, and the runs that it is of; and what else is known of it, by name."""
    return {key: (number["text"], number["runs"], sorted(number)) for key, number in numbers.items()}


def stamp(parameters: dict, runs: dict[str, Run], movies: dict[str, Movie]) -> dict:
    """Provenance of a notebook: parameters, movies, commit, versions, device and time."""
    commit, dirty = provenance.commit()
    return {"parameters": parameters, "commit": commit, "dirty": dirty, "versions": provenance.versions(),
            "device": sorted({run.record["device"] for run in runs.values()}),
            "seconds": round(sum(run.record["seconds"] for run in runs.values()), 1), "made": provenance.now(),
            "movies": {role: f"{movie.name}, fingerprint {movie.fingerprint}" for role, movie in movies.items()}}


def published_run(profile: str, movie: str, notebook: str, role: str) -> str:
    """Name of the run that a notebook has published under ``role``.

    A profile of its own name, such as ``cpu--content-pairs-20``, in which that notebook has not run takes the run of
    the profile that it extends.

    Raises
    ------
    FileNotFoundError
        If that notebook has not been run for this profile and movie, or not with that role.
    """
    published = _published(profile, movie, notebook)["runs"]
    if role not in published:
        raise FileNotFoundError(f"{notebook} has published no run {role!r} for profile {profile!r} and movie "
                                f"{movie!r}, only {', '.join(published)}; run it again with it")
    return published[role]


def published_parameters(profile: str, movie: str, notebook: str) -> dict:
    """The parameters with which a notebook has published, found and refused as by :func:`published_run`."""
    return _published(profile, movie, notebook)["provenance"]["parameters"]


def _published(profile: str, movie: str, notebook: str) -> dict:
    path = folder(profile, movie) / f"{notebook}.json"
    base = profile.partition("--")[0]
    if not path.exists() and base != profile:
        return _published(base, movie, notebook)
    if not path.exists():
        raise FileNotFoundError(f"{notebook} has not been run for profile {profile!r} and movie {movie!r}; run it "
                                f"first: `tapnb run {notebook} --profile {profile} --movie {movie}`")
    return read_json(path)


def show_table(table: pd.DataFrame):
    """A table as a notebook's output, where a cell between double asterisks is bold, as the book shows it."""
    from IPython.display import HTML

    html = table.to_html(index=False, border=0, classes="dataframe")
    return HTML(re.sub(r"<td>\*\*(.+?)\*\*</td>", r"<td><strong>\1</strong></td>", html))


def show_stamp(path: Path):
    """The provenance of a results file as a notebook's last output: a sentence and the full record below it."""
    from IPython.display import HTML

    published = read_json(path)
    stamped = published["provenance"]
    commit = (stamped["commit"] or "no git checkout")[:10] + (", with uncommitted changes" if stamped["dirty"] else "")
    rows = {"profile, movie": f"{published['profile']}, {published['movie']}", "commit": commit,
            "device": "; ".join(stamped["device"]) or "no training", "computing": f"{stamped['seconds']:.0f} s",
            "made": stamped["made"], "movies": "; ".join(stamped["movies"].values()),
            # Stamps of 0.1.0 say "tapnb not installed" of a checkout; the commit above tells which code that was.
            "versions": ", ".join(f"{k} {v}" for k, v in stamped["versions"].items() if v != "not installed"),
            "runs": ", ".join(published["runs"].values()) or "none",
            "parameters": ", ".join(f"{k} = {v!r}" for k, v in stamped["parameters"].items())}
    cells = "".join(f'<tr><th scope="row">{escape(key)}</th><td>{escape(value)}</td></tr>'
                    for key, value in rows.items())
    return HTML(f"<table>{cells}</table>")
