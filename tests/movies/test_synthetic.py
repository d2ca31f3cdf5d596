"""The simulated movie: its bytes, its masks, its biology, and that brightness does not give events away."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import average_precision_score

from tapnb.movies import normalise, synthetic_cells
from tapnb.movies.synthetic import simulate


@pytest.fixture(scope="module")
def small():
    return simulate(seed=3, frames=6, size=160)


@pytest.fixture(scope="module")
def moderate():
    return simulate(seed=1, frames=96, size=256)


@pytest.fixture(scope="module")
def dish():
    """A population followed for 24 hours: its cells after every step."""
    cells = synthetic_cells.Population(np.random.default_rng(0), 384, 70)
    steps = [cells.cells.copy()]
    for _ in range(288):
        cells.advance()
        steps.append(cells.cells.copy())
    return steps


def test_same_seed_same_bytes_other_seed_other_bytes(small):
    again, other = simulate(seed=3, frames=6, size=160), simulate(seed=4, frames=6, size=160)
    assert small.frames.tobytes() == again.frames.tobytes() and small.masks.tobytes() == again.masks.tobytes()
    assert small.events.equals(again.events) and small.fingerprint == again.fingerprint
    assert small.fingerprint != other.fingerprint


def test_global_random_state_is_neither_used_nor_changed(small):
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    assert simulate(seed=3, frames=6, size=160).fingerprint == small.fingerprint
    assert (np.random.get_state()[1] == before).all()


def test_shapes_dtypes_and_units(small):
    assert small.frames.shape == small.masks.shape == (6, 160, 160)
    assert small.frames.dtype == small.masks.dtype == np.uint8
    assert (small.name, small.minutes_per_frame, small.um_per_pixel) == ("synthetic", 15.0, 0.9)
    assert list(small.events)[:5] == ["t", "y", "x", "kind", "track"]


def test_masks_hold_divisions_and_deaths_only(moderate):
    assert set(np.unique(moderate.masks)) == {0, 1, 2}


def test_frames_are_exposed_as_a_camera_would(moderate):
    means = moderate.frames.mean(axis=(1, 2))
    assert np.ptp(means) < 20 and 60 < means.mean() < 140  # no drift that tells the time
    assert (moderate.frames == 255).mean() < 0.01 and (moderate.frames == 0).mean() < 0.01


def test_every_labelled_region_has_its_event_and_every_event_its_pixels(moderate):
    events = moderate.events
    for value, kind in ((1, "division"), (2, "death")):
        rows = events[events.kind == kind]
        for t in range(0, 96, 5):
            regions, count = ndimage.label(moderate.masks[t] == value, np.ones((3, 3)))
            here = rows[(rows["first"] <= t) & (rows["last"] >= t)]
            for region in range(1, count + 1):
                y, x = np.nonzero(regions == region)
                if len(y) < 40:  # slivers at the border or behind another event
                    continue
                distance = np.hypot(here.y - y.mean(), here.x - x.mean()) - here.moves
                assert distance.min() < 20, (kind, t, y.mean(), x.mean())
        inside = rows[rows.y.between(12, 244) & rows.x.between(12, 244)]
        for row in inside.itertuples():
            around = moderate.masks[row.t, max(0, int(row.y) - 12):int(row.y) + 12,
                                    max(0, int(row.x) - 12):int(row.x) + 12]
            assert (around > 0).any(), row  # a death may lie over a division, hence not == value


def test_events_lie_in_the_movie_and_last_as_long_as_biology_says(moderate):
    events = moderate.events
    assert events.y.between(0, 255).all() and events.x.between(0, 255).all()
    assert ((events["first"] <= events.t) & (events.t <= events["last"])).all()
    whole = events[(events["first"] > 0) & (events["last"] < 95)]
    frames = (whole["last"] - whole["first"] + 1).groupby(whole.kind).mean()
    assert 3 <= frames["division"] <= 6 and 3 <= frames["death"] <= 8
    assert not events[["track", "kind", "first"]].duplicated().any()


def test_confounders_are_common(moderate):
    counts = moderate.events.kind.value_counts()
    assert {"division", "death", "round-up", "bright", "polarised", "debris", "blob"} == set(counts.index)
    assert counts["round-up"] + counts["bright"] > 0.5 * counts["division"]


def test_population_grows_and_every_division_leaves_two_daughters(dish):
    assert 1.8 < len(dish[-1]) / len(dish[0]) < 2.8
    for before, after in zip(dish, dish[1:], strict=False):
        born = after[~np.isin(after["track"], before["track"])]
        mothers, daughters = np.unique(born["parent"], return_counts=True)
        assert (daughters == 2).all()
        assert np.isin(mothers, before["track"]).all() and not np.isin(mothers, after["track"]).any()


def test_daughters_share_the_mothers_volume_and_part(dish):
    last = dish[-1]
    volume = {}
    for cells in dish:
        volume |= dict(zip(cells["track"], cells["length"] ** 3, strict=True))
    for cells in dish[40::40]:
        fresh = cells[cells["age"] == 0]
        for mother in np.unique(fresh["parent"]):
            pair = fresh[fresh["parent"] == mother]["length"] ** 3
            assert np.isclose(pair.sum(), volume[mother], rtol=0.05)
    parted = [pair for pair in (last[last["parent"] == p] for p in np.unique(last["parent"]) if p)
              if len(pair) == 2 and pair["age"].min() > 120]
    gaps = [np.hypot(np.diff(p["y"]), np.diff(p["x"]))[0] for p in parted]
    assert np.median(gaps) > 20


def test_rounding_is_fast_and_spreading_slow(dish):
    change = {"up": [], "down": []}
    for before, after in zip(dish, dish[1:], strict=False):
        _, i, j = np.intersect1d(before["track"], after["track"], return_indices=True)
        step = after["round"][j] - before["round"][i]
        inner = (after["round"][j] > 0) & (after["round"][j] < 1)
        change["up"] += list(step[inner & (step > 0)])
        change["down"] += list(-step[inner & (step < 0)])
    assert np.mean(change["up"]) > 2.5 * np.mean(change["down"])


def test_events_become_more_frequent(moderate):
    labelled = (moderate.masks > 0).reshape(96, -1).mean(axis=1)
    assert labelled[64:].mean() > 1.2 * labelled[:32].mean()


def test_brightness_is_a_poor_classifier(moderate):
    rng = np.random.default_rng(0)
    labels, scores = [], {"max": [], "percentile 99": [], "mean": [], "std": []}
    for t in range(95):
        pair = normalise(moderate.frames[t:t + 2], moderate.levels[t:t + 2])
        for y, x in rng.integers(0, 256 - 48, (40, 2)):
            window = np.s_[:, y:y + 48, x:x + 48]
            crop, mask = pair[window], moderate.masks[t:t + 2][window]
            labels.append((mask > 0).sum(axis=(1, 2)).max() >= 40)
            for name, value in zip(scores, (crop.max(), np.partition(crop.ravel(), -46)[-46], crop.mean(),
                                            crop.std()), strict=True):
                scores[name].append(value)
    base = np.mean(labels)
    assert 0.08 < base < 0.22
    for name, values in scores.items():
        assert average_precision_score(labels, values) < 0.45, name


@pytest.mark.parametrize("arguments, message", [
    ({"frames": 1}, "frames of the synthetic movie is 1: give a whole number of at least 2"),
    ({"size": 32}, "size of the synthetic movie is 32: give a whole number of at least 96"),
    ({"cells": -5}, "cells of the synthetic movie is -5: give a whole number from 1"),
    ({"cells": 10**6}, "cells of the synthetic movie is 1000000"),
    ({"seed": -1}, "seed of the synthetic movie is -1"),
    ({"frames": 9.5}, "frames of the synthetic movie is 9.5"),
])
def test_wrong_arguments_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(ValueError) as error:
        simulate(**({"frames": 4, "size": 128} | arguments))
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


def test_one_cell_is_enough():
    assert simulate(frames=2, size=97, cells=1).frames.shape == (2, 97, 97)
