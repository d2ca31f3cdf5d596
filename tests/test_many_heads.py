"""Heads trained together end as heads trained one by one."""

import copy

import pytest
import torch
from torch import nn

from tapnb import many_heads
from tapnb.heads import HEADS, HeadSettings, train_heads
from tapnb.models import DenseFeatures
from tapnb.system import precision

pytestmark = pytest.mark.trains


def learn(heads, batch, labels):
    return many_heads.learn(heads, many_heads.skeleton_of(heads[0]), batch, labels)


@pytest.fixture
def task():
    """Features of 30 pairs of 8 px, an event in every third."""
    generator = torch.Generator().manual_seed(3)
    labels = torch.arange(30) % 3 == 0
    return torch.randn(30, 2, 32, 8, 8, generator=generator) + labels.view(-1, 1, 1, 1, 1), labels.long()


def heads_of(kind, seeds=(20, 40, 60)):
    for seed in seeds:
        torch.manual_seed(seed)
        yield HEADS[kind](8).double()


def networks_of(kind):
    """Backbones with their heads, on images."""
    for seed, head in enumerate(heads_of(kind)):
        torch.manual_seed(seed)
        yield nn.Sequential(DenseFeatures((4, 8, 8, 8)).double(), head)


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("build", [heads_of, networks_of])
def test_one_pass_gives_the_losses_gradients_and_statistics_of_each_alone(kind, build, task, monkeypatch):
    monkeypatch.setenv("TAPNB_PRECISION", "float32")  # rounding would hide what differs
    features, labels = task
    batch = (features if build is heads_of else features[:, :, 0]).double()
    apart, side_by_side = (list(build(kind)) for _ in range(2))
    losses = learn(side_by_side, batch, labels)
    for one, other, loss in zip(apart, side_by_side, losses):
        expected = torch.nn.functional.cross_entropy(one(batch), labels)
        expected.backward()
        assert loss.item() == pytest.approx(expected.item(), rel=1e-6)  # the loss itself is computed in float32
        for a, b in zip(one.parameters(), other.parameters()):
            torch.testing.assert_close(b.grad, a.grad, rtol=1e-5, atol=1e-7)
        for a, b in zip(one.buffers(), other.buffers()):
            torch.testing.assert_close(b, a)


@pytest.mark.parametrize("kind", HEADS)
def test_rounded_to_bf16_heads_side_by_side_learn_as_alone(kind, task, monkeypatch):
    monkeypatch.setenv("TAPNB_PRECISION", "bfloat16")
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device: False)  # rounding, on every processor
    features, labels = task
    apart, side_by_side = ([head.float() for head in heads_of(kind)] for _ in range(2))
    losses = learn(side_by_side, features, labels)
    for one, other, loss in zip(apart, side_by_side, losses):
        with precision.RoundedToBfloat16():
            logits = one(features)
        expected = torch.nn.functional.cross_entropy(logits, labels)
        expected.backward()
        assert loss.item() == pytest.approx(expected.item(), rel=1e-2)
        ours, alone = (torch.cat([p.grad.flatten() for p in head.parameters()]) for head in (other, one))
        assert (ours - alone).norm() < 0.02 * alone.norm()  # a last bit here and there, by the order of sums


@pytest.mark.parametrize("patience", [0, 1])
@pytest.mark.parametrize("kind", ["ResNet", "linear"])
def test_a_training_of_several_seeds_is_that_of_each(kind, patience, task, monkeypatch):
    features, labels = task
    settings = HeadSettings(batch=12, patience=patience)  # the last batch of an epoch has 6
    trained = {}
    for way in many_heads.WAYS:
        monkeypatch.setenv("TAPNB_HEADS", way)
        monkeypatch.setenv("TAPNB_PRECISION", "float32")
        heads = [head.float() for head in heads_of(kind)]
        curves = train_heads(heads, features, labels, 3, settings, (features[:9], labels[:9]))
        trained[way] = heads, curves
    for one, other in zip(trained["apart"][0], trained["together"][0]):
        for name, values in one.state_dict().items():
            torch.testing.assert_close(other.state_dict()[name], values, rtol=2e-3, atol=2e-4)
    first, second = (trained[way][1] for way in many_heads.WAYS)
    assert [len(curve) for curve in first] == [len(curve) for curve in second]
    assert second[2][-1]["training_loss"] == pytest.approx(first[2][-1]["training_loss"], rel=1e-3)


def test_heads_that_have_learned_differently_stay_themselves(task, monkeypatch):
    monkeypatch.setenv("TAPNB_PRECISION", "float32")
    features, labels = task
    first, second = heads_of("linear", (20, 40))
    before = copy.deepcopy(second.state_dict())
    learn([first, second], features.double(), labels)
    assert all(torch.equal(second.state_dict()[name], before[name]) for name in before)  # the optimiser moves weights


def test_an_unknown_way_is_refused(monkeypatch):
    monkeypatch.setenv("TAPNB_HEADS", "both")
    with pytest.raises(ValueError, match="TAPNB_HEADS is 'both'; set it to apart or together"):
        many_heads.together()
