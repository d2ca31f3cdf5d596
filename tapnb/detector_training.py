"""Training a detector of events: crops around events and elsewhere, a Gaussian of scores at every event.

A frame pair that is shown in reversed order holds no division and no death, whatever it holds forwards. So reversed pairs are
negatives that nobody has to label, and with few labels they are the only ones: what is not labelled may be an event
(after Nishimura et al., MICCAI 2023). Not in the paper.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from tapnb import checkpoints, divergence
from tapnb.crops import CropPairs, as_tensor, gather, sample_uniform, where_shown
from tapnb.detect import KINDS, STRIDE, Detector, DetectorHead, Joining, usable_pairs
from tapnb.early_stopping import EarlyStopping
from tapnb.fast import folded
from tapnb.heads import estimate_norms
from tapnb.models import DenseFeatures, redrawn
from tapnb.movies import Movie
from tapnb.system.precision import autocast

FEATURES = ("TAP", "random")


@dataclass(frozen=True)
class DetectorSettings:
    """How a detector is trained.

    Attributes
    ----------
    features : {"TAP", "random"}
        The initial ones.
    trained : bool
        Whether they are trained with the head: the strategies A (TAP, fixed), B (random, fixed), C (random, trained) and
        D (TAP, trained) of the book.
    kinds : tuple of str
        What to look for.
    complete : bool
        Whether every event is labelled, so that what is elsewhere is none. If not, all crops without an event are reversed pairs.
    steps, batch, crop_size : int
        Training steps, crop pairs a step, side of a crop in pixels.
    sigma : float
        Of the Gaussian at an event, in pixels.
    event_share : float
        Share of the crops that hold an event.
    reversed_share : float
        Share of the others that are shown in reversed order, half of them around an event; all if not ``complete``.
    event_weight : float
        How much more a pixel at an event counts than one elsewhere.
    hard_negatives : bool
        Draw half of the other crops, in the second half of the training, where the detector then sees events that are
        none.
    rate : float
        Adam's highest learning rate: it rises for a twentieth of the steps, then falls to zero on a cosine.
    checks : int
        How often the detector is looked at while it is trained, in equal distances; the best is kept.
    """

    features: str = "TAP"
    trained: bool = True
    kinds: tuple[str, ...] = ("division",)
    complete: bool = True
    steps: int = 800
    batch: int = 16
    crop_size: int = 64
    sigma: float = 6.0
    event_share: float = 0.5
    reversed_share: float = 0.5
    event_weight: float = 10.0
    hard_negatives: bool = True
    rate: float = 1e-3
    checks: int = 4

    def __post_init__(self):
        divergence.check_rates(rate=self.rate)
        if self.features not in FEATURES:
            raise ValueError(f"unknown features {self.features!r}; choose from {', '.join(FEATURES)}")
        if not self.kinds or set(self.kinds) - set(KINDS):
            raise ValueError(f"the kinds of events are {', '.join(self.kinds) or 'none'}; choose from {', '.join(KINDS)}")
        if not 1 <= self.checks <= self.steps:
            raise ValueError(f"{self.checks} checks in {self.steps} steps; at least one, and at most one a step")


HARD = 200
"""False events that are remembered, the surest first."""

SEARCHED = 24
"""Frame pairs in which they are looked for: a quarter of a movie of the paper's length."""

KEPT = 50
"""Steps after which a checkpoint is written between two checks: half a minute of two cores."""

LITTLE = Joining(lowest=0.1, most=20)


def train_detector(tap: DenseFeatures, movie: Movie, events: pd.DataFrame, settings: DetectorSettings = DetectorSettings(),
                   *, negatives: pd.DataFrame | None = None, frame_pairs: np.ndarray | None = None, seed: int = 20,
                   check: Callable[[Detector], float] | None = None, on: torch.device | str = "cpu",
                   checkpoint: Path | None = None) -> tuple[Detector, list[dict]]:
    """Train a detector on one movie.

    Parameters
    ----------
    tap : DenseFeatures
        Pretrained features; left as they are. Random ones are redrawn copies of it.
    movie : Movie
    events : DataFrame
        Labelled ones: ``t`` (the daughters' first frame, the first of a dying cell), ``y``, ``x`` (pixels), ``kind``.
    settings : DetectorSettings
    negatives : DataFrame, optional
        Places that are known to hold no event: ``t``, ``y``, ``x``. They are hard negatives from the first step on.
    frame_pairs : int array, optional
        Those to learn from; by default all in which there is something to see.
    seed : int
        Of the initial weights and of the crops.
    check : callable, optional
        Takes the detector as it then is, returns how good it is (more is better), such as the average precision on frames
        that it does not learn from. Without one the last detector is kept.
    on : torch.device
    checkpoint : Path, optional
        Written at every check and every :data:`KEPT` steps; where there is one, the training goes on from it. Who keeps the
        detector deletes it.

    Returns
    -------
    detector : Detector
    course : list of dict
        A row a check: ``step``, ``loss`` (mean since the last), ``score``, and ``hard``, the number of hard negatives.

    Raises
    ------
    ValueError
        If no event of these kinds lies in the frame pairs, the frames are too small, or the training goes wrong.
    """
    on = torch.device(on)
    frame_pairs = usable_pairs(movie) if frame_pairs is None else np.asarray(frame_pairs)
    source = _Source(movie, events, settings, frame_pairs, on)
    features, head = _initial(tap, settings, source, seed, on)
    network = nn.ModuleList([features, head])
    groups = [head.parameters()] + ([features.parameters()] if settings.trained else [])
    optimiser = torch.optim.Adam([{"params": group} for group in groups], lr=settings.rate)
    detector = Detector(settings.kinds, features, head, movie.um_per_pixel)
    watch = EarlyStopping(network, settings.checks + 1)  # never ends before: it remembers the best
    state: dict[str, checkpoints.Stateful] = {"network": network, "optimiser": optimiser, "watch": watch}
    course = (checkpoints.resume(checkpoint, state, on) if checkpoint else None) or []
    ends = [round(settings.steps * (i + 1) / settings.checks) for i in range(settings.checks)]
    known = _known(negatives, frame_pairs)
    last = course[-1] if course else {"step": 0, "false": known.tolist()}
    first, hard = last["step"], np.array(last["false"]).reshape(-1, 4).astype(int)
    sums, since = torch.tensor(last.get("sum", 0.0), device=on), last.get("since", 0)
    course = [row for row in course if "score" in row]  # what lies between two checks is no row of it
    for step in tqdm(range(first, settings.steps), initial=first, total=settings.steps, desc="detector", unit="step"):
        if settings.hard_negatives and step == settings.steps // 2:
            hard = np.concatenate([known, _false_events(detector, movie, source, seed)])
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, settings)
        images, target = source.batch(np.random.default_rng([seed, step]), hard)
        sums += _step(features, head, images, target, settings, optimiser)
        since += 1
        if step + 1 in ends:
            row = {"step": step + 1, "loss": float(sums) / since, "hard": len(hard), "false": hard.tolist()}
            divergence.check({"loss": row["loss"]}, network, len(course) + 1, settings.checks, settings.rate)
            network.eval()
            row["score"] = float(check(detector)) if check else float(step + 1)
            watch.has_ended(-row["score"])
            course.append(row)
            sums, since = torch.zeros((), device=on), 0
            if checkpoint:
                checkpoints.keep(checkpoint, state, course)
        elif checkpoint and not (step + 1) % KEPT:
            so_far = {"step": step + 1, "sum": float(sums), "since": since, "false": hard.tolist()}
            checkpoints.keep(checkpoint, state, [*course, so_far])
    watch.restore()
    network.eval()
    return detector, [{key: value for key, value in row.items() if key != "false"} for row in course]


class _Source:
    """Where training crops come from: events, places without one, and reversed pairs."""

    def __init__(self, movie: Movie, events: pd.DataFrame, settings: DetectorSettings, frame_pairs: np.ndarray,
                 on: torch.device):
        self.movie, self.settings, self.frame_pairs, self.on = movie, settings, frame_pairs, on
        self.size = min(settings.crop_size, *(side // 8 * 8 for side in movie.shape[1:]))
        if not self.size:
            height, width = movie.shape[1:]
            raise ValueError(f"the frames of {movie.name!r} are {height} x {width} pixels, and a detector learns from crops of 8 or more: give "
                             "larger frames, or a detector that is there")
        events = events[events["kind"].isin(settings.kinds) & (events["t"] - 1).isin(frame_pairs)]
        if events.empty:
            raise ValueError(f"there is no labelled {' or '.join(settings.kinds)} in the {len(frame_pairs)} frame "
                             f"pair{'' if len(frame_pairs) == 1 else 's'} of {movie.name!r} to learn from: label some there, or give more frames; "
                             "`tapnb data` says which frame pairs are left out")
        self.events = np.stack([events["t"] - 1, events["y"], events["x"],
                                events["kind"].map(settings.kinds.index)], axis=1).astype(float)  # (E, 4)
        self.frames = as_tensor(movie.frames, on)

    def batch(self, rng: np.random.Generator, hard: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Crop pairs (N, 2, s, s), turned and mirrored at random, and their targets (N, K, s/2, s/2)."""
        pairs = self.pairs(rng, hard)
        images = gather(self.frames, self.movie.levels, pairs)
        gain = torch.from_numpy(np.exp(rng.normal(0, 0.1, (len(pairs), 1, 1, 1)))).float().to(self.on)
        shift = torch.from_numpy(rng.normal(0, 0.05, (len(pairs), 1, 1, 1))).float().to(self.on)
        images, target = images * gain + shift, self.target(pairs).to(self.on)
        turns, mirror = int(rng.integers(4)), bool(rng.integers(2))  # one for the batch: any crop meets them all in time
        images, target = (torch.rot90(t, turns, (-2, -1)) for t in (images, target))
        return (images.flip(-1), target.flip(-1)) if mirror else (images, target)

    def pairs(self, rng: np.random.Generator, hard: np.ndarray) -> CropPairs:
        """The crop pairs of one step: around events, and others, of which some are reversed."""
        s, n = self.settings, self.settings.batch
        positive = max(1, round(n * s.event_share))
        own = self.events[rng.integers(len(self.events), size=n)]
        t, y, x = own[:, 0].astype(int), *self._corner(own[:, 1], own[:, 2], rng)
        elsewhere = sample_uniform(self.movie.shape, self.size, n, rng)
        flip = np.arange(n) >= positive
        flip[positive:] &= (rng.random(n - positive) < s.reversed_share) | (not s.complete)
        # Half of the reversed ones stay around an event, the other half and all that are not reversed go elsewhere.
        away = (np.arange(n) >= positive) & ~(flip & (rng.random(n) < 0.5))
        elsewhere = replace(elsewhere, t=self.frame_pairs[rng.integers(len(self.frame_pairs), size=n)])
        if self.movie.usable is not None:
            elsewhere = where_shown(elsewhere, replace(self.movie.usable, t=self.frame_pairs), rng)
        t, y, x = (np.where(away, other, at) for at, other in zip((t, y, x), (elsewhere.t, elsewhere.y, elsewhere.x)))
        if len(hard):
            picked = hard[rng.integers(len(hard), size=n)]
            use = away & (rng.random(n) < 0.5)
            corner = self._corner(picked[:, 1], picked[:, 2], rng)
            t, y, x, flip = (np.where(use, at_hard, at) for at_hard, at in
                             zip((picked[:, 0], *corner, picked[:, 3] > 0), (t, y, x, flip)))
        return CropPairs(t, y, x, flip, self.size)

    def _corner(self, y: np.ndarray, x: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        """Corners of crops that hold (y, x), an eighth of their side or more from their edge."""
        reach = self.size * 3 // 8
        return [np.clip(np.rint(at - self.size / 2).astype(int) + rng.integers(-reach, reach + 1, len(at)), 0,
                        side - self.size) for at, side in zip((y, x), self.movie.shape[1:])]

    def target(self, pairs: CropPairs) -> torch.Tensor:
        """A Gaussian at every labelled event of a pair that is shown forwards, float32 (N, K, s/2, s/2)."""
        t, y, x, kind = self.events.T
        near = (t == pairs.t[:, None]) & ~pairs.flip[:, None]  # (N, E)
        for at, corner in ((y, pairs.y), (x, pairs.x)):
            near &= (at > corner[:, None] - 4 * self.settings.sigma) & (
                at < corner[:, None] + self.size + 4 * self.settings.sigma)
        crop, event = np.nonzero(near)
        middle = np.arange(self.size // STRIDE) * STRIDE + 0.5
        rows, columns = (np.exp(-((middle - (at[event] - corner[crop])[:, None]) ** 2) / (2 * self.settings.sigma**2))
                         for at, corner in ((y, pairs.y), (x, pairs.x)))
        target = np.zeros((len(pairs), len(self.settings.kinds), len(middle), len(middle)), np.float32)
        for i, channel, row, column in zip(crop, kind[event].astype(int), rows, columns):
            np.maximum(target[i, channel], np.outer(row, column), out=target[i, channel])
        return torch.from_numpy(target)


def _known(negatives: pd.DataFrame | None, frame_pairs: np.ndarray) -> np.ndarray:
    """Places without an event in the form of :func:`_false_events`."""
    if negatives is None or negatives.empty:
        return np.zeros((0, 4), int)
    own = negatives[(negatives["t"] - 1).isin(frame_pairs)]
    return np.stack([own["t"] - 1, own["y"].round(), own["x"].round(), 0 * own["t"]], axis=1).astype(int)


def _initial(tap: DenseFeatures, settings: DetectorSettings, source: _Source, seed: int,
             on: torch.device) -> tuple[DenseFeatures, DetectorHead]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = DetectorHead(len(settings.kinds)).to(on)
        features = redrawn(tap) if settings.features == "random" else copy.deepcopy(tap)
    if settings.features == "random" and not settings.trained:
        rng = np.random.default_rng(seed)
        uniform = sample_uniform(source.movie.shape, source.size, 512, rng, source.movie.usable)
        estimate_norms(features, gather(source.frames, source.movie.levels, uniform))
    return features.eval(), head


def _step(features: DenseFeatures, head: DetectorHead, images: torch.Tensor, target: torch.Tensor,
          settings: DetectorSettings, optimiser: torch.optim.Optimizer) -> torch.Tensor:
    """One step of the optimiser; returns the loss."""
    features.train(settings.trained)
    head.train()
    if not settings.trained:
        with torch.inference_mode():
            z = folded(features)(images)
        z = z.clone()  # a tensor that autograd may keep
    with autocast(images.device):
        logits = head(features(images) if settings.trained else z)
    weight = 1 + settings.event_weight * target
    loss = F.binary_cross_entropy_with_logits(logits.float(), target, weight)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.detach()


def _rate(step: int, settings: DetectorSettings) -> float:
    """Learning rate of a step: up for a twentieth of the training, then down on a cosine."""
    warm_up = max(1, settings.steps // 20)
    if step < warm_up:
        return settings.rate * (step + 1) / warm_up
    return settings.rate * 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, settings.steps - warm_up)))


def _false_events(detector: Detector, movie: Movie, source: _Source, seed: int) -> np.ndarray:
    """Where a detector sees events that are none, int (H, 4): frame pair, y, x, whether shown reversed; the surest first.

    All that it finds in reversed pairs is false; of the others, where every event is labelled, what is far from one.
    """
    rng = np.random.default_rng([seed, 1])
    searched = np.sort(rng.permutation(source.frame_pairs)[:SEARCHED])
    if source.settings.complete:
        forwards, backwards = detector.find_both_ways(movie, searched, LITTLE)
        t, y, x, _ = source.events.T
        far = [not np.any((np.abs(t + 1 - row.t) <= LITTLE.frames)
                          & (np.hypot(y - row.y, x - row.x) < 2 * LITTLE.pixels)) for row in forwards.itertuples()]
        tables = [backwards.assign(flip=1), forwards[np.array(far, bool)].assign(flip=0)]
    else:
        tables = [detector.find(movie, searched, LITTLE, backwards=True, progress=False).assign(flip=1)]
    table = pd.concat(tables).sort_values("score", ascending=False).head(HARD)
    return np.stack([table["t"] - 1, table["y"], table["x"], table["flip"]], axis=1).astype(float).round().astype(int)
