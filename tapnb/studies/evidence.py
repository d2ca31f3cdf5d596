"""What strategies trained to their end and controls come to, on a movie that none of them has seen.

The protocol (``book/protocol.md``) was written before the first of these runs. It says what is asked and measured, and
what would count as reproduced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tapnb import event_groups
from tapnb.crops import CropPairs
from tapnb.dataset import EventDataset
from tapnb.metrics import intervals, scores
from tapnb.metrics.intervals import Groups, Resampled
from tapnb.store import results, runs
from tapnb.store.publication import TO_ITS_END
from tapnb.studies import tables
from tapnb.studies.controls import CONTROLS
from tapnb.studies.controls import answers as control_answers
from tapnb.studies.strategies import HELD_OUT, predictions
from tapnb.studies.verdicts import NOT_REPRODUCED, REPRODUCED

UNDECIDED = "undecided"  # a primary comparison whose interval does not decide it: the protocol calls it open

COMPARISONS = (("A1", "largest |difference|"), ("A1", "extra trees"), ("A1", "P1"), ("A1", "B1"), ("A1", "C1"),
               ("D1", "A1"), ("D1", "C1"))
"""The primary comparisons of the protocol: is the first better than the second?"""

PARTS = {HELD_OUT: "held-out movie", "test": "random test pairs", "seen": "of these, labelled events",
         "new": "of these, events never labelled"}
"""What the heads are asked about. The last two have all negatives of the random test pairs, each counting as much less as
positives are fewer: otherwise rarer positives alone would make a worse ranking."""

BLOCK = (8, 256, 256)
"""Frame pairs, rows and columns whose negatives are resampled together."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The pairs of one part, in the order of all answers.

    Attributes
    ----------
    groups : Groups
        Which of them are positive, and what is resampled together.
    margins : dict of float arrays, shape (R, N)
        By strategy or control.
    negative_weight : float
        See :func:`tapnb.metrics.intervals.average_precisions`.
    """

    groups: Groups
    margins: dict[str, np.ndarray]
    negative_weight: float = 1.0


def answers_of(trained_runs: dict[str, list[runs.Run]], controlled: runs.Run) -> dict[str, pd.DataFrame]:
    """What strategies and controls answered, by name; all runs of one together."""
    return {name: all_answers(of_one) for name, of_one in trained_runs.items()} | control_answers(controlled)


def all_answers(of_one: list[runs.Run]) -> pd.DataFrame:
    """What all runs of one strategy answered."""
    return pd.concat([predictions(run) for run in of_one], ignore_index=True)


def asked(answers: dict[str, pd.DataFrame], data: EventDataset, other: EventDataset) -> dict[str, Asked]:
    """The pairs of every one of :data:`PARTS`, with all answers.

    Parameters
    ----------
    answers : dict of DataFrame
        From :func:`answers_of`.
    data, other : EventDataset
        Of the training movie, whose balanced part is what was trained on, and of the held-out one.
    """
    of_movie = {"test": (data, event_groups.shown(data.movie.masks, data.pairs)),
                HELD_OUT: (other, event_groups.shown(other.movie.masks, other.pairs))}
    labelled = np.unique(of_movie["test"][1][np.concatenate([data.parts["train"], data.parts["validation"]])])
    parts = {}
    for part, (dataset, event) in of_movie.items():
        first = next(iter(answers.values()))
        index = first[(first["part"] == part) & (first["seed"] == first["seed"].iloc[0])]["pair"].to_numpy()
        margins = {}
        for name, table in answers.items():
            of_part = table[table["part"] == part]
            margins[name] = np.stack([scores.margin(run) for _, run in of_part.groupby("seed")])
            if any(not np.array_equal(run["pair"], index) for _, run in of_part.groupby("seed")):
                raise ValueError(f"{name} was asked about other pairs than the other strategies: run the notebook again "
                                 "with --mode execute")
        labels, event, block = dataset.labels[index], event[index], _blocks(dataset.pairs, index)
        parts[part] = Asked(Groups.of(labels, event, block), margins)
        if part == "test":
            parts |= _seen_and_new(parts[part], event, block, labelled)
    return {part: parts[part] for part in PARTS}


def _seen_and_new(test: Asked, event: np.ndarray, block: np.ndarray, labelled: np.ndarray) -> dict[str, Asked]:
    """Test pairs whose positives show a labelled event, and those that show another; both with all negatives."""
    labels, known, parts = test.groups.labels, np.isin(event, labelled), {}
    for part, wanted in (("seen", known), ("new", ~known)):
        kept = ~labels | wanted
        parts[part] = Asked(Groups.of(labels[kept], event[kept], block[kept]),
                            {name: margins[:, kept] for name, margins in test.margins.items()},
                            (labels & wanted).sum() / max(labels.sum(), 1))
    return parts


def groups_of(data: EventDataset, index: np.ndarray) -> Groups:
    """What is resampled together of some crop pairs: positives by event, negatives by block."""
    event = event_groups.shown(data.movie.masks, data.pairs)[index]
    return Groups.of(data.labels[index], event, _blocks(data.pairs, index))


def _blocks(pairs: CropPairs, index: np.ndarray) -> np.ndarray:
    """A number for the block of frames and places that every pair lies in."""
    place = np.stack([pairs.t[index], pairs.y[index] + pairs.size // 2, pairs.x[index] + pairs.size // 2], axis=1)
    return np.unique(place // BLOCK, axis=0, return_inverse=True)[1].reshape(-1)


def resampled(part: Asked, draws: int = intervals.DRAWS) -> dict[str, Resampled]:
    """Average precision of all strategies and controls, under the same draws of events; empty without a positive."""
    if not part.groups.labels.any():
        return {}
    drawn = part.groups.draw(draws)
    return {name: intervals.resample(part.groups, margins, drawn, part.negative_weight)
            for name, margins in part.margins.items()}


def primary(part: Asked, by_name: dict[str, Resampled], draws: int = 10 * intervals.DRAWS) -> pd.DataFrame:
    """The primary comparisons that the runs at hand allow, with what became of each.

    Parameters
    ----------
    part : Asked
        Pairs of the held-out movie.
    by_name : dict of Resampled
        From :func:`resampled`, of these pairs.
    draws : int
        For an interval that ends close to zero.

    Returns
    -------
    DataFrame
        ``first``, ``second``, ``difference``, ``low``, ``high``, ``p``, ``verdict``. Holm's correction is for all of
        :data:`COMPARISONS`: those that are not made yet have the largest p there is, so that no verdict comes too early.
    """
    rows = []
    for first, second in COMPARISONS:
        if first in by_name and second in by_name:
            found = intervals.estimate(by_name[first], by_name[second])
            if found.barely:
                pair = replace(part, margins={name: part.margins[name] for name in (first, second)})
                again = resampled(pair, draws)
                found = intervals.estimate(again[first], again[second])
            rows.append({"first": first, "second": second, "difference": found.value, "low": found.low,
                         "high": found.high, "p": found.p, "barely": found.barely})
    table = pd.DataFrame(rows, columns=["first", "second", "difference", "low", "high", "p", "barely"])
    table["p"] = intervals.holm([*table["p"], *[1.0] * (len(COMPARISONS) - len(table))])[: len(table)]
    table["verdict"] = [_verdict(row) for row in table.itertuples()]
    return table


def _verdict(row) -> str:
    """What became of a primary comparison."""
    if row.p < 0.05 and row.low > 0:
        return REPRODUCED + (", barely" if row.barely else "")
    if row.p < 0.05 and row.high < 0:
        return NOT_REPRODUCED + (", barely" if row.barely else "")
    return UNDECIDED + (", barely" if row.barely else "")


def primary_table(comparisons: pd.DataFrame) -> pd.DataFrame:
    """:func:`primary` as text."""
    return pd.DataFrame({
        "comparison": comparisons["first"] + " \u2212 " + comparisons["second"],
        "average precision (95 %)": [tables.signed(r.difference, r.low, r.high, 3) for r in comparisons.itertuples()],
        "p (Holm)": comparisons["p"].map(tables.p_value),
        "verdict": comparisons["verdict"]})


def estimates(by_part: dict[str, dict[str, Resampled]]) -> pd.DataFrame:
    """Average precision of strategies and controls on every part, the best on the held-out movie first.

    Returns
    -------
    DataFrame
        ``name``, ``part``, ``value``, ``low``, ``high``.
    """
    rows = []
    for name in sorted(by_part[HELD_OUT], key=lambda name: -by_part[HELD_OUT][name].runs.mean()):
        for part, of_part in by_part.items():
            if name in of_part:
                e = intervals.estimate(of_part[name])
                rows.append({"name": name, "part": part, "value": e.value, "low": max(e.low, 0.0),
                             "high": min(e.high, 1.0)})
    return pd.DataFrame(rows)


def ranking_table(ranked: pd.DataFrame, runs_of: dict[str, int], steps: dict[str, float]) -> pd.DataFrame:
    """:func:`estimates` as text, a row a strategy or control.

    Parameters
    ----------
    ranked : DataFrame
    runs_of : dict of int
        Runs behind every row.
    steps : dict of float
        Training steps to the weights that were kept, mean over runs, by strategy.
    """
    rows = []
    for name, own in ranked.groupby("name", sort=False):
        row = {"": name, "runs": runs_of[name], "steps": f"{steps[name]:.0f}" if name in steps else "\u2013"}
        of_part = {r.part: scores.with_interval(r.value, r.low, r.high) for r in own.itertuples()}
        rows.append(row | {PARTS[part]: of_part.get(part, "\u2013") for part in PARTS})
    return pd.DataFrame(rows)


def curves(trained_runs: dict[str, list[runs.Run]]) -> pd.DataFrame:
    """How every training went.

    Returns
    -------
    DataFrame
        ``strategy``, ``seed``, ``epoch``, ``steps``, ``training_loss``, ``validation_loss``, ``kept`` (whether the
        weights are those of this epoch).
    """
    rows = []
    for name, of_one in trained_runs.items():
        for run in of_one:
            for seed, curve in zip(run.record["parameters"]["seeds"], run.results["curves"]):
                lowest = min(entry["validation_loss"] for entry in curve)
                kept = next(entry["epoch"] for entry in curve if entry["validation_loss"] == lowest)
                rows += [{"strategy": name, "seed": seed} | entry | {"kept": entry["epoch"] == kept} for entry in curve]
    return pd.DataFrame(rows, columns=["strategy", "seed", "epoch", "steps", "training_loss", "validation_loss", "kept"])


def kept_steps(course: pd.DataFrame) -> dict[str, float]:
    """Training steps to the weights that were kept, mean over runs, by strategy; from :func:`curves`."""
    return course[course["kept"].astype(bool)].groupby("strategy", sort=False)["steps"].mean().to_dict()


def below_a_coin(course: pd.DataFrame) -> dict[str, int]:
    """How many trainings of every strategy had a lower validation loss than a coin, ln 2; from :func:`curves`."""
    lowest = course.groupby(["strategy", "seed"], sort=False)["validation_loss"].min()
    return (lowest < np.log(2)).groupby("strategy", sort=False).sum().astype(int).to_dict()


def numbers(trained_runs: dict[str, list[runs.Run]], controlled: runs.Run, parts: dict[str, Asked],
            by_part: dict[str, dict[str, Resampled]], comparisons: pd.DataFrame) -> dict[str, dict]:
    """The numbers of the notebook: average precision on every part, and the primary comparisons."""
    of = trained_runs | dict.fromkeys(by_part[HELD_OUT].keys() - trained_runs.keys(), [controlled])
    table = {f"{part}_pairs": results.number(len(asked_of.groups.labels), [controlled], 0) for part, asked_of in parts.items()}
    table |= {f"{part}_events": results.number(asked_of.groups.counts[1], [controlled], 0) for part, asked_of in parts.items()}
    for part, by_name in by_part.items():
        for name, one in by_name.items():
            e = intervals.estimate(one)
            table[f"{key(name)}_{part}"] = results.number(e.value, of[name], 2, interval=(e.low, e.high))
    for r in comparisons.itertuples():
        table[f"{key(r.first)}_less_{key(r.second)}"] = results.number(
            r.difference, [*of[r.first], *of[r.second]], 3, interval=(r.low, r.high))
    table |= {f"{name}_below_a_coin": results.number(count, of[name], 0)
              for name, count in below_a_coin(curves(trained_runs)).items()}
    best = max(control_names(by_part[HELD_OUT]), key=lambda name: by_part[HELD_OUT][name].runs.mean())
    e = intervals.estimate(by_part[HELD_OUT][best])
    return table | {"best_control": results.number(e.value, [controlled], 2, interval=(e.low, e.high))}


def role(name: str, run: runs.Run) -> str:
    """What the notebook calls one of a strategy's runs: its name and seeds, "to its end"."""
    return role_of(name, run.record["parameters"]["seeds"])


def role_of(name: str, seeds: Iterable[int]) -> str:
    """The same of a strategy with these seeds."""
    return f"{name}{TO_ITS_END}, {' '.join(map(str, seeds))}"


def control_names(names: Iterable[str]) -> list[str]:
    """Those that are controls."""
    return [name for name in names if name in CONTROLS]


def key(name: str) -> str:
    """A strategy's or control's name as part of a number's."""
    return re.sub(r"\W+", "_", name).strip("_")
