"""What the data notebook shows of a movie: Table 1, a few events of every kind, and what brightness alone tells."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from skimage import measure

from tapnb import crops, dataset
from tapnb.dataset import DatasetSettings, EventDataset
from tapnb.metrics import scores
from tapnb.movies import Movie
from tapnb.store import results
from tapnb.studies import paper

BRIGHTNESS = ("largest pixel", "99th percentile", "mean", "standard deviation")
"""The classifiers of :func:`brightness` that look at how bright a crop pair is, not at what changes in it."""


def movies_table(movies: Mapping[str, Movie]) -> pd.DataFrame:
    """Size, type, frame interval and source of movies, one row each; ``movies`` is by role."""
    return pd.DataFrame([
        {"role": role, "movie": m.name, "frames": len(m.frames), "size (pixels)": f"{m.shape[1]} x {m.shape[2]}",
         "type": str(m.frames.dtype), "minutes a frame": m.minutes_per_frame, "source": m.source}
        for role, m in movies.items()])


def dataset_table(data: EventDataset, area_threshold: int) -> pd.DataFrame:
    """Table 1, the paper's and this dataset's, as text.

    Parameters
    ----------
    data : EventDataset
    area_threshold : int
        Labelled pixels from which a crop passes the size filter.
    """
    rows = [{"": "total crop pairs", "paper": f"{paper.TABLE1['total'][0]}", "here": f"{len(data.pairs)}"}]
    for name, part in (("training set", "balanced"), ("test set", "test"), ("validation set", "validation")):
        index = data.parts[part]
        rows.append({"": f"{name} (positive)", "paper": "{} ({})".format(*paper.TABLE1[part]),
                     "here": f"{len(index)} ({data.labels[index].sum()})"})
    return pd.DataFrame([
        *rows, {"": "area threshold (pixels)", "paper": "40", "here": str(area_threshold)},
        {"": "crop (pixels)", "paper": "48 x 48", "here": f"{data.pairs.size} x {data.pairs.size}"}])


def criteria_table(data: EventDataset, area_threshold: int) -> pd.DataFrame:
    """Share of all crop pairs that each labelling criterion calls positive, beside the paper's test set; text."""
    shares = {name: dataset.label(data.areas, name, area_threshold).mean() for name in dataset.CRITERIA}
    return pd.DataFrame([
        {"criterion": name, "here": f"{100 * share:.1f} %",
         "paper (test set)": f"{100 * paper.TABLE5_TEST_POSITIVES[name] / paper.TABLE1['test'][0]:.1f} %"}
        for name, share in shares.items()])


def example_pairs(data: EventDataset) -> list[int]:
    """Two positive and two negative crop pairs of the frame pair with most positives, as indices into the dataset."""
    busiest = pd.Series(data.labels).groupby(data.pairs.t).sum().idxmax()
    there = np.flatnonzero(data.pairs.t == busiest)
    return [*there[data.labels[there]][:2], *there[~data.labels[there]][:2]]


def events_table(movie: Movie) -> pd.DataFrame:
    """How many events of each kind a movie's table of events has; no row where it has no such table."""
    if movie.events is None:
        return pd.DataFrame(columns=["kind", "in the movie"])
    return movie.events["kind"].value_counts().rename_axis("kind").reset_index(name="in the movie")


def example_windows(movie: Movie, margin: int = 32, most: dict[str, int] | None = None, seed: int = 25) -> pd.DataFrame:
    """A few events of every kind that the movie knows, away from its borders, drawn at random.

    Parameters
    ----------
    movie : Movie
        Its table of events is used or, where it has none, the labelled regions of its masks.
    margin : int
        Distance kept from the borders, in pixels.
    most : dict, optional
        How many of a kind; 2 divisions, 2 deaths and 1 of every other kind by default.
    seed : int

    Returns
    -------
    DataFrame
        Columns ``t`` (frame), ``y``, ``x`` (centre, pixels) and ``kind``.
    """
    events = movie.events if movie.events is not None else _labelled_regions(movie.masks)
    inside = events[events["t"].between(2, len(movie.frames) - 4)
                    & events["y"].between(margin, movie.shape[1] - margin)
                    & events["x"].between(margin, movie.shape[2] - margin)]
    most = {"division": 2, "death": 2} if most is None else most
    rng = np.random.default_rng(seed)
    examples = [group.iloc[rng.permutation(len(group))[: most.get(kind, 1)]]
                for kind, group in inside.groupby("kind", sort=False)]
    return pd.concat(examples, ignore_index=True) if examples else inside


def brightness(data: EventDataset) -> dict[str, float]:
    """Average precision, on the test pairs, of classifiers that look at one number of a crop pair.

    Returns
    -------
    dict of float
        "a coin", whose average precision is the share of positives; those of :data:`BRIGHTNESS`; and "change between
        the frames", by which crops are drawn in pretraining.
    """
    test = data.parts["test"]
    images = data.images(test).flatten(2)  # (N, 2, pixels)
    statistics = {"largest pixel": images.amax((1, 2)), "99th percentile": images.flatten(1).quantile(0.99, dim=1),
                  "mean": images.mean((1, 2)), "standard deviation": images.flatten(1).std(dim=1),
                  "change between the frames": (images[:, 1] - images[:, 0]).abs().mean(1)}
    return {"a coin": float(data.labels[test].mean())} | {
        name: scores.average_precision(data.labels[test], values.numpy()) for name, values in statistics.items()}


def brightness_table(precisions: Mapping[str, float]) -> pd.DataFrame:
    """:func:`brightness` as text, one row a classifier."""
    return pd.DataFrame([{"classifier": name, "average precision": f"{value:.3f}"}
                         for name, value in precisions.items()])


def eventful_shares(movie: Movie, settings: DatasetSettings) -> dict[int, float]:
    """Share of a movie's uniform windows that show an event.

    Parameters
    ----------
    movie : Movie
    settings : DatasetSettings
        How the windows are drawn and labelled.

    Returns
    -------
    dict of float
        By the side of the windows in pixels: that of ``settings`` and twice as much, where it fits into the movie.
        Empty where the movie has no masks.
    """
    shares = {}
    for side in (settings.crop_size, 2 * settings.crop_size):
        if movie.masks is not None and side <= min(movie.shape[1:]):
            windows = crops.sample_per_frame_pair(movie.shape, side, settings.crops_per_frame_pair,
                                                  usable=movie.usable)
            areas = dataset.labelled_areas(movie.masks, windows, settings.count_values)
            shares[side] = float(dataset.label(areas, settings.criterion, settings.area_threshold).mean())
    return shares


def eventful_table(shares: Mapping[int, float]) -> pd.DataFrame:
    """:func:`eventful_shares` as text, one row a side."""
    return pd.DataFrame([{"held-out windows (pixels)": side, "with an event": f"{share:.1%}"}
                         for side, share in shares.items()])


def numbers(data: EventDataset, precisions: Mapping[str, float], eventful: Mapping[int, float]) -> dict[str, dict]:
    """The numbers of the data notebook; they rest on no run.

    Parameters
    ----------
    data : EventDataset
    precisions : dict of float
        From :func:`brightness`.
    eventful : dict of float
        From :func:`eventful_shares`.
    """
    return {"crop_pairs": results.number(len(data.pairs), [], 0),
            "positive_share": results.number(100 * data.labels.mean(), [], 1, unit="%"),
            "training_pairs": results.number(len(data.parts["balanced"]), [], 0),
            "test_pairs": results.number(len(data.parts["test"]), [], 0),
            "brightness_ap": results.number(precisions["99th percentile"], [], 2),
            "best_brightness_ap": results.number(max(precisions[name] for name in BRIGHTNESS), [], 2),
            "base_rate": results.number(precisions["a coin"], [], 2)} | {
                f"held_out_eventful_{side}": results.number(100 * share, [], 1, unit="%")
                for side, share in eventful.items()}


def _labelled_regions(masks: np.ndarray) -> pd.DataFrame:
    """Centres of the connected labelled regions of every frame."""
    rows = [{"t": t, "y": region.centroid[0], "x": region.centroid[1], "kind": kind}
            for t, mask in enumerate(masks) for value, kind in ((1, "division"), (2, "death"))
            for region in measure.regionprops(measure.label(mask == value))]
    return pd.DataFrame(rows, columns=["t", "y", "x", "kind"])
