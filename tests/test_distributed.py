"""Several processes that train together: the same step as one, whatever stops one stops all, and who may start."""

import numpy as np
import pandas as pd
import pytest
import torch
import two_processes
from toys import shrinking_discs
from two_processes import SETTINGS

from tapnb import augment, distributed, pretrain
from tapnb.arrow import PairSource
from tapnb.system import device


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the two have trained; one has begun alone what they go on with."""
    folder = tmp_path_factory.mktemp("together")
    two_processes.cut_after_two_epochs(folder / "begun by one")
    return folder


@pytest.fixture(scope="module")
def both(folder):
    """What each of two processes has found, see two_processes.main; started once, since it takes seconds."""
    return two_processes.together(folder)


@pytest.fixture(scope="module")
def whole(folder):
    """The course of a training by one process from beginning to end."""
    two_processes.train(folder / "whole", SETTINGS)
    return pretrain.history(folder / "whole")


def largest_difference(values, expected):
    return max(((values[name] - expected[name]).abs().max() / expected[name].abs().max().clamp_min(1)).item()
               for name in expected)


def test_two_with_half_the_batch_are_one_with_the_whole_for_ten_steps(both):
    """Weights, running statistics, loss, in float64 and by Adam. A bias before a BatchNorm has the rounding of zero for a
    gradient, 1e-14, which Adam divides by 1e-8 and multiplies by the rate: 1e-9 a step, and so do running means. Everything
    else differs by 1e-11. In float32 the first steps agree to rounding and later ones drift apart, so
    it would test little."""
    alone = two_processes.ten_steps()
    assert {values.dtype for values in alone.values()} == {torch.float64, torch.int64} and alone["loss"] > 0.1
    others = {name: values for name, values in alone.items() if not name.endswith(("bias", "running_mean"))}
    for own in both:
        assert own["size"] == 2 and own["steps"].keys() == alone.keys()
        assert largest_difference(own["steps"], alone) < 1e-7
        assert largest_difference({name: own["steps"][name] for name in others}, others) < 1e-10
    assert all(torch.equal(both[0]["steps"][name], both[1]["steps"][name]) for name in alone)  # they never drift apart


def test_a_batch_norm_of_two_halves_is_that_of_the_whole(both):
    """Outputs, gradients, running mean and variance, at 1e-16 of rounding times a mean that is 50 times the spread."""
    alone = two_processes.batch_norm()
    for rank, own in enumerate(both):
        half = slice(3 * rank, 3 * rank + 3)
        expected = alone | {name: alone[name][half] for name in ("out", "x")}
        assert largest_difference(own["norm"], expected) < 1e-13


@pytest.mark.parametrize("name", ["begun by one", "begun by two"])
def test_a_training_goes_on_with_another_number_of_processes(folder, both, whole, name):
    if name == "begun by two":
        assert (folder / name / "checkpoint.pt").exists() and len(pretrain.history(folder / name)) == 2
        two_processes.train(folder / name, SETTINGS)
    history = pretrain.history(folder / name)
    # In float32, and by Adam, which makes whole steps of the rounding of zero that a bias before a BatchNorm has for a
    # gradient: training losses know nothing of it, losses in evaluation a little.
    training = [column for column in history if column.startswith("train")]
    pd.testing.assert_frame_equal(history[training], whole[training], rtol=1e-4)
    held_out = [f"{sampler}_{number}" for sampler in ("uniform", "change") for number in ("loss", "decorrelation")]
    pd.testing.assert_frame_equal(history[held_out], whole[held_out], rtol=0.05)
    exact = ["epoch", "pairs", "crop_size", "learning_rate"]
    pd.testing.assert_frame_equal(history[exact], whole[exact])
    assert {path.name for path in (folder / name).iterdir()} == {".asked.json", "history.csv", "weights.safetensors"}


def test_a_loss_that_is_not_finite_in_one_process_stops_both_with_one_sentence(folder, both):
    for own in both:
        assert own["nan"].startswith("the training went wrong in epoch 1 of 4") and "its train loss is nan" in own["nan"]
    assert not list((folder / "nan").iterdir())


def test_a_batch_that_cannot_be_shared_equally_is_refused_before_anything_is_written(folder, both):
    for own in both:
        assert own["odd"] == ("a batch of 7 pairs cannot be shared equally by 2 processes: start a number of processes that "
                              "divides it, such as 1, or choose another batch")
    assert not (folder / "odd").exists()


def test_the_first_process_alone_says_how_far_it_is(both):
    assert "TAP" in both[0]["said"] and "TAP" not in both[1]["said"]


@pytest.mark.parametrize("shares", [2, 3])
def test_pairs_look_in_a_share_as_they_do_in_the_whole_batch(shares):
    source = PairSource(shrinking_discs(1), "uniform", torch.device("cpu"))
    pairs = source.sample(16, 12, np.random.default_rng(0))
    draw = augment.draw(12, torch.Generator().manual_seed(5))
    assert 0 < len(draw.noisy) < 12
    whole = augment.apply(source.gather(pairs), draw)
    own = 12 // shares
    parts = [slice(start, start + own) for start in range(0, 12, own)]
    torch.testing.assert_close(torch.cat([augment.apply(source.gather(pairs[part]), draw.part(part)) for part in parts]),
                               whole)
    inner = draw.part(slice(2, 10)).part(slice(1, 5))  # a part of a part
    torch.testing.assert_close(augment.apply(source.gather(pairs[3:7]), inner), whole[3:7])


def test_alone_nothing_changes(monkeypatch):
    for key in distributed.STARTED:
        monkeypatch.delenv(key, raising=False)
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(2))
    with distributed.processes("cpu") as on, distributed.first_of_machine():
        assert on == torch.device("cpu") and (distributed.size(), distributed.rank()) == (1, 0)
        assert distributed.together(model, on) is model and type(model[0]) is torch.nn.BatchNorm2d
        assert distributed.share(7) == slice(0, 7) and range(9)[distributed.part(9)] == range(9)
        assert "processes" not in device.describe(on)


WORLD = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1",
         "MASTER_PORT": "1"}


@pytest.mark.parametrize("change, words", [
    ({"RANK": None}, "but RANK is missing: start them with `torchrun --nproc-per-node N`, or unset WORLD_SIZE"),
    ({"MASTER_ADDR": None, "MASTER_PORT": None}, "but MASTER_ADDR and MASTER_PORT are missing"),
    ({"RANK": "2"}, "but RANK is 2 and LOCAL_RANK is 0 and WORLD_SIZE is 2"),
    ({"LOCAL_RANK": "-1"}, "LOCAL_RANK is -1"),
    ({"WORLD_SIZE": "many"}, "WORLD_SIZE is many"),
])
def test_a_world_that_cannot_be_is_refused_in_a_sentence(monkeypatch, change, words):
    for key, value in (WORLD | change).items():
        monkeypatch.delenv(key, raising=False) if value is None else monkeypatch.setenv(key, value)
    with pytest.raises(ValueError, match="WORLD_SIZE says that several processes train together, but") as refused:
        with distributed.processes("cpu"):
            pass
    assert words in str(refused.value)
