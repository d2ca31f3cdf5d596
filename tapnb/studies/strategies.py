"""Strategies as runs: trained, asked about test and validation pairs, kept with their heads (Table 2)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import many_heads, pretrain, recognise
from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.heads import HeadSettings, head_logits
from tapnb.metrics import confusion, scores
from tapnb.models import CHANNELS, DenseFeatures
from tapnb.movies import Movie
from tapnb.recognise import Recogniser
from tapnb.settings import chosen, restored
from tapnb.store import damage, kinds, results, runs
from tapnb.store.publication import PREDICTIONS
from tapnb.studies import tables
from tapnb.studies.pretraining import accuracies_of
from tapnb.system.files import replacing, set_aside


HELD_OUT = "held-out"
"""The part of a strategy's answers that are about another movie; ``pair`` is then an index into that movie's pairs."""


def keep_predictions(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Leave answers, see :func:`ask`, in a run's folder; returns them."""
    with replacing(folder / PREDICTIONS) as temporary:
        table.astype({"seed": "int32", "part": "category", "pair": "int32"}).to_parquet(temporary, index=False)
    return table


def ask(recognisers: list[Recogniser], seeds: list[int], data: EventDataset, part: str, most: int | None = None,
        on: torch.device | str = "cpu", called: str = "") -> pd.DataFrame:
    """What recognisers that share their features answer to the pairs of one part.

    Parameters
    ----------
    recognisers : list of Recogniser
    seeds : list of int
        Theirs.
    data : EventDataset
    part : {"test", "validation"}
    most : int, optional
        Ask about the first so many pairs only: a smaller budget.
    on : torch.device
    called : str
        Name of the part in the table; empty: ``part``.

    Returns
    -------
    DataFrame
        One row per run and crop pair: ``seed``, ``part``, ``pair`` (index into ``data.pairs``), ``label``, ``logit_0``,
        ``logit_1`` (float16, as published: every later table is a function of these, and so the same for who has the
        publication only).
    """
    index = data.parts[part][:most]
    logits = head_logits([r.head for r in recognisers], recognisers[0].features, data.images(index, on))
    return pd.concat([pd.DataFrame({"seed": seed, "part": called or part, "pair": index, "label": data.labels[index],
                                    "logit_0": of_run[:, 0], "logit_1": of_run[:, 1]})
                      for seed, of_run in zip(seeds, logits.half().cpu().numpy())], ignore_index=True)


def strategy_run(name: str, movie: Movie, tap: runs.Run, dataset: DatasetSettings, training: HeadSettings, *,
                 seeds: list[int], test_pairs: int | None = None, validation_pairs: int | None = None,
                 held_out: Movie | None = None, held_out_pairs: int | None = None, mode: str, on: torch.device,
                 command: str) -> runs.Run:
    """A strategy, trained and tested once per seed.

    Its folder keeps the answers (see :func:`predictions`) and every trained head (see :func:`recogniser`); its record
    the sizes of the training set, how each training went (:data:`tapnb.heads.Curve`), the average precision of every run
    and their right and wrong answers on the test pairs, see :func:`tapnb.metrics.confusion.by_frame`.

    Parameters
    ----------
    name : str
        One of :data:`tapnb.recognise.STRATEGIES`.
    movie : Movie
    tap : Run
        The pretraining whose features are used, and whose architecture the random ones copy.
    dataset : DatasetSettings
    training : HeadSettings
    seeds : list of int
    test_pairs, validation_pairs : int, optional
        Ask about the first so many pairs of the part only; 0: none. Only calibration and thresholds need any
        validation pairs.
    held_out : Movie, optional
        Another movie, of which no pair was trained on: the heads are asked about its test part as well.
    held_out_pairs : int, optional
        The first so many of them.
    mode, on, command
        See :func:`tapnb.store.runs.run`.

    Raises
    ------
    ValueError
        If the features were pretrained on another movie.
    """
    strategy = recognise.strategy_named(name)
    runs.check_movie(tap, movie)
    asked = {"test": test_pairs, "validation": validation_pairs}

    def make(folder: Path) -> dict:
        data, features = event_dataset(movie, dataset), pretrain.load(tap.folder, on).features
        other = held_out and event_dataset(held_out, replace(dataset, labelled_share=1.0))
        groups = [list(seeds)] if strategy.shared else [[seed] for seed in seeds]
        parts = {group[0]: folder / f"finished-{group[0]}.parquet" for group in groups}  # by first seed
        waiting = [group for group in groups if not _finished(parts[group[0]])]
        fits = recognise.fit(name, features, data, training, sum(waiting, []), on, folder) if waiting else ()
        for own, recognisers in zip(waiting, fits):
            for seed, one in zip(own, recognisers):
                one.save(folder / f"weights-{seed}.safetensors", with_features=one.features is not features)
            answers = [ask(recognisers, own, data, part, most, on) for part, most in asked.items() if most != 0]
            if other:
                answers.append(ask(recognisers, own, other, "test", held_out_pairs, on, HELD_OUT))
            own_answers = pd.concat(answers, ignore_index=True)
            own_answers.attrs["curves"] = [list(one.curve) for one in recognisers]
            with replacing(parts[own[0]]) as temporary:
                own_answers.to_parquet(temporary, index=False)
        answers = [pd.read_parquet(part) for part in parts.values()]
        curves = [curve for of_part in answers for curve in of_part.attrs["curves"]]
        table = keep_predictions(folder, pd.concat(answers, ignore_index=True))
        recognise.forget(folder)
        for part in parts.values():
            part.unlink()
        ranked = scores.scores_per_run(table).get("average precision", [])  # nobody may have asked about this movie
        return {"training_pairs": len(data.parts["balanced"]),
                "training_positives": int(data.labels[data.parts["balanced"]].sum()),
                "curves": curves,
                "average_precision": [None if np.isnan(value) else float(value) for value in ranked],
                "test": confusion.by_frame(table, data.pairs.t, len(movie.frames) - 1)} | (
                    {"heads": "together"} if (strategy.shared or strategy.trained) and many_heads.together() else {})

    key = {"strategy": name, "dataset": dataset, "training": training, "seeds": seeds, "test_pairs": test_pairs,
           "validation_pairs": validation_pairs}
    movies = {"train": movie}
    if held_out:
        key["held_out_pairs"], movies["held-out"] = held_out_pairs, held_out
    if strategy.features == "TAP" or training.keep_trained_norms:
        key["tap"] = tap.name
    elif strategy.features == "random" and (channels := tap.record["parameters"]["settings"]["channels"]) != list(CHANNELS):
        key["channels"] = channels  # all that random features take from it
    return runs.run(kinds.STRATEGY, movies, key, dataset.data_seed, make, mode=mode, command=command, on=on)


def _finished(part: Path) -> bool:
    """Whether the answers of some seeds are kept, whole: a run that was interrupted does not train these again."""
    if part.exists() and (what := damage.of_file(part)):
        set_aside(part, what)
    return part.exists()


def head_settings(name: str, parameters: dict) -> HeadSettings:
    """A notebook's settings of a strategy's head, whose epochs are those of its kind: linear or ResNet."""
    kind = "resnet" if recognise.strategy_named(name).head == "ResNet" else "linear"
    return replace(chosen(HeadSettings, parameters), epochs=parameters[f"{kind}_epochs"])


def like(published: runs.Run, movie: Movie, tap: runs.Run, *, strategy: str = "", dataset: dict | None = None,
         training: dict | None = None, validation_pairs: int | None = -1, mode: str, on: torch.device,
         command: str) -> runs.Run:
    """A strategy's run as published, but for what is given; if that is nothing new, the very same run.

    Parameters
    ----------
    published : Run
        From :func:`strategy_run`.
    movie : Movie
    tap : Run
        The pretraining that it rests on.
    strategy : str
        Another one; empty: the same.
    dataset, training : dict, optional
        Settings to change, by name.
    validation_pairs : int, optional
        -1: as published.
    mode, on, command
        See :func:`tapnb.store.runs.run`.
    """
    runs.check_pretraining(published, tap)
    was = published.record["parameters"]
    return strategy_run(strategy or was["strategy"], movie, tap,
                        replace(restored(DatasetSettings, was["dataset"]), **dataset or {}),
                        replace(restored(HeadSettings, was["training"]), **training or {}), seeds=was["seeds"],
                        test_pairs=was["test_pairs"],
                        validation_pairs=was["validation_pairs"] if validation_pairs == -1 else validation_pairs,
                        mode=mode, on=on, command=command)


def predictions(run: runs.Run) -> pd.DataFrame:
    """What a :func:`strategy_run` answered, see :func:`ask`."""
    return pd.read_parquet(run.folder / PREDICTIONS)


def dataset_of(run: runs.Run, movie: Movie) -> EventDataset:
    """The crop pairs that a strategy's run was trained and tested on.

    Raises
    ------
    ValueError
        If that was another movie.
    """
    runs.check_movie(run, movie)
    return event_dataset(movie, restored(DatasetSettings, run.record["parameters"]["dataset"]))


def pretraining_table(tap: runs.Run) -> pd.DataFrame:
    """The pretraining whose features are used, as text: one row, with its held-out accuracies."""
    return pd.DataFrame([{"pretraining": tap.name,
                          "crop pairs seen": tap.record["parameters"]["settings"]["pairs"]}
                         | {f"accuracy, {a.sampler} {a.size}": f"{a.accuracy:.3f}"
                            for a in accuracies_of(tap).itertuples()}])


def scores_of_runs(answers: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Scores of every single run on the test pairs.

    Parameters
    ----------
    answers : dict of DataFrame
        By strategy, from :func:`predictions`.

    Returns
    -------
    DataFrame
        From :func:`tapnb.metrics.scores.scores_per_run`, with a column ``strategy``.
    """
    return pd.concat([scores.scores_per_run(of_one).assign(strategy=name) for name, of_one in answers.items()],
                     ignore_index=True)


def ranking_table(ranked: pd.DataFrame) -> pd.DataFrame:
    """:func:`tapnb.metrics.ranking.precision_differences` as text."""
    return pd.DataFrame({"comparison": ranked["first"] + " \u2212 " + ranked["second"],
                         "average precision": [tables.signed(r.difference, r.low, r.high, 3)
                                               for r in ranked.itertuples()]})


def numbers(trained: dict[str, runs.Run], answers: dict[str, pd.DataFrame], ranked: pd.DataFrame,
            f1: dict[str, pd.DataFrame]) -> dict[str, dict]:
    """The numbers of the strategies' notebook.

    Parameters
    ----------
    trained : dict of Run
        By strategy.
    answers : dict of DataFrame
        By strategy, from :func:`predictions`.
    ranked : DataFrame
        From :func:`tapnb.metrics.ranking.precision_differences`.
    f1 : dict of DataFrame
        By strategy, mean and spread of :func:`tapnb.metrics.thresholds.f1_per_run`.
    """
    every = list(trained.values())
    tested = next(iter(answers.values())).query("part == 'test'")
    seeds, labels = tested["seed"].nunique(), tested.loc[tested["seed"] == tested["seed"].iloc[0], "label"]
    table = {"test_pairs": results.number(len(labels), every, 0), "runs": results.number(seeds, every, 0),
             "test_positives": results.number(labels.sum(), every, 0)}
    for name, run in trained.items():
        summary = scores.mean_and_spread(scores.scores_per_run(answers[name]))
        thresholds = f1[name].add_prefix("F1 ").dropna(axis="columns", how="any", subset=["mean"])
        for score, values in {**summary, **thresholds}.items():
            key = f"{name}_{score}".replace(" ", "_")
            table[key] = results.number(values["mean"], [run], 2, values["std"], seeds)
    return table | {f"{r.first}_less_{r.second}_ranking": results.number(
        r.difference, [trained[r.first], trained[r.second]], 3, interval=(r.low, r.high)) for r in ranked.itertuples()}


def recogniser(run: runs.Run, seed: int = 0, on: torch.device | str = "cpu") -> Recogniser:
    """A trained head of a strategy's run, with its features: fit to be taken to another movie.

    Parameters
    ----------
    run : Run
        From :func:`strategy_run`, or :func:`tapnb.store.runs.find` by name.
    seed : int
        0: the first, which is the one that is published.
    on : torch.device

    Raises
    ------
    ValueError
        If the run has no head of that seed here.
    """
    seed = seed or run.record["parameters"]["seeds"][0]
    path = run.folder / f"weights-{seed}.safetensors"
    if not path.exists():
        here = ", ".join(p.stem.removeprefix("weights-") for p in sorted(run.folder.glob("weights-*"))) or "none"
        raise ValueError(f"{run.name} keeps no head of seed {seed} here, only of: {here}; train it with "
                         "`tapnb run 06_strategies --mode execute`")
    return Recogniser.load(path, _tap_features(run, on), on)


def _tap_features(run: runs.Run, on: torch.device | str) -> DenseFeatures | None:
    """The pretrained features that a head was trained on as they were; None where the head keeps its own."""
    strategy = recognise.strategy_named(run.record["parameters"]["strategy"])
    if strategy.trained or strategy.features != "TAP":
        return None
    return pretrain.load(runs.find(runs.pretraining_of(run.record)).folder, on).features
