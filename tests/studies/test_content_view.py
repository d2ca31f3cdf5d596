"""Content view: rescaled movies, matched windows, counted answers."""

import itertools

import numpy as np
import pytest
import torch
from skimage.transform import rescale
from torch import nn
from toys import shrinking_discs

from tapnb import arrow, crops
from tapnb.metrics.scores import share_interval
from tapnb.movies import Movie
from tapnb.store import runs
from tapnb.studies import content_view

CPU = torch.device("cpu")


class Brighter(nn.Module):
    """Says that the brighter frame is the earlier one."""

    def forward(self, pairs):
        return pairs.mean((-2, -1)), torch.zeros(len(pairs), 2, 4, 2, 2)


class Sizes(Brighter):
    """Keeps the shapes that it was shown."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, pairs):
        self.seen.append(tuple(pairs.shape))
        return super().forward(pairs)


@pytest.fixture(scope="module")
def movie():
    return shrinking_discs(3, frames=6, side=200, per_frame=12)


@pytest.mark.parametrize("dtype, scale", [(np.uint8, 1), (np.uint16, 250), (np.float32, 1)])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_rescaled_movie_keeps_its_dtype_and_its_light(movie, dtype, scale, factor):
    original = Movie((movie.frames * float(scale)).astype(dtype), um_per_pixel=0.6)
    other = content_view.rescaled(original, factor)
    assert other.frames.dtype == dtype and other.shape == (6, round(200 * factor), round(200 * factor))
    assert other.masks is None and other.um_per_pixel == pytest.approx(0.6 / factor)
    assert other.frames.mean() == pytest.approx(original.frames.mean(), rel=0.01)
    exact = content_view.rescaled(Movie(original.frames.astype(np.float32)), factor).frames
    assert np.abs(other.frames - exact).max() <= 0.5  # rounded, not cut off


def test_doubling_is_that_of_another_library(movie):
    ours = content_view.rescaled(Movie(movie.frames.astype(np.float32)), 2.0).frames[0]
    theirs = rescale(movie.frames[0].astype(np.float32), 2, order=1, mode="edge")
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_halving_does_not_let_a_checkerboard_through():
    board = (np.indices((2, 64, 64)).sum(0) % 2 * 200.0).astype(np.uint8)
    inside = content_view.rescaled(Movie(board), 0.5).frames[:, 4:-4, 4:-4]
    assert inside.min() >= 90 and inside.max() <= 110  # grey, where every second pixel would be black or white


@pytest.mark.parametrize("factor", [0.0, -1.0, 0.001])
def test_a_factor_that_leaves_nothing_is_refused(movie, factor):
    with pytest.raises(ValueError, match="cannot be rescaled"):
        content_view.rescaled(movie, factor)


def test_settings_are_those_of_table_6():
    assert [(s.crop, s.view) for s in content_view.SETTINGS] == [(96, 96), (48, 48), (96, 48), (192, 192), (96, 192)]


@pytest.mark.parametrize("name, pixels", [("resolution doubled", 0), ("resolution halved", 1)])
def test_rescaled_windows_show_the_same_place(name, pixels):
    setting = next(s for s in content_view.SETTINGS if s.name == name)
    smooth = Movie(np.add.outer(np.arange(2), np.add.outer(np.arange(200.0), 3 * np.arange(200.0))).astype(np.float32))
    seen = crops.sample_uniform(smooth.shape, setting.view, 20, np.random.default_rng(0))
    scaled = content_view.windows(seen, setting)
    other = content_view.rescaled(smooth, setting.factor)
    before, after = (crops.gather(crops.as_tensor(m.frames), np.tile([0.0, 1.0], (2, 1)).astype(np.float32), pairs)
                     for m, pairs in ((smooth, seen), (other, scaled)))
    assert after.shape[-1] == 96
    # On a ramp the mean of a window is its place: a pixel in y and one in x make 1 + 3 grey levels.
    np.testing.assert_allclose(after.mean((-2, -1)), before.mean((-2, -1)), atol=4 * pixels + 0.1)


def test_answers_are_counted_by_setting_sampler_and_draw(movie):
    answers = content_view.accuracies(Brighter(), movie, pairs=40, draws=2, samplers=["uniform", "change"], on=CPU)
    rows = answers["accuracies"]
    assert [(r["setting"], r["sampler"], r["draw"]) for r in rows] == [
        (s.name, sampler, draw) for s in content_view.SETTINGS for sampler in ("uniform", "change") for draw in (0, 1)]
    assert answers["left_out"] == [] and {r["n"] for r in rows} == {40}
    source = arrow.PairSource(movie, "uniform", CPU)
    pairs = source.sample(96, 40, np.random.default_rng([content_view.SEED, 1]))
    shown = source.gather(pairs).mean((-2, -1))
    expected = ((shown[:, 1] > shown[:, 0]).numpy() == pairs.flip).sum()
    assert rows[1]["right"] == expected


def test_settings_of_one_view_are_matched_window_by_window(movie):
    answers = content_view.accuracies(Brighter(), movie, pairs=30, draws=2, samplers=["uniform"], on=CPU)
    right = {}
    for row in answers["accuracies"]:
        right[row["setting"]] = right.get(row["setting"], 0) + row["right"]
    assert [(m["crop_setting"], m["resolution_setting"]) for m in answers["matched"]] == [
        ("crop halved", "resolution doubled"), ("crop doubled", "resolution halved")]
    for m in answers["matched"]:
        assert m["both"] + m["crop_only"] == right[m["crop_setting"]]
        assert m["both"] + m["resolution_only"] == right[m["resolution_setting"]]
        assert m["both"] + m["crop_only"] + m["resolution_only"] + m["neither"] == 60


def test_a_crop_has_its_size_whatever_the_resolution(movie):
    model = Sizes()
    content_view.accuracies(model, movie, pairs=3, draws=1, samplers=["uniform"], on=CPU)
    sides = [side for side, _ in itertools.groupby(shape[-1] for shape in model.seen)]  # in one batch or several
    assert sides == [96, 48, 96, 192, 96]


def test_settings_that_do_not_fit_are_left_out_and_named():
    small = shrinking_discs(1, frames=3, side=100)
    answers = content_view.accuracies(Brighter(), small, pairs=4, draws=1, samplers=["uniform"], on=CPU)
    assert answers["left_out"] == ["crop doubled", "resolution halved"]
    tiny = shrinking_discs(1, frames=3, side=40)
    with pytest.raises(ValueError, match="smaller than every content view"):
        content_view.accuracies(Brighter(), tiny, pairs=4, draws=1, samplers=["uniform"], on=CPU)


@pytest.mark.parametrize("change, words", [({"pairs": 0}, "content pairs is 0"), ({"draws": 0}, "content draws is 0"),
                                           ({"samplers": []}, "content samplers is 0"),
                                           ({"samplers": ["edges"]}, "unknown sampler 'edges'")])
def test_nothing_to_draw_is_refused(movie, change, words):
    with pytest.raises(ValueError, match=words):
        content_view.accuracies(Brighter(), movie, on=CPU, **{"pairs": 2, "draws": 1, "samplers": ["uniform"]} | change)


def test_the_summary_pools_the_draws():
    rows = [{"setting": "same", "crop": 96, "view": 96, "factor": 1.0, "sampler": sampler, "draw": draw, "right": right,
             "n": 10} for sampler in ("change", "uniform") for draw, right in enumerate((6, 8))]
    table = content_view.summary(rows)
    assert table["sampler"].tolist() == ["uniform", "change"]
    first = table.iloc[0]
    assert (first["right"], first["n"]) == (14, 20) and first["mean"] == pytest.approx(0.7)
    assert first["std"] == pytest.approx(np.std([0.6, 0.8], ddof=1)) and first["low"] < 0.7 < first["high"]


def rows_of(setting, view, right):
    return [{"setting": setting, "crop": 96, "view": view, "factor": 1.0, "sampler": sampler, "draw": draw,
             "right": right + draw, "n": 20} for sampler in ("uniform", "change") for draw in (0, 2)]


MATCHED = [{"crop_setting": "crop halved", "resolution_setting": "resolution doubled", "view": 48, "sampler": sampler,
            "both": 20, "crop_only": crop_only, "resolution_only": resolution_only, "neither": 10}
           for sampler, crop_only, resolution_only in (("uniform", 9, 1), ("change", 0, 0))]


def test_table_6_has_the_papers_value_beside_uniform_windows_only():
    table = content_view.table6(content_view.summary(rows_of("same", 96, 15) + rows_of("resolution halved", 192, 11)))
    assert table["windows"].tolist() == ["uniform", "uniform", "by change", "by change"]
    assert table["paper"].tolist() == ["0.974 ± 0.001", "0.938", "", ""]
    assert table["here"].tolist() == ["0.800 ± 0.071", "0.600 ± 0.071"] * 2
    assert table["95 % interval"][0] == "{:.3f} to {:.3f}".format(*share_interval(32, 40))


def test_disputed_windows_are_those_on_which_one_of_two_was_right():
    matched = content_view.disputed(MATCHED)
    assert matched["n"].tolist() == [10, 0] and matched["share"][0] == 0.9 and np.isnan(matched["low"][1])
    table = content_view.matched_table(matched)
    assert table["full resolution, of the disputed"].tolist() == [
        "0.90 ({:.2f} to {:.2f})".format(*share_interval(9, 10)), "none disputed"]
    assert table["only full resolution"].tolist() == [9, 0] and table["neither"].tolist() == [10, 10]
    assert content_view.matched_table(content_view.disputed([])).empty  # no two settings of one view fit


def test_numbers_leave_out_what_nobody_disputed(tmp_path):
    run = runs.Run(tmp_path, {"name": "content-x", "parameters": {"pairs": 1000, "draws": 2}})
    tap = runs.Run(tmp_path, {"name": "tap-x", "parameters": {"settings": {"crop_sizes": [48, 24, 32]}}})
    summary = content_view.summary(rows_of("same", 96, 15))
    numbers = content_view.numbers(run, summary, content_view.disputed(MATCHED), tap)
    assert {key: number["text"].partition(" (")[0] for key, number in numbers.items()} == {
        "uniform_same": "0.800", "change_same": "0.800", "uniform_full_resolution_48": "0.90",
        "pairs_a_draw": "1\u202f000", "draws": "2", "smallest_training_crop": "24\u202fpixels",
        "largest_training_crop": "48\u202fpixels"}
    assert numbers["uniform_same"]["interval"] == list(share_interval(32, 40))
    assert numbers["draws"]["runs"] == ["content-x"] and numbers["largest_training_crop"]["runs"] == ["tap-x"]


def test_a_run_is_kept_restored_and_never_made_on_the_training_movie(tmp_path, monkeypatch, movie, pretrained):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    train = shrinking_discs(1, frames=3)
    tap = pretrained(train)
    small = Movie(movie.frames[:3, :50, :50], name="small")
    setting = dict(pairs=2, draws=1, samplers=["uniform"], on=CPU, command="again")
    run = content_view.content_run(tap, small, mode="execute", **setting)
    assert run.record["kind"] == "content" and run.record["parameters"]["tap"] == tap.name
    assert run.results["left_out"] == ["same", "crop doubled", "resolution halved"]
    assert content_view.content_run(tap, small, mode="restore", **setting).record == run.record
    with pytest.raises(FileNotFoundError, match="make it with `again`"):
        content_view.content_run(tap, small, mode="restore", **setting | {"pairs": 3})
    with pytest.raises(ValueError, match="was trained on this very movie"):
        content_view.content_run(tap, train, mode="execute", **setting)
