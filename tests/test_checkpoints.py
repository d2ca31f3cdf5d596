"""What a checkpoint brings back, and what it refuses."""

import copy

import torch
from torch import nn

from tapnb import checkpoints


def parts(width):
    torch.manual_seed(width)
    network = nn.Sequential(nn.Linear(1, 3), nn.Linear(3, width))
    return {"network": network, "optimiser": torch.optim.Adam(network.parameters())}


def test_a_checkpoint_of_something_else_changes_nothing_and_is_set_aside(tmp_path, capsys):
    path = tmp_path / "checkpoint-20.pt"
    checkpoints.keep(path, parts(2), [{"epoch": 1}])
    assert checkpoints.resume(path, parts(2), torch.device("cpu")) == [{"epoch": 1}]
    other = parts(4)  # whose first layer fits
    before = copy.deepcopy(other["network"].state_dict())
    assert checkpoints.resume(path, other, torch.device("cpu")) is None
    assert all(torch.equal(other["network"].state_dict()[key], before[key]) for key in before)
    assert "checkpoint-20.pt is no whole checkpoint of this training" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-20.pt.broken"]
    assert checkpoints.resume(path, other, torch.device("cpu")) is None
