"""Rounded features and what they do to predictions."""

import pytest
import torch
from toys import shrinking_discs

from tapnb import heads, models
from tapnb.dataset import DatasetSettings
from tapnb.heads import HeadSettings
from tapnb.settings import kept
from tapnb.store import runs
from tapnb.studies import differences_rounding

pytestmark = pytest.mark.trains

WAY = dict(on=torch.device("cpu"), command="tapnb run 11_differences")
PARAMETERS = {"strategy": "A0", "seeds": [20, 40], "training": kept(HeadSettings(epochs=2)),
              "dataset": kept(DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60))}


@pytest.fixture
def setting(tmp_path, monkeypatch, pretrained):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    movie = shrinking_discs(1)
    return movie, pretrained(movie), runs.Run(tmp_path, {"name": "strategy-x-1", "parameters": PARAMETERS})


def test_the_exact_features_are_those_that_are_rounded():
    model, images = models.DenseFeatures((4, 4, 4, 4)), torch.rand(5, 2, 16, 16)
    exact, rounded = differences_rounding.exact_features(model, images, batch=2), heads.fixed_features(model, images)
    assert exact.dtype == torch.float32 and not torch.equal(exact, rounded.float())
    torch.testing.assert_close(exact.bfloat16(), rounded)


def test_probabilities_and_decisions_are_compared():
    logits = torch.tensor([[0.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    others = torch.tensor([[0.0, 0.0], [1.0, 0.0], [3.0, 0.0]])
    found = differences_rounding.compare(logits, others)
    apart = torch.sigmoid(torch.tensor(1.0)) - torch.sigmoid(torch.tensor(-1.0))
    assert found["changed"] == 1 and found["largest"] == pytest.approx(apart.item())
    assert found["mean"] == pytest.approx(apart.item() / 3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_rounding_changes_less_than_another_seed(setting, monkeypatch, precision):
    monkeypatch.setenv("TAPNB_PRECISION", precision)
    movie, tap, published = setting
    run = differences_rounding.rounding_run(movie, tap, published, 40, mode="execute", **WAY)
    assert run.results["trained_on"] == run.results["tested"] == 40
    rounded, seed = run.results["rounding"], run.results["another_seed"]
    assert rounded["largest"] < seed["largest"] and rounded["mean"] < seed["mean"]
    assert (rounded["largest"] == 0) == (precision == "bfloat16")  # a head that computes in bf16 rounds them itself
    changed, largest = differences_rounding.effects(run)
    assert changed.effect == pytest.approx(100 * rounded["changed"] / 40)
    assert changed.low <= changed.effect < changed.high
    assert largest.effect == rounded["largest"] and f"{seed['largest']:.3f}" in largest.note
    assert differences_rounding.rounding_run(movie, tap, published, 40, mode="restore", **WAY).record == run.record
    assert runs.find(run.name).record == run.record


def test_what_cannot_be_compared_is_refused(setting):
    movie, tap, published = setting
    with pytest.raises(ValueError, match="pairs to compare roundings on is 1; it must be at least 2"):
        differences_rounding.rounding_run(movie, tap, published, 1, mode="execute", **WAY)
    trained = runs.Run(published.folder, {"parameters": PARAMETERS | {"strategy": "C1"}})
    with pytest.raises(ValueError, match="strategy C1 keeps no TAP features; compare roundings with A0 or A1"):
        differences_rounding.rounding_run(movie, tap, trained, 40, mode="execute", **WAY)
