"""The paper's own numbers that notebooks set beside ours (Chen, Namboodiri and Sero, arXiv 2411.03924)."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

TABLE1 = {"total": (95_000, None), "balanced": (14_934, 7_467), "test": (19_000, 2_470), "validation": (19_000, 2_458)}
"""Table 1: crop pairs and positive ones among them; "balanced" is the training set."""

TABLE5_TEST_POSITIVES = {"any size, both": 1_867, "any size, either": 3_284, "size filter, either": 2_470}
"""Table 5: positive pairs of the test set under each labelling criterion."""


def table2() -> pd.DataFrame:
    """Table 2: strategies, mean and standard deviation over 10 runs on the test set.

    Returns
    -------
    DataFrame
        Index ``strategy``; ``features``, ``head``, and for every score (:data:`tapnb.metrics.scores.SCORES`) its
        mean and, under the score's name with " std", its standard deviation.
    """
    with (files("tapnb") / "studies" / "paper_table2.csv").open("rb") as file:
        return pd.read_csv(file, index_col="strategy")


TABLE6_SETTINGS = {"same": (0.974, 0.001), "crop halved": (0.824, 0.002), "resolution doubled": (0.709, 0.001),
                   "crop doubled": (1.0, 0.0), "resolution halved": (0.938, None)}
"""Table 6: time-arrow accuracy on the held-out movie, mean and spread of three draws; the last spread is misprinted."""

TABLE6 = {size: "{:.3f} ± {:.3f}".format(*TABLE6_SETTINGS[name]) for size, name in ((96, "same"), (48, "crop halved"))}
"""Table 6, full resolution, by side of the crop in pixels, as text."""

TABLE3 = {"tn": 15_502, "fp": 1_028, "fn": 272, "tp": 2_198}
"""Table 3: right and wrong answers of one run of A1 on the test pairs."""


def table5() -> pd.DataFrame:
    """Table 5: labelling criteria, mean and standard deviation over 10 runs, each on test pairs that it labelled.

    Returns
    -------
    DataFrame
        Index ``criterion``, ``head``; ``training positives``, ``test positives``, and the columns of :func:`table2`
        for every score.
    """
    with (files("tapnb") / "studies" / "paper_table5.csv").open("rb") as file:
        return pd.read_csv(file, index_col=["criterion", "head"])
