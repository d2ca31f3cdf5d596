"""The confusion matrix at any threshold, and the crop pairs that are shown of each of its four cells.

The book's page of errors moves the threshold: matrix, precision-recall point and crops follow. What it needs is here,
computed from a published run's answers; only the crops themselves need the movie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tapnb import crops
from tapnb.dataset import DatasetSettings
from tapnb.metrics import scores, thresholds
from tapnb.movies import Movie
from tapnb.settings import restored
from tapnb.store import runs
from tapnb.studies.strategies import predictions

SHOWN, POSITIONS = 120, 160
"""Crop pairs of each class, and positions of the threshold, at most."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What one of a strategy's runs answered to the test pairs.

    Attributes
    ----------
    seed : int
    pairs : int array, shape (N,)
        Index into the dataset's crop pairs.
    labels : bool array, shape (N,)
    margins : float array, shape (N,)
        Logit of an event minus that of none.
    chosen : float or None
        The threshold with the best F1 on the validation pairs; None where no event is among them. Pairs are called
        events from it on.
    """

    seed: int
    pairs: np.ndarray
    labels: np.ndarray
    margins: np.ndarray
    chosen: float | None


def answers(run: runs.Run, seed: int = 0) -> Answers:
    """The answers of one seed; 0: the first."""
    table = predictions(run)
    seed = seed or run.record["parameters"]["seeds"][0]
    of_seed = table[table["seed"] == seed]
    test, validation = of_seed[of_seed["part"] == "test"], of_seed[of_seed["part"] == "validation"]
    known = validation["label"].to_numpy(bool)
    chosen = thresholds.best(known, scores.margin(validation)) if known.any() else None
    return Answers(seed, test["pair"].to_numpy(), test["label"].to_numpy(bool), scores.margin(test), chosen)


def positions(of_run: Answers, most: int = POSITIONS) -> tuple[np.ndarray, int, int | None]:
    """Thresholds that a slider passes through, ascending: a pair is called an event above one.

    They lie between the margins of the pairs, evenly by the number of pairs and not by the size of the margin: from one
    position to the next about as many pairs change sides. The ends call all pairs events, and none.

    Returns
    -------
    values : float array
    half : int
        The position at a probability of one half.
    chosen : int or None
        That of :attr:`Answers.chosen`.
    """
    ordered = np.unique(of_run.margins)
    between = np.concatenate([[ordered[0] - 1], (ordered[1:] + ordered[:-1]) / 2, [ordered[-1]]])
    wanted = np.quantile(of_run.margins, np.linspace(0, 1, most))
    values = between[np.unique(np.searchsorted(between, wanted).clip(max=len(between) - 1))]
    ends, special = [between[0], between[-1]], [0.0]
    if of_run.chosen is not None:
        special.append(np.nextafter(of_run.chosen, -np.inf))  # "from it on" is "above the number just below it"
    values = np.unique([*values, *ends, *special])
    places = np.searchsorted(values, special)
    return values, int(places[0]), int(places[1]) if len(places) > 1 else None


def counts(of_run: Answers, threshold: float) -> np.ndarray:
    """The matrix of pairs called events above a threshold: int (4,), of :data:`~tapnb.metrics.confusion.OUTCOMES`."""
    return np.bincount(2 * of_run.labels + (of_run.margins > threshold), minlength=4)


def curve(of_run: Answers, values: np.ndarray) -> np.ndarray:
    """Recall and precision of events at every threshold, float (K, 2); NaN for the precision of no call at all."""
    _, fp, fn, tp = np.array([counts(of_run, value) for value in values], float).T
    with np.errstate(invalid="ignore"):
        return np.stack([tp / (tp + fn), tp / (tp + fp)], axis=1)


def shown(of_run: Answers, each: int = SHOWN) -> np.ndarray:
    """Test pairs whose crops are shown, int array: of each class half evenly by rank, half among its mistakes.

    So every cell has some, wherever the threshold is, and the rare mistakes at a probability of one half are well seen.
    The surest and the least sure pair of a class are always among them.
    """
    order = np.argsort(of_run.margins, kind="stable")
    label, called = of_run.labels[order], of_run.margins[order] > 0
    chosen = []
    for value in (False, True):
        mistakes = _evenly(order[(label == value) & (called != value)], each // 2)
        chosen += [mistakes, _evenly(order[label == value], each - len(mistakes))]
    return np.unique(np.concatenate(chosen))


def _evenly(ranked: np.ndarray, most: int) -> np.ndarray:
    """At most so many of them, at even distances, both ends included."""
    places = np.unique(np.linspace(0, len(ranked) - 1, most).round().astype(int))
    return ranked[places] if len(ranked) else ranked


def places(run: runs.Run, movie: Movie, pairs: np.ndarray) -> tuple[np.ndarray, int]:
    """Where crop pairs lie, and how large they are.

    Returns
    -------
    place : int array, shape (n, 3)
        Earlier frame, upper left corner (y, x) in pixels.
    size : int

    Raises
    ------
    ValueError
        If the run saw another movie.
    """
    runs.check_movie(run, movie)
    settings = restored(DatasetSettings, run.record["parameters"]["dataset"])
    drawn = crops.sample_per_frame_pair(movie.shape, settings.crop_size, settings.crops_per_frame_pair,
                                        settings.data_seed, movie.usable)
    return np.stack([drawn.t[pairs], drawn.y[pairs], drawn.x[pairs]], axis=1), settings.crop_size
