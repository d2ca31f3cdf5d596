"""Calibrating a head's probabilities: temperature scaling and three alternatives (paper, Section 3, Figure 5).

A head's two logits count only by their difference, the *margin* m = logit 1 - logit 0: the probability of an event
is 1 / (1 + exp(-m)), and a temperature T divides m. Whatever is fitted is fitted on the validation pairs.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from tapnb.metrics import calibration, confusion, scores
from tapnb.metrics.intervals import estimate
from tapnb.movies import Movie
from tapnb.store import kinds, runs
from tapnb.store.results import number
from tapnb.studies import tables
from tapnb.studies.strategies import dataset_of, predictions

HEADS = {"linear": "A0", "ResNet": "A1"}
"""The heads of Figure 5, and the strategies whose runs have them."""

PAPER_BINS = 5  # of the diagrams in the form of Figure 5

SCALINGS = {"before": "as trained", "after": "temperature T", "factor": "factor on p", "prior": "share of events",
            "platt": "scale and offset"}
"""What is done to a head's probabilities; "before" and "after" are those of Figure 5."""


def remark(t: float) -> str:
    """Why a fitted temperature stands at a bound of its search; empty where it does not."""
    low, high = calibration.TEMPERATURES
    if t <= low:
        return (f"T stopped at its lower bound {low:g}: on the validation pairs the likelihood still rises as T falls, "
                "as it does where none of them is mistaken.")
    if t >= high:
        return f"T stopped at its upper bound {high:g}: on the validation pairs the margins do not tell the classes."
    return ""


def calibrate(logits: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> tuple[dict, dict[str, np.ndarray]]:
    """Fit one run of one head on its validation pairs and measure it on both parts.

    Parameters
    ----------
    logits, labels : dict of float array, shape (N, 2), and of bool array, shape (N,)
        Of the parts "validation" and "test".

    Returns
    -------
    results : dict
        "temperature", "remark", "factor"; "measures" by scaling, part and measure; "recall" of events and "by_chance"
        by scaling (test); "diagram" (test) and "paper_form" (validation): bin sums before and after.
    margins : dict of float array, shape (N,)
        Of the test pairs, by scaling.
    """
    margins = {part: values[:, 1] - values[:, 0] for part, values in logits.items()}
    t = calibration.temperature(logits["validation"], labels["validation"])
    factor = calibration.best_factor(expit(margins["validation"]), labels["validation"])
    share = (labels["validation"].sum() + 0.5) / (len(labels["validation"]) + 1)  # never quite 0 or 1
    a, b = calibration.scale_and_offset(margins["validation"], labels["validation"])
    scaled = {part: {"before": m, "after": m / t, "factor": logit(np.minimum(factor * expit(m), 1)),
                     "prior": m + logit(share), "platt": a * m + b} for part, m in margins.items()}
    p = {scaling: expit(scaled["test"][scaling]) for scaling in ("before", "after")}
    recognised = labels["validation"] & (margins["validation"] > 0)
    results = {
        "temperature": t, "remark": remark(t), "factor": factor,
        "measures": {scaling: {part: calibration.measures(scaled[part][scaling], labels[part]) for part in scaled}
                     for scaling in SCALINGS},
        "recall": {scaling: calibration.recall(scaled["test"][scaling], labels["test"]) for scaling in SCALINGS},
        "by_chance": {scaling: calibration.ece_by_chance(p[scaling]) for scaling in p},
        "diagram": {scaling: calibration.bin_sums(p[scaling], labels["test"]) for scaling in p},
        "paper_form": {scaling: calibration.bin_sums(expit(logits["validation"][:, 1] / by), recognised, PAPER_BINS)
                       for scaling, by in (("before", 1.0), ("after", t))}}
    return results, scaled["test"]


def ece_differences(sums: dict[str, np.ndarray], draws: int = 2000) -> dict[str, dict[str, float]]:
    """What the paper says of Figure 5: T lowers the error of either head, and the ResNet head starts lower.

    Parameters
    ----------
    sums : dict of float array, shape (R, T, 2, bins, 3)
        By head: bin sums of the test pairs by run, frame pair, and before and after scaling.
    draws : int
        Of blocks of frame pairs, see :func:`tapnb.metrics.confusion.resample`; T stays as it was fitted.

    Returns
    -------
    dict
        "linear" and "ResNet": error before minus after; "heads_before": linear minus ResNet, before. Each has "value",
        "low" and "high" (95 %), and "freedom", the degrees of freedom of Student's distribution; None where nothing varies.
    """
    flat = {head: s.reshape(*s.shape[:2], -1) for head, s in sums.items()}

    def errors(folded: np.ndarray) -> np.ndarray:
        """Before and after scaling, (..., 2)."""
        return calibration.ece(folded.reshape(*folded.shape[:-1], *sums["linear"].shape[2:]))

    # An interval is around what was measured: resampling adds noise to every bin, which lifts the smaller of two errors more
    falls = confusion.resample(flat, lambda folded: -np.diff(errors(folded))[..., 0], draws)
    before = confusion.resample(flat, lambda folded: errors(folded)[..., 0], draws)
    compared = {head: estimate(fall) for head, fall in falls.items()}
    compared["heads_before"] = estimate(before["linear"], before["ResNet"])
    return {name: {"value": e.value, "low": e.low, "high": e.high, "freedom": e.freedom if np.isfinite(e.freedom) else None}
            for name, e in compared.items()}


def calibration_run(strategies: dict[str, runs.Run], movie: Movie, *, mode: str, command: str,
                    draws: int = 2000) -> runs.Run:
    """Calibrate every run of both heads: Figure 5 and its numbers, as a run.

    Parameters
    ----------
    strategies : dict of Run
        "linear" and "ResNet", see :func:`tapnb.studies.strategies.strategy_run`.
    movie : Movie
        The one that they were trained on.
    mode, command
        See :func:`tapnb.store.runs.run`.
    draws : int
        See :func:`ece_differences`.

    Returns
    -------
    Run
        ``results``: "heads" (by head: "seeds", and what :func:`calibrate` returns with a list over the seeds at every
        end), "pairs" (by part), and "differences" and "differences_class_1" (see :func:`ece_differences`; of the error
        over the likelier class's probability, as in the scripts, and over that of an event).

    Raises
    ------
    ValueError
        If a strategy was trained on another movie.
    """
    datasets = {head: dataset_of(run, movie) for head, run in strategies.items()}

    def make(folder: Path) -> dict:
        heads, sums, pairs = {}, {}, {}
        for head, run in strategies.items():
            data = datasets[head]
            parts = {part: _by_seed(predictions(run), part) for part in ("validation", "test")}
            labels = {part: data.labels[index] for part, (_, index, _) in parts.items()}
            pairs[head] = {part: {"pairs": len(y), "positives": int(y.sum())} for part, y in labels.items()}
            frame, frames = data.pairs.t[parts["test"][1]], len(movie.frames) - 1
            of_runs, by_frame = [], []
            for r in range(len(parts["test"][0])):
                results, margins = calibrate({part: logits[r] for part, (_, _, logits) in parts.items()}, labels)
                of_runs.append(results)
                by_frame.append([calibration.sums_by_kind(expit(margins[scaling]), labels["test"], frame, frames)
                                 for scaling in ("before", "after")])
            heads[head] = {"seeds": parts["test"][0]} | _lists(of_runs)
            sums[head] = np.moveaxis(np.array(by_frame), 1, 2)  # (R, T, 2 scalings, 2 kinds, bins, 3)
        winning, class_1 = ({head: s[:, :, :, kind] for head, s in sums.items()} for kind in (0, 1))
        return {"heads": heads, "pairs": pairs, "differences": ece_differences(winning, draws),
                "differences_class_1": ece_differences(class_1, draws)}

    key = {"runs": {head: run.name for head, run in strategies.items()},
           "tap": runs.pretraining_of(strategies["linear"].record), "draws": draws}
    return runs.run(kinds.CALIBRATION, {"train": movie}, key, 0, make, mode=mode, command=command)


def cured_bins(strategies: dict[str, runs.Run]) -> pd.DataFrame:
    """Bins of the reliability diagrams after scale and offset, the cure: rows as of :func:`bins`, scaling "platt".

    A run keeps the bins before and after T. These are a function of the same answers: both numbers are fitted on the
    validation pairs of a seed, and its test pairs are sorted.

    Parameters
    ----------
    strategies : dict of Run
        As of :func:`calibration_run`.
    """
    rows = []
    for head in HEADS:
        for seed, answers in predictions(strategies[head]).groupby("seed"):
            margin = {part: scores.margin(of_part) for part, of_part in answers.groupby("part", observed=True)}
            labels = {part: of_part["label"].to_numpy(bool) for part, of_part in answers.groupby("part", observed=True)}
            scale, offset = calibration.scale_and_offset(margin["validation"], labels["validation"])
            sums = calibration.bin_sums(expit(scale * margin["test"] + offset), labels["test"])
            about = {"head": head, "scaling": "platt", "seed": seed, "temperature": np.nan,
                     "ece": float(calibration.ece(sums))}
            rows += _rows(sums, about)
    return pd.DataFrame(rows)


def measures_table(results: dict) -> pd.DataFrame:
    """Figure 5 in numbers, from the ``results`` of :func:`calibration_run`: measures on the test pairs, as text."""
    return pd.DataFrame([
        {"head": head, "scaling": name} | {title: spread(results["heads"][head]["measures"][scaling]["test"][key])
                                           for key, title in calibration.MEASURES.items()}
        for head, (scaling, name) in product(HEADS, SCALINGS.items())])


def fits_table(results: dict) -> pd.DataFrame:
    """What was fitted, the recall of events, and the error on the validation pairs, as in the scripts; text."""
    rows = []
    for head, (scaling, name) in product(HEADS, SCALINGS.items()):
        of_head = results["heads"][head]
        fitted = {"after": median_and_range(of_head["temperature"]), "factor": spread(of_head["factor"])}
        rows.append({"head": head, "scaling": name, "T or factor": fitted.get(scaling, ""),
                     "recall, event": spread(of_head["recall"][scaling], "no event"),
                     "ECE, validation": spread(of_head["measures"][scaling]["validation"]["ece"])})
    return pd.DataFrame(rows)


def describe(results: dict) -> str:
    """The crop pairs of both parts and how many are positive, then every remark on a temperature; lines of text."""
    lines = [f"{part}: {results['pairs']['linear'][part]['pairs']} crop pairs, "
             f"{results['pairs']['linear'][part]['positives']} of them positive" for part in ("validation", "test")]
    remarks = {text for head in HEADS for text in results["heads"][head]["remark"] if text}
    return "\n".join([*lines, *(sorted(remarks) or ["no temperature stands at a bound of its search"])])


def temperatures(results: dict) -> pd.DataFrame:
    """The fitted temperatures: a row a seed, a column a head."""
    heads = results["heads"]
    return pd.DataFrame({head: heads[head]["temperature"] for head in HEADS}, heads["linear"]["seeds"])


def differences_table(results: dict) -> pd.DataFrame:
    """What the paper says of Figure 5, for either error, with 95 % intervals, as text."""
    by_error = {"ECE": results["differences"], "ECE, class 1": results["differences_class_1"]}
    rows = []
    for key, text in (("linear", "linear, before less after"), ("ResNet", "ResNet, before less after"),
                      ("heads_before", "linear less ResNet, before")):
        values = {error: tables.signed(*(compared[key][part] for part in ("value", "low", "high")), digits=3)
                  for error, compared in by_error.items()}
        rows.append({"difference": text} | values)
    return pd.DataFrame(rows)


def chance_table(results: dict) -> pd.DataFrame:
    """Calibration errors on the test pairs beside those that chance alone gives, before and after T, as text."""
    rows = []
    for head, scaling in product(HEADS, ("before", "after")):
        of_head, row = results["heads"][head], {"head": head, "scaling": SCALINGS[scaling]}
        for error, key in (("ECE", "ece"), ("ECE, class 1", "ece_class_1")):
            row |= {error: spread(of_head["measures"][scaling]["test"][key]),
                    f"{error}, by chance": spread(of_head["by_chance"][scaling][key])}
        rows.append(row)
    return pd.DataFrame(rows)


def numbers(run: runs.Run) -> dict[str, dict]:
    """The notebook's numbers, from a :func:`calibration_run`; what is infinite in one of its seeds is left out."""
    over_seeds, pairs = {}, run.results["pairs"]["linear"]
    for head, scaling in product(HEADS, SCALINGS):
        of_head = run.results["heads"][head]
        measures = of_head["measures"][scaling]
        over_seeds |= {f"{head}_{key}_{scaling}": (measures["test"][key], 3) for key in calibration.MEASURES}
        over_seeds |= {f"{head}_ece_validation_{scaling}": (measures["validation"]["ece"], 3),
                       f"{head}_recall_{scaling}": (of_head["recall"][scaling], 3)}
        over_seeds |= {f"{head}_{key}_by_chance_{scaling}": (values, 3)
                       for key, values in of_head["by_chance"].get(scaling, {}).items()}
        over_seeds[f"{head}_factor"] = of_head["factor"], 2
    table = {key: number(pd.Series(values).mean(), [run], digits, pd.Series(values).std(), len(values))
             for key, (values, digits) in over_seeds.items() if None not in values}
    for head in HEADS:  # temperatures differ tenfold from run to run
        values = run.results["heads"][head]["temperature"]
        ends = {"": np.median(values), "_least": min(values), "_most": max(values)}
        table |= {f"{head}_temperature{end}": number(value, [run], 1) for end, value in ends.items()}
    table |= {f"{kind}_{key}": number(d["value"], [run], 3, interval=(d["low"], d["high"]))
              for kind in ("differences", "differences_class_1") for key, d in run.results[kind].items()}
    return table | {f"{part}_{key}": number(value, [run], 0) for part in pairs for key, value in pairs[part].items()}


def median_and_range(values: list[float]) -> str:
    """Median, least and largest of the temperatures as text: where they differ tenfold a mean says nothing."""
    return f"{np.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def spread(values: list[float | None], otherwise: str = "infinite") -> str:
    """Mean and standard deviation over runs as text; ``otherwise`` where one is not finite, None in the record."""
    if None in values:
        return otherwise
    return scores.with_spread(np.mean(values), np.std(values, ddof=1) if len(values) > 1 else np.nan, 3)


def bins(results: dict, form: str = "diagram") -> pd.DataFrame:
    """Bins of the reliability diagrams, one row each.

    Parameters
    ----------
    results : dict
        Of :func:`calibration_run`.
    form : {"diagram", "paper_form"}
        The standard one on the test pairs, or the paper's on the validation pairs.

    Returns
    -------
    DataFrame
        ``head``, ``scaling`` ("before", "after"), ``seed``, ``temperature``, ``ece`` (that of the same pairs: over the
        probability of an event, or over the likelier class's as in the scripts), and of the bin ``low``, ``high``,
        ``pairs``, ``confidence`` (mean; NaN without pairs) and ``events`` (the paper's form: recognised events).
    """
    part, key = ("test", "ece_class_1") if form == "diagram" else ("validation", "ece")
    rows = []
    for head, scaling in product(HEADS, ("before", "after")):
        of_head = results["heads"][head]
        for r, sums in enumerate(of_head[form][scaling]):
            about = {"head": head, "scaling": scaling, "seed": of_head["seeds"][r],
                     "temperature": of_head["temperature"][r], "ece": of_head["measures"][scaling][part][key][r]}
            rows += _rows(sums, about)
    return pd.DataFrame(rows)


def _rows(sums: np.ndarray, about: dict) -> list[dict]:
    """One row a bin, from the sums of equally wide bins."""
    edges = np.linspace(0, 1, len(sums) + 1)
    return [about | {"low": low, "high": high, "pairs": int(n), "confidence": c / n if n else np.nan, "events": int(k)}
            for low, high, (n, c, k) in zip(edges, edges[1:], sums)]


def _by_seed(predictions: pd.DataFrame, part: str) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Seeds, pairs (N,) and logits (R, N, 2) of one part; every seed predicted the same pairs in the same order."""
    of_part = predictions[predictions["part"] == part].sort_values("seed", kind="stable")
    seeds = of_part["seed"].unique().tolist()
    logits = of_part[["logit_0", "logit_1"]].to_numpy(float).reshape(len(seeds), -1, 2)
    return seeds, of_part["pair"].to_numpy()[: logits.shape[1]], logits


def _lists(of_runs: list):
    """A list of equal nested dicts as one dict of lists, in plain JSON values; what is not finite becomes None."""
    if isinstance(of_runs[0], dict):
        return {key: _lists([one[key] for one in of_runs]) for key in of_runs[0]}
    if isinstance(of_runs[0], np.ndarray):
        return [one.round(6).tolist() for one in of_runs]
    return [None if isinstance(one, float) and not np.isfinite(one) else one for one in of_runs]
