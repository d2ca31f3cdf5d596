"""The matrix at any threshold, by hand; crops of every cell, where the dataset has them."""

import numpy as np
import pytest
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.settings import kept
from tapnb.store.runs import Run
from tapnb.studies import errors_crops
from tapnb.studies.errors_crops import Answers

FOUR = Answers(20, np.array([5, 6, 7, 8]), np.array([False, True, False, True]), np.array([-2.0, -1, 1, 3]), 1.0)


@pytest.mark.parametrize(("threshold", "matrix"), [(-9, [0, 2, 0, 2]), (-1.5, [1, 1, 0, 2]), (0, [1, 1, 1, 1]), (2, [2, 0, 1, 1]), (3, [2, 0, 2, 0])])
def test_pairs_above_the_threshold_are_called_events(threshold, matrix):
    assert errors_crops.counts(FOUR, threshold).tolist() == matrix


def test_the_slider_passes_through_every_matrix_from_all_called_to_none():
    values, half, chosen = errors_crops.positions(FOUR)
    seen = [errors_crops.counts(FOUR, value).tolist() for value in values]
    assert seen[0] == [0, 2, 0, 2] and seen[-1] == [2, 0, 2, 0] and len({tuple(m) for m in seen}) == 5
    assert values[half] == 0 and seen[half] == [1, 1, 1, 1]
    assert seen[chosen] == [1, 1, 1, 1]  # from 1.0 on: the pair of margin 1.0 is still called an event
    assert (np.diff(values) > 0).all()
    assert errors_crops.positions(Answers(20, FOUR.pairs, FOUR.labels, FOUR.margins, None))[2] is None


def test_positions_follow_the_pairs_and_not_the_size_of_their_margins():
    margins = np.concatenate([np.linspace(-1, 1, 999), [500.0]])
    many = Answers(20, np.arange(1000), np.arange(1000) > 900, margins, None)
    values, *_ = errors_crops.positions(many, 101)
    called = np.array([(margins > value).sum() for value in values])
    assert len(values) < 110 and abs(np.diff(called)).max() <= 12


def test_the_curve_has_recall_and_precision_of_events():
    curve = errors_crops.curve(FOUR, np.array([-9, -1.5, 0, 2, 3]))
    np.testing.assert_allclose(curve[:4], [[1, 1 / 2], [1, 2 / 3], [1 / 2, 1 / 2], [1 / 2, 1]])
    assert curve[4, 0] == 0 and np.isnan(curve[4, 1])


def test_crops_are_of_both_classes_from_the_least_to_the_largest_margin():
    rng = np.random.default_rng(0)
    many = Answers(20, np.arange(500), rng.random(500) < 0.1, rng.normal(0, 9, 500), None)
    shown = errors_crops.shown(many, 20)
    assert len(np.unique(shown)) == len(shown)
    for value in (False, True):
        own, every = many.margins[shown][many.labels[shown] == value], many.margins[many.labels == value]
        assert 10 < len(own) <= 20 and (own.min(), own.max()) == (every.min(), every.max())
        assert min((own > 0).sum(), (own < 0).sum()) >= 5  # of the mistakes, of the right answers
    assert len(errors_crops.shown(FOUR, 20)) == 4


def test_crops_lie_where_the_dataset_has_them():
    movie, settings = shrinking_discs(1), DatasetSettings(crop_size=16, crops_per_frame_pair=30)
    run = Run(None, {"name": "strategy-discs", "parameters": {"dataset": kept(settings)},
                     "movies": {"train": {"name": movie.name, "fingerprint": movie.fingerprint}}})
    pairs = event_dataset(movie, settings).pairs
    index = np.array([0, 31, 95])
    place, size = errors_crops.places(run, movie, index)
    assert size == 16 and place.tolist() == np.stack([pairs.t[index], pairs.y[index], pairs.x[index]], axis=1).tolist()
    with pytest.raises(ValueError, match="movie"):
        errors_crops.places(run, shrinking_discs(2), index)
