"""The six strategies: what is trained, what stays fixed, what is shared."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from toys import shrinking_discs

from tapnb import crops, dataset, models, recognise
from tapnb.metrics import scores
from tapnb.store import runs

pytestmark = pytest.mark.trains

CHANNELS = (4, 4, 4, 4)


@pytest.fixture(scope="module")
def setting():
    movie = shrinking_discs(1)
    data = dataset.event_dataset(movie, size=16, per_frame_pair=30, limit=60)
    torch.manual_seed(0)
    return models.DenseFeatures(CHANNELS), data, crops.as_tensor(movie.frames), movie.levels


@pytest.mark.parametrize("name", recognise.STRATEGIES)
def test_a_strategy_predicts_every_test_pair_once_a_run(setting, name):
    tap, data, frames, levels = setting
    before = copy.deepcopy(tap.state_dict())
    found = recognise.run_strategy(name, tap, data, frames, levels, [20, 40], 1, test_pairs=25, validation_pairs=25)
    assert all(torch.equal(before[k], v) for k, v in tap.state_dict().items())  # the pretrained network stays as it is
    for part in ("test", "validation"):
        rows = found[(found["part"] == part) & (found["seed"] == 40)]
        np.testing.assert_array_equal(rows["pair"], data.parts[part][:25])
        np.testing.assert_array_equal(rows["label"], data.labels[rows["pair"]])
    assert np.isfinite(found[["logit_0", "logit_1"]]).all(axis=None)
    first, second = (found.loc[found["seed"] == seed, "logit_1"].to_numpy() for seed in (20, 40))
    assert not np.allclose(first, second)


def test_a_run_does_not_depend_on_the_runs_beside_it(setting):
    tap, data, frames, levels = setting
    for name in ("A0", "B0"):
        both = recognise.run_strategy(name, tap, data, frames, levels, [20, 40], 1, test_pairs=10)
        alone = recognise.run_strategy(name, tap, data, frames, levels, [40], 1, test_pairs=10)
        np.testing.assert_allclose(both.loc[both["seed"] == 40, "logit_1"], alone["logit_1"], rtol=1e-3, atol=1e-3)


def test_only_what_calibration_looks_at_predicts_validation_pairs_and_logits_are_kept_in_half_the_bits(setting):
    tap, data, frames, levels = setting
    found = recognise.run_strategy("A0", tap, data, frames, levels, [20], 1, test_pairs=10, validation_pairs=0)
    assert set(found["part"]) == {"test"} and found["logit_0"].dtype == found["logit_1"].dtype == np.float16


def test_a_smaller_batch_takes_more_steps(setting):
    tap, data, frames, levels = setting
    few, many = (recognise.run_strategy("A0", tap, data, frames, levels, [20], 1, test_pairs=10, batch=batch)
                 for batch in (60, 10))
    assert not np.allclose(few["logit_1"], many["logit_1"], atol=1e-2)


def test_estimated_norms_are_those_of_the_crops(setting):
    tap, data, frames, levels = setting
    backbone = copy.deepcopy(tap)
    models.redraw_kaiming_uniform(backbone)
    images = crops.gather(frames, levels, data.pairs[data.parts["balanced"]])
    recognise.estimate_norms(backbone, images, batch=60)
    z = backbone.eval()(images).transpose(0, 2).flatten(1)
    torch.testing.assert_close(z.mean(1), torch.zeros(32), atol=5e-2, rtol=0)
    torch.testing.assert_close(z.std(1), torch.ones(32), atol=5e-2, rtol=0)


def test_the_scripts_way_keeps_the_trained_statistics(setting):
    tap, data, frames, levels = setting
    ours, theirs = (recognise.run_strategy("B0", tap, data, frames, levels, [20], 1, test_pairs=10,
                                           keep_trained_norms=keep)["logit_1"] for keep in (False, True))
    assert not np.allclose(ours, theirs)


def test_heads_predict_together_what_they_predict_alone(setting):
    tap, data, frames, levels = setting
    images = crops.gather(frames, levels, data.pairs[:30])
    heads = [models.LinearHead(16), models.LinearHead(16)]
    together = recognise.predict(heads, tap, images, batch=7)
    assert together.shape == (2, 30, 2)
    torch.testing.assert_close(together[1], recognise.predict(heads[1:], tap, images)[0], rtol=1e-4, atol=1e-5)


def test_predictions_feed_the_scores(setting):
    tap, data, frames, levels = setting
    found = recognise.run_strategy("A0", tap, data, frames, levels, [20, 40], 2)
    per_run = scores.scores_per_run(found)
    assert per_run["seed"].tolist() == [20, 40] and per_run[list(scores.SCORES)].stack().between(0, 1).all()


def test_fine_tuning_starts_from_the_features_and_leaves_the_pretrained_ones_as_they_are(setting, tmp_path):
    tap, data, frames, levels = setting
    before = copy.deepcopy(tap.state_dict())
    recognise.run_strategy("D1", tap, data, frames, levels, [20], 1, test_pairs=10, folder=tmp_path)
    kept = load_file(tmp_path / "weights-20.safetensors")
    kernel = "backbone.head.weight"
    torch.testing.assert_close(tap.state_dict(), before)
    moved = (kept[f"features.{kernel}"].float() - before[kernel]).abs().max()
    assert 1e-4 < moved < 0.05  # a few steps of 1e-3 away, not redrawn


def test_of_fixed_features_only_the_head_is_kept(setting, tmp_path):
    recognise.run_strategy("A0", *setting, [20, 40], 1, test_pairs=10, folder=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["weights-20.safetensors", "weights-40.safetensors"]
    assert all(name.startswith("head.") for name in load_file(tmp_path / "weights-40.safetensors"))


def test_an_unknown_strategy_is_refused(setting):
    with pytest.raises(ValueError, match="unknown strategy 'E1'; choose from A0, A1"):
        recognise.run_strategy("E1", *setting, [20], 1)


def test_features_of_another_movie_are_refused(tmp_path):
    tap = runs.Run(tmp_path, {"name": "tap-x-1", "code": "c", "movies": {"train": {"fingerprint": "elsewhere"}}})
    with pytest.raises(ValueError, match="tap-x-1 were pretrained on another movie.*run notebook 02"):
        recognise.strategy_run("A0", shrinking_discs(1), tap, seeds=[20], epochs=1, dataset={}, mode="execute",
                               on=torch.device("cpu"), command="")


def test_a_strategy_without_seeds_is_refused(setting):
    with pytest.raises(ValueError, match="there is no seed"):
        recognise.run_strategy("A0", *setting, [], 1)
