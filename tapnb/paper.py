"""The paper's own numbers that notebooks set beside ours (Chen, Namboodiri and Sero, arXiv 2411.03924)."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

TABLE1 = {"total": (95_000, None), "balanced": (14_934, 7_467), "test": (19_000, 2_470), "validation": (19_000, 2_458)}
"""Table 1: crop pairs and positive ones among them; "balanced" is the training set."""

TABLE5_TEST_POSITIVES = {"any size, both": 1_867, "any size, either": 3_284, "size filter, either": 2_470}
"""Table 5: positive pairs of the test set under each labelling criterion."""

TABLE6 = {96: "0.974 ± 0.001", 48: "0.824 ± 0.002"}
"""Table 6: time-arrow accuracy on the held-out movie by side of the crop, full resolution, three draws."""


def table2() -> pd.DataFrame:
    """Table 2: strategies, mean and standard deviation over 10 runs on the test set.

    Returns
    -------
    DataFrame
        Index ``strategy``; ``features``, ``head``, and for every score (:data:`tapnb.evaluate.SCORES`) its
        mean and, under the score's name with " std", its standard deviation.
    """
    with (files("tapnb") / "resources" / "paper_table2.csv").open("rb") as file:
        return pd.read_csv(file, index_col="strategy")
