"""Strategies: what is trained, what stays fixed, what is shared, and that a trained head can be taken along."""

import copy

import pytest
import torch
from safetensors.torch import load_file
from toys import shrinking_discs

from tapnb import checkpoints, dataset, heads, models, recognise
from tapnb.dataset import DatasetSettings
from tapnb.heads import HeadSettings
from tapnb.recognise import Recogniser, fit

pytestmark = pytest.mark.trains

CHANNELS = (4, 4, 4, 4)
ONE_EPOCH = HeadSettings(epochs=1)


@pytest.fixture(scope="module")
def data():
    settings = DatasetSettings(crop_size=16, crops_per_frame_pair=30, training_pairs=60)
    return dataset.event_dataset(shrinking_discs(1), settings)


@pytest.fixture(scope="module")
def tap():
    torch.manual_seed(0)
    return models.DenseFeatures(CHANNELS).eval()


@pytest.fixture(scope="module")
def images(data):
    return data.images(data.parts["test"][:25])


@pytest.mark.parametrize("name", recognise.STRATEGIES)
def test_every_seed_gives_another_head_and_the_pretrained_features_stay(tap, data, images, name):
    before = copy.deepcopy(tap.state_dict())
    groups = list(fit(name, tap, data, ONE_EPOCH, [20, 40]))
    assert all(torch.equal(before[k], v) for k, v in tap.state_dict().items())
    fixed, shared = name in ("A0", "A1", "A0i"), recognise.STRATEGIES[name].shared
    assert [len(group) for group in groups] == ([2] if shared else [1, 1])
    first, second = (recogniser for group in groups for recogniser in group)
    assert (first.features is tap) == fixed and first.strategy == name and first.size == 16
    assert not torch.allclose(first.probability(images), second.probability(images))


@pytest.mark.parametrize("name", ["A0", "B0"])
def test_a_head_does_not_depend_on_the_seeds_beside_it(tap, data, images, name):
    *_, (*_, beside) = fit(name, tap, data, ONE_EPOCH, [20, 40])
    ((alone,),) = fit(name, tap, data, ONE_EPOCH, [40])
    torch.testing.assert_close(beside.probability(images), alone.probability(images), rtol=1e-3, atol=1e-3)


def test_trained_features_of_all_seeds_can_learn_in_one_pass(tap, data, images, monkeypatch, tmp_path):
    apart = [one for group in fit("D1", tap, data, ONE_EPOCH, [20, 40]) for one in group]
    monkeypatch.setenv("TAPNB_HEADS", "together")
    groups = list(fit("D1", tap, data, ONE_EPOCH, [20, 40], folder=tmp_path))
    assert [len(group) for group in groups] == [1, 1] and [path.name for path in tmp_path.iterdir()] == ["checkpoint-20-40.pt"]
    for one, (other,) in zip(apart, groups):
        assert other.features is not tap
        assert other.curve[0]["training_loss"] == pytest.approx(one.curve[0]["training_loss"], rel=0.02)
    assert not torch.allclose(groups[0][0].probability(images), groups[1][0].probability(images))


def test_a_smaller_batch_takes_more_steps(tap, data, images):
    few, many = (next(fit("A0", tap, data, HeadSettings(epochs=1, batch=batch)))[0].probability(images)
                 for batch in (60, 10))
    assert not torch.allclose(few, many, atol=1e-2)


def test_estimated_norms_are_those_of_the_crops(tap, data):
    backbone = copy.deepcopy(tap)
    models.redraw_kaiming_uniform(backbone)
    crops = data.images(data.parts["balanced"])
    heads.estimate_norms(backbone, crops, batch=60)
    z = backbone.eval()(crops).transpose(0, 2).flatten(1)
    torch.testing.assert_close(z.mean(1), torch.zeros(32), atol=5e-2, rtol=0)
    torch.testing.assert_close(z.std(1), torch.ones(32), atol=5e-2, rtol=0)


def test_the_scripts_way_keeps_the_trained_statistics(tap, data):
    ((theirs,),) = fit("B0", tap, data, HeadSettings(epochs=1, keep_trained_norms=True))
    ((ours,),) = fit("B0", tap, data, ONE_EPOCH)
    name = "projection.1.running_mean"
    assert torch.equal(theirs.features.state_dict()[name], tap.state_dict()[name])
    assert not torch.equal(ours.features.state_dict()[name], tap.state_dict()[name])


def test_heads_answer_together_what_they_answer_alone(tap, images):
    two = [models.LinearHead(16), models.LinearHead(16)]
    together = heads.head_logits(two, tap, images, batch=7)
    assert together.shape == (2, 25, 2)
    torch.testing.assert_close(together[1], heads.head_logits(two[1:], tap, images)[0], rtol=1e-4, atol=1e-5)


def test_fine_tuning_starts_from_the_pretrained_features(tap, data):
    ((tuned,),) = fit("D1", tap, data, ONE_EPOCH)
    ((drawn,),) = fit("C1", tap, data, ONE_EPOCH)
    kernel = tap.backbone.head.weight
    assert 1e-4 < (tuned.features.backbone.head.weight - kernel).abs().max() < 0.05  # a step of 1e-3, not redrawn
    assert (drawn.features.backbone.head.weight - kernel).abs().max() > 0.1


@pytest.mark.parametrize("name", ["A1", "B1", "D0"])
def test_a_kept_head_answers_as_the_trained_one(tap, data, images, tmp_path, name):
    ((trained, *_), *_) = fit(name, tap, data, ONE_EPOCH)
    trained.save(tmp_path / "head.safetensors")
    kept = Recogniser.load(tmp_path / "head.safetensors")
    assert (kept.strategy, kept.size) == (name, 16)
    torch.testing.assert_close(kept.probability(images), trained.probability(images), rtol=0, atol=5e-3)


def test_a_head_is_kept_without_features_that_are_kept_elsewhere(tap, data, images, tmp_path):
    ((trained,),) = fit("A0", tap, data, ONE_EPOCH)
    path = tmp_path / "head.safetensors"
    trained.save(path, with_features=False)
    assert all(name.startswith("head.") for name in load_file(path))
    with pytest.raises(ValueError, match="holds a head alone: give the features"):
        Recogniser.load(path)
    kept = Recogniser.load(path, tap)
    torch.testing.assert_close(kept.probability(images), trained.probability(images), rtol=0, atol=5e-3)


def test_weights_of_something_else_are_no_head(tap, tmp_path):
    from tapnb import weights

    weights.save(tmp_path / "tap.safetensors", tap.state_dict())
    with pytest.raises(ValueError, match="tap.safetensors holds no event head"):
        Recogniser.load(tmp_path / "tap.safetensors")


def test_the_epochs_are_the_papers_unless_given(tap, data, monkeypatch):
    epochs = []
    monkeypatch.setattr(recognise, "train_heads", lambda heads, **asked: [epochs.append(asked["epochs"])])
    for name in ("A0", "A1", "A0i"):
        list(fit(name, tap, data))
    assert epochs == [10, 30, 10]


def test_an_unknown_strategy_or_no_seed_is_refused(tap, data):
    with pytest.raises(ValueError, match="unknown strategy 'E1'; choose from A0, A1"):
        next(fit("E1", tap, data))
    with pytest.raises(ValueError, match="there is no seed"):
        next(fit("A0", tap, data, seeds=[]))


def stop_after(monkeypatch, kept):
    """Interrupts a training after that many checkpoints."""
    keep, calls = checkpoints.keep, []

    def interrupted(*args):
        keep(*args)
        calls.append(args)
        if len(calls) == kept:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "keep", interrupted)


@pytest.mark.parametrize(("name", "kept"), [("A0", 1), ("A0", 3), ("P1", 2), ("B0", 3), ("C0", 2), ("D0", 5)])
def test_heads_that_were_interrupted_equal_those_that_were_not(tmp_path, monkeypatch, tap, data, name, kept):
    def trained(folder=None):
        settings = HeadSettings(epochs=4, batch=16, patience=1, stopping_pairs=20)
        return [one for group in fit(name, tap, data, settings, (20, 40), folder=folder) for one in group]

    whole = trained()
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        stop_after(patch, kept)
        trained(tmp_path)
        raise KeyboardInterrupt  # ended before: resumed from its last epoch
    assert list(tmp_path.iterdir())
    resumed = trained(tmp_path)
    for one, other in zip(whole, resumed, strict=True):
        assert one.curve == other.curve
        for a, b in zip((one.head, one.features), (other.head, other.features)):
            assert all(torch.equal(a.state_dict()[key], b.state_dict()[key]) for key in a.state_dict())
    recognise.forget(tmp_path)
    assert not list(tmp_path.iterdir())
