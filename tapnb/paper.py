"""The paper's own numbers (Chen, Namboodiri and Sero, arXiv 2411.03924), typed once."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


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
