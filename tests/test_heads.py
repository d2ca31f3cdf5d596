"""Training heads: they learn, do not see each other, and move a backbone only where it is theirs to move."""

import copy

import pytest
import torch

from tapnb import heads, models
from tapnb.heads import HeadSettings

pytestmark = pytest.mark.trains


def features_with_an_answer(n: int = 60, side: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, in which channel 3 is brighter where the label is 1."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(n) % 2
    features = torch.randn(n, 2, 32, side, side, generator=generator)
    features[:, :, 3] += labels[:, None, None, None]
    return features.bfloat16(), labels


def test_heads_learn_and_do_not_see_each_other():
    features, labels = features_with_an_answer()
    torch.manual_seed(1)
    together = [models.LinearHead(8), models.ResNetHead(8)]
    alone = copy.deepcopy(together)
    heads.train_heads(together, features, labels, 12, HeadSettings(order_seed=1, batch=20))
    for head, other in zip(together, alone):
        heads.train_heads([other], features, labels, 12, HeadSettings(order_seed=1, batch=20))
        for weights, same in zip(head.parameters(), other.parameters()):
            torch.testing.assert_close(weights, same, rtol=1e-3, atol=1e-4)
        head.eval()
        assert (head(features.float()).argmax(1) == labels).float().mean() > 0.9


def test_the_order_of_the_pairs_follows_its_seed():
    features, labels = features_with_an_answer()
    torch.manual_seed(1)
    first = models.LinearHead(8)
    second, third = copy.deepcopy(first), copy.deepcopy(first)
    for head, seed in ((first, 1), (second, 1), (third, 2)):
        heads.train_heads([head], features, labels, 2, HeadSettings(order_seed=seed, batch=20))
    assert torch.equal(first.linear.weight, second.linear.weight)
    assert not torch.allclose(first.linear.weight, third.linear.weight)


@pytest.mark.parametrize("pairs, least_steps, steps", [(50, 0, 3), (50, 2, 3), (50, 8, 8), (12, 3, 3), (20, 1, 1)])
def test_an_epoch_of_a_small_set_goes_through_it_again_in_another_order(pairs, least_steps, steps):
    settings = HeadSettings(batch=20, least_steps=least_steps)
    for batches in heads._epochs(pairs, 2, settings, torch.device("cpu"), 0):
        order, passes = torch.cat(list(batches)), max(pairs, least_steps * 20) // pairs
        assert len(batches) == steps and len(order) == max(pairs, least_steps * 20)
        whole = order[: passes * pairs].reshape(passes, pairs)
        assert torch.equal(whole.sort(1).values, torch.arange(pairs).expand(passes, -1)), "every pass sees every pair once"
        assert passes == 1 or not torch.equal(whole[0], whole[1])
    assert torch.equal(next(heads._epochs(pairs, 1, settings, torch.device("cpu"), 0))[0][:10],
                       torch.randperm(pairs, generator=torch.Generator().manual_seed(25))[:10]), "the first pass is as it was"


def test_training_end_to_end_moves_the_backbone():
    torch.manual_seed(1)
    backbone, images = models.DenseFeatures((4, 8, 8, 8)), torch.rand(12, 2, 8, 8)
    before = copy.deepcopy(backbone)
    heads.train_end_to_end([backbone], [models.LinearHead(8)], images, torch.arange(12) % 2, 1)
    assert not torch.equal(backbone.backbone.head.weight, before.backbone.head.weight)


def test_backbone_and_head_have_their_own_learning_rates():
    torch.manual_seed(1)
    backbone, head, images = models.DenseFeatures((4, 8, 8, 8)), models.LinearHead(8), torch.rand(12, 2, 8, 8)
    before = copy.deepcopy((backbone, head))
    heads.train_end_to_end([backbone], [head], images, torch.arange(12) % 2, 1, HeadSettings(backbone_rate=0.0))
    assert torch.equal(backbone.backbone.head.weight, before[0].backbone.head.weight)
    assert not torch.equal(head.linear.weight, before[1].linear.weight)


@pytest.mark.parametrize("spoil", ["features", "weights"])
def test_what_is_not_finite_stops_the_training_of_heads(spoil, monkeypatch):
    features, labels = features_with_an_answer()
    head = models.LinearHead(8)
    if spoil == "features":
        features[7, 0, 3, 1, 1] = torch.inf
    else:  # by the very last step, after a loss that was in order
        step = torch.optim.Adam.step
        monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (step(self), head.linear.weight.data.fill_(torch.nan)))
    with pytest.raises(ValueError, match="the training went wrong in epoch 1 of 3 at a learning rate of 0.01: its .*try"):
        heads.train_heads([head], features, labels, 3, HeadSettings(head_rate=0.01, batch=60))


def test_training_end_to_end_stops_too():
    backbone, images = models.DenseFeatures((4, 8, 8, 8)), torch.full((12, 2, 8, 8), torch.nan)
    with pytest.raises(ValueError, match="wrong in epoch 1 of 2 at a learning rate of 0.01: its training loss is nan"):
        heads.train_end_to_end([backbone], [models.LinearHead(8)], images, torch.arange(12) % 2, 2,
                               HeadSettings(backbone_rate=0.01))


@pytest.mark.parametrize("rate", [-1e-3, 1e6, float("nan")])
def test_a_learning_rate_with_which_nothing_is_learnt_is_refused(rate):
    with pytest.raises(ValueError, match="the learning rate head_rate is .*; it must be a number from 0 to 1"):
        HeadSettings(head_rate=rate)
