"""The twelve claims as one picture: how far each effect lies on the claim's side of its bound, and what it is called.

Two effects a claim and movie: the comparison that decides by the paper's own measure, and, for claims that rank strategies,
the same comparison in average precision, which no threshold decides. The second decides no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tapnb.studies.verdicts import Part, Verdict
from tapnb.system.files import read_json

SHORT = ("A1 best in Table 2", "TAP beats random, fixed", "TAP beats end to end", "ResNet head beats linear",
         "true positives follow the truth", "misses few and even", "either frame, size filter best",
         "temperature scaling calibrates", "larger crops tell more", "Grad-CAM finds events", "invariance does not help",
         "few labels suffice")
"""The claims in a few words, in the order of :data:`tapnb.studies.claims.CLAIMS`."""

RANKED = {1: ("A1_less_A0", "A1_less_B1", "A1_less_C1"), 2: ("A0_less_B0", "A1_less_B1"), 3: ("A1_less_C1",),
          4: ("A1_less_A0", "B1_less_B0", "C1_less_C0")}
"""Of a claim that ranks strategies, the differences in average precision that 06_strategies publishes."""

PAPERS, PRIMARY = "the paper's measure", "average precision"


def rows(judged: Mapping[str, list[Verdict]], numbers: Mapping[str, Mapping[str, dict]]) -> pd.DataFrame:
    """Every effect, as a distance from its bound towards the claim's side.

    Parameters
    ----------
    judged : dict of list of Verdict
        By movie, from :func:`tapnb.studies.claims.judge`.
    numbers : dict of dict
        By movie, from :func:`ranking_numbers`.

    Returns
    -------
    DataFrame
        ``movie``, ``number``, ``claim``, ``measure`` (:data:`PAPERS` or :data:`PRIMARY`), ``value``, ``low``, ``high`` (NaN where
        nothing was measured), ``verdict``, ``compared``: what it is an effect of.
    """
    table = []
    for movie, verdicts in judged.items():
        for verdict in verdicts:
            about = {"movie": movie, "number": verdict.number, "claim": SHORT[verdict.number - 1], "verdict": verdict.verdict}
            deciding = verdict.deciding
            table.append(about | {"measure": PAPERS, "compared": deciding.text if deciding else verdict.reason}
                         | (towards(deciding) if deciding else {}))
            ranked = {key: numbers[movie][f"{key}_ranking"] for key in RANKED.get(verdict.number, ())
                      if f"{key}_ranking" in numbers.get(movie, {})}
            if ranked:
                key, least = min(ranked.items(), key=lambda item: item[1]["interval"][0])
                low, high = least["interval"]
                table.append(about | {"measure": PRIMARY, "compared": key.replace("_less_", " \u2212 "), "value": least["value"],
                                      "low": low, "high": high})
    return pd.DataFrame(table, columns=["movie", "number", "claim", "measure", "value", "low", "high", "verdict", "compared"])


def ranking_numbers(folder: Path) -> dict[str, dict]:
    """The numbers that 06_strategies has published in a results folder; none where it has not run."""
    path = folder / "06_strategies.json"
    return read_json(path)["numbers"] if path.is_file() else {}


def towards(part: Part) -> dict[str, float]:
    """Value and interval of a part as distances from its bound, positive on the side where the claim puts it."""
    ends = [end - part.bound for end in (part.value, part.low, part.high)]
    value, low, high = ends if part.above else (-ends[0], -ends[2], -ends[1])
    return {"value": value, "low": low, "high": high}
