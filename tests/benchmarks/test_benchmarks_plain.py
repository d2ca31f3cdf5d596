"""The baseline of the benchmarks has the same networks, crops and labels as the project."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import shrinking_discs

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # benchmarks is not installed

from benchmarks import laps, plain, plain_pairs  # noqa: E402
from tapnb import crops, dataset, heads, losses, models  # noqa: E402

WIDTHS = (4, 8, 8, 8)


def alike(network, plain_network, scale=1.0):
    """Give both networks the same weights, BatchNorm statistics included."""
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.copy_(torch.rand_like(value) * scale + 0.1)
    plain_network.load_state_dict(network.state_dict())
    return network.eval(), plain_network.eval()


def test_the_plain_time_arrow_network_is_the_same_network():
    network, plain_network = alike(models.TimeArrowModel(WIDTHS), plain.TimeArrowModel(WIDTHS), 0.2)
    pairs = torch.rand(3, 2, 24, 16)
    with torch.no_grad():
        (logits, z), (plain_logits, plain_z) = network(pairs), plain_network(pairs)
    torch.testing.assert_close(plain_z, z, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain_logits, logits, rtol=1e-4, atol=1e-4)


def test_a_plain_training_step_has_the_same_loss_and_gradients():
    network, plain_network = models.TimeArrowModel(WIDTHS), plain.TimeArrowModel(WIDTHS)
    plain_network.load_state_dict(network.state_dict())
    pairs, flip = torch.rand(4, 2, 16, 16), torch.tensor([True, False, False, True])
    logits, z = network(pairs)
    loss, _ = losses.time_arrow(logits, flip, z)
    plain_loss = plain.loss(plain_network, pairs, flip)
    torch.testing.assert_close(plain_loss, loss, rtol=1e-4, atol=1e-5)
    loss.backward()
    plain_loss.backward()
    for (name, weight), plain_weight in zip(network.named_parameters(), plain_network.parameters()):
        torch.testing.assert_close(plain_weight.grad, weight.grad, rtol=1e-2, atol=1e-4,
                                   msg=lambda text: f"{name}: {text}")


@pytest.mark.parametrize("kind", ["linear", "ResNet"])
def test_the_plain_heads_are_the_same_heads(kind):
    head, plain_head = alike(laps.HEADS[kind](16), plain.HEADS[kind](16), 0.05)
    z = torch.randn(3, 2, 32, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(plain_head(z), head(z), rtol=1e-4, atol=1e-4)


def test_plain_crops_and_labels_are_the_same():
    movie, rng = shrinking_discs(0), np.random.default_rng(0)
    pairs = crops.sample_uniform(movie.shape, 24, 60, rng)
    images = crops.gather(crops.as_tensor(movie.frames), movie.levels, pairs).numpy()
    labels = dataset.label(dataset.labelled_areas(movie.masks, pairs))
    assert 0 < labels.sum() < len(labels)
    for image, label, flip, *window in zip(images, labels, pairs.flip, pairs.t, pairs.y, pairs.x):
        pair = plain_pairs.crop_pair(movie.frames, movie.levels, *window, 24)
        np.testing.assert_allclose(pair[::-1] if flip else pair, image, atol=1e-6)
        assert plain_pairs.is_event(movie.masks, *window, 24) == label


def test_plain_data_sets_hold_flipped_and_labelled_pairs():
    movie, rng = shrinking_discs(0), np.random.default_rng(0)
    images, labels = plain_pairs.labelled_pairs(movie.frames, movie.masks, movie.levels, 50, 24, rng)
    assert images.shape == (50, 2, 24, 24) and images.dtype == np.float32 and 0 < labels.sum() < 50
    flips = [plain_pairs.random_pair(movie.frames, movie.levels, 24, rng)[1] for _ in range(50)]
    assert 10 < sum(flips) < 40


def test_plain_augmentation_moves_pixels_where_it_should():
    pair = torch.rand(1, 2, 12, 12)
    torch.testing.assert_close(plain_pairs._affine(pair, np.pi / 2, 1.0, (0, 0)), pair.rot90(1, (2, 3)))
    shifted = plain_pairs._affine(pair, 0.0, 1.0, (1 / 12, 0))
    torch.testing.assert_close(shifted[..., :-1], pair[..., 1:])
    still = plain_pairs._elastic(pair, torch.zeros(1, 2, 5, 5))
    torch.testing.assert_close(still, pair)
    moved = plain_pairs._elastic(pair, torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 5, 5))
    torch.testing.assert_close(moved[..., :-1], pair[..., 1:])


def test_plain_augmentation_keeps_shape_and_changes_pairs():
    pair, rng = torch.rand(2, 16, 16), np.random.default_rng(0)
    changed = [plain_pairs.augment(pair, rng) for _ in range(40)]
    assert all(image.shape == pair.shape and image.isfinite().all() for image in changed)
    assert sum(torch.equal(image, pair) for image in changed) < 10
    assert len({image.sum().item() for image in changed}) > 20


def test_crop_by_crop_inference_predicts_what_the_project_does():
    features, plain_features = alike(models.DenseFeatures(WIDTHS), plain.DenseFeatures(WIDTHS), 0.1)
    head, plain_head = alike(models.ResNetHead(16), plain.ResNetHead(16), 0.02)
    pairs = torch.rand(2, 2, 16, 16)
    logits = heads.head_logits([head], features, pairs)[0]
    probabilities = [plain.event_probability(plain_features, plain_head, pair) for pair in pairs]
    np.testing.assert_allclose(probabilities, logits.softmax(1)[:, 1].numpy(), atol=1e-4)
