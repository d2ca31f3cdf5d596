"""Top regions: peaks by hand, places by brute force, counts that resume; the table and numbers made of them."""

import json

import numpy as np
import pytest
import torch
from toys import shrinking_discs, small_model

from tapnb import explain, pretrain
from tapnb.metrics import confusion
from tapnb.store import runs
from tapnb.studies import grad_cam

CPU = torch.device("cpu")


def test_the_regions_are_the_highest_peaks_that_fit():
    importance = np.zeros((120, 120))
    peaks = {(60, 60): 5.0, (66, 90): 4.0, (60, 12): 3.0, (100, 60): 2.0, (20, 60): 1.0, (60, 5): 9.0}
    for place, height in peaks.items():
        importance[place] = height
    corners = grad_cam.top_regions(importance, n=8, size=20, border=2, smoothing=0)
    # (60, 5) lies too near the border for a box; every other box fits and overlaps none
    assert corners.tolist() == [[50, 50], [56, 80], [50, 2], [90, 50], [10, 50]]
    assert grad_cam.top_regions(importance, n=2, size=20, border=2, smoothing=0).tolist() == corners[:2].tolist()
    wider = grad_cam.top_regions(importance, size=36, border=2, smoothing=0)  # (66, 90) overlaps, (60, 12) does not fit
    assert wider.tolist() == [[42, 42], [82, 42], [2, 42]]


def test_the_slope_of_a_peak_is_no_region():
    rows, columns = np.mgrid[:120, :120]
    hill = np.exp(-((rows - 60) ** 2 + (columns - 60) ** 2) / 2 / 30**2)
    assert grad_cam.top_regions(hill, size=20).tolist() == [[50, 50]]
    assert grad_cam.top_regions(np.zeros((120, 120))).shape == (0, 2)


def test_regions_do_not_overlap_and_keep_away_from_the_border():
    corners = grad_cam.top_regions(np.random.default_rng(1).random((400, 300)))
    assert len(corners) == 8
    assert corners.min() >= grad_cam.BORDER
    assert (corners + grad_cam.SIZE <= np.array([400, 300]) - grad_cam.BORDER).all()
    apart = np.abs(corners[:, None] - corners[None]).max(axis=2)
    assert apart[~np.eye(8, dtype=bool)].min() >= grad_cam.SIZE


def test_a_frame_too_small_for_a_region_is_refused():
    with pytest.raises(ValueError, match="boxes of 48 px, 8 px from the border, do not fit into frames of 60 x 200 px"):
        grad_cam.top_regions(np.zeros((60, 200)))


@pytest.mark.parametrize("size", [5, 6])
def test_touching_places_are_counted_one_by_one(size):
    labelled = np.random.default_rng(0).random((30, 22)) < 0.01
    places = grad_cam.touching_places(labelled, size)
    slow = np.array([[labelled[y : y + size, x : x + size].any() for x in range(22 - size + 1)]
                     for y in range(30 - size + 1)])
    np.testing.assert_array_equal(places, slow)
    assert 0 < places.mean() < 1
    assert grad_cam.touching_at_random(places, 3) == slow[3:-3, 3:-3].mean()


def columns(name, boxes, touching):
    prefix = "" if name == "grad_cam" else f"{name}_"
    return {f"{prefix}boxes": boxes, f"{prefix}touching": touching}


def test_shares_are_ratios_of_sums_with_paired_differences():
    statistics = {"t": [0, 1, 2], "events": [1, 0, 2], "expected": [0.2, 0.0, 0.4]}
    for name, touching in zip(explain.MAPS, ([4, 0, 2], [8, 0, 8], [0, 0, 0], [2, 0, 1])):
        statistics |= columns(name, [8, 8, 4], touching)
    table = grad_cam.shares(statistics)
    assert table.loc["grad_cam", "share"] == pytest.approx(6 / 20)
    assert table.loc["random", "share"] == pytest.approx((0.2 * 8 + 0.4 * 4) / 20)
    assert table.loc["grad_cam - random", "share"] == pytest.approx(0.3 - 0.16)
    assert table.loc["second - change", "share"] == pytest.approx(16 / 20 - 3 / 20)
    assert (table["low"] <= table["share"]).all() and (table["share"] <= table["high"]).all()
    assert table.loc["votes", ["low", "high"]].tolist() == [0, 0]


def test_an_advantage_that_is_the_same_everywhere_has_no_spread():
    t = np.arange(40)
    statistics = {"t": t, "events": t, "expected": (t % 5) / 8}
    for name in explain.MAPS:
        statistics |= columns(name, t * 0 + 8, t % 5 + 2)
    table = grad_cam.shares(statistics)
    assert table.loc["grad_cam - random", ["share", "low", "high"]].to_numpy(float) == pytest.approx([0.25] * 3)
    assert table.loc["grad_cam", "freedom"] == 9  # ten blocks of four frame pairs
    assert table.loc["grad_cam", "high"] - table.loc["grad_cam", "low"] > 0.02


def by_hand():
    """Counts in three frame pairs: Grad-CAM touches 12 of 20 boxes, change 4, every other map none."""
    statistics = {"t": [0, 1, 2], "events": [9, 0, 3], "expected": [0.2, 0.2, 0.2]}
    for name, touching in zip(explain.MAPS, ([4, 4, 4], [0, 0, 0], [0, 0, 0], [2, 0, 2])):
        statistics |= columns(name, [8, 8, 4], touching)
    return statistics


def test_the_table_has_a_row_a_map_and_random_boxes():
    shares = grad_cam.shares(by_hand())
    table = grad_cam.touching_table({"train": shares}).set_index("top 8 regions of")
    assert list(table.index) == [*explain.MAPS.values(), "random boxes"]
    low, high = 100 * shares.loc["grad_cam", "low"], 100 * shares.loc["grad_cam", "high"]
    first = table.loc[explain.MAPS["grad_cam"]]
    assert first["train: touch an event (%)"] == f"60 ({low:.0f} to {high:.0f})"
    assert str(first["train: more than random (points)"]).startswith("+40.0 (+")
    assert table.loc["random boxes", "train: more than random (points)"] == ""


def test_numbers_name_the_run_that_they_are_of(tmp_path):
    counted = runs.Run(tmp_path, {"name": "gradcam-x", "results": {"statistics": {"held-out": by_hand()}}})
    drawn_maps = runs.Run(tmp_path, {"name": "maps-x", "results": {"t": {"train": 5, "held-out": 7}}})
    shares = {"held-out": grad_cam.shares(by_hand())}
    numbers = grad_cam.numbers(counted, shares, drawn_maps, runs.Run(tmp_path, {"name": "tap-x"}))
    assert numbers["held_out_grad_cam"]["value"] == pytest.approx(60)
    assert numbers["held_out_grad_cam"]["interval"] == pytest.approx(
        100 * shares["held-out"].loc["grad_cam", ["low", "high"]].to_numpy(float))
    less_change = numbers["held_out_grad_cam_less_change"]
    assert less_change["value"] == pytest.approx(40) and less_change["text"].endswith("\u202fpoints")
    texts = {key: numbers[f"held_out_{key}"]["text"] for key in ("frame_pairs", "events", "frame_pairs_short", "shown")}
    assert texts == {"frame_pairs": "3", "events": "4.0", "frame_pairs_short": "2", "shown": "7"}
    assert numbers["train_shown"]["value"] == 5 and numbers["train_shown"]["runs"] == ["tap-x"]
    assert numbers["held_out_random"]["runs"] == ["gradcam-x"]
    assert not any(key.startswith("train") for key in numbers if key != "train_shown")  # nothing was counted there


def test_what_is_counted_is_said_and_where_nothing_can_be():
    movies = {"train": shrinking_discs(1), "held-out": shrinking_discs(2)}
    assert grad_cam.describe({"train": by_hand()}, movies).split("\n") == [
        "train: 3 frame pairs with 4.0 labelled regions on average; 2 of the pairs have fewer than 8",
        "held-out: discs 2 has no event masks, so nothing can be counted in it"]


@pytest.fixture
def tap(tmp_path, monkeypatch):
    """A network in place of a pretraining on a toy movie, and movies in both roles."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    model = small_model()
    monkeypatch.setattr(pretrain, "load", lambda folder, on: model)
    movies = {"train": shrinking_discs(1, frames=7, side=128), "held-out": shrinking_discs(2, frames=5, side=128)}
    record = {"name": "tap-x-1", "movies": {"train": {"fingerprint": movies["train"].fingerprint}}}
    return runs.Run(tmp_path / "tap", record), movies


SETTING = dict(on=CPU, command="tapnb run 03_grad_cam")


def test_the_record_holds_the_counts_of_every_frame_pair(tap):
    run = grad_cam.touching_run(*tap, 4, mode="execute", **SETTING)
    statistics, movie, model = run.results["statistics"]["train"], tap[1]["train"], pretrain.load(None, None)
    assert statistics["t"] == [0, 2, 3, 5] and run.results["statistics"]["held-out"]["t"] == [0, 1, 2, 3]
    places = grad_cam.touching_places((movie.masks[3:5] > 0).any(axis=0))
    for name, prefix in (("grad_cam", ""), ("votes", "votes_")):
        boxes = grad_cam.top_regions(explain.maps(model, movie, 3)[name])
        assert statistics[f"{prefix}boxes"][2] == len(boxes) > 0
        assert statistics[f"{prefix}touching"][2] == sum(bool(places[y, x]) for y, x in boxes)
    assert statistics["expected"][2] == places[8:-8, 8:-8].mean() and statistics["events"][2] > 0
    again = grad_cam.touching_run(*tap, 4, mode="restore", **SETTING)
    assert again.record == run.record and json.loads(json.dumps(run.results)) == run.results
    assert run.name.startswith("gradcam-") and runs.find(run.name).record == run.record


def test_an_interrupted_count_goes_on_and_ends_the_same(tap, monkeypatch, tmp_path):
    model, movie, original, calls = pretrain.load(None, None), tap[1]["train"], explain.maps, []
    whole = grad_cam.count_touching(model, movie, 4, tmp_path / "whole.json")

    def interrupted(*args):
        calls.append(args[2])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(explain, "maps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grad_cam.count_touching(model, movie, 4, tmp_path / "cut.json")
    assert grad_cam.count_touching(model, movie, 4, tmp_path / "cut.json") == whole
    assert calls == [0, 2, 3, 3, 5]


def test_a_movie_without_masks_is_not_counted_but_drawn(tap):
    run, movies = tap
    bare = shrinking_discs(3, frames=6, side=128)
    object.__setattr__(bare, "masks", None)
    movies = movies | {"held-out": bare}
    counted = grad_cam.touching_run(run, movies, 2, mode="execute", **SETTING)
    assert set(counted.results["statistics"]) == {"train"}
    drawn = grad_cam.maps_run(run, movies, {"train": -1, "held-out": 3}, mode="execute", **SETTING)
    assert drawn.results["t"] == {"train": 2, "held-out": 3}  # frame pairs 0 to 5: 2 is in the middle
    expected = explain.maps(pretrain.load(None, None), bare, 3)
    kept = grad_cam.kept_maps(drawn, "held-out")
    assert set(kept) == set(expected) and all(np.array_equal(kept[name], expected[name]) for name in kept)


def test_what_cannot_be_is_refused_in_a_sentence(tap):
    run, movies = tap
    with pytest.raises(ValueError, match="number of frame pairs is 0"):
        grad_cam.touching_run(run, movies, 0, mode="execute", **SETTING)
    with pytest.raises(ValueError, match="the held-out movie 'discs 2' has no frame pair 4; choose 0 to 3, or -1"):
        grad_cam.maps_run(run, movies, {"train": 0, "held-out": 4}, mode="execute", **SETTING)
    with pytest.raises(ValueError, match="tap-x-1 was made from another movie than this 'discs 2'.*run its notebook"):
        grad_cam.touching_run(run, {"train": movies["held-out"]}, 2, mode="execute", **SETTING)
    with pytest.raises(FileNotFoundError, match="make it with `tapnb run 03_grad_cam`"):
        grad_cam.touching_run(run, movies, 3, mode="restore", **SETTING)


def test_intervals_come_from_blocks_of_neighbouring_frame_pairs():
    """Alternating luck averages out within a block; runs of luck do not."""
    width = {}
    for name, touching in (("alternating", [0, 8] * 20), ("clustered", [0] * 20 + [8] * 20)):
        statistics = {"t": [0] * 40, "events": [0] * 40, "expected": [0.0] * 40}
        for m in explain.MAPS:
            statistics |= columns(m, [8] * 40, touching)
        table = grad_cam.shares(statistics)
        width[name] = table.loc["grad_cam", "high"] - table.loc["grad_cam", "low"]
    assert confusion.BLOCK == 4 and width["alternating"] < 0.01 < 0.3 < width["clustered"]
