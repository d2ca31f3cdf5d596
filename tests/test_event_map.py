"""Event maps: the same as windows cut from the frame's own head map, in order, one frame at a time."""

import weakref

import numpy as np
import pytest
import torch
from torch import nn
from toys import shrinking_discs, small_model

from tapnb import crops, dataset, event_map, explain, heads
from tapnb.models import InvariantLinearHead, LinearHead, ResNetHead
from tapnb.movies import Movie, normalise

HEADS = {"linear": LinearHead, "invariant linear": InvariantLinearHead,
         "ResNet": lambda size: ResNetHead(size, width=8)}


def a_head(name: str, size: int = 48) -> nn.Module:
    head = HEADS[name](size)
    for module in head.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
            module.bias.data.normal_()  # a zero of the padding is then not a zero behind it
    head.linear.weight.data.normal_(std=0.05 / size)
    head.linear.bias.data.copy_(torch.tensor([0.2, -0.4]))
    return head.eval()


def a_movie(frames: int = 3, height: int = 64, width: int = 64) -> Movie:
    rng = np.random.default_rng(frames)
    return Movie(rng.integers(0, 256, (frames, height, width), dtype=np.uint8))


@torch.no_grad()
def cut_from_frames(features, head, movie, t, size, stride):
    """The definition: head maps of whole frames, cut into windows, through the linear layer one by one."""
    z = torch.stack([explain.dense_features(features, torch.from_numpy(normalise(movie.frames[i], movie.levels[i])))
                     for i in (t, t + 1)])
    if isinstance(head, ResNetHead):
        x = head.stem(z)
        z = torch.relu(x + head.block(x))
    rows = []
    for y in range(0, z.shape[2] - size + 1, stride):
        windows = torch.stack([z[:, :, y : y + size, x : x + size] for x in range(0, z.shape[3] - size + 1, stride)])
        seen = windows if isinstance(head, LinearHead) else windows.mean(dim=1)
        rows.append(head.linear(seen.flatten(1)).softmax(-1)[:, 1])
    return torch.stack(rows).numpy()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("size", "stride", "height", "width"), [(48, 8, 80, 72), (48, 8, 53, 79), (16, 4, 33, 21),
                                                                 (16, 16, 40, 50), (5, 1, 12, 9), (48, 8, 48, 48)])
def test_a_map_is_what_its_definition_says(name, size, stride, height, width):
    features, head, movie = small_model().features, a_head(name, size), a_movie(3, height, width)
    assert event_map.window_size(head) == size
    maps = list(event_map.event_maps(features, head, movie, stride))
    assert len(maps) == 2
    for t, found in enumerate(maps):
        expected = cut_from_frames(features, head, movie, t, size, stride)
        assert found.dtype == np.float32 and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert len(np.unique(maps[0])) == maps[0].size and not np.allclose(maps[0], maps[1], atol=1e-3)


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("band", [1, 8, 13, 40])
def test_bands_leave_no_seam(name, band, monkeypatch):
    features, head, movie = small_model().features, a_head(name), a_movie(2, 93, 64)
    (whole,) = event_map.event_maps(features, head, movie)
    assert event_map.BAND > 93 and whole.shape == (6, 3)
    monkeypatch.setattr(event_map, "BAND", band)
    (banded,) = event_map.event_maps(features, head, movie)
    np.testing.assert_allclose(banded, whole, atol=1e-5)


def test_the_halo_is_what_the_head_sees():
    head, z = a_head("ResNet"), torch.randn(32, 40, 16)
    whole = event_map._head_map(head, z, 0, 40)
    torch.testing.assert_close(event_map._head_map(head, z, 11, 20), whole[:, :, 11:20], rtol=1e-5, atol=1e-5)


def test_only_the_linear_head_knows_the_order_of_the_frames():
    features, movie = small_model().features, a_movie(2)
    swapped = Movie(movie.frames[::-1].copy())
    for name in HEADS:
        head = a_head(name)
        (before,), (after,) = event_map.event_maps(features, head, movie), event_map.event_maps(features, head, swapped)
        assert np.allclose(before, after, atol=1e-6) == (name != "linear")


def test_tiles_change_nothing():
    features, head, movie = small_model().features, a_head("ResNet"), a_movie(2, 133, 70)
    (whole,), (tiled,) = (event_map.event_maps(features, head, movie, tile=tile) for tile in (0, 64))
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_networks_in_training_mode_give_the_same_map_and_stay_in_it():
    features, head, movie = small_model().features, a_head("ResNet"), a_movie(2)
    (expected,) = event_map.event_maps(features, head, movie)
    (found,) = event_map.event_maps(features.train(), head.train(), movie)
    assert np.array_equal(found, expected) and head.training and features.training


class Counted:
    """The frames of a movie, counting which of them are read."""

    def __init__(self, frames):
        self.frames, self.shape, self.read = frames, frames.shape, []

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, t):
        self.read.append(t)
        return self.frames[t]


class CountedMovie:
    """As much of a Movie as a map needs."""

    def __init__(self, movie):
        self.frames, self.shape, self.levels = Counted(movie.frames), movie.shape, movie.levels


def test_each_frame_is_read_once_and_only_when_its_map_is_taken():
    features, head, movie = small_model().features, a_head("linear"), CountedMovie(shrinking_discs(1, frames=5))
    maps = event_map.event_maps(features, head, movie)
    assert movie.frames.read == []
    first = next(maps)
    assert movie.frames.read == [0, 1]
    assert len([first, *maps]) == 4
    assert movie.frames.read == [0, 1, 2, 3, 4]


def test_chosen_frame_pairs_come_in_the_order_asked_for():
    features, head, movie = small_model().features, a_head("linear"), CountedMovie(shrinking_discs(1, frames=6))
    every = list(event_map.event_maps(features, head, movie))
    for chosen, read in ((range(2, 4), [2, 3, 4]), ([4, 0, 1], [4, 5, 0, 1, 2]), ([], [])):
        movie.frames.read.clear()
        found = list(event_map.event_maps(features, head, movie, frame_pairs=chosen))
        assert len(found) == len(chosen) and movie.frames.read == read
        assert all(np.array_equal(one, every[t]) for one, t in zip(found, chosen))


def test_no_more_than_two_frames_are_kept(monkeypatch):
    features_made, terms_made = [], []

    def watched(module, name, made):
        original = getattr(module, name)

        def call(*args):
            result = original(*args)
            made.append(weakref.ref(result))
            return result

        monkeypatch.setattr(module, name, call)

    watched(explain, "dense_features", features_made)
    watched(event_map, "_window_terms", terms_made)
    for t, _ in enumerate(event_map.event_maps(small_model().features, a_head("linear"), shrinking_discs(1, frames=6))):
        assert len(terms_made) == t + 2
        assert [term() is not None for term in terms_made] == [False] * t + [True, True]
        assert all(z() is None for z in features_made)


def test_cells_and_windows_agree_on_where_a_bright_cell_is():
    frames = np.zeros((3, 101, 80), np.uint8)
    frames[1, 64:72, 24:32] = 200
    movie = Movie(frames, (frames > 0).astype(np.uint8))
    head = LinearHead(48).eval()
    head.linear.weight.data.zero_()
    head.linear.bias.data.zero_()
    head.linear.weight.data[1].unflatten(0, (2, 32, 48, 48))[1, 0] = 1e-3  # frame t + 1, brightness, whole window

    class Brightness(nn.Module):
        def forward(self, x):
            return x[:, :, None].expand(-1, -1, 32, -1, -1)

    found = list(event_map.event_maps(Brightness(), head, movie))
    for t in (0, 1):
        pairs = event_map.window_pairs(movie.shape, t)
        assert len(pairs) == found[t].size and set(pairs.t) == {t} and not pairs.flip.any()
        area = dataset.labelled_areas(movie.masks, pairs)[:, 1].reshape(found[t].shape)
        np.testing.assert_array_equal(found[t] > 0.5, area > 0)
        np.testing.assert_array_equal(area[:, :4] > 0, np.outer(np.arange(7) >= 3, np.arange(4) <= 3) & (t == 0))
    assert pairs.y.reshape(7, 5)[2, 3] == 16 and pairs.x.reshape(7, 5)[2, 3] == 24


@pytest.mark.parametrize("name", HEADS)
def test_where_a_crop_is_the_whole_frame_the_map_is_that_of_crops(name):
    features, head, movie = small_model().features, a_head(name), a_movie(3, 48, 48)
    for t, found in enumerate(event_map.event_maps(features, head, movie)):
        images = crops.gather(crops.as_tensor(movie.frames), movie.levels, event_map.window_pairs(movie.shape, t))
        by_crops = heads.head_logits([head], features, images)[0].softmax(-1)[:, 1]
        np.testing.assert_allclose(found.ravel(), by_crops.numpy(), atol=1e-5)


@pytest.mark.parametrize(("options", "message"), [
    ({"stride": 0}, "a stride of 0 px does not divide windows of 16 px; choose one of 1, 2, 4, 8, 16$"),
    ({"stride": -8}, "a stride of -8 px"), ({"stride": 6}, "a stride of 6 px"), ({"stride": 32}, "a stride of 32 px"),
    ({"frame_pairs": range(4)}, "there is no frame pair 2 in a movie of 3 frames; choose 0 to 1$"),
    ({"frame_pairs": [-1]}, "there is no frame pair -1")])
def test_bad_input_is_refused_before_the_first_map(options, message):
    with pytest.raises(ValueError, match=message):
        event_map.event_maps(small_model().features, a_head("linear", 16), a_movie(), **options)


def test_windows_larger_than_the_frames_and_unknown_heads_are_refused():
    features = small_model().features
    with pytest.raises(ValueError, match="windows of 48 px do not fit into frames of 64 x 40 px"):
        event_map.event_maps(features, a_head("linear"), a_movie(2, 64, 40))
    with pytest.raises(ValueError, match="no event map is known for a head of class Identity"):
        event_map.event_maps(features, nn.Identity(), a_movie())
    with pytest.raises(ValueError, match="windows of 65 px do not fit"):
        event_map.window_pairs((3, 64, 64), 0, 65, 5)
    with pytest.raises(ValueError, match="there is no frame pair 2"):
        event_map.window_pairs((3, 64, 64), 2)
