"""What counts as an event: the three labelling criteria compared (paper, Section 3, Tables 4 and 5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from tapnb import crops, dataset
from tapnb.dataset import EventDataset
from tapnb.metrics import confusion, scores
from tapnb.metrics.scores import SCORES
from tapnb.movies import Movie
from tapnb.store import kinds, results, runs
from tapnb.studies import tables
from tapnb.studies.strategies import dataset_of, like, predictions

CRITERIA = dataset.CRITERIA[::-1]
"""In the order of Tables 4 and 5: any size, both; any size, either; size filter, either."""

SHORT = dict(zip(CRITERIA, ("both", "either", "filter")))
"""Names of the criteria in those of numbers."""

ROWS = {(1, 1, 0): "at the edge of both crops", (0, 1, 1): "in the first crop only, away from its edge",
        (0, 1, 0): "in the first crop only, at its edge", (1, 1, 1): "in both crops, central"}
"""Table 4, row by row: the labels under :data:`CRITERIA`, and where its caption says that the labelled pixels lie."""


def examples(masks: np.ndarray, data: EventDataset, threshold: int = dataset.AREA_THRESHOLD) -> pd.DataFrame:
    """Crop pairs for the rows of Table 4, found by search: of those that fit, the one of median labelled area.

    Where no pair lies as the caption says, one that has the labels at least is taken.

    Parameters
    ----------
    masks : uint8 array, shape (T, Y, X)
    data : EventDataset
    threshold : int
        Of the size filter, in pixels.

    Returns
    -------
    DataFrame
        A row each of :data:`ROWS`: a column a criterion (0 or 1), ``where`` (the caption), ``pairs`` with these labels,
        ``as_captioned`` among them, and the chosen ``pair`` (index into ``data.pairs``; -1: there is none).
    """
    labels = np.stack([dataset.label(data.areas, criterion, threshold) for criterion in CRITERIA], axis=1)  # (N, 3)
    areas = dataset.labelled_areas(masks, data.pairs)  # in pixels, (N, 2)
    at_edge = _within(masks, data.pairs, 1) < areas
    central = ~at_edge & (2 * _within(masks, data.pairs, data.pairs.size // 4) >= areas)
    first_only = areas[:, 1] == 0
    fits = dict(zip(ROWS, (at_edge.all(1), first_only & ~at_edge[:, 0], first_only & at_edge[:, 0], central.all(1))))
    rows = []
    for row, where in ROWS.items():
        labelled = (labels == row).all(1)
        as_captioned = labelled & fits[row]
        candidates = np.flatnonzero(as_captioned if as_captioned.any() else labelled)
        by_area = candidates[np.argsort(areas[candidates].sum(1), kind="stable")]
        rows.append(dict(zip(CRITERIA, row)) | {
            "where": where, "pairs": int(labelled.sum()), "as_captioned": int(as_captioned.sum()),
            "pair": int(by_area[(len(by_area) - 1) // 2]) if len(by_area) else -1})
    return pd.DataFrame(rows)


def _within(masks: np.ndarray, pairs: crops.CropPairs, margin: int) -> np.ndarray:
    """Labelled pixels that lie at least ``margin`` pixels inside their crops, (N, 2)."""
    inner = crops.CropPairs(pairs.t, pairs.y + margin, pairs.x + margin, pairs.flip, pairs.size - 2 * margin)
    return dataset.labelled_areas(masks, inner)


def disagreeing(rows: pd.DataFrame) -> float:
    """Share of the pairs with any labelled pixel that not all criteria call positive, from :func:`examples`."""
    agreed = rows[list(CRITERIA)].all(axis=1)
    return float(rows.loc[~agreed, "pairs"].sum() / max(rows["pairs"].sum(), 1))


def table4(chosen_pairs: pd.DataFrame, data: EventDataset) -> pd.DataFrame:
    """Table 4 in words: which pair stands for which row, and how many there are.

    Parameters
    ----------
    chosen_pairs : DataFrame
        From :func:`examples`.
    data : EventDataset
    """
    rows = []
    for row in chosen_pairs.to_dict("records"):
        i, pairs = row["pair"], data.pairs
        shown = "none in this movie"
        if i >= 0:
            shown = (f"frame {pairs.t[i]}, row {pairs.y[i]}, column {pairs.x[i]}; "
                     f"{data.areas[i, 0]} and {data.areas[i, 1]} px")
            shown += "" if row["as_captioned"] else "; lying elsewhere"
        rows.append({criterion: row[criterion] for criterion in CRITERIA} | {
            "labelled pixels": row["where"], "pairs with these labels": row["pairs"],
            "of these, lying so": row["as_captioned"], "shown": shown})
    return pd.DataFrame(rows)


def positives(data: EventDataset, threshold: int = dataset.AREA_THRESHOLD,
              test_pairs: int | None = None) -> pd.DataFrame:
    """Positive crop pairs of the training part, before balancing, and of the tested pairs under each criterion.

    A criterion without a positive training pair trains nothing: "both" where a movie marks events in one frame only.

    Returns
    -------
    DataFrame
        Index ``criterion``; ``training``, ``test``.
    """
    labels = {criterion: dataset.label(data.areas, criterion, threshold) for criterion in CRITERIA}
    tested = data.parts["test"][:test_pairs]
    return pd.DataFrame({"training": {c: int(y[data.parts["train"]].sum()) for c, y in labels.items()},
                         "test": {c: int(y[tested].sum()) for c, y in labels.items()}}).rename_axis("criterion")


def positives_table(counted: pd.DataFrame, reference: pd.DataFrame) -> pd.DataFrame:
    """:func:`positives` beside the paper's, a row a criterion.

    Parameters
    ----------
    counted : DataFrame
        From :func:`positives`.
    reference : DataFrame
        From :func:`tapnb.studies.paper.table5`.
    """
    theirs = reference.groupby("criterion")[["training positives", "test positives"]].first()
    return counted.join(theirs.set_axis(["training, paper", "test, paper"], axis=1)).reset_index()


def criterion_run(published: runs.Run, criterion: str, movie: Movie, *, mode: str, on: torch.device,
                  command: str) -> runs.Run:
    """A strategy's run as published, but for its labelling criterion; under its own criterion it is that very run.

    Parameters
    ----------
    published : Run
        From :func:`tapnb.studies.strategies.strategy_run`.
    criterion : str
    movie, mode, on, command
        See :func:`tapnb.studies.strategies.strategy_run`.
    """
    asked = published.record["parameters"]
    same = criterion == asked["dataset"]["criterion"]
    return like(published, movie, runs.find(runs.pretraining_of(published.record)), dataset={"criterion": criterion},
                validation_pairs=asked["validation_pairs"] if same else 0,  # which only calibration looks at
                mode=mode, on=on, command=command)


def one_labelling_run(trained_runs: dict[tuple[str, str], runs.Run], movie: Movie, *, mode: str, command: str,
                      criterion: str = dataset.CRITERIA[0]) -> runs.Run:
    """Every criterion's answers judged by the labels of one criterion, as a run: not in the paper.

    Parameters
    ----------
    trained_runs : dict of Run
        By training criterion and head, from :func:`criterion_run`.
    movie : Movie
    mode, command
        See :func:`tapnb.store.runs.run`.
    criterion : str
        Whose labels judge.

    Returns
    -------
    Run
        ``results``: "judged" by head and training criterion: "seeds", "counts" (see
        :func:`tapnb.metrics.confusion.by_frame`) and "average_precision" (a list over the seeds).
    """

    def make(folder: Path) -> dict:
        judged: dict[str, dict] = {}
        for (trained, head), run in trained_runs.items():
            data = dataset_of(run, movie)
            labels = dataset.label(data.areas, criterion, run.record["parameters"]["dataset"]["area_threshold"])
            answers = predictions(run).assign(label=lambda rows: labels[rows["pair"]])
            ranked = scores.scores_per_run(answers)["average precision"]
            judged.setdefault(head, {})[trained] = confusion.by_frame(answers, data.pairs.t, len(movie.frames) - 1) | {
                "average_precision": [None if np.isnan(value) else float(value) for value in ranked]}
        return {"judged": judged}

    any_run = next(iter(trained_runs.values()))
    key = {"runs": sorted(run.name for run in trained_runs.values()), "criterion": criterion,
           "tap": runs.pretraining_of(any_run.record)}
    return runs.run(kinds.CRITERIA, {"train": movie}, key, 0, make, mode=mode, command=command)


def table5(trained_runs: dict[tuple[str, str], runs.Run], reference: pd.DataFrame,
           test: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Table 5, ours above the paper's, and the differences between the two.

    Parameters
    ----------
    trained_runs : dict of Run
        By criterion and head.
    reference : DataFrame
        From :func:`tapnb.studies.paper.table5`.
    test : Series of int
        Positive test pairs by criterion, see :func:`positives`.

    Returns
    -------
    table, differences : DataFrame
        Text. The first has the positives of the balanced training set and of the tested pairs as well.
    """
    table = tables.strategies(trained_runs, reference).drop(columns="average precision")  # another task in each row
    keys = table.pop("strategy")
    table.insert(0, "criterion", [criterion for criterion, _ in keys])
    table.insert(1, "head", [head for _, head in keys])
    table["source"] = table["source"].str.split().str[0]
    apart = tables.against_paper(trained_runs, reference)
    keys = apart["strategy"]
    differences = tables.side_by_side(apart, [criterion for criterion, _ in keys], [head for _, head in keys])
    differences = differences.rename(columns={"group": "criterion"})
    positives_shown = [text for (criterion, head), run in trained_runs.items() for text in (
        f"{run.results['training_positives']}, {test[criterion]}",
        "{training positives:.0f}, {test positives:.0f}".format(**reference.loc[(criterion, head)]))]
    table.insert(3, "positives (training, test)", positives_shown)
    return table, differences


def one_labelling_table(results: dict) -> pd.DataFrame:
    """Scores of every criterion's answers judged by one labelling, mean and standard deviation, the best in bold.

    Parameters
    ----------
    results : dict
        Of :func:`one_labelling_run`.
    """
    rows = []
    for (trained, head), counts in judged_counts(results).items():
        summary = tables.mean_scores(counts)
        ranked = pd.Series(results["judged"][head][trained]["average_precision"], dtype=float)
        precision = "no event" if ranked.isna().any() else scores.with_spread(ranked.mean(), ranked.std())
        rows.append({"trained on": trained, "head": head} | {c: scores.with_spread(*summary[c]) for c in SCORES}
                    | {"average precision": precision})
    table = pd.DataFrame(rows)
    tables.bold_best(table, table.index, (*SCORES, "average precision"))
    return table


def judged_counts(results: dict) -> dict[tuple[str, str], np.ndarray]:
    """Outcomes (R, T, 4) of :func:`one_labelling_run` by training criterion and head, in the paper's order."""
    judged = results["judged"]
    return {(trained, head): np.array(judged[head][trained]["counts"])
            for trained in CRITERIA for head in ("linear", "ResNet") if trained in judged.get(head, {})}


def criterion_differences(counts: dict[tuple[str, str], np.ndarray]) -> dict[tuple[str, str, str], dict[str, tuple]]:
    """Every criterion minus the one before it: F1 and the four scores, with 95 % intervals.

    Parameters
    ----------
    counts : dict of int array, shape (R, T, 4)
        By criterion and head, see :func:`tapnb.metrics.confusion.by_frame`.

    Returns
    -------
    dict
        By criterion, the one before it, and head: by score (value, low, high).
    """
    changes = {}
    for head in dict.fromkeys(head for _, head in counts):
        tried = [criterion for criterion in CRITERIA if (criterion, head) in counts]
        for before, after in zip(tried, tried[1:]):
            two = {criterion: counts[criterion, head] for criterion in (after, before)}
            estimates = {score: confusion.difference(two, score) for score in ("F1", *SCORES)}
            changes[after, before, head] = {score: (e.value, e.low, e.high) for score, e in estimates.items()}
    return changes


def differences_table(own: dict, one: dict) -> pd.DataFrame:
    """:func:`criterion_differences` as text: judged by their own labels, as in the paper, and by one labelling."""
    return pd.DataFrame([
        {"difference": f"{SHORT[after]} \u2212 {SHORT[before]}", "head": head, "score": score,
         "own labels": tables.signed(*values), "one labelling": tables.signed(*one[after, before, head][score])}
        for (after, before, head), by_score in own.items() for score, values in by_score.items()])


def numbers(trained: dict[str, runs.Run], one: runs.Run, counted: pd.DataFrame, compared: tuple[dict, dict],
            disagreement: float) -> dict[str, dict]:
    """The numbers of the criteria's notebook.

    Parameters
    ----------
    trained : dict of Run
        By strategy and criterion, such as "A0 any size, both".
    one : Run
        From :func:`one_labelling_run`.
    counted : DataFrame
        From :func:`positives`.
    compared : tuple of dict
        From :func:`criterion_differences`, judged by own labels and by one labelling.
    disagreement : float
        From :func:`disagreeing`.
    """
    every, table = list(trained.values()), {}
    for role, run in trained.items():
        strategy, _, criterion = role.partition(" ")
        outcomes = tables.counts(run)
        for score, values in tables.mean_scores(outcomes).items():
            table[f"{strategy} {SHORT[criterion]} {score}"] = results.number(values["mean"], [run], 2, values["std"],
                                                                             len(outcomes))
    for judge, behind, changes in (("", every, compared[0]), (" one labelling", [one], compared[1])):
        for (after, before, head), by_score in changes.items():
            value, *interval = by_score["F1"]
            table[f"{head} {SHORT[after]} less {SHORT[before]} F1{judge}"] = results.number(value, behind, 2,
                                                                                            interval=tuple(interval))
    table |= {f"{part} positives {SHORT[criterion]}": results.number(counted.loc[criterion, part], [], 0)
              for criterion in CRITERIA for part in counted}
    outcomes = tables.counts(every[0])
    table |= {"runs": results.number(len(outcomes), every, 0),
              "test_pairs": results.number(outcomes[0].sum(), every, 0),
              "disagreeing": results.number(100 * disagreement, [], 0, unit="%")}
    return {key.replace(" ", "_"): value for key, value in table.items()}
