"""The pretraining as a run, its tables and numbers; recipes: read, priced, refused."""

from dataclasses import replace

import pytest
import torch
from toys import shrinking_discs

from tapnb import arrow, pretrain
from tapnb.pretrain import PretrainSettings
from tapnb.metrics.scores import share_interval
from tapnb.settings import kept
from tapnb.store import runs
from tapnb.studies import pretraining
from tapnb.studies.pretraining import TEST_SIZES, Recipe, of_recipe, read_recipe, settings_of, tap_run


def test_a_recipe_is_a_sampler_and_sizes_with_shares():
    assert read_recipe("uniform 96") == Recipe("uniform", (96,), (1.0,))
    assert read_recipe("change 24:3 32:2 48") == Recipe("change", (24, 32, 48), (3.0, 2.0, 1.0))


def test_equal_budgets_are_equal_pixels():
    for text in ("uniform 96", "change 48", "change 24:3 32:2 48:1"):
        recipe = read_recipe(text)
        pixels = sum(s * h for s, h in zip([side**2 for side in recipe.sizes], recipe.shares)) / sum(recipe.shares)
        assert recipe.pairs(6144) * pixels == pytest.approx(6144 * 48 * 48, rel=1e-3)
    assert read_recipe("uniform 96").pairs(6144) == 1536


@pytest.mark.parametrize("text", ["change", "change abc", "edges 48", "change 48:0", "change -5", "change 48:x"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="cannot read the recipe .*; write a sampler"):
        read_recipe(text)


def test_a_short_training_has_six_epochs_of_the_recipes_crops_and_is_otherwise_the_same():
    settings = PretrainSettings(pairs=999, batch=7, unit_length=True, schedule="one-cycle")
    short = of_recipe(settings, read_recipe("change 24:3 48"), 600)
    assert short == replace(settings, pairs=1371, pairs_per_epoch=228, sampler="change", crop_sizes=(24, 48),
                            crop_shares=(3.0, 1.0))  # 600 pairs of 48 pixels: three quarters now cost a quarter
    assert of_recipe(settings, read_recipe("uniform 96"), 4).pairs_per_epoch == 7  # never less than a batch


def test_a_notebooks_parameters_are_told_apart_by_their_prefix():
    settings = settings_of({"tap_pairs": 96, "tap_crop_sizes": [24, 48], "pairs": 5, "seed": 1})
    assert settings == PretrainSettings(pairs=96, crop_sizes=(24, 48))


def test_a_run_keeps_its_course_and_what_the_kept_weights_answer(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    movie, held_out = shrinking_discs(1, side=100), shrinking_discs(2, side=100)
    settings = PretrainSettings(pairs=16, pairs_per_epoch=8, batch=4, crop_sizes=(16,), validation_pairs=6,
                                validation_size=16, channels=(4, 4, 4, 4))
    way = dict(test_pairs=5, seed=1, on=torch.device("cpu"), command="tapnb run 02_pretraining")
    run = tap_run(movie, held_out, settings, mode="execute", **way)
    assert run.record["parameters"] == {"settings": kept(settings), "test_pairs": 5}
    assert [row["epoch"] for row in run.results["history"]] == [1, 2]
    model = pretrain.load(run.folder)
    checks = arrow.held_out_pairs(held_out, 16, 6, "cpu")
    assert run.results["kept"] == pytest.approx(pretrain.check(model, checks, settings))
    assert run.results["accuracies"] == arrow.accuracies(model, held_out, TEST_SIZES, 5, "cpu")
    assert tap_run(movie, held_out, settings, mode="restore", **way).record == run.record
    with pytest.raises(FileNotFoundError):  # one in a precision that is asked for is another run
        tap_run(movie, held_out, settings, mode="restore", precision="float32", **way)
    with pytest.raises(FileNotFoundError, match="make it with `tapnb run 02_pretraining`"):
        tap_run(movie, held_out, replace(settings, floor=1e-10), mode="restore", **way)
    with pytest.raises(ValueError, match="the number of test pairs is 0; it must be at least 1"):
        tap_run(movie, held_out, settings, mode="execute", **way | {"test_pairs": 0})


@pytest.fixture
def finished(tmp_path):
    """A training's run with a history of two epochs and final accuracies, made by hand."""
    accuracies = [{"sampler": sampler, "size": size, "right": right, "n": 400}
                  for sampler, size, right in (("uniform", 48, 300), ("change", 64, 390))]
    history = [{"epoch": 1, "pairs": 500, "minutes": 1.21}, {"epoch": 2, "pairs": 1000, "minutes": 2.46}]
    return runs.Run(tmp_path, {"name": "tap-x-1", "results": {"history": history, "accuracies": accuracies}})


def test_accuracies_stand_beside_the_papers_of_the_same_kind_and_size(finished):
    table = pretraining.accuracy_table(pretraining.accuracies_of(finished))
    low, high = share_interval(300, 400)
    assert table.iloc[0].to_dict() == {
        "held-out pairs": "drawn uniformly", "crop (pixels)": 48, "accuracy": "0.750",
        "95 % interval": f"{low:.3f} to {high:.3f}", "pairs": 400, "paper": "0.824 ± 0.002"}
    assert table.iloc[1][["held-out pairs", "accuracy", "paper"]].tolist() == ["drawn by change", "0.975", ""]


def test_numbers_are_those_of_the_last_epoch_and_of_the_kept_weights(finished):
    numbers = pretraining.numbers(finished)
    assert list(numbers) == ["tap_uniform_48", "tap_change_64", "tap_pairs", "tap_epochs", "tap_minutes"]
    assert numbers["tap_change_64"]["value"] == 0.975
    assert numbers["tap_change_64"]["interval"] == list(share_interval(390, 400))
    assert [numbers[key]["text"] for key in ("tap_pairs", "tap_epochs", "tap_minutes")] == ["1\u202f000", "2", "2.5"]
    assert all(number["runs"] == ["tap-x-1"] for number in numbers.values())


def test_recipes_are_compared_by_cost_and_accuracy(finished):
    (row,) = pretraining.recipe_table({"uniform 96": finished}).to_dict("records")
    assert (row["recipe"], row["pairs"], row["minutes"]) == ("uniform 96", 1000, "2.5")
    assert row["change 64"] == "0.97 ({:.2f} to {:.2f})".format(*share_interval(390, 400))
    assert (row["change 64"].low, row["change 64"].high) == share_interval(390, 400)
    assert pretraining.recipe_table({}).empty
