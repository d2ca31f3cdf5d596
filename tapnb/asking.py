"""Which places of a movie to ask a person about, so that a few answers help a detector most.

Asked are places at which the detector is least sure, spread over time and place: ten pictures of one cell say little more
than one. A person in the loop is the use that the paper names for calibrated answers (Section 3) and does not try.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.movies.event_labels import check_inside
from tapnb.movies.points_file import read_points

APART = {"pixels": 30.0, "frames": 5}
"""Of two places that are nearer to each other in both, only one is asked about."""

ANSWERS = ("division", "death", "none")


def read_answers(path: Path, shape: tuple[int, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a person has said of the places that were asked about.

    Parameters
    ----------
    path : Path
        A table with the columns ``t``, ``y``, ``x`` and ``answer``: one of :data:`ANSWERS`, or empty where nobody knows.
    shape : (T, Y, X)
        Of the movie.

    Returns
    -------
    events : DataFrame
        ``t``, ``y``, ``x``, ``kind``.
    negatives : DataFrame
        ``t``, ``y``, ``x``: no event.

    Raises
    ------
    FileNotFoundError, ValueError
        If it cannot be read, a place lies outside the movie, an answer is none of these, or there is none at all.
    """
    path = Path(path).expanduser()
    table = read_points(path, kinds=False)  # its answers are no kinds: "none" is one of them
    if "answer" not in table:
        raise ValueError(f"{path} has no column 'answer': give the table that --ask has written, filled in.")
    answer = table["answer"].astype(str).str.strip().str.lower().replace("nan", "")
    if (unknown := ~answer.isin((*ANSWERS, ""))).any():
        raise ValueError(f"{path}: the answer {answer[unknown].iloc[0][:60]!r} is none of {', '.join(ANSWERS)}; leave it empty "
                         "where you do not know.")
    if not (answer != "").any():
        raise ValueError(f"{path} holds no answer yet: fill in the column 'answer' with {', '.join(ANSWERS)}.")
    places = check_inside(table[["t", "y", "x"]].astype({"t": int, "y": float, "x": float}).assign(kind=answer), shape, path)
    return (places[places["kind"].isin(ANSWERS[:2])].reset_index(drop=True),
            places.loc[places["kind"] == "none", ["t", "y", "x"]].reset_index(drop=True))


def all_answers(paths: Iterable[str | Path], shape: tuple[int, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was said in several rounds, see :func:`read_answers`; of a place that was answered twice the later file counts."""
    read = [pd.concat([events, none.assign(kind=ANSWERS[-1])]) for events, none in (read_answers(Path(path), shape) for path in paths)]
    said = pd.concat(read).drop_duplicates(["t", "y", "x"], keep="last")
    is_event = said["kind"] != ANSWERS[-1]
    return said[is_event].reset_index(drop=True), said.loc[~is_event, ["t", "y", "x"]].reset_index(drop=True)


def has_answers(path: Path) -> bool:
    """Whether somebody may have filled in a table of questions, at least in part: what cannot be read may be one."""
    try:
        answer = read_points(path, kinds=False).get("answer", pd.Series(dtype=str))
    except (FileNotFoundError, ValueError):
        return path.exists()
    return bool((answer.astype(str).str.strip().replace("nan", "") != "").any())


def places(found: pd.DataFrame, count: int, threshold: float, answered: pd.DataFrame | None = None) -> pd.DataFrame:
    """The places whose answers would help most, the most doubtful first.

    Parameters
    ----------
    found : DataFrame
        All that a detector sees, whatever the threshold: ``t``, ``y``, ``x``, ``kind``, ``score`` and ``probability``. Without
        probabilities, those are doubtful whose score lies next to the threshold.
    count : int
        How many.
    threshold : float
        The detector's.
    answered : DataFrame, optional
        Places (``t``, ``y``, ``x``) that nobody has to be asked about any more.

    Returns
    -------
    DataFrame
        Rows of ``found``, at most ``count``.
    """
    known = found["probability"].notna().all()
    doubt = (found["probability"] - 0.5).abs() if known else (found["score"] - threshold).abs()
    taken = np.zeros((0, 3)) if answered is None else answered[["t", "y", "x"]].to_numpy(float)
    rows = []
    for row in doubt.sort_values(kind="stable").index:
        place = found.loc[row, ["t", "y", "x"]].to_numpy(float)
        near = (np.abs(taken[:, 0] - place[0]) <= APART["frames"]) & (
            np.hypot(*(taken[:, 1:] - place[1:]).T) < APART["pixels"])
        if not near.any():
            rows.append(row)
            taken = np.vstack([taken, place])
        if len(rows) == count:
            break
    return found.loc[rows].reset_index(drop=True)
