"""Controls: what ranks crop pairs without any network, from a single number to trees on pixel statistics.

None of them sees the order of the frames or where in a crop a pixel lies. They get the training pairs of the strategies
and are asked about the same pairs. Not in the paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.movies import Movie
from tapnb.store import kinds, runs
from tapnb.studies.strategies import HELD_OUT, keep_predictions, predictions

PERCENTILES = (0, 1, 5, 25, 50, 75, 90, 95, 99, 99.8, 100)

NUMBERS = {"largest |difference|": 21, "mean |difference|": 33, "brightest pixel": 32}
"""Controls that are one column of :func:`statistics`."""

LEARNED: dict[str, Callable[[int], object]] = {
    "logistic regression": lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)),
    "extra trees": lambda seed: ExtraTreesClassifier(500, min_samples_leaf=2, random_state=seed, n_jobs=1),
}
"""Controls that are trained, on all statistics; only trees draw lots."""

CONTROLS = (*NUMBERS, *LEARNED)


def statistics(images: np.ndarray, batch: int = 1000) -> np.ndarray:
    """Percentiles of the pixels of crop pairs, the same in either order of the frames.

    Parameters
    ----------
    images : float32 array, shape (N, 2, s, s)
    batch : int
        Pairs at a time.

    Returns
    -------
    float32 array, shape (N, 34)
        The :data:`PERCENTILES` of the two frames' mean, of their absolute difference and of the larger of the two,
        pixel by pixel; last the mean absolute difference.
    """
    parts = []
    for part in np.array_split(images, -(-len(images) // batch) or 1):
        first, second = part.reshape(len(part), 2, -1).swapaxes(0, 1)
        difference = np.abs(first - second)
        maps = ((first + second) / 2, difference, np.maximum(first, second))
        parts.append(np.concatenate([*(np.percentile(m, PERCENTILES, axis=1).T for m in maps),
                                     difference.mean(1, keepdims=True)], axis=1))
    return np.concatenate(parts).astype(np.float32)


def controls_run(movie: Movie, dataset: DatasetSettings, *, seeds: list[int], test_pairs: int | None,
                 validation_pairs: int | None, held_out: Movie | None, held_out_pairs: int | None, mode: str,
                 command: str) -> runs.Run:
    """All controls, trained where they learn and asked about the pairs that the strategies are asked about.

    Parameters
    ----------
    movie : Movie
    dataset : DatasetSettings
    seeds : list of int
        Of the trees; the other controls have one run, of the first seed.
    test_pairs, validation_pairs, held_out, held_out_pairs
        See :func:`tapnb.studies.strategies.strategy_run`.
    mode, command
        See :func:`tapnb.store.runs.run`.

    Returns
    -------
    Run
        Its folder keeps the answers, see :func:`answers`.
    """
    def make(folder: Path) -> dict:
        data, other = event_dataset(movie, dataset), held_out and event_dataset(held_out, replace(dataset, labelled_share=1.0))
        training = data.parts["balanced"]
        models = _trained(_statistics_of(data, training), data.labels[training], seeds)
        asked = [(data, "test", test_pairs, "test"), (data, "validation", validation_pairs, "validation"),
                 (other, "test", held_out_pairs, HELD_OUT)]
        tables = []
        for of_movie, part, most, called in asked:
            if of_movie is None or most == 0:
                continue
            index = of_movie.parts[part][:most]
            values = _statistics_of(of_movie, index)
            margins = {(name, seeds[0]): values[:, column] for name, column in NUMBERS.items()}
            margins |= {key: _margin(model, values) for key, model in models.items()}
            tables += [pd.DataFrame({"control": name, "seed": seed, "part": called, "pair": index,
                                     "label": of_movie.labels[index], "logit_0": np.float16(0),
                                     "logit_1": margin.astype(np.float16)}) for (name, seed), margin in margins.items()]
        keep_predictions(folder, pd.concat(tables, ignore_index=True).astype({"control": "category"}))
        return {"training_pairs": len(training), "training_positives": int(data.labels[training].sum())}

    key = {"dataset": dataset, "seeds": seeds, "test_pairs": test_pairs, "validation_pairs": validation_pairs,
           "held_out_pairs": held_out_pairs}
    movies = {"train": movie} | ({"held-out": held_out} if held_out else {})
    return runs.run(kinds.CONTROLS, movies, key, dataset.data_seed, make, mode=mode, command=command)


def answers(run: runs.Run) -> dict[str, pd.DataFrame]:
    """What a :func:`controls_run` answered, by control, as :func:`tapnb.studies.strategies.predictions` gives it."""
    table = predictions(run)
    return {name: table[table["control"] == name].drop(columns="control") for name in CONTROLS}


def _statistics_of(data: EventDataset, index: np.ndarray) -> np.ndarray:
    return statistics(data.images(index).numpy())


def _trained(values: np.ndarray, labels: np.ndarray, seeds: list[int]) -> dict[tuple[str, int], object]:
    """The controls that learn, fitted, by name and seed."""
    of_seeds = {"logistic regression": seeds[:1], "extra trees": seeds}
    return {(name, seed): make(seed).fit(values, labels) for name, make in LEARNED.items() for seed in of_seeds[name]}


def _margin(model: object, values: np.ndarray) -> np.ndarray:
    """Log odds of an event, within what float16 tells apart."""
    return logit(np.clip(model.predict_proba(values)[:, 1], 1e-5, 1 - 1e-5))
