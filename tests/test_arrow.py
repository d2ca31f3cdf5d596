"""Where pairs come from and how answers are counted."""

import numpy as np
import pytest
import torch
from torch import nn
from toys import shrinking_discs

from tapnb import arrow

CPU = torch.device("cpu")


class Brighter(nn.Module):
    """Says that the brighter frame is the earlier one; discs shrink, so that is right where there is one."""

    def forward(self, pairs):
        return pairs.mean((-2, -1)), torch.zeros(len(pairs), 2, 4, 2, 2)


def test_held_out_pairs_are_a_function_of_the_seed():
    movie = shrinking_discs(1)
    first, again, other = (arrow.held_out_pairs(movie, 24, 30, CPU, seed) for seed in (1, 1, 2))
    for sampler in arrow.SAMPLERS:
        np.testing.assert_array_equal(first[sampler][1].y, again[sampler][1].y)
        assert (first[sampler][1].y != other[sampler][1].y).any()


def test_accuracies_count_the_right_answers():
    movie = shrinking_discs(1)
    rows = arrow.accuracies(Brighter(), movie, [24, 500], 120, CPU)
    assert [(r["sampler"], r["size"], r["n"]) for r in rows] == [("uniform", 24, 120), ("change", 24, 120)]
    for row in rows:
        source, pairs = arrow.held_out_pairs(movie, 24, 120, CPU, arrow.VALIDATION_SEED + 1)[row["sampler"]]
        shown = source.gather(pairs).mean((-2, -1))
        second_is_earlier = (shown[:, 1] > shown[:, 0]).numpy()
        assert row["right"] == (second_is_earlier == pairs.flip).sum()


def test_validation_is_the_same_in_any_batch():
    movie = shrinking_discs(1)
    source, pairs = arrow.held_out_pairs(movie, 24, 37, CPU)["uniform"]
    from tapnb.models import TimeArrowModel

    model = TimeArrowModel((4, 4, 4, 4))
    whole, _ = arrow.arrow_logits(model, source, pairs, batch=1000)
    parts, _ = arrow.arrow_logits(model, source, pairs, batch=2)
    torch.testing.assert_close(whole, parts, rtol=1e-4, atol=1e-5)


def test_sampling_by_change_prefers_what_changes():
    movie = shrinking_discs(1, side=128, per_frame=1)
    changes = {}
    for sampler in arrow.SAMPLERS:
        source = arrow.PairSource(movie, sampler, CPU)
        crops = source.gather(source.sample(24, 400, np.random.default_rng(0)))
        changes[sampler] = (crops[:, 0] - crops[:, 1]).abs().mean().item()
    assert changes["change"] > 1.5 * changes["uniform"]


def test_a_share_beyond_one_is_refused():
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        arrow.PairSource(shrinking_discs(1), "change", CPU, uniform_share=1.2)
