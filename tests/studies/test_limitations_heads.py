"""A0i against A0: the same everything but the head."""

from pathlib import Path

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings
from tapnb.heads import HeadSettings
from tapnb.metrics import confusion
from tapnb.store import runs
from tapnb.studies import limitations_heads, strategies

pytestmark = pytest.mark.trains

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def made(tmp_path_factory, pretrained):
    """A run of A0 and one of A0i on toy features, in a home of their own."""
    movie = shrinking_discs(1)
    settings = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        plain = strategies.strategy_run("A0", movie, pretrained(movie), settings, HeadSettings(epochs=2),
                                        seeds=[20, 40], test_pairs=30, mode="execute", on=CPU, command="")
        invariant = limitations_heads.invariant_run(movie, plain, "execute", CPU, "")
        restored = limitations_heads.invariant_run(movie, plain, "restore", CPU, "")
    assert restored.record == invariant.record
    return plain, invariant


def test_the_invariant_run_differs_in_its_head_only(made):
    plain, invariant = (run.record["parameters"] for run in made)
    assert {key for key in plain | invariant if plain.get(key) != invariant.get(key)} == {"strategy"}
    assert invariant["strategy"] == "A0i"
    both = [strategies.predictions(run) for run in made]
    columns = ["seed", "part", "pair", "label"]
    assert both[0][columns].equals(both[1][columns]) and not np.allclose(both[0]["logit_1"], both[1]["logit_1"])


def counted(*per_run):
    return runs.Run(Path("."), {"name": "strategy-x-1", "results": {"test": {"seeds": [20, 40], "counts": per_run}}})


def test_differences_are_those_of_the_means_with_an_interval_around_them():
    rng = np.random.default_rng(2)
    plain, invariant = rng.integers(1, 30, (2, 2, 16, 4))
    found = limitations_heads.invariant_minus_plain(counted(*plain.tolist()), counted(*invariant.tolist()))
    means = [confusion.f1(c.sum(1)).mean() for c in (plain, invariant)]
    assert found.loc["F1", "difference"] == pytest.approx(means[1] - means[0])
    recalls = confusion.scores(plain.sum(1))[:, 3]
    assert found.loc["rec 1", "plain"] == pytest.approx(recalls.mean())
    assert found.loc["rec 1", "plain_std"] == pytest.approx(recalls.std(ddof=1))
    assert ((found["low"] < found["difference"]) & (found["difference"] < found["high"])).all()


def test_equal_runs_do_not_differ_and_the_table_says_so():
    same = counted(*[[[40, 10, 5, 15]] * 12] * 2)
    found = limitations_heads.invariant_minus_plain(same, same)
    assert not found[["difference", "low", "high"]].to_numpy().any()  # the same frames are drawn for both
    table = limitations_heads.in_text(found, same, same)
    assert list(table) == ["score", "A0, plain (2 runs)", "A0i, invariant (2 runs)", "A0i − A0 (95 %)"]
    assert table.iloc[3].tolist() == ["rec 1", "0.75 ± 0.00", "0.75 ± 0.00", "+0.00 (+0.00 to +0.00)"]


def test_one_run_leaves_no_spread():
    one = counted([[40, 10, 5, 15]] * 12)
    found = limitations_heads.invariant_minus_plain(one, one)
    assert found["plain_std"].isna().all()
    assert limitations_heads.in_text(found, one, one).iloc[4, 1] == "0.67"
