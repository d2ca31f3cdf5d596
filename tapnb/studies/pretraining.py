"""The pretraining as a run, and ways of drawing its crops, written in a word: "uniform 96", "change 24:3 32:2 48:1"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import torch

from tapnb import arrow
from tapnb.arrow import SAMPLERS
from tapnb.metrics import scores
from tapnb.movies import Movie
from tapnb.pretrain import PretrainSettings, check, history, pretrain
from tapnb.settings import chosen
from tapnb.store import kinds, results, runs
from tapnb.studies import paper
from tapnb.system import compiling

TEST_SIZES = [48, 96]
"""Sides of the crops on which a finished model is tested, in pixels."""


def settings_of(parameters: dict) -> PretrainSettings:
    """The settings that a notebook's parameters name, each with ``tap_`` before it."""
    return chosen(PretrainSettings, parameters, "tap_")


def tap_run(movie: Movie, held_out: Movie, settings: PretrainSettings, *, test_pairs: int, seed: int, mode: str,
            on: torch.device, command: str, precision: str = "auto") -> runs.Run:
    """:func:`tapnb.pretrain.pretrain` as a run: executed or restored, tested on the held-out movie, recorded.

    Parameters
    ----------
    movie, held_out : Movie
    settings : PretrainSettings
    test_pairs : int
        Held-out pairs of each kind for the final accuracies.
    seed, precision
        See :func:`tapnb.pretrain.pretrain`.
    mode, on, command
        See :func:`tapnb.store.runs.run`.

    Returns
    -------
    Run
        ``results``: "history" (a list of epochs); of the weights as they are kept, "kept" (loss, decorrelation and
        accuracy on the pairs of the history's checks) and "accuracies" (see :func:`tapnb.arrow.accuracies`).
    """
    if test_pairs < 1:
        raise ValueError(f"the number of test pairs is {test_pairs}; it must be at least 1")

    def make(folder: Path) -> dict:
        model = pretrain(movie, held_out, settings, folder, seed=seed, on=on, precision=precision,
                         compiled=compiling.wanted())
        checks = arrow.held_out_pairs(held_out, settings.validation_size, settings.validation_pairs, on)
        return {"history": history(folder).to_dict("records"), "kept": check(model, checks, settings),
                "accuracies": arrow.accuracies(model, held_out, TEST_SIZES, test_pairs, on)}

    parameters = {"settings": settings, "test_pairs": test_pairs}
    if precision != "auto":  # which is one run whatever the machine computes in; a precision that was asked for is another
        parameters["precision"] = precision
    return runs.run(kinds.TAP, {"train": movie, "held-out": held_out}, parameters, seed, make, mode=mode, command=command,
                    on=on, precision=precision)


def history_of(run: runs.Run) -> pd.DataFrame:
    """The epochs of a :func:`tap_run`, one row each."""
    return pd.DataFrame(run.results["history"])


def accuracies_of(run: runs.Run) -> pd.DataFrame:
    """Final accuracies of a :func:`tap_run` on held-out pairs.

    Returns
    -------
    DataFrame
        ``sampler``, ``size`` (pixels), ``right``, ``n``; ``accuracy``, and Wilson's 95 % interval ``low``, ``high``.
    """
    table = pd.DataFrame(run.results["accuracies"])
    table["accuracy"] = table["right"] / table["n"]
    table[["low", "high"]] = [scores.share_interval(*row) for row in zip(table["right"], table["n"])]
    return table


def accuracy_table(accuracies: pd.DataFrame) -> pd.DataFrame:
    """:func:`accuracies_of` as text, beside the paper's Table 6."""
    return pd.DataFrame({
        "held-out pairs": ["drawn uniformly" if s == "uniform" else "drawn by change" for s in accuracies["sampler"]],
        "crop (pixels)": accuracies["size"], "accuracy": accuracies["accuracy"].map("{:.3f}".format),
        "95 % interval": [f"{low:.3f} to {high:.3f}" for low, high in zip(accuracies["low"], accuracies["high"])],
        "pairs": accuracies["n"], "paper": [paper.TABLE6.get(size, "") if sampler == "uniform" else ""
                                            for sampler, size in zip(accuracies["sampler"], accuracies["size"])]})


def numbers(run: runs.Run) -> dict[str, dict]:
    """The numbers of the pretraining's notebook: what its run, a :func:`tap_run`, cost and how well it does."""
    history = history_of(run)
    return {f"tap_{a.sampler}_{a.size}": results.number(a.accuracy, [run], interval=(a.low, a.high))
            for a in accuracies_of(run).itertuples()} | {
                "tap_pairs": results.number(history["pairs"].iloc[-1], [run], 0),
                "tap_epochs": results.number(len(history), [run], 0),
                "tap_minutes": results.number(history["minutes"].iloc[-1], [run], 1)}


@dataclass(frozen=True)
class Recipe:
    """A sampler, the sides of the crops in pixels in their order, and the share of the pairs at each."""

    sampler: str
    sizes: tuple[int, ...]
    shares: tuple[float, ...]

    def pairs(self, budget: int) -> int:
        """Crop pairs that cost as many pixels as ``budget`` pairs of 48 x 48."""
        cost = sum(share * (size / 48) ** 2 for size, share in zip(self.sizes, self.shares)) / sum(self.shares)
        return max(1, round(budget / cost))


def of_recipe(settings: PretrainSettings, recipe: Recipe, budget: int) -> PretrainSettings:
    """A short training in six epochs whose crops are drawn by a recipe; ``budget`` counts pairs of 48 x 48 pixels."""
    pairs = recipe.pairs(budget)
    return replace(settings, pairs=pairs, pairs_per_epoch=max(settings.batch, pairs // 6), sampler=recipe.sampler,
                   crop_sizes=recipe.sizes, crop_shares=recipe.shares)


def read_recipe(text: str) -> Recipe:
    """Read "SAMPLER SIZE[:SHARE] ...", where a missing share is 1.

    Raises
    ------
    ValueError
        If the sampler is unknown, or a size or share is no positive number.
    """
    sampler, *steps = text.split()
    try:
        sizes = [int(step.partition(":")[0]) for step in steps]
        shares = [float(step.partition(":")[2] or 1) for step in steps]
        sound = sampler in SAMPLERS and sizes and min(sizes) > 0 and min(shares) > 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"cannot read the recipe {text!r}; write a sampler ({' or '.join(SAMPLERS)}) and crop sizes "
                         "in pixels, each with its share if they differ: 'change 24:3 32:2 48:1'")
    return Recipe(sampler, tuple(sizes), tuple(shares))


def recipe_table(trainings: Mapping[str, runs.Run]) -> pd.DataFrame:
    """Pairs, minutes and held-out accuracies with their 95 % intervals, as text, one row a recipe.

    Parameters
    ----------
    trainings : dict of Run
        By recipe as it is written, from :func:`tap_run`.
    """
    rows = []
    for text, run in trainings.items():
        last = history_of(run).iloc[-1]
        rows.append({"recipe": text, "pairs": int(last["pairs"]), "minutes": f"{last['minutes']:.1f}"}
                    | {f"{a.sampler} {a.size}": scores.with_interval(a.accuracy, a.low, a.high)
                       for a in accuracies_of(run).itertuples()})
    return pd.DataFrame(rows)
