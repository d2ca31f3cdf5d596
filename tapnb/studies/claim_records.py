"""What the paper's claims are judged by: run records by role, as the notebooks of a profile and movie published them.

Neither predictions nor movies are read: records, and for claim 12 the numbers of notebook 15, are enough, so that a verdict can be
checked wherever they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.metrics import scores
from tapnb.store.runs import pretraining_of
from tapnb.studies.verdicts import NotEnough, NotRun
from tapnb.system.files import read_json

LEAST_RUNS = 3
"""Runs a strategy needs before its spread means anything."""

LEAST_POSITIVES = 100
"""Positive test pairs below which recall is known to no better than a tenth."""

EVIDENCE, LABELS = "15_evidence", "labels"
"""The notebook that trains with few labels, and the profile that has it do so on the pretraining of profile `cpu`."""

NOTEBOOKS = {"tap": "02_pretraining", "gradcam": "03_grad_cam", "content": "04_content_view",
             "calibration": "09_calibration", "A0i": "10_limitations"} | dict.fromkeys(
                 ("A0", "A1", "B0", "B1", "C0", "C1"), "06_strategies")
"""The notebook that publishes a role; those with a labelling criterion in their name are 08_criteria's."""


class Records:
    """Run records by the role under which the notebooks of one profile and movie published them.

    Parameters
    ----------
    by_role : dict
        Records by role.
    notebooks : frozenset of str
        Those that have published.
    numbers : dict, optional
        What notebook 15 published, see :func:`tapnb.store.results.number`, by name.
    primary : dict, optional
        Its primary comparisons as text, by name, such as "A1 − C1": the difference and the protocol's verdict.
    """

    def __init__(self, by_role: dict[str, dict], notebooks: frozenset[str] = frozenset(), numbers: dict[str, dict] | None = None,
                 primary: dict[str, str] | None = None):
        self.by_role, self.notebooks, self.numbers, self.primary, self.used = by_role, notebooks, numbers or {}, primary or {}, []

    def __getitem__(self, role: str) -> dict:
        """The record of a role; remembered as used.

        Raises
        ------
        NotEnough
            If no notebook has published one, or it rests on another pretraining than the one published.
        """
        record = self.by_role.get(role)
        if record is None:
            notebook = NOTEBOOKS.get(role, "08_criteria")
            if notebook in self.notebooks:
                raise NotEnough(f"{notebook} has run without \"{role}\": its parameters or this movie leave it out")
            raise NotRun(f"{notebook}, which makes {role}, has not run with this profile")
        rests_on, tap = pretraining_of(record), self.by_role.get("tap")
        if tap and rests_on not in (None, tap["name"]):
            raise NotEnough(f"{record['name']} rests on another pretraining than the published one: run its notebook "
                            "again")
        if record["name"] not in self.used:
            self.used.append(record["name"])
        return record

    def counts(self, *roles: str) -> dict[str, np.ndarray]:
        """Outcomes (R, T, 4) of strategies on the test pairs, by role.

        Raises
        ------
        NotEnough
            If one has too few runs or positive test pairs.
        """
        outcomes = {role: np.array(self[role]["results"]["test"]["counts"]) for role in roles}
        for role, c in outcomes.items():
            runs, positives = len(c), int(c[0, :, 2:].sum())
            if runs < LEAST_RUNS or positives < LEAST_POSITIVES:
                lacking = ["more seeds"] * (runs < LEAST_RUNS) + ["more test pairs"] * (positives < LEAST_POSITIVES)
                raise NotEnough(f"{role} has {runs} runs on {positives} positive test pairs; it takes at least "
                                f"{LEAST_RUNS} on {LEAST_POSITIVES}: {' and '.join(lacking)}")
        return outcomes

    def arrow_is_told(self, sampler: str | None = None) -> None:
        """Raise :class:`NotEnough` if the pretraining answers no better than a coin on every kind of held-out pair.

        Parameters
        ----------
        sampler : {"uniform", "change"}, optional
            Ask about pairs that were drawn in this way only.
        """
        kinds = [a for a in self["tap"]["results"]["accuracies"] if sampler in (None, a["sampler"])]
        # so that a coin passes once in forty times, however many kinds there are
        confidence = 1 - 0.05 / max(len(kinds), 1)
        if not any(scores.share_interval(a["right"], a["n"], confidence)[0] > 0.5 for a in kinds):
            pairs = self["tap"]["parameters"]["settings"]["pairs"]
            of_these = f"of {sampler} crops " if sampler else ""
            raise NotEnough(f"after {pairs} crop pairs the network tells the time arrow {of_these}no better than a "
                            "coin; it has to learn that first: more pretraining pairs (the paper: 2 million)")


def read(folder: Path) -> Records:
    """The records that notebooks have published in a results folder; the first notebook to name a role counts.

    Parameters
    ----------
    folder : Path
        From :func:`tapnb.store.results.folder`.
    """
    by_role: dict[str, dict] = {}
    published = {path.stem: read_json(path) for path in sorted(folder.glob("[0-9]*.json"))}
    for of_notebook in published.values():
        for role, name in of_notebook["runs"].items():
            record = folder / "records" / f"{name}.json"
            if role not in by_role and record.is_file():
                by_role[role] = read_json(record)
    numbers = published.get(EVIDENCE, {}).get("numbers", {}) | _from_few_labels(folder, published)
    return Records(by_role, frozenset(published), numbers, _primary(folder / f"{EVIDENCE}_primary.csv"))


def _primary(path: Path) -> dict[str, str]:
    """The primary comparisons of notebook 15, each with its verdict; none where it has made none."""
    table = pd.read_csv(path) if path.is_file() else pd.DataFrame()
    if "comparison" not in table:
        return {}
    return dict(zip(table["comparison"], table["average precision (95 %)"] + ": " + table["verdict"]))


def few_labels_of(folder: Path) -> Path:
    """Where trainings with few labels stand that belong to a folder of results."""
    return folder.parents[1] / LABELS / folder.name / f"{EVIDENCE}.json"


def _from_few_labels(folder: Path, published: dict[str, dict]) -> dict[str, dict]:
    """The numbers of trainings with few labels that another profile published on this folder's pretraining, if it did."""
    other = few_labels_of(folder)
    if not other.is_file():
        return {}
    found, tap = read_json(other), next((of["runs"]["tap"] for of in published.values() if "tap" in of["runs"]), None)
    return {name: number for name, number in found["numbers"].items() if name.startswith("few_") and found["runs"]["tap"] == tap}
