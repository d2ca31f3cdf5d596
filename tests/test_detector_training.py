"""Training crops and their targets, and that a detector learns from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from toys import shrinking_discs

from tapnb import checkpoints, models
from tapnb.crops import CropPairs
from tapnb.detect import Joining
from tapnb.detector_training import DetectorSettings, _false_events, _known, _Source, train_detector

TINY = DetectorSettings(steps=60, batch=8, crop_size=32, sigma=3.0, checks=3, rate=3e-3)


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(1)


@pytest.fixture(scope="module")
def tap():
    torch.manual_seed(0)
    return models.DenseFeatures((8, 8, 8, 8)).eval()


def source(movie, **changes):
    return _Source(movie, movie.events, replace(TINY, **changes), np.arange(11), torch.device("cpu"))


def test_a_target_is_a_gaussian_at_every_event_of_a_pair_shown_forwards(movie):
    event = movie.events.iloc[4]
    t, y, x = int(event.t) - 1, int(np.clip(event.y - 16, 0, 32)), int(np.clip(event.x - 16, 0, 32))
    target = source(movie).target(CropPairs(np.array([t, t]), np.array([y] * 2), np.array([x] * 2),
                                            np.array([False, True]), 32)).numpy()
    assert target.shape == (2, 1, 16, 16) and target[1].max() == 0
    place = 2 * np.indices((16, 16)) + 0.5 + np.array([y, x])[:, None, None]
    of_pair = movie.events[movie.events["t"] == t + 1]
    expected = np.max([np.exp(-((place[0] - e.y) ** 2 + (place[1] - e.x) ** 2) / 18) for e in of_pair.itertuples()], axis=0)
    np.testing.assert_allclose(target[0, 0], expected, atol=1e-3)


def test_half_of_the_crops_hold_an_event_and_the_rest_is_as_asked(movie):
    rng, held, flipped, n = np.random.default_rng(0), 0, 0, 0
    events = movie.events
    for _ in range(50):
        pairs = source(movie, event_share=0.25).pairs(rng, np.zeros((0, 4), int))
        assert not pairs.flip[:2].any()
        for i in range(2):
            inside = events[(events["t"] - 1 == pairs.t[i]) & events["y"].between(pairs.y[i] + 3, pairs.y[i] + 29)
                            & events["x"].between(pairs.x[i] + 3, pairs.x[i] + 29)]
            held += len(inside) > 0
        flipped, n = flipped + pairs.flip[2:].sum(), n + 6
    assert held == 100  # all of those that are meant to
    assert 0.4 < flipped / n < 0.6


def test_where_labels_are_few_all_negatives_are_reversed(movie):
    pairs = source(movie, complete=False).pairs(np.random.default_rng(0), np.zeros((0, 4), int))
    assert pairs.flip.tolist() == [False] * 4 + [True] * 4


def test_hard_negatives_come_in_the_order_in_which_they_were_found(movie):
    hard = np.array([[7, 30, 30, 1]])
    pairs = [source(movie, reversed_share=0.0).pairs(np.random.default_rng(i), hard) for i in range(20)]
    t, flip = (np.concatenate([getattr(p, name)[4:] for p in pairs]) for name in ("t", "flip"))
    assert flip.any() and (t[flip] == 7).all() and not flip.all()
    one = pairs[0][np.flatnonzero(pairs[0].flip)[:1]]
    assert one.y[0] <= 30 < one.y[0] + 32


@pytest.mark.trains
@pytest.mark.parametrize("trained", [True, False])
def test_a_detector_learns_and_the_pretrained_features_stay(movie, tap, trained):
    before = {name: value.clone() for name, value in tap.state_dict().items()}
    other, near = shrinking_discs(2, side=128, per_frame=2), Joining(pixels=8, frames=1)
    settings = replace(TINY, trained=trained, steps=150)
    detector, course = train_detector(tap, movie, movie.events, settings)
    assert all(torch.equal(before[name], value) for name, value in tap.state_dict().items())
    assert course[-1]["loss"] < course[0]["loss"] and [row["step"] for row in course] == [50, 100, 150]
    sure = detector.find(other, joining=near, progress=False).query("score > 0.7")
    apart = ((sure["t"].to_numpy() == other.events["t"].to_numpy()[:, None])
             & (np.hypot(*(sure[c].to_numpy() - other.events[c].to_numpy()[:, None] for c in "yx")) < 6))
    assert apart.any(1).mean() > 0.8 and apart.any(0).mean() > 0.8  # of the true ones, of those found
    untrained, _ = train_detector(tap, movie, movie.events, replace(settings, steps=1, checks=1))
    assert len(untrained.find(other, progress=False).query("score > 0.5")) == 0


@pytest.mark.trains
def test_one_that_was_interrupted_equals_one_that_was_not(movie, tap, tmp_path, monkeypatch):
    settings = replace(TINY, steps=12, checks=4)
    scores = iter([0.1, 0.3, 0.2, 0.1] + [0.1, 0.3] + [0.2, 0.1])
    whole, course = train_detector(tap, movie, movie.events, settings, check=lambda _: next(scores))
    keep, calls = checkpoints.keep, []

    def interrupted(*args):
        keep(*args)
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt

    path = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(checkpoints, "keep", interrupted)
        train_detector(tap, movie, movie.events, settings, check=lambda _: next(scores), checkpoint=path)
    resumed, again = train_detector(tap, movie, movie.events, settings, check=lambda _: next(scores), checkpoint=path)
    assert course == again and [row["score"] for row in course] == [0.1, 0.3, 0.2, 0.1]
    for one, other in ((whole.head, resumed.head), (whole.features, resumed.features)):
        assert all(torch.equal(one.state_dict()[key], other.state_dict()[key]) for key in one.state_dict())


@pytest.mark.trains
@pytest.mark.parametrize("stopped", [2, 5], ids=["before a check", "after hard negatives were found"])
def test_between_two_checks_little_is_lost(movie, tap, tmp_path, monkeypatch, stopped):
    settings, path, keep, kept = replace(TINY, steps=16, checks=2), tmp_path / "checkpoint.pt", checkpoints.keep, []
    whole, course = train_detector(tap, movie, movie.events, settings)

    def interrupted(file, state, history):
        keep(file, state, history)
        kept.append(history[-1]["step"])
        if len(kept) == stopped:
            raise KeyboardInterrupt

    monkeypatch.setattr("tapnb.detector_training.KEPT", 3)
    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(checkpoints, "keep", interrupted)
        train_detector(tap, movie, movie.events, settings, checkpoint=path)
    assert kept == [3, 6, 8, 9, 12][:stopped]
    resumed, again = train_detector(tap, movie, movie.events, settings, checkpoint=path)
    assert course == again
    assert all(torch.equal(whole.head.state_dict()[key], resumed.head.state_dict()[key]) for key in whole.head.state_dict())


@pytest.mark.trains
def test_false_events_are_looked_for_once_also_where_there_are_none(movie, tap, monkeypatch):
    searches = []
    monkeypatch.setattr("tapnb.detector_training._false_events", lambda *_: searches.append(1) or np.zeros((0, 4), int))
    train_detector(tap, movie, movie.events, replace(TINY, steps=6, checks=1))
    assert len(searches) == 1


def test_crops_elsewhere_show_something_in_their_own_frame_pair(movie):
    frames = movie.frames.copy()
    frames[6:, :, :24] = 0  # a border that was not imaged from there on
    bordered = replace(movie, frames=frames)
    of = _Source(bordered, bordered.events, replace(TINY, crop_size=16, event_share=0.01, reversed_share=0.0), np.arange(11), torch.device("cpu"))
    for seed in range(20):
        pairs = of.pairs(np.random.default_rng(seed), np.zeros((0, 4), int))
        assert all(bordered.usable.places(t, 16)[y, x] for t, y, x in zip(pairs.t[1:], pairs.y[1:], pairs.x[1:]))


@pytest.mark.trains
def test_the_best_check_is_kept(movie, tap):
    settings, seen = replace(TINY, steps=9, checks=3), []

    def check(detector):
        seen.append({key: value.clone() for key, value in detector.head.state_dict().items()})
        return [1.0, 3.0, 2.0][len(seen) - 1]

    detector, _ = train_detector(tap, movie, movie.events, settings, check=check)
    assert all(torch.equal(detector.head.state_dict()[key], seen[1][key]) for key in seen[1])


def test_false_events_are_far_from_true_ones_or_reversed(movie, tap):
    detector, _ = train_detector(tap, movie, movie.events, replace(TINY, steps=1, checks=1, event_weight=1000.0, rate=0.1))
    hard = _false_events(detector, movie, source(movie), 20)
    assert hard.shape[1] == 4
    for t, y, x, flip in hard[hard[:, 3] == 0]:
        near = movie.events[(movie.events["t"] - 1 - t).abs() <= 3]
        assert (np.hypot(near["y"] - y, near["x"] - x) >= 29).all()


@pytest.mark.parametrize(("changes", "message"), [
    ({"kinds": ("mitosis",)}, "kinds of events are mitosis; choose from division, death"),
    ({"features": "pixels"}, "unknown features 'pixels'"),
    ({"steps": 2, "checks": 4}, "4 checks in 2 steps"),
])
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(TINY, **changes)


def test_no_labelled_event_is_said(movie, tap):
    with pytest.raises(ValueError, match="no labelled death in the 11 frame pairs of 'discs 1'"):
        train_detector(tap, movie, movie.events, replace(TINY, kinds=("death",)))
    with pytest.raises(ValueError, match="no labelled division in the 1 frame pair of 'discs 1' to learn from"):
        train_detector(tap, movie, movie.events[movie.events["t"] == 3], TINY, frame_pairs=np.array([5]))


def test_frames_without_room_for_a_crop_are_said(movie, tap):
    with pytest.raises(ValueError, match="the frames of 'discs 1' are 64 x 7 pixels, and a detector learns from crops of 8 or more"):
        train_detector(tap, replace(movie, frames=movie.frames[:, :, :7], masks=None), movie.events, TINY)


def test_what_is_known_to_be_no_event_is_a_hard_negative_from_the_start(movie):
    known = _known(pd.DataFrame({"t": [4, 40], "y": [20.4, 1.0], "x": [30.0, 1.0]}), np.arange(11))
    assert known.tolist() == [[3, 20, 30, 0]]  # the other one is not in these frames
    assert _known(None, np.arange(11)).shape == (0, 4)
