"""Training: schedules, crop sizes, resuming, and that it learns."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from toys import shrinking_discs
from torch.utils._python_dispatch import TorchDispatchMode

from tapnb import pretrain, weights
from tapnb.arrow import PairSource
from tapnb.models import TimeArrowModel
from tapnb.pretrain import PretrainSettings

SETTINGS = PretrainSettings(pairs=64, pairs_per_epoch=16, batch=8, crop_sizes=(16, 24), crop_shares=(1.0, 1.0),
                            sampler="change", uniform_share=0.2, schedule="one-cycle", validation_pairs=8,
                            validation_size=24, channels=(4, 4, 4, 4))


def train(folder, seed=3, precision="auto", compiled=False, **changes):
    pretrain.pretrain(shrinking_discs(1), shrinking_discs(2), replace(SETTINGS, **changes), folder, seed=seed,
                      precision=precision, compiled=compiled)
    return pretrain.history(folder)


@pytest.mark.trains
def test_a_run_that_was_interrupted_equals_one_that_was_not(tmp_path, monkeypatch):
    whole = train(tmp_path / "whole")
    original, calls = pretrain.train_epoch, []

    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(pretrain, "train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut")
    kept = pd.read_csv(tmp_path / "cut" / "history.csv")
    assert len(kept) == 2 and not (tmp_path / "cut" / "weights.safetensors").exists()
    monkeypatch.setattr(pretrain, "train_epoch", original)
    resumed = train(tmp_path / "cut")
    pd.testing.assert_frame_equal(resumed.drop(columns="minutes"), whole.drop(columns="minutes"), check_exact=True)
    first, second = (pretrain.load(tmp_path / name, torch.device("cpu")).state_dict()
                     for name in ("whole", "cut"))
    assert all(torch.equal(first[key], second[key]) for key in first)


def interrupted(*args, **kwargs):
    raise KeyboardInterrupt


@pytest.mark.trains
@pytest.mark.parametrize("damage", ["empty", "zeros", "cut", "foreign", "another network"])
def test_a_damaged_checkpoint_is_set_aside_and_the_training_begins_again(tmp_path, monkeypatch, capsys, damage):
    whole = train(tmp_path / "whole", pairs=32)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(pretrain.weights, "save", interrupted)  # after the last epoch
        train(tmp_path / "cut", pairs=16, channels=(8, 4, 4, 4) if damage == "another network" else (4, 4, 4, 4))
    (tmp_path / "cut" / ".asked.json").unlink()  # so that nobody knows whose it is
    checkpoint = tmp_path / "cut" / "checkpoint.pt"
    kept = checkpoint.read_bytes()
    checkpoint.write_bytes({"empty": b"", "zeros": bytes(len(kept)), "cut": kept[: len(kept) // 2],
                            "foreign": b"II*\0 a TIFF file", "another network": kept}[damage])
    again = train(tmp_path / "cut", pairs=32)
    pd.testing.assert_frame_equal(again.drop(columns="minutes"), whole.drop(columns="minutes"), check_exact=True)
    assert "checkpoint.pt is no whole checkpoint of this training" in capsys.readouterr().err
    assert {p.name for p in (tmp_path / "cut").iterdir()} == {".asked.json", "checkpoint.pt.broken", "history.csv",
                                                              "weights.safetensors"}


@pytest.mark.trains
def test_damaged_weights_are_set_aside_and_trained_again(tmp_path, capsys):
    train(tmp_path, pairs=16)
    path = tmp_path / "weights.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(ValueError, match="weights.safetensors is no whole safetensors file"):
        pretrain.load(tmp_path)
    train(tmp_path, pairs=16)
    assert path.read_bytes() == whole and path.with_name("weights.safetensors.broken").exists()
    assert "it is set aside as weights.safetensors.broken" in capsys.readouterr().err


@pytest.mark.parametrize("values", [{}, {"a": torch.ones(2)},
                                    {"features.backbone.down.0.0.bias": torch.ones(4), "other": torch.ones(3)}])
def test_weights_of_something_else_are_named(tmp_path, values):
    weights.save(tmp_path / "weights.safetensors", values)
    with pytest.raises(ValueError, match="weights.safetensors does not hold the weights of a time arrow network"):
        pretrain.load(tmp_path)


@pytest.mark.trains
def test_the_folder_of_another_training_is_refused(tmp_path):
    for _ in range(2):
        train(tmp_path / "mine", pairs=16)
    for changes, words in (({"seed": 4}, "another seed"), ({"pairs": 32}, "other settings"), ({"seed": 4, "batch": 4}, "other settings and seed")):
        with pytest.raises(ValueError, match=f"mine is the folder of a training with {words}: name another one, or delete it"):
            train(tmp_path / "mine", **({"pairs": 16} | changes))


@pytest.mark.trains
@pytest.mark.parametrize("spoil", ["loss", "weights"])
def test_a_training_that_goes_wrong_stops_and_leaves_the_epoch_before(tmp_path, monkeypatch, spoil):
    original, epochs = pretrain.train_epoch, []

    def spoilt(model, *args, **kwargs):
        row = original(model, *args, **kwargs)
        epochs.append(row)
        if len(epochs) == 2 and spoil == "weights":
            model.features.backbone.head.bias.data[0] = torch.nan
        return row | ({"loss": float("inf")} if len(epochs) == 2 and spoil == "loss" else {})

    monkeypatch.setattr(pretrain, "train_epoch", spoilt)
    with pytest.raises(ValueError, match="the training went wrong in epoch 2 of 4 at a learning rate of 0.00095: its "
                                         ".*; try a tenth of that rate.*tapnb data"):
        train(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".asked.json", "checkpoint.pt", "history.csv"}
    assert len(pretrain.history(tmp_path)) == 1
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["model"]
    assert all(tensor.isfinite().all() for tensor in state.values())


@pytest.mark.trains
def test_a_run_stopped_after_its_last_epoch_is_not_trained_again(tmp_path, monkeypatch):
    whole = train(tmp_path)

    def never(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr(pretrain, "train_epoch", never)
    again = train(tmp_path)
    pd.testing.assert_frame_equal(again, whole)


@pytest.mark.parametrize("change, words", [
    ({"batch": 0}, "number of batch is 0"), ({"validation_pairs": 0}, "number of validation pairs is 0"),
    ({"batch": 32}, "a batch of 32 pairs does not fit into an epoch of 16"),
    ({"high_rate": 1e6}, "the learning rate high_rate is 1e.06; it must be a number from 0 to 1"),
    ({"low_rate": float("nan")}, "the learning rate low_rate is nan; it must be a number"),
])
def test_numbers_that_cannot_be_are_refused_before_anything_is_trained(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        train(tmp_path / "new", **change)
    assert not (tmp_path / "new").exists()


@pytest.mark.trains
def test_the_history_has_an_epoch_a_row_and_its_crop_size(tmp_path):
    history = train(tmp_path)
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["pairs"].tolist() == [16, 32, 48, 64]
    assert history["crop_size"].tolist() == [16, 16, 24, 24]
    assert history["minutes"].is_monotonic_increasing
    for prefix in ("train", "uniform", "change"):
        assert history[f"{prefix}_accuracy"].between(0, 1).all()
        assert np.isfinite(history[[f"{prefix}_loss", f"{prefix}_decorrelation"]]).all(axis=None)


@pytest.mark.trains
def test_the_seed_is_all_that_is_random(tmp_path):
    torch.manual_seed(1)
    first = train(tmp_path / "1")
    torch.manual_seed(2)
    again = train(tmp_path / "2")
    other = train(tmp_path / "3", seed=4)
    assert first["train_loss"].tolist() == again["train_loss"].tolist() != other["train_loss"].tolist()


@pytest.mark.trains
def test_the_precision_is_that_of_the_training_step(tmp_path):
    exact, rounded = (train(tmp_path / name, precision=name) for name in ("float32", "bfloat16"))
    assert not np.allclose(exact["train_loss"], rounded["train_loss"], rtol=1e-6)
    np.testing.assert_allclose(exact["train_loss"], rounded["train_loss"], rtol=0.1)  # the same pairs in the same order
    with pytest.raises(ValueError, match="unknown precision 'fp8'"):
        train(tmp_path / "other", precision="fp8")


def test_a_compiled_network_trains_the_weights_that_are_kept(tmp_path, monkeypatch):
    """Compiling takes minutes and a compiler: a backend that only traces will do."""
    compile_it, calls = torch.compile, []
    monkeypatch.setattr(torch, "compile", lambda model: calls.append(1) or compile_it(model, backend="eager"))
    plain, compiled = (train(tmp_path / str(asked), compiled=asked, precision="float32") for asked in (False, True))
    assert calls == [1]
    np.testing.assert_allclose(compiled["train_loss"], plain["train_loss"], rtol=1e-3)
    torch.manual_seed(3)
    untrained = pretrain.TimeArrowModel(SETTINGS.channels).state_dict()
    first, second = (load_file(tmp_path / name / "weights.safetensors") for name in ("False", "True"))
    for name in (name for name, values in first.items() if values.dim() > 1):  # a bias before a norm moves at random:
        apart, moved = ((second[name] - other[name]).float().norm() for other in (first, untrained))  # its gradient is
        assert apart < moved / 5, name  # the rounding of zero, and Adam makes a step of it


@pytest.mark.trains
def test_training_leaves_no_checkpoint_and_loads_without_pickle(tmp_path):
    train(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {".asked.json", "weights.safetensors", "history.csv"}
    with pytest.raises(FileNotFoundError, match="no weights at"):
        pretrain.load(tmp_path / "elsewhere", torch.device("cpu"))


@pytest.mark.trains
def test_kernels_are_kept_in_half_the_bits_and_all_else_as_it_was(tmp_path):
    train(tmp_path)
    kept = load_file(tmp_path / "weights.safetensors")
    kernels = {name for name, values in kept.items() if values.dtype == torch.float16}
    assert kernels == {name for name, values in kept.items() if values.dim() > 1} and len(kernels) > 10
    loaded = pretrain.load(tmp_path, torch.device("cpu")).state_dict()
    assert all(torch.equal(loaded[name], kept[name].to(loaded[name].dtype)) for name in kept)


def test_the_cyclic_schedule_goes_up_and_down_and_shrinks():
    rates = [pretrain.learning_rate(s, 60, 10, "cyclic", 1e-4, 1e-3) for s in range(60)]
    assert rates[0] == pytest.approx(1e-4) and rates[10] == pytest.approx(1e-3) and rates[20] == pytest.approx(1e-4)
    assert rates[5] == pytest.approx(5.5e-4) == pytest.approx(rates[15])
    assert rates[30] == pytest.approx(1e-4 + 0.9 * 9e-4) and rates[50] == pytest.approx(1e-4 + 0.81 * 9e-4)


def test_the_one_cycle_schedule_warms_up_and_ends_near_zero():
    rates = [pretrain.learning_rate(s, 100, 10, "one-cycle", 1e-4, 1e-3) for s in range(100)]
    assert rates[0] == pytest.approx(1e-4) and max(rates) == rates[10] == pytest.approx(1e-3)
    assert (np.diff(rates[:11]) > 0).all() and (np.diff(rates[10:]) < 0).all() and rates[-1] < 1e-6


def test_crop_sizes_follow_their_shares():
    sizes = [pretrain.crop_size_at(i / 6, [24, 32, 48], [3.0, 2.0, 1.0]) for i in range(6)]
    assert sizes == [24, 24, 24, 32, 32, 48]


@pytest.mark.parametrize("change, words", [
    ({"schedule": "cosine"}, "unknown schedule 'cosine'; choose 'cyclic' or 'one-cycle'"),
    ({"sampler": "edges"}, "unknown sampler 'edges'; choose 'uniform' or 'change'"),
    ({"crop_shares": (1.0,)}, "crop sizes .* must be equally many"),
    ({"crop_sizes": (24, 100)}, "a crop of 100 px does not fit"),
])
def test_wrong_settings_are_refused_in_a_sentence(tmp_path, change, words):
    with pytest.raises(ValueError, match=words):
        train(tmp_path, **change)


@pytest.mark.slow
def test_it_learns_the_arrow_of_shrinking_discs(tmp_path):
    movies = (shrinking_discs(seed, frames=30, side=160, per_frame=6) for seed in (1, 2))
    settings = replace(SETTINGS, pairs=4096, pairs_per_epoch=1024, batch=16, crop_sizes=(32,), crop_shares=(1.0,),
                       validation_size=32, validation_pairs=300, channels=(8, 16, 32, 64))
    pretrain.pretrain(*movies, settings, tmp_path, seed=3)
    assert pretrain.history(tmp_path)["change_accuracy"].iloc[-1] > 0.8


def test_the_defaults_are_the_papers():
    paper = PretrainSettings()
    assert (paper.pairs, paper.pairs_per_epoch, paper.batch, paper.crop_sizes) == (2_000_000, 50_000, 108, (96,))
    assert (paper.decorrelation_weight, paper.temperature, paper.unit_length) == (0.01, 0.2, False)


def test_lambda_weighs_the_decorrelation(tmp_path):
    light, heavy = (train(tmp_path / str(weight), decorrelation_weight=weight) for weight in (0.0, 5.0))
    for history, weight in ((light, 0.0), (heavy, 5.0)):
        arrow_alone = history["train_loss"] - weight * history["train_decorrelation"]
        assert (arrow_alone > 0).all() and arrow_alone.iloc[0] < 3
    assert not np.allclose(light["uniform_loss"], heavy["uniform_loss"])


class Reads(TorchDispatchMode):
    """Counts how often a number is read from a tensor: on a GPU everything waits for it."""

    def __init__(self):
        super().__init__()
        self.count, self.on_the_host = 0, False

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        reads = operation in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
        self.count += reads and not self.on_the_host
        return operation(*args, **kwargs or {})


@pytest.mark.trains
def test_within_an_epoch_nothing_waits_for_the_device(monkeypatch):
    movie, counts, draw = shrinking_discs(1), [], pretrain.augment.draw
    for steps in (2, 6):
        model = TimeArrowModel((4, 4, 4, 4))
        source = PairSource(movie, "uniform", torch.device("cpu"))
        pairs = source.sample(16, 4 * steps, np.random.default_rng(0))
        optimiser = torch.optim.SGD(model.parameters())  # Adam reads its count of steps, which is on the CPU even with a GPU
        with Reads() as reads:

            def drawn(batch, generator):
                """What is drawn is drawn on the CPU, whatever trains."""
                reads.on_the_host = True
                parameters = draw(batch, generator).part(slice(None))
                reads.on_the_host = False
                return SimpleNamespace(part=lambda share: parameters)

            monkeypatch.setattr(pretrain.augment, "draw", drawn)
            pretrain.train_epoch(model, optimiser, source, pairs, [1e-3] * steps, torch.Generator(), SETTINGS.loss, "float32")
        counts.append(reads.count)
    assert counts[0] == counts[1], "numbers are read once an epoch, however many steps it has"
