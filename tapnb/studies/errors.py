"""Mistakes looked at: how many, when they are made, and which are the surest (Table 3, Figures 3 and 4).

Counts stand in the order of :data:`tapnb.metrics.confusion.OUTCOMES`: true negatives, false positives, false negatives,
true positives. A strategy's record has them per run and frame pair.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tapnb.dataset import EventDataset
from tapnb.metrics import confusion, scores
from tapnb.store import results
from tapnb.store.runs import Run
from tapnb.studies import tables

EARLY = 20 / 95
"""Part of the movie that the paper calls its start, frames 0 to 20 of 95 (Section 3, on Figure 3)."""

COMPARED = (("true positives", "positives"), ("false positives", "positives"), ("false positives", "negatives"),
            ("true negatives", "negatives"), ("false negatives", "negatives"), ("false negatives", "positives"))
"""What Figures 3 and 4 set side by side, and for each mistake the class that it is made in."""

RATES = {"false positives / negatives": (0, 1), "false negatives / positives": (3, 2)}
"""The two error rates, with the outcomes that are right and wrong about that class."""


def one_run(run: Run, seed: int = 0) -> tuple[int, np.ndarray]:
    """One of a strategy's runs: its seed and its outcomes on the test pairs, int array (T, 4).

    Parameters
    ----------
    run : Run
    seed : int
        0: the first of the record.

    Raises
    ------
    ValueError
        If there is no run of that seed.
    """
    seeds = run.results["test"]["seeds"]
    all_seeds = run.record["parameters"]["seeds"]
    seed = seed or all_seeds[0]
    if seed not in seeds:
        raise ValueError(f"{run.name} has no run of seed {seed}; choose one of {', '.join(map(str, all_seeds))}")
    return seed, tables.counts(run)[seeds.index(seed)]


def tested(predictions: pd.DataFrame, data: EventDataset) -> pd.DataFrame:
    """Where every tested crop pair lies and what came of it.

    Parameters
    ----------
    predictions : DataFrame
        From :func:`tapnb.studies.strategies.predictions`.
    data : EventDataset
        The one that they were made on.

    Returns
    -------
    DataFrame
        One row per run and test pair: ``seed``, ``pair`` (index into ``data.pairs``), ``t``, ``y``, ``x`` (frame,
        upper left corner in pixels), ``label``, ``margin`` (logit of an event minus that of none), ``probability`` of
        an event, ``outcome`` (of :data:`tapnb.metrics.confusion.OUTCOMES`).
    """
    rows = predictions[predictions["part"] == "test"].reset_index(drop=True)
    pair, label = rows["pair"].to_numpy(), rows["label"].to_numpy(bool)
    margin = scores.margin(rows)
    outcome = np.array(confusion.OUTCOMES)[2 * label + (margin > 0)]
    return pd.DataFrame({"seed": rows["seed"], "pair": pair, "t": data.pairs.t[pair], "y": data.pairs.y[pair],
                         "x": data.pairs.x[pair], "label": label, "margin": margin,
                         "probability": scores.probability(rows), "outcome": outcome})


def table3(here: np.ndarray, paper: np.ndarray) -> pd.DataFrame:
    """Table 3: the confusion matrix with precision and recall, the paper's rows below ours.

    Parameters
    ----------
    here, paper : int array, shape (4,)
    """
    rows = []
    for actual in (0, 1):
        for source, counts in (("here", here), ("paper", paper)):
            precision, recall = confusion.scores(counts).reshape(2, 2)[actual]
            rows.append({"actual": actual, "source": source, "predicted 0": int(counts[2 * actual]),
                         "predicted 1": int(counts[2 * actual + 1]), "precision": f"{precision:.2f}",
                         "recall": f"{recall:.2f}"})
    return pd.DataFrame(rows)


def shares_over_time(counts: np.ndarray) -> pd.DataFrame:
    """Figures 3 and 4: how each outcome is spread over time, in per cent of its own total.

    A share says where the mistakes are, not how often one is made there: that is :func:`rates_over_time`.

    Parameters
    ----------
    counts : int array, shape (T, 4)

    Returns
    -------
    DataFrame
        Index ``t``; "false positives", "true positives", "positives" (ground truth), "false negatives", "true
        negatives", "negatives" (ground truth). A column without any pair is NaN.
    """
    tn, fp, fn, tp = np.asarray(counts, float).T
    columns = {"false positives": fp, "true positives": tp, "positives": fn + tp,
               "false negatives": fn, "true negatives": tn, "negatives": tn + fp}
    return pd.DataFrame({name: 100 * values / (values.sum() or np.nan) for name, values in columns.items()}
                        ).rename_axis("t")


def spread_table(shares: pd.DataFrame) -> pd.DataFrame:
    """How the outcomes are spread over time, beside what Figures 3 and 4 set next to them.

    What "has to move" is the part of an outcome that would have to lie in other frames for the two to be spread
    alike: half the sum of absolute differences. For true positives it cannot exceed 100 % minus the recall,
    since they are a part of the positives.

    Parameters
    ----------
    shares : DataFrame
        From :func:`shares_over_time`.

    Returns
    -------
    DataFrame
        Text, one row for each of :data:`COMPARED`; in per cent.
    """
    start = shares.iloc[: early_frames(len(shares))].sum(skipna=False)
    rows = []
    for one, other in COMPARED:
        apart = (shares[one] - shares[other]).abs().sum(skipna=False) / 2
        numbers = {"at the start (%)": start[one], "the other at the start (%)": start[other], "has to move (%)": apart}
        rows.append({"outcome": one, "compared with": other}
                    | {name: "–" if np.isnan(value) else f"{value:.1f}" for name, value in numbers.items()})
    return pd.DataFrame(rows)


def early_frames(frame_pairs: int) -> int:
    """Frame pairs at the movie's start, see :data:`EARLY`; at least one."""
    return max(1, round(EARLY * frame_pairs))


def rates_over_time(counts: np.ndarray, least: int = 100) -> pd.DataFrame:
    """How often a negative, or a positive, is taken for the other, over time.

    Consecutive frame pairs are joined until they hold ``least`` pairs of the class; what is left at the end joins
    the last bin.

    Parameters
    ----------
    counts : int array, shape (T, 4)
    least : int
        0: every frame pair that has a pair of the class is a bin of its own.

    Returns
    -------
    DataFrame
        ``rate`` (of :data:`RATES`), ``first`` and ``last`` frame pair of the bin, ``mistakes``, ``pairs``, ``share``,
        and Wilson's 95 % interval ``low``, ``high``. A class without any pair has no rows.
    """
    rows = []
    for name, outcomes in RATES.items():
        right, wrong = np.asarray(counts, int)[:, outcomes].T
        ends = _bins(right + wrong, least)
        single = [(t, t + 1) for t in np.flatnonzero(right + wrong)]
        for first, end in zip([0, *ends[:-1]], ends) if least else single:
            k, n = int(wrong[first:end].sum()), int((right + wrong)[first:end].sum())
            rows.append((name, first, end - 1, k, n, k / n, *scores.share_interval(k, n)))
    return pd.DataFrame(rows, columns=["rate", "first", "last", "mistakes", "pairs", "share", "low", "high"])


def _bins(pairs: np.ndarray, least: int) -> list[int]:
    """Ends (exclusive) of stretches of frames that hold at least ``least`` pairs each; none without any pair."""
    ends, held = [], 0
    for end, n in enumerate(pairs, 1):
        held += int(n)
        if held >= max(1, least):
            ends, held = [*ends, end], 0
    if not ends:
        return [len(pairs)] if held else []
    return [*ends[:-1], len(pairs)]


def early_and_late(counts: np.ndarray) -> pd.DataFrame:
    """The two error rates at the movie's start and after it.

    Parameters
    ----------
    counts : int array, shape (T, 4)

    Returns
    -------
    DataFrame
        Index: :data:`RATES`. ``early`` and ``late`` rates, each with Wilson's interval (``early_low``, ...), and
        ``difference``, early minus late, with Newcombe's (``low``, ``high``). NaN where a class is missing.
    """
    split, rows = early_frames(len(counts)), {}
    for name, outcomes in RATES.items():
        right, wrong = np.asarray(counts, int)[:, outcomes].T
        sums = [(int(w.sum()), int((r + w).sum())) for r, w in ((right[:split], wrong[:split]),
                                                                (right[split:], wrong[split:]))]
        row = {}
        for when, (k, n) in zip(("early", "late"), sums):
            if n:
                row |= {when: k / n} | dict(zip((f"{when}_low", f"{when}_high"), scores.share_interval(k, n)))
        if len(row) == 6:  # both parts have such pairs
            low, high = scores.difference_interval(*sums[0], *sums[1])
            row |= {"difference": row["early"] - row["late"], "low": low, "high": high}
        rows[name] = row
    columns = ["early", "early_low", "early_high", "late", "late_low", "late_high", "difference", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns).astype(float)


def start_table(rates: pd.DataFrame) -> pd.DataFrame:
    """:func:`early_and_late` as text, in per cent with 95 % intervals; a dash where there is no such pair."""
    rows = []
    for name, rate in (100 * rates).iterrows():
        shown = {when: scores.with_interval(*rate[[when, f"{when}_low", f"{when}_high"]], digits=1)
                 for when in ("early", "late")}
        shown["difference"] = tables.signed(rate["difference"], rate["low"], rate["high"], 1)
        rows.append({"in per cent": name}
                    | {key: "–" if np.isnan(rate[key]) else text for key, text in shown.items()})
    return pd.DataFrame(rows)


def surest(pairs: pd.DataFrame, outcome: str, places: int, size: int = 48) -> pd.DataFrame:
    """The most confident mistakes of one kind, each thing once.

    Crops are drawn at random and overlap. Of those that lie within half a crop of each other, at most one frame
    apart, only the surest is taken.

    Parameters
    ----------
    pairs : DataFrame
        One run's rows of :func:`tested`.
    outcome : {"fp", "fn"}
    places : int
        At most so many.
    size : int
        Side of the crops, in pixels.

    Returns
    -------
    DataFrame
        Rows of ``pairs``, the surest first. Confidence is the margin: a probability may be rounded to 1.
    """
    ranked = pairs[pairs["outcome"] == outcome].sort_values("margin", ascending=outcome == "fn", kind="stable")
    place, kept = ranked[["t", "y", "x"]].to_numpy(), []
    for i, one in enumerate(place):
        if len(kept) == places:
            break
        if not (np.abs(place[kept] - one) <= (1, size / 2, size / 2)).all(axis=1).any():
            kept.append(i)
    return ranked.iloc[kept]


def numbers(run: Run, seed: int, counts: np.ndarray, rates: pd.DataFrame) -> dict[str, dict]:
    """The numbers of the errors' notebook.

    Parameters
    ----------
    run : Run
        Of A1.
    seed : int
        The run that is looked at.
    counts : int array, shape (T, 4)
        Its outcomes, from :func:`one_run`.
    rates : DataFrame
        From :func:`rates_over_time`.
    """
    here = counts.sum(axis=0)
    table = {name: results.number(count, [run], 0) for name, count in zip(confusion.OUTCOMES, here)}
    table |= {"seed": results.number(seed, [run], 0), "test_pairs": results.number(here.sum(), [run], 0),
              "early_frames": results.number(early_frames(len(counts)), [run], 0)}
    for name, rate in zip(("fp_rate", "fn_rate"), RATES):
        wrong, pairs = rates.loc[rates["rate"] == rate, ["mistakes", "pairs"]].sum()
        if pairs:
            low, high = scores.share_interval(int(wrong), int(pairs))
            table[name] = results.number(100 * wrong / pairs, [run], 1, interval=(100 * low, 100 * high), unit="%")
    return table
