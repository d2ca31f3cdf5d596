"""The timed code: for every row the laps of the baseline and those of the project's own functions.

Each is a generator as in :class:`benchmarks.processes.Side`: preparation, ``yield``, then one lap per ``next()``, which
yields the number of units done. ``movie`` holds the options of the simulated movie: none for the paper's size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from tqdm import tqdm

from benchmarks import plain, plain_pairs
from tapnb import augment, crops, dataset, explain, models, pretrain
from tapnb.arrow import PairSource
from tapnb.detect import Detector, DetectorHead
from tapnb.event_map import event_maps
from tapnb.heads import HEADS, fixed_features, train_heads
from tapnb.movies import Movie, catalogue, normalise
from tapnb.pretrain import PretrainSettings
from tapnb.system import device
from tapnb.system.precision import autocast

SEED = 1
BATCH = 108  # pairs; the authors' scripts
WIDTHS = (32, 64, 128, 256)  # channels of the U-Net's levels
STRIDE = 8  # pixels between the windows of an event map


def open_movie(movie: dict, role: str = "train") -> Movie:
    """The simulated movie, stored under ``data/``."""
    return catalogue.open_movie("synthetic", role, **movie)


def sixteen_bits(movie: Movie) -> Movie:
    """The movie as a 16-bit camera would have written it."""
    return Movie(movie.frames.astype(np.uint16) * np.uint16(257), movie.masks, movie.name)


def random_images(n: int, size: int) -> torch.Tensor:
    """Random pixels instead of ``n`` crop pairs, where only the run time counts, float32 (n, 2, size, size)."""
    return torch.rand(n, 2, size, size, generator=torch.Generator().manual_seed(SEED))


def random_labels(n: int) -> torch.Tensor:
    return torch.randint(0, 2, (n,), generator=torch.Generator().manual_seed(SEED))


def untrained(make, *arguments):
    """A network with the weights of the seed."""
    torch.manual_seed(SEED)
    return make(*arguments)


# TAP training step


def plain_step(movie: dict, batch: int = BATCH, size: int = 96, widths: tuple[int, ...] = WIDTHS,
               on: str = "cpu", steps: int = 1) -> Iterator:
    opened = open_movie(movie)
    frames, black_white = opened.frames, opened.levels
    model = untrained(plain.TimeArrowModel, widths).to(on)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-6)
    rng = np.random.default_rng(SEED)
    yield
    while True:
        for _ in range(steps):
            drawn = [plain_pairs.random_pair(frames, black_white, size, rng) for _ in range(batch)]
            pairs = torch.stack([plain_pairs.augment(torch.from_numpy(pair), rng) for pair, _ in drawn])
            flip = torch.tensor([flip for _, flip in drawn])
            plain.train_step(model, optimiser, pairs.to(on), flip.to(on))
        if on != "cpu":
            torch.cuda.synchronize()
        yield batch * steps


def step(movie: dict, batch: int = BATCH, size: int = 96, widths: tuple[int, ...] = WIDTHS, on: str = "cpu",
         steps: int = 1, compiled: bool = False) -> Iterator:
    computing = device.choose(on)
    source = PairSource(open_movie(movie), "uniform", computing)
    model = untrained(models.TimeArrowModel, widths).to(computing, memory_format=device.layout(computing))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4, weight_decay=1e-6)
    trained = torch.compile(model) if compiled else model
    rng, generator = np.random.default_rng(SEED), torch.Generator().manual_seed(SEED)
    yield
    while True:
        pairs = source.sample(size, batch * steps, rng)
        pretrain.train_epoch(trained, optimiser, source, pairs, [1e-4] * steps, generator, PretrainSettings().loss)
        yield batch * steps  # the epoch's means were read, so the device is idle


# Augmentation


def plain_augmentation(batch: int = BATCH, size: int = 96) -> Iterator:
    images, rng = random_images(batch, size), np.random.default_rng(SEED)
    yield
    while True:
        torch.stack([plain_pairs.augment(pair, rng) for pair in images])
        yield batch


def augmentation(batch: int = BATCH, size: int = 96, batches: int = 5) -> Iterator:
    images, generator = random_images(batch, size), torch.Generator().manual_seed(SEED)
    yield
    while True:
        for _ in range(batches):
            augment.apply(images, augment.draw(batch, generator))
        yield batch * batches


# Crops


def plain_crops(movie: dict, pairs: int = 1000, size: int = 48) -> Iterator:
    opened = sixteen_bits(open_movie(movie))
    frames, masks, levels = opened.frames, opened.masks, opened.levels
    rng = np.random.default_rng(SEED)
    yield
    while True:
        plain_pairs.labelled_pairs(frames, masks, levels, pairs, size, rng)
        yield pairs


def crop_pairs(movie: dict, per_frame_pair: int = 1000, size: int = 48, batch: int = 1000) -> Iterator:
    opened = sixteen_bits(open_movie(movie))
    masks, levels, frames = opened.masks, opened.levels, crops.as_tensor(opened.frames)
    yield
    while True:
        pairs = crops.sample_per_frame_pair(opened.shape, size, per_frame_pair, SEED)
        dataset.label(dataset.labelled_areas(masks, pairs))
        for start in range(0, len(pairs), batch):
            crops.gather(frames, levels, pairs[start : start + batch])
        yield len(pairs)


# Event heads on fixed features


def plain_heads(kind: str, batch: int = BATCH, size: int = 48, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    images, labels = random_images(batch, size), random_labels(batch)
    features, head = untrained(plain.DenseFeatures, widths), plain.HEADS[kind](size)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-3)
    yield
    while True:
        plain.train_head_step(features, head, optimiser, images, labels)
        yield batch


def heads(kind: str, epochs: int, seeds: int = 10, batch: int = BATCH, size: int = 48,
          widths: tuple[int, ...] = WIDTHS) -> Iterator:
    images, labels = random_images(batch, size), random_labels(batch)
    model, trained = untrained(models.DenseFeatures, widths), [HEADS[kind](size) for _ in range(seeds)]
    yield
    while True:
        start = time.perf_counter()
        features = fixed_features(model, images)
        once = time.perf_counter() - start
        start = time.perf_counter()
        train_heads(trained, features, labels, 1)
        yield batch * seeds, once / epochs + time.perf_counter() - start  # features serve all seeds and epochs


def head_step(kind: str, size: int = 48) -> Callable[[], None]:
    """Forward and backward of a head on the features of one pair, for counting its work."""
    head, z = HEADS[kind](size).train(), torch.rand(1, 2, models.FEATURES, size, size)
    return lambda: head(z).sum().backward()


def hold_features(kind: str, pairs: int = 14934, seeds: int = 10, size: int = 48,
                  widths: tuple[int, ...] = WIDTHS) -> None:
    """Features of all the paper's training pairs in memory, and one step of the heads on them."""
    features = fixed_features(untrained(models.DenseFeatures, widths), random_images(pairs, size))
    batch = slice(0, min(pairs, BATCH))
    train_heads([HEADS[kind](size) for _ in range(seeds)], features[batch], random_labels(pairs)[batch], 1)


# Dense features of a frame


def plain_frame(side: int = 1024, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    frame, features = random_images(1, side)[:, :1], untrained(plain.DenseFeatures, widths).eval()
    yield
    while True:
        with torch.no_grad():
            features(frame)
        yield 1


def frame(side: int = 1024, widths: tuple[int, ...] = WIDTHS, precision: str = "float32") -> Iterator:
    pixels, features = random_images(1, side)[0, 0], untrained(models.DenseFeatures, widths).eval()
    yield
    while True:
        with autocast(pixels.device, precision):
            explain.dense_features(features, pixels)
        yield 1


# Event maps


def places(side: int, size: int = 48) -> int:
    """Windows along one axis of an event map."""
    return (side - size) // STRIDE + 1


def plain_event_map(movie: dict, windows: int = 32, size: int = 48, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    opened = open_movie(movie)
    frames, black_white = opened.frames, opened.levels
    features, head = untrained(plain.DenseFeatures, widths), plain.ResNetHead(size)
    rows, columns = (places(side, size) for side in opened.shape[1:])
    cells = np.random.default_rng(SEED)
    yield
    while True:
        for _ in range(windows):
            t, y, x = cells.integers((len(frames) - 1, rows, columns))
            pair = plain_pairs.crop_pair(frames, black_white, t, y * STRIDE, x * STRIDE, size)
            plain.event_probability(features, head, torch.from_numpy(pair))
        yield windows / (rows * columns)


def event_map(movie: dict, size: int = 48, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    opened, networks = open_movie(movie), event_networks(size, widths)
    _ = opened.levels  # computed once, and kept
    yield
    while True:
        for _ in event_maps(*networks, opened, STRIDE):
            yield 1


def whole_movie(movie: dict, size: int = 48, widths: tuple[int, ...] = WIDTHS) -> dict[str, float]:
    """Event maps of all frame pairs, as a user computes them: minutes and number of frame pairs."""
    opened, networks = open_movie(movie), event_networks(size, widths)
    pairs = len(opened.frames) - 1
    start = time.perf_counter()
    for _ in tqdm(event_maps(*networks, opened, STRIDE), total=pairs, desc="whole movie", unit="frame pair"):
        pass
    return {"minutes": (time.perf_counter() - start) / 60, "frame_pairs": pairs}


def plain_detector(movie: dict, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    opened = open_movie(movie)
    frames, black_white = opened.frames, opened.levels
    features, head = untrained(plain.DenseFeatures, widths).eval(), untrained(DetectorHead, 2).eval()
    yield
    while True:
        for t in range(len(frames) - 1):
            pair = np.stack([normalise(frames[i], black_white[i]) for i in (t, t + 1)])
            with torch.no_grad():
                head(features(torch.from_numpy(pair)[:, None])[None]).sigmoid()
            yield 1


def detector(movie: dict, widths: tuple[int, ...] = WIDTHS) -> Iterator:
    opened = open_movie(movie)
    _ = opened.levels  # computed once, and kept
    untrained_one = _untrained_detector(widths)
    yield
    while True:
        for _ in untrained_one.maps(opened, range(len(opened.frames) - 1)):
            yield 1


def events_of_whole_movie(movie: dict, widths: tuple[int, ...] = WIDTHS) -> dict[str, float]:
    """All events of a movie, as a user finds them: minutes and number of frame pairs."""
    opened = open_movie(movie)
    start = time.perf_counter()
    _untrained_detector(widths).find(opened)
    return {"minutes": (time.perf_counter() - start) / 60, "frame_pairs": len(opened.frames) - 1}


def _untrained_detector(widths: tuple[int, ...]) -> Detector:
    return Detector(("division", "death"), untrained(models.DenseFeatures, widths).eval(), untrained(DetectorHead, 2).eval())


def event_networks(size: int, widths: tuple[int, ...]) -> tuple[models.DenseFeatures, models.ResNetHead]:
    """Untrained features and event head."""
    return untrained(models.DenseFeatures, widths).eval(), models.ResNetHead(size).eval()
