"""The decorrelation term, measured: saturation, gradients, channels; its tables and numbers."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from tapnb import arrow, losses, models
from tapnb.pretrain import PretrainSettings
from tapnb.settings import restored
from tapnb.store import runs
from tapnb.studies import decorrelation

CPU = torch.device("cpu")
SMALL = (4, 8, 8, 8)


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(2, frames=5)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return models.TimeArrowModel(SMALL)


def features(correlation, length, side=96):
    """Two channels (1, 1, 2, side, side) of mean square 1 and ``length``^2 that correlate so much."""
    a, b = torch.linalg.qr(torch.randn(side * side, 2, dtype=torch.float64))[0].T * side
    return torch.stack([a, length * (correlation * a + math.sqrt(1 - correlation**2) * b)]).view(1, 1, 2, side, side)


@pytest.mark.parametrize("value", [0.5, 3.0, 40.0])
def test_the_cap_adds_a_small_constant_inside_the_logarithm(value):
    """One channel of length 1; another that costs the first log(1 + exp(value)) = log(1 + 1 / odds)."""
    z = torch.tensor([[1.0, 0.0], [1.0 + value * 0.2, 3.0]]).view(1, 1, 2, 1, 2)
    rows = z.view(2, 2).double()
    share = torch.softmax(rows @ rows.T / 0.2, dim=1).diagonal()
    capped = losses.decorrelation(z, floor=decorrelation.SCRIPTS_FLOOR).item()
    assert capped == pytest.approx(-(share + 1e-10).log().mean().item(), rel=1e-5)
    assert capped < -math.log(1e-10)
    assert losses.decorrelation(z).item() == pytest.approx(-share.log().mean().item(), rel=1e-5)


def test_capped_or_not_a_channel_that_lost_far_has_a_gradient_only_without_the_cap():
    z = features(0.9, 2.0, side=32).float().requires_grad_()
    (uncapped,) = torch.autograd.grad(losses.decorrelation(z), z)
    (capped,) = torch.autograd.grad(losses.decorrelation(z, floor=decorrelation.SCRIPTS_FLOOR), z)
    assert uncapped.norm() > 1 and capped.norm() == 0
    assert decorrelation.saturation(z)["beyond_floor"] == 0.5  # the weaker of the two


def test_the_unscaled_term_does_not_see_a_correlation_of_0_99_and_the_unit_length_one_does():
    z = features(0.99, 1.0).float().requires_grad_()
    terms = {}
    for unit_length in (False, True):
        loss = losses.decorrelation(z, unit_length=unit_length)
        terms[unit_length] = loss.item(), torch.autograd.grad(loss, z)[0].norm().item()
    assert terms[False] == (0.0, 0.0)
    assert terms[True][0] == pytest.approx(math.log(1 + math.exp(-0.01 / 0.2)), abs=1e-3) and terms[True][1] > 0


def test_the_saturated_term_is_a_hinge_on_the_products():
    z = torch.randn(2, 2, 6, 40, 40) * torch.linspace(0.5, 1.5, 6)[:, None, None] + torch.randn(2, 2, 1, 40, 40)
    rows = z.flatten(-2).flatten(0, 1)
    products = rows @ rows.transpose(-1, -2) / losses.TEMPERATURE
    margins = (products - products.diagonal(dim1=-2, dim2=-1)[..., None]).amax(-1)  # the channel itself makes it >= 0
    assert losses.decorrelation(z).item() == pytest.approx(margins.mean().item(), rel=0.01)


def test_saturation_counts_who_won():
    z = features(0.9, 2.0)
    state = decorrelation.saturation(z)
    assert state["own"] == pytest.approx(96**2 / 0.2, rel=1e-3)  # the lower of the two middle values
    assert state["other"] == pytest.approx(0.9 * 2 * 96**2 / 0.2, rel=1e-3)
    assert (state["won"], state["lost"], state["beyond_floor"]) == (0.5, 0.5, 0.5)


def test_measuring_leaves_the_network_as_it_is_and_sees_what_training_sees(model, movie):
    model.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    source, pairs = arrow.held_out_pairs(movie, 24, 4, CPU)["uniform"]
    images, flip = source.gather(pairs), torch.from_numpy(pairs.flip)
    state, terms = decorrelation.measure(model, images, flip)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items()) and not model.training
    assert [t["form"] for t in terms] == list(decorrelation.FORMS)

    again = decorrelation.copy.deepcopy(model).train()
    logits, z = again(images)
    loss = losses.decorrelation(z, unit_length=True)
    assert terms[2]["value"] == pytest.approx(loss.item(), rel=1e-5)
    loss.backward(retain_graph=True)
    squares = sum((w.grad**2).sum().item() for w in again.features.parameters())
    assert terms[2]["gradient_weights"] == pytest.approx(squares**0.5, rel=1e-4)
    again.zero_grad()
    losses.cross_entropy(logits, flip).backward()
    squares = sum((w.grad**2).sum().item() for w in again.features.parameters())
    assert state["arrow_gradient_weights"] == pytest.approx(squares**0.5, rel=1e-4)


def test_sizes_that_do_not_fit_are_left_out_and_pulls_are_ratios(model, movie):
    measured = decorrelation.measure_sizes(model, movie, sizes=[16, 24, 500], seeds=[1, 2], pairs=2, on=CPU)
    assert len(measured["saturation"]) == 2 * 2 * 3 and len(measured["terms"]) == 3 * 12
    assert {row["size"] for row in measured["terms"]} == {16, 24}
    rows = decorrelation.pulls(measured)
    first, state = rows.iloc[0], measured["saturation"][0]
    assert first["pull"] == pytest.approx(0.01 * first["gradient_weights"] / state["arrow_gradient_weights"])
    assert len(rows) == len(measured["terms"]) and (rows["value"] >= 0).all()
    by_seed = {row["seed"]: row["own"] for row in measured["saturation"]
               if row["images"] == "noise" and row["size"] == 16}
    assert by_seed[1] != by_seed[2]


@pytest.mark.parametrize("change", [{"sizes": [500]}, {"seeds": []}, {"pairs": 1}])
def test_nothing_to_measure_is_refused(model, movie, change):
    with pytest.raises(ValueError, match="cannot measure the decorrelation term"):
        decorrelation.measure_sizes(model, movie, **{"sizes": [16], "seeds": [1], "pairs": 2, "on": CPU} | change)


def test_untrained_networks_have_the_architecture_and_their_own_weights(model):
    first, again, other = (decorrelation.untrained(model, seed) for seed in (1, 1, 2))
    assert [p.shape for p in first.parameters()] == [p.shape for p in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters()))
    assert not all(torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters()))


def by_hand():
    """What a run on two sizes and two seeds has measured: own products of 4 and 6, all channels won in noise."""
    measured = {"saturation": [], "terms": []}
    for size in (16, 96):
        for seed, own in ((1, 4.0), (2, 6.0)):
            for images, won in (("movie", 0.25), ("noise", 1.0)):
                case = {"network": "untrained", "images": images, "seed": seed, "size": size}
                measured["saturation"].append(case | {"own": own, "other": 1.0, "won": won, "lost": 0.5,
                                                      "beyond_floor": 0.0, "arrow_gradient_weights": 2.0})
                measured["terms"] += [case | {"form": form, "value": size * seed, "gradient_z": 0.0,
                                              "gradient_weights": gradient * seed}
                                      for form, gradient in zip(decorrelation.FORMS, (100.0, 0.0, 50.0))]
    return measured


def test_tables_are_means_and_ranges_over_the_seeds():
    measured = by_hand()
    table = decorrelation.saturation_table(pd.DataFrame(measured["saturation"]))
    assert table.iloc[1].to_dict() == {
        "network": "untrained", "images": "movie", "crop (pixels)": 96, "with itself": "5", "with another": "1",
        "won (%)": "25.0", "lost (%)": "50.0", "beyond the cap (%)": "0.0"}
    pulls = decorrelation.pull_table(decorrelation.pulls(measured))
    assert pulls.iloc[0].to_dict() == {  # 0.01 * 100 / 2 and twice that
        "network": "untrained", "images": "movie", "crop (pixels)": 16, "unscaled": "0.75 (0.5 to 1)", "capped": "0",
        "unit length": "0.375 (0.25 to 0.5)"}


def test_numbers_are_those_of_the_largest_crop(tmp_path):
    channels = [{"network": "unit length, seed 1", "seed": 1, "mean_absolute_correlation": 0.25,
                 "effective_rank": 7.96}]
    run = runs.Run(tmp_path, {"name": "decorrelation-x", "results": by_hand() | {"channels": channels}})
    numbers = decorrelation.numbers(run, runs.Run(tmp_path, {"name": "tap-x"}))
    assert numbers["crop"]["text"] == "96\u202fpixels"
    assert numbers["untrained_noise_unit_length_value"]["text"] == "144.000 ± 67.882"
    pull = numbers["untrained_movie_unscaled_pull"]
    assert (pull["value"], pull["n"], pull["runs"]) == (0.75, 2, ["decorrelation-x", "tap-x"])
    assert numbers["untrained_movie_won"]["text"] == "25.0\u202f%"
    assert numbers["unit_length_seed_1_correlation"]["text"] == "0.250"
    assert numbers["unit_length_seed_1_rank"]["text"] == "8.0"


def test_short_trainings_differ_in_the_scaling_only_and_the_run_compares_them(tmp_path, monkeypatch, movie, pretrained):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    train, asked = shrinking_discs(1, frames=4), []

    def tap_run(movie, held_out, settings, *, test_pairs, seed, mode, on, command):
        asked.append((movie, held_out, settings, test_pairs, seed))
        return pretrained(movie, seed, unit_length=settings.unit_length)

    monkeypatch.setattr(decorrelation, "tap_run", tap_run)
    setting = dict(mode="execute", on=CPU, command="again")
    tap = pretrained(train, pairs=64, pairs_per_epoch=32, batch=4, crop_sizes=(16,), schedule="one-cycle",
                     validation_pairs=4, validation_size=16)
    published = restored(PretrainSettings, tap.record["parameters"]["settings"])
    trainings = decorrelation.ablation_runs(tap, train, movie, pairs=24, seeds=[5, 6], test_pairs=8, **setting)
    assert list(trainings) == ["unscaled, seed 5", "unit length, seed 5", "unscaled, seed 6", "unit length, seed 6"]
    short = replace(published, pairs=24, pairs_per_epoch=4)
    assert asked == [(train, movie, replace(short, unit_length=scaled), 8, seed)
                     for seed in (5, 6) for scaled in (False, True)]
    assert decorrelation.ablation_runs(tap, movie, movie, pairs=0, seeds=[5], test_pairs=8, **setting) == {}
    with pytest.raises(ValueError, match="tap-discs-1-.* was made from another movie than this 'discs 2'"):
        decorrelation.ablation_runs(tap, movie, movie, pairs=24, seeds=[5], test_pairs=8, **setting)

    measuring = dict(sizes=[16], seeds=[1], pairs=2, feature_pairs=3, **setting)
    ablations = {"unscaled, seed 5": trainings["unscaled, seed 5"]}
    run = decorrelation.decorrelation_run(tap, movie, ablations, **measuring)
    assert [row["network"] for row in run.results["channels"]] == ["untrained", "trained", "unscaled, seed 5"]
    assert run.record["parameters"]["tap"] == tap.name and len(run.results["terms"]) == 9
    matrix = np.array(run.results["channels"][1]["correlation"])
    assert matrix.shape == (32, 32) and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1)
    again = decorrelation.decorrelation_run(tap, movie, ablations, **measuring | {"mode": "restore"})
    assert again.record == run.record
