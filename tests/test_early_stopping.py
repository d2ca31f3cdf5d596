import pytest
import torch
from torch import nn

from tapnb.early_stopping import EarlyStopping


def watched(losses, patience):
    """The epoch after which a training ends, and the weight that it is left with: the epoch's number."""
    network = nn.Linear(1, 1)
    watch = EarlyStopping(network, patience)
    for epoch, loss in enumerate(losses, 1):
        nn.init.constant_(network.weight, float(epoch))
        if watch.has_ended(loss):
            break
    watch.restore()
    return epoch, network.weight.item()


@pytest.mark.parametrize(("losses", "patience", "ends", "best"), [
    ([3, 2, 1], 2, 3, 3),  # still falling when the epochs are over
    ([3, 1, 2, 2, 0], 2, 4, 2),  # two epochs above the lowest: what comes later is not seen
    ([3, 1, 2, 0.5, 2, 2], 2, 6, 4),
    ([3, 1, 1, 1], 1, 3, 2),  # equal is not lower
    ([1, float("nan"), float("nan")], 2, 3, 1),  # neither is what is no number
    ([1, 2, 3], 0, 3, 3),  # no patience asked for: all epochs, the last weights
])
def test_a_training_ends_when_the_loss_no_longer_falls_and_goes_back(losses, patience, ends, best):
    assert watched(losses, patience) == (ends, best)


def test_running_statistics_go_back_as_well():
    network = nn.BatchNorm1d(2)
    watch = EarlyStopping(network, 1)
    watch.has_ended(1.0)
    network(torch.randn(8, 2) + 5)
    watch.has_ended(2.0)
    watch.restore()
    assert torch.equal(network.running_mean, torch.zeros(2))


def test_a_negative_patience_is_refused():
    with pytest.raises(ValueError, match="patience is -1"):
        EarlyStopping(nn.Linear(1, 1), -1)
