"""The pretraining as a run; recipes: read, priced, refused."""

from dataclasses import replace

import pytest
import torch
from toys import shrinking_discs

from tapnb import arrow, pretrain
from tapnb.pretrain import PretrainSettings
from tapnb.settings import kept
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
    found = of_recipe(settings, read_recipe("change 24:3 48"), 600)
    assert found == replace(settings, pairs=1371, pairs_per_epoch=228, sampler="change", crop_sizes=(24, 48),
                            crop_shares=(3.0, 1.0))  # 600 pairs of 48 pixels: three quarters now cost a quarter
    assert of_recipe(settings, read_recipe("uniform 96"), 4).pairs_per_epoch == 7  # never less than a batch


def test_a_notebooks_parameters_are_told_apart_by_their_prefix():
    found = settings_of({"tap_pairs": 96, "tap_crop_sizes": [24, 48], "pairs": 5, "seed": 1})
    assert found == PretrainSettings(pairs=96, crop_sizes=(24, 48))


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
    with pytest.raises(FileNotFoundError, match="make it with `tapnb run 02_pretraining`"):
        tap_run(movie, held_out, replace(settings, floor=1e-10), mode="restore", **way)
    with pytest.raises(ValueError, match="the number of test pairs is 0; it must be at least 1"):
        tap_run(movie, held_out, settings, mode="execute", **way | {"test_pairs": 0})
