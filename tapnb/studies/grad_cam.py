"""The strongest places of a map, as boxes, and how many of them touch a labelled event (Figure 2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy import ndimage
from skimage.feature import peak_local_max
from tqdm import tqdm

from tapnb import explain, pretrain
from tapnb.explain import MAPS
from tapnb.metrics import confusion, scores
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie
from tapnb.store import damage, kinds, results, runs
from tapnb.studies import tables
from tapnb.system.files import read_json, replacing, set_aside, write_json

REGIONS, SIZE = 8, 48  # regions shown for a frame and their side in pixels (Figure 2)
BORDER = 8  # pixels kept free between a region and the frame's border, where the U-Net sees padding
SMOOTHING = 4.0  # pixels, standard deviation of the Gaussian under which peaks are sought: one pixel is no region


def top_regions(importance: np.ndarray, n: int = REGIONS, size: int = SIZE, border: int = BORDER,
                smoothing: float = SMOOTHING) -> np.ndarray:
    """The strongest peaks of a map, as boxes that do not overlap.

    A peak is a local maximum of the smoothed map. From the highest down, each gets the box around it, unless that
    box would come closer than ``border`` to the frame's border or overlap the box of a higher peak.

    Parameters
    ----------
    importance : float array, shape (h, w)
    n : int
        Boxes wanted; a map with fewer peaks gives fewer.
    size, border : int
        Side of the boxes, and pixels kept free between them and the frame's border.
    smoothing : float
        Standard deviation of a Gaussian, in pixels; 0: none.

    Returns
    -------
    int array, shape (<= n, 2)
        Upper left corners (y, x), strongest first.

    Raises
    ------
    ValueError
        If no box fits into the frame.
    """
    height, width = importance.shape
    least = size + 2 * border
    if min(height, width) < least:
        raise ValueError(f"boxes of {size} px, {border} px from the border, do not fit into frames of {height} x "
                         f"{width} px; use a movie of at least {least} px in both directions")
    smooth = ndimage.gaussian_filter(importance, smoothing)
    corners = peak_local_max(smooth, exclude_border=False) - size // 2  # highest first
    last = np.array([height, width]) - size - border
    corners = corners[((corners >= border) & (corners <= last)).all(axis=1)]
    apart: list[np.ndarray] = []
    for corner in corners:
        if len(apart) < n and all(np.abs(corner - other).max() >= size for other in apart):
            apart.append(corner)
    return np.array(apart, int).reshape(-1, 2)


def touching_places(labelled: np.ndarray, size: int = SIZE) -> np.ndarray:
    """Whether a box at each place of a frame holds a labelled pixel.

    Parameters
    ----------
    labelled : bool array, shape (h, w)
        Pixels of an event in frame t or t + 1.
    size : int
        Side of the box, in pixels.

    Returns
    -------
    bool array, shape (h - size + 1, w - size + 1)
        By the box's upper left corner.
    """
    touched = ndimage.maximum_filter(labelled, size, origin=-(size // 2), mode="constant")  # a box begins at its pixel
    return touched[: labelled.shape[0] - size + 1, : labelled.shape[1] - size + 1]


def touching_at_random(places: np.ndarray, border: int = BORDER) -> float:
    """Share of all places of a box, ``border`` pixels from the frame's border or more, at which it touches an event.

    The exact expectation for one box drawn uniformly, hence for the mean of any number of them drawn independently.
    Top regions do not overlap; boxes drawn so that they do not either would lie towards the borders a little more.
    """
    return float(places[border : places.shape[0] - border, border : places.shape[1] - border].mean())


def count_touching(model: TimeArrowModel, movie: Movie, frame_pairs: int, path: Path, tile: int = 0) -> dict:
    """Top regions of every map that touch a labelled event, over evenly spaced frame pairs.

    Parameters
    ----------
    model : TimeArrowModel
    movie : Movie
        With masks.
    frame_pairs : int
        How many; a movie that has fewer gives all.
    path : Path
        JSON file that keeps what is finished: an interrupted call goes on from it.
    tile : int

    Returns
    -------
    dict of list
        One entry a frame pair: ``t``; ``events`` (labelled regions in t or t + 1); ``expected`` (share of random
        boxes that touch one); of the paper's map ``boxes`` and ``touching`` (counts), and of every other map of
        :data:`MAPS` ``<map>_boxes`` and ``<map>_touching``.
    """
    counts: dict[str, list] = {"t": []}
    if path.exists():
        if what := damage.of_file(path):
            set_aside(path, what)
        else:
            counts = read_json(path)
    kept: dict[int, torch.Tensor] = {}
    last, done = len(movie.frames) - 2, len(counts["t"])
    times = np.linspace(0, last, min(frame_pairs, last + 1)).round().astype(int).tolist()
    for t in tqdm(times[done:], initial=done, total=len(times), desc=f"{movie.name}, {path.stem}", unit="pair"):
        labelled = (movie.masks[t : t + 2] > 0).any(axis=0)
        places = touching_places(labelled)
        row = {"t": t, "events": int(ndimage.label(labelled)[1]), "expected": touching_at_random(places)}
        for name, importance in explain.maps(model, movie, t, tile, kept).items():
            y, x = top_regions(importance).T
            row |= dict(zip(_columns(name), (len(y), int(places[y, x].sum()))))
        for column, value in row.items():
            counts.setdefault(column, []).append(value)
        write_json(path, counts)
    return counts


def shares(statistics: dict) -> pd.DataFrame:
    """Share of top regions that touch an event, of every map and of random boxes, and their differences.

    Parameters
    ----------
    statistics : dict of list
        From :func:`count_touching`: what a run's record keeps for a movie.

    Returns
    -------
    DataFrame
        Index: the names of :data:`MAPS` and "random"; then "<map> - random" and "<map> - change". Columns ``share``,
        ``low``, ``high``: a 95 % interval by resampling blocks of frame pairs that were counted one after the other, so it says
        what other frames of this movie would have given. ``freedom``: degrees of freedom of its Student's distribution.
    """
    counts = pd.DataFrame(statistics)
    counts["expected"] *= counts["boxes"]  # as many random boxes as regions
    columns = {name: list(_columns(name)) for name in MAPS} | {"random": ["boxes", "expected"]}
    compared = [(name, "") for name in columns] + [(name, other) for other in ("random", "change") for name in MAPS if name != other]
    rows = {}
    for name, other in compared:
        summed = counts[columns[name] + (columns[other] if other else [])].to_numpy(float)
        found = confusion.share(summed[None])
        ends = (found.low, found.high) if other else np.clip((found.low, found.high), 0, 1)
        rows[f"{name} - {other}" if other else name] = found.value, *ends, found.freedom
    return pd.DataFrame(rows.values(), index=list(rows), columns=["share", "low", "high", "freedom"])


def touching_run(tap: runs.Run, movies: dict[str, Movie], frame_pairs: int, *, mode: str, on: torch.device,
                 command: str, tile: int = 0) -> runs.Run:
    """:func:`count_touching` as a run: "statistics" holds its counts by role, of the movies that have masks."""
    runs.check_movie(tap, movies["train"])
    if frame_pairs < 1:
        raise ValueError(f"the number of frame pairs is {frame_pairs}; it must be at least 1")

    def make(folder: Path) -> dict:
        model = pretrain.load(tap.folder, on)
        return {"statistics": {role: count_touching(model, movie, frame_pairs, folder / f"{role}.json", tile)
                               for role, movie in movies.items() if movie.masks is not None}}

    return runs.run(kinds.GRAD_CAM, movies, {"tap": tap.name, "frame_pairs": frame_pairs}, 0, make, mode=mode,
                    command=command, on=on)


def maps_run(tap: runs.Run, movies: dict[str, Movie], t: dict[str, int], *, mode: str, on: torch.device, command: str,
             tile: int = 0) -> runs.Run:
    """:func:`tapnb.explain.maps` of one frame pair of each movie as a run, which keeps them, see :func:`kept_maps`.

    ``t`` is the frame pair of each role; -1 stands for the middle one, a choice that looks at nothing.
    """
    runs.check_movie(tap, movies["train"])
    pairs = {role: len(movie.frames) - 1 for role, movie in movies.items()}
    t = {role: (pairs[role] - 1) // 2 if t[role] == -1 else t[role] for role in movies}
    for role, movie in movies.items():
        if not 0 <= t[role] < pairs[role]:
            raise ValueError(f"the {role} movie {movie.name!r} has no frame pair {t[role]}; choose 0 to "
                             f"{pairs[role] - 1}, or -1 for the middle one")

    def make(folder: Path) -> dict:
        model = pretrain.load(tap.folder, on)
        for role, movie in movies.items():
            with replacing(folder / f"{role}.npz") as temporary, temporary.open("wb") as file:
                np.savez(file, **explain.maps(model, movie, t[role], tile))
        return {"t": t}

    return runs.run(kinds.GRAD_CAM_MAPS, movies, {"tap": tap.name, "t": t}, 0, make, mode=mode, command=command, on=on)


def kept_maps(run: runs.Run, role: str) -> dict[str, np.ndarray]:
    """What a :func:`maps_run` kept of the movie of that role, as returned by :func:`tapnb.explain.maps`."""
    with np.load(run.folder / f"{role}.npz", allow_pickle=False) as kept:
        return dict(kept)


def describe(statistics: Mapping[str, dict], movies: Mapping[str, Movie]) -> str:
    """One line a movie: in how many frame pairs regions are counted, and how many events there are.

    Parameters
    ----------
    statistics : dict
        By role, from :func:`count_touching`; a movie without masks has none.
    movies : dict of Movie
        By role.
    """
    lines = []
    for role, movie in movies.items():
        if role in statistics:
            events = np.array(statistics[role]["events"])
            lines.append(f"{role}: {len(events)} frame pairs with {events.mean():.1f} labelled regions on average; "
                         f"{(events < REGIONS).sum()} of the pairs have fewer than {REGIONS}")
        else:
            lines.append(f"{role}: {movie.name} has no event masks, so nothing can be counted in it")
    return "\n".join(lines)


def touching_table(shares_by_role: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Shares of regions that touch an event, and how many more than of random boxes, as text; one row a map.

    Parameters
    ----------
    shares_by_role : dict of DataFrame
        From :func:`shares`.
    """
    names = MAPS | {"random": "random boxes"}
    columns = {"top 8 regions of": list(names.values())}
    for role, table in shares_by_role.items():
        per_cent = 100 * table[["share", "low", "high"]]
        columns[f"{role}: touch an event (%)"] = [scores.with_interval(*per_cent.loc[name], digits=0)
                                                  for name in names]
        columns[f"{role}: more than random (points)"] = [
            *(tables.signed(*per_cent.loc[f"{name} - random"], digits=1) for name in MAPS), ""]
    return pd.DataFrame(columns)


def numbers(counted: runs.Run, shares_by_role: Mapping[str, pd.DataFrame], drawn_maps: runs.Run,
            tap: runs.Run) -> dict[str, dict]:
    """The numbers of the Grad-CAM notebook.

    Parameters
    ----------
    counted : Run
        From :func:`touching_run`.
    shares_by_role : dict of DataFrame
        From :func:`shares`.
    drawn_maps : Run
        From :func:`maps_run`.
    tap : Run
        The pretraining whose maps they are.
    """
    table = {}
    for role, of_role in shares_by_role.items():
        key, events = role.replace("-", "_"), np.array(counted.results["statistics"][role]["events"])
        for name, (share, low, high) in (100 * of_role[["share", "low", "high"]]).iterrows():
            digits, unit = (1, "points") if " - " in name else (0, "%")
            table[f"{key}_{name.replace(' - ', '_less_')}"] = results.number(share, [counted], digits,
                                                                             interval=(low, high), unit=unit)
        table |= {f"{key}_frame_pairs": results.number(len(events), [counted], 0),
                  f"{key}_events": results.number(events.mean(), [counted], 1),
                  f"{key}_frame_pairs_short": results.number((events < REGIONS).sum(), [counted], 0)}
    return table | {f"{role.replace('-', '_')}_shown": results.number(t, [tap], 0)
                    for role, t in drawn_maps.results["t"].items()}


def _columns(name: str) -> tuple[str, str]:
    """Columns of a map's counts; the paper's map has the plain names."""
    return ("boxes", "touching") if name == "grad_cam" else (f"{name}_boxes", f"{name}_touching")
