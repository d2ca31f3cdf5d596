"""What the probabilities of found events are worth on a movie that the detector has not seen."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tapnb.event_probability import probability
from tapnb.metrics import events as scores
from tapnb.movies import Movie
from tapnb.store import results, runs
from tapnb.studies import events
from tapnb.studies.event_scores import kinds_of

EVEN = 0.5
"""The probability from which on something is more likely an event than not."""


def worth(trained: Mapping[str, list[runs.Run]], train: Movie, held_out: Movie) -> pd.DataFrame:
    """Events that probabilities promise in the held-out movie, and those that are there.

    Probabilities are fitted for every kind apart on the last fifth of the training movie, which is another movie with events of
    another frequency. So they need not hold here, and this says how far they do.

    Parameters
    ----------
    trained : dict of list of Run
        By strategy, from :func:`tapnb.studies.events.detector_run`; the first of each is looked at.
    train, held_out : Movie

    Returns
    -------
    DataFrame
        ``name``, ``kind``, ``expected`` (sum of the probabilities of all places that were seen), ``true`` (how many of them are
        events), ``likely`` (places with a probability of :data:`EVEN` or more) and ``likely_true``. A kind without a calibration
        has no row.
    """
    true, frames = events.true_events(held_out), len(held_out.frames) - 1
    _, checked = events.split_pairs(train)
    of_last_fifth = events.labelled(events.true_events(train), checked)
    rows = []
    for name, (run, *_) in ((name, own) for name, own in trained.items() if own):
        fitted = events.calibrations(events.found(run, events.VALIDATION), of_last_fifth, len(checked))
        found = events.found(run, events.HELD_OUT).sort_values("score", ascending=False, kind="stable")
        for kind in (kind for kind in kinds_of(held_out) if kind in fitted):
            own = found[found["kind"] == kind].reset_index(drop=True)
            promised = probability(own, fitted)
            hit = scores.matched(own, true[true["kind"] == kind], frames).event >= 0
            rows.append({"name": name, "kind": kind, "expected": promised.sum(), "true": int(hit.sum()),
                         "likely": int((promised >= EVEN).sum()), "likely_true": int(hit[promised >= EVEN].sum()), "run": run})
    return pd.DataFrame(rows, columns=["name", "kind", "expected", "true", "likely", "likely_true", "run"])


def table(found: pd.DataFrame) -> pd.DataFrame:
    """:func:`worth` as text."""
    return pd.DataFrame({"strategy": found["name"], "kind": found["kind"],
                         "events promised (sum of probabilities)": [str(round(value)) for value in found["expected"]],
                         "events among all places seen": found["true"].astype(str),
                         "places more likely an event than not": found["likely"].astype(str),
                         "events among these": found["likely_true"].astype(str)})


def numbers(found: pd.DataFrame) -> dict[str, dict]:
    """What probabilities promise, and what is there."""
    return {f"{row.name}_{row.kind}_{what}": results.number(float(np.round(getattr(row, column), 6)), [row.run], 0)
            for row in found.itertuples(index=False) for what, column in (("promised", "expected"), ("seen", "true"))}
