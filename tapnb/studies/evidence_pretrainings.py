"""Strategies over several pretrainings whose settings differ in the seed alone: how much depends on which of them one has.

The protocol's intervals are given one pretraining. Here each pretraining counts once, as the mean of its heads, and the
variance between them adds to that of the events. The heads' seeds are the same on each. Exploratory: no correction for
several comparisons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tapnb.metrics import intervals, scores
from tapnb.metrics.intervals import Estimate, Resampled
from tapnb.store import results
from tapnb.store.runs import Run
from tapnb.studies import evidence, tables
from tapnb.studies.evidence_beside import Pretraining
from tapnb.studies.strategies import HELD_OUT

MINUS = " \u2212 "
"""Between the two sides of a comparison."""

FEWEST = 3
"""Pretrainings of which a mean has an interval: of two it would hold the truth too seldom."""


def alike(own: Pretraining, others: Sequence[Pretraining]) -> list[Pretraining]:
    """This pretraining and those of the others whose settings differ from its own in the seed alone, by seed.

    Their heads have the same seeds. Fewer than :data:`FEWEST` are none: two say too little about how much they differ.
    """
    by_seed = {_seed(one): one for one in [*others, own] if one.tap.record["parameters"] == own.tap.record["parameters"]
               and all(_of_heads(one, name) == _of_heads(own, name) for name in one.trained)}
    return [by_seed[seed] for seed in sorted(by_seed)] if len(by_seed) >= FEWEST else []


def _seed(one: Pretraining) -> int:
    return one.tap.record["seed"]


def _of_heads(one: Pretraining, name: str) -> list[int]:
    return [seed for run in one.trained[name] for seed in run.record["parameters"]["seeds"]]


def over(of_each: Sequence[Resampled]) -> Resampled:
    """One score over several pretrainings: each is a run, with the mean of its heads.

    Parameters
    ----------
    of_each : sequence of Resampled
        A pretraining each, of the same draws.
    """
    return Resampled(np.array([one.runs.mean() for one in of_each]), np.stack([one.draws.mean(1) for one in of_each], axis=1),
                     of_each[0].groups)


def scored(pretrainings: Sequence[Pretraining]) -> dict[str, tuple[list[float], Estimate]]:
    """Average precision on the held-out movie, and the primary comparisons that rest on a pretraining.

    Parameters
    ----------
    pretrainings : sequence of Pretraining
        From :func:`alike`.

    Returns
    -------
    dict
        By strategy, "A1", or comparison, "A1 \u2212 C1": the value on each pretraining, and their mean with its interval.
    """
    if not pretrainings:
        return {}
    parts = [one.by_part[HELD_OUT] for one in pretrainings]
    several = {name: over([part[name] for part in parts]) for name in parts[0] if all(name in one.trained for one in pretrainings)}
    alone = {name: one for part in parts for name, one in part.items() if name not in several}
    found = {name: (one.runs.tolist(), intervals.estimate(one)) for name, one in several.items()}
    for first, second in evidence.COMPARISONS:
        if first in several and second in several:
            by_pretraining = intervals.paired(several[first], several[second])
            found[first + MINUS + second] = by_pretraining.runs.tolist(), intervals.estimate(by_pretraining)
        elif first in several and second in alone:
            found[first + MINUS + second] = ((several[first].runs - alone[second].runs.mean()).tolist(),
                                            intervals.estimate(several[first], alone[second]))
    return found


def table(found: dict[str, tuple[list[float], Estimate]], pretrainings: Sequence[Pretraining]) -> pd.DataFrame:
    """:func:`scored` as text, a column a pretraining."""
    seeds = [f"seed {_seed(one)}" for one in pretrainings]
    rows = []
    for name, (values, e) in found.items():
        compared = MINUS in name
        text = tables.signed(e.value, e.low, e.high, 3) if compared else scores.with_interval(e.value, max(e.low, 0.0), min(e.high, 1.0), 3)
        each = [f"{value:{'+' if compared else ''}.3f}".replace("-", "\u2212") for value in values]
        rows.append({"": name} | dict(zip(seeds, each)) | {"mean (95 %)": text})
    return pd.DataFrame(rows, columns=["", *seeds, "mean (95 %)"])


def numbers(found: dict[str, tuple[list[float], Estimate]], pretrainings: Sequence[Pretraining], controlled: Run) -> dict[str, dict]:
    """The numbers of :func:`scored`."""
    named = {}
    for name, (_, e) in found.items():
        sides = name.split(MINUS)
        rest_on = {run.record["name"]: run for one in pretrainings for side in sides for run in one.trained.get(side, [])}
        rest_on |= {controlled.record["name"]: controlled} if evidence.control_names(sides) else {}
        named["_less_".join(map(evidence.key, sides)) + "_over_pretrainings"] = results.number(
            e.value, [*rest_on.values()], 3, interval=(e.low, e.high))
    return named
