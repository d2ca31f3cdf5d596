"""Kinds of negatives, worked by hand on small movies; their rates against direct counting."""

import numpy as np
import pandas as pd
import pytest

from tapnb import crops, dataset
from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.metrics import scores
from tapnb.movies import Movie, synthetic
from tapnb.studies import limitations

COLUMNS = ["t", "y", "x", "kind", "track", "first", "last", "moves"]


def windows(*places, size=16):
    t, y, x = np.array(places).T
    return crops.CropPairs(t, y, x, np.zeros(len(t), bool), size)


def events(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def test_a_window_holds_what_lasts_within_it():
    table = events((5, 20.0, 20.0, "bright", 1, 3, 8, 0.0))
    places = [(5, 10, 10), (2, 10, 10), (1, 10, 10), (8, 10, 10), (9, 10, 10), (5, 21, 10), (5, 4, 10)]
    held, perhaps = limitations.holds(table, windows(*places))
    assert held.tolist() == [True, True, False, True, False, False, False]
    np.testing.assert_array_equal(perhaps[:6], held[:6])


def test_what_moves_is_held_near_its_own_frame_and_perhaps_far_from_it():
    table = events((6, 20.0, 20.0, "polarised", 1, 2, 10, 16.0))  # 4 pixels a frame, a quarter of the window
    places = [(6, 10, 10), (7, 10, 10), (8, 10, 10), (5, 10, 10), (4, 10, 10), (3, 10, 10), (6, 30, 10), (6, 40, 10)]
    held, perhaps = limitations.holds(table, windows(*places))
    assert held.tolist() == [True, True, False, True, True, False, False, False]
    assert perhaps.tolist() == [True] * 7 + [False]


def test_debris_that_a_death_leaves_is_a_dead_body():
    table = events((4, 50.0, 50.0, "death", 1, 4, 9, 2.0),
                   (20, 60.0, 45.0, "debris", 2, 10, 30, 1.0),  # the frame after, 11 pixels away
                   (20, 60.0, 45.0, "debris", 3, 0, 30, 1.0),  # was there before
                   (20, 90.0, 50.0, "debris", 4, 10, 30, 1.0),  # too far
                   (20, 60.0, 45.0, "blob", 5, 10, 30, 1.0))
    found = limitations.with_dead_bodies(table)
    assert found["kind"].tolist() == ["death", "dead body", "debris", "debris", "blob"]
    assert table["kind"].tolist()[1] == "debris"
    assert limitations.with_dead_bodies(table[2:])["kind"].tolist() == ["debris", "debris", "blob"]


def test_in_the_simulation_all_debris_that_appears_within_the_field_is_of_a_death():
    movie = synthetic.simulate(3, frames=24, size=160, cells=60)
    found = limitations.with_dead_bodies(movie.events)
    appears = found[found["kind"].isin(["debris", "dead body"]) & (found["first"] > 0)
                    & found["y"].between(12, 147) & found["x"].between(12, 147)]
    assert len(appears) >= 3 and (appears["kind"] == "dead body").all()


def squares(*places, value=200):
    """Flat frames with bright squares (t, y, x, side); everything else noise."""
    frames = np.random.default_rng(0).normal(100, 2, (6, 96, 96))
    for t, y, x, side in places:
        frames[t, y : y + side, x : x + side] = value
    return Movie(frames.clip(0, 255).astype(np.uint8), name="squares")


def test_contrast_at_the_edge_is_at_the_edge_only():
    movie = squares((1, 30, 30, 4), (4, 70, 70, 4))
    empty = [(t, 0, x) for t in (0, 3) for x in (0, 10, 20, 30)]
    found = limitations.contrast_at_edge(movie, windows((1, 18, 24), (0, 18, 24), (2, 18, 24), (1, 23, 23),
                                                       *empty))
    assert found.tolist() == [True, True, False, False] + [False] * 8  # at the lower edge in t or t + 1; inside


def masked(*regions, shape=(8, 96, 96), table=None):
    masks = np.zeros(shape, np.uint8)
    for t, y, x, height, width in regions:
        masks[t, y : y + height, x : x + width] = 1
    frames = np.random.default_rng(0).integers(90, 110, shape).astype(np.uint8)
    return Movie(frames, masks, name="masked", events=table)


def labelled(movie, pairs):
    areas = dataset.labelled_areas(movie.masks, pairs)
    return EventDataset(movie, pairs, areas, dataset.label(areas), {"test": np.arange(len(pairs))})


def test_kinds_of_negatives_from_the_masks():
    movie = masked((3, 20, 20, 8, 8))  # 64 pixels, in frame 3 only
    data = labelled(movie, windows((3, 16, 16), (3, 25, 16), (5, 16, 16), (0, 16, 16), (4, 16, 16), (3, 60, 60)))
    assert data.labels.tolist() == [True, False, False, False, False, False]
    found = limitations.kinds(movie, data, np.arange(6))
    assert list(found) == [*limitations.KINDS[:3], limitations.NONE]  # no table of look-alikes
    assert found["edge of an event"].tolist() == [False, True, False, False, False, False]  # 3 rows of 8 are inside
    assert found["before or after an event"].tolist() == [False, False, True, True, True, False]
    np.testing.assert_array_equal(found[limitations.NONE], ~found[list(limitations.KINDS[:3])].any(axis=1))


def test_every_pair_holds_a_kind_or_cannot_be_told_or_holds_none():
    table = events((3, 20.0, 20.0, "polarised", 1, 1, 5, 12.0), (3, 70.0, 70.0, "debris", 2, 0, 7, 0.0))
    movie = masked(table=table)
    data = labelled(movie, windows((3, 12, 12), (3, 28, 12), (3, 60, 60), (3, 10, 70)))
    found = limitations.kinds(movie, data, np.arange(4)).drop(columns="high contrast at the edge")
    assert [list(found.columns[row]) for row in found.to_numpy()][:3] == [["polarised"], ["cannot be told"], ["debris"]]
    assert set(found) >= set(limitations.LOOKALIKES)
    words = limitations.in_words(movie, data, limitations.kinds(movie, data, np.arange(4)), [0, 2])
    assert words[0].endswith("polarised") and words[1].endswith("debris")


def test_a_positive_is_described_by_its_class_and_area():
    movie = masked((3, 20, 20, 8, 8))
    data = labelled(movie, windows((3, 16, 16)))
    held = limitations.kinds(movie, data, np.array([0]))
    assert limitations.in_words(movie, data, held, np.array([0])) == ["division, 64 px"]


def outcomes(n=600, runs=2):
    rng = np.random.default_rng(4)
    label = rng.random(n) < 0.2
    t = rng.integers(0, 20, n)
    held = pd.DataFrame({"debris": rng.random(n) < 0.4, "blob": rng.random(n) < 0.1, "bright": np.zeros(n, bool)},
                        index=pd.Index(np.arange(n), name="pair"))
    held[limitations.NONE] = ~held.any(axis=1)
    rows = []
    for seed in range(runs):
        wrong = rng.random(n) < np.where(held["debris"], 0.4, 0.1)
        wrong &= ~held["blob"]  # a blob alone or not, never a false alarm
        outcome = np.where(label, np.where(wrong, "fn", "tp"), np.where(wrong, "fp", "tn"))
        rows.append(pd.DataFrame({"seed": seed, "pair": np.arange(n), "t": t, "label": label, "outcome": outcome}))
    return pd.concat(rows, ignore_index=True), held


@pytest.mark.parametrize("alone", [False, True])
def test_rates_by_kind_are_those_of_its_negatives(alone):
    rows, held = outcomes()
    found = limitations.false_alarms_by_kind({"A0": rows, "A1": rows}, held, 20, alone).set_index(["strategy", "kind"])
    negatives = rows[~rows["label"]]
    only = held[held.sum(axis=1) == 1] if alone else held
    for kind in ("debris", "blob", limitations.NONE):
        chosen = negatives[negatives["pair"].isin(only.index[only[kind]])]
        row = found.loc["A1", kind]
        assert row["rate"] == pytest.approx((chosen["outcome"] == "fp").mean())
        assert row["negatives"] == len(chosen) / 2
    debris, none = found.loc["A0", "debris"], found.loc["A0", limitations.NONE]
    assert debris["difference"] == pytest.approx(debris["rate"] - none["rate"])
    assert debris["difference_low"] > 0.1 and debris["low"] < debris["rate"] < debris["high"]
    assert np.isnan(none["difference"]) and np.isnan(found.loc["A0", "bright"]["rate"])


def test_where_nothing_varies_wilsons_interval_stands_in():
    rows, held = outcomes()
    found = limitations.false_alarms_by_kind({"A0": rows}, held, 20).set_index("kind")
    blob, none = found.loc["blob"], found.loc[limitations.NONE]
    assert (blob["low"], blob["high"]) == scores.share_interval(0, int(blob["negatives"])) and blob["rate"] == 0
    wrong = round(none["rate"] * none["negatives"])
    expected = scores.difference_interval(0, int(blob["negatives"]), wrong, int(none["negatives"]))
    assert (blob["difference_low"], blob["difference_high"]) == pytest.approx(expected, abs=1e-6)


def test_a_kind_that_one_block_of_frames_holds_has_the_interval_of_one_run():
    rows, held = outcomes()
    held["bright"] = held["debris"] & (rows.drop_duplicates("pair").set_index("pair")["t"].loc[held.index] < 4)
    found = limitations.false_alarms_by_kind({"A0": rows}, held, 20).set_index("kind").loc["bright"]
    wrong, n = round(found["rate"] * found["negatives"]), int(found["negatives"])
    assert n > 10 and (found["low"], found["high"]) == scores.share_interval(wrong, n)


def test_the_table_sets_strategies_side_by_side():
    rows, held = outcomes()
    table = limitations.in_per_cent(limitations.false_alarms_by_kind({"A0": rows, "A1": rows}, held, 20))
    assert table.iloc[:, 0].tolist() == ["debris", "blob", "bright", "none of these"]
    assert list(table) == ["a crop holds", "pairs", "A0 (%)", "A0 − none (%)", "A1 (%)", "A1 − none (%)"]
    assert table.iloc[2, 2:].tolist() == ["–"] * 4 and table.iloc[3, 3] == "–"
    assert str(table.iloc[0, 3]).startswith("+")
    debris = table.iloc[0, 2]
    assert str(debris) == f"{debris.value:.0f} ({debris.low:.0f} to {debris.high:.0f})" and debris.low > 1  # per cent


def test_kinds_of_a_whole_dataset_cover_every_pair():
    movie = synthetic.simulate(3, frames=8, size=160, cells=30)
    data = event_dataset(movie, DatasetSettings(crops_per_frame_pair=40))
    found = limitations.kinds(movie, data, data.parts["test"])
    assert list(found) == [*limitations.KINDS, limitations.UNCERTAIN, limitations.NONE]
    kinds = found[list(limitations.KINDS)].any(axis=1)
    np.testing.assert_array_equal(kinds.astype(int) + found[limitations.UNCERTAIN] + found[limitations.NONE], 1)
