"""Recipes: read, priced, refused."""

import pytest

from tapnb.studies.pretraining import Recipe, read_recipe


def test_a_recipe_is_a_sampler_and_sizes_with_shares():
    assert read_recipe("uniform 96") == Recipe("uniform", [96], [1.0])
    assert read_recipe("change 24:3 32:2 48") == Recipe("change", [24, 32, 48], [3.0, 2.0, 1.0])


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
