"""From a movie to a list of its divisions and deaths: a map of scores for every frame pair, and its highest points.

The paper recognises events in crops; whoever owns a movie wants to know where and when they are. The detector looks at
the dense features of both frames of a pair, in their order, and gives a score to every second pixel. Points that are
the highest of their surroundings in space and time become events (t, y, x, kind, score). An event of the pair of frames
``t - 1`` and ``t`` has the time ``t``: the daughters' first frame, or the first of a dying cell. Not in the paper.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from tapnb import weights
from tapnb.event_probability import by_kind
from tapnb.explain import dense_features
from tapnb.fast import folded
from tapnb.models import FEATURES, DenseFeatures
from tapnb.movies import Movie, normalise
from tapnb.system import device

STRIDE = 2
"""Pixels between two neighbours of a map of scores."""

KINDS = ("division", "death")
"""What can be looked for, in the order of a detector's channels."""

COLUMNS = ["t", "y", "x", "kind", "score"]
"""Of a table of events that were found."""


class DetectorHead(nn.Module):
    """Features of both frames, in their order, to logits at every second pixel: (N, 2, 32, h, w) to (N, K, h/2, w/2).

    The four pixels' kernel of the first convolution has its middle between two pixels, and so has every score.
    """

    def __init__(self, kinds: int = 1, width: int = 32, features: int = FEATURES):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2 * features, width, 4, stride=STRIDE, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, kinds, 1))
        nn.init.constant_(self.layers[-1].bias, -4.0)  # events are rare: 2 % before anything is learnt

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.layers(z.flatten(1, 2))


@dataclass(frozen=True)
class Joining:
    """When high scores are one event, and which are none.

    Attributes
    ----------
    pixels, frames : int
        Of two points that near to each other in both, the lower one is left out.
    lowest : float
        Scores below are no event whatever the threshold.
    most : int
        Points a frame pair and kind.
    """

    pixels: int = 15
    frames: int = 3
    lowest: float = 0.02
    most: int = 200


def rescaling(um_per_pixel: float | None, of_detector: float | None) -> float:
    """By how much frames of this pixel size are enlarged to that of a detector; 1 where one is unknown, or they are nearly the same."""
    if not (um_per_pixel and of_detector):
        return 1.0
    zoom = um_per_pixel / of_detector
    return zoom if abs(zoom - 1) > 0.1 else 1.0


@dataclass(frozen=True, eq=False)
class Detector:
    """A trained detector with the features that it looks at.

    Attributes
    ----------
    kinds : tuple of str
        Of :data:`KINDS`; one channel each.
    features : DenseFeatures
    head : DetectorHead
    um_per_pixel : float, optional
        Of the movie that it was trained on: frames of another movie are rescaled to it.
    threshold : float
        The score from which on something is an event, chosen on labelled events that it did not learn from.
    calibration : dict of (float, float)
        By kind the scale a and offset b of :func:`tapnb.event_probability.probability`; a kind of which too few events were held back has none.

    Examples
    --------
    >>> from tapnb.detect import Detector, DetectorHead
    >>> from tapnb.models import DenseFeatures
    >>> from tapnb.movies.synthetic import simulate
    >>> detector = Detector(("division",), DenseFeatures((4, 4, 4, 4)), DetectorHead())  # untrained
    >>> events = detector.find(simulate(frames=3, size=96), progress=False)
    >>> list(events)
    ['t', 'y', 'x', 'kind', 'score']
    >>> sure = events[events["score"] >= detector.threshold]
    """

    kinds: tuple[str, ...]
    features: DenseFeatures
    head: DetectorHead
    um_per_pixel: float | None = None
    threshold: float = 0.5
    calibration: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def zoom(self, movie: Movie) -> float:
        """By how much a movie's frames are enlarged for it; 1 where a pixel size is unknown, or nearly the same."""
        return rescaling(movie.um_per_pixel, self.um_per_pixel)

    def maps(self, movie: Movie, frame_pairs: Sequence[int], backwards: bool = False) -> Iterator[np.ndarray]:
        """Scores of frame pairs, one after the other, float32 (K, h/2, w/2) between 0 and 1.

        Memory does not grow with the movie: a frame is read when its turn comes, and goes through the U-Net once if the
        pairs follow each other.

        Parameters
        ----------
        movie : Movie
        frame_pairs : sequence of int
            Pair ``t`` is that of the frames ``t`` and ``t + 1``.
        backwards : bool
            Show the later frame first: then nothing is an event, whatever is found.
        """
        head = folded(self.head)
        for before, after in self._frames(movie, frame_pairs):
            yield _scores(head, after, before) if backwards else _scores(head, before, after)

    def find_both_ways(self, movie: Movie, frame_pairs: Sequence[int], joining: Joining) -> list[pd.DataFrame]:
        """What :meth:`find` finds in frame pairs as they are, and reversed; each frame goes through the U-Net once."""
        head, as_they_are, reversed_pairs = folded(self.head), [], []
        for t, (before, after) in zip(frame_pairs, self._frames(movie, frame_pairs)):
            as_they_are.append(of_map(_scores(head, before, after), t + 1, self.kinds, joining))
            reversed_pairs.append(of_map(_scores(head, after, before), t + 1, self.kinds, joining))
        return [joined(peaks, joining, self.zoom(movie)) for peaks in (as_they_are, reversed_pairs)]

    def _frames(self, movie: Movie, frame_pairs: Sequence[int]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Dense features of both frames of each pair, float32 (32, h, w)."""
        features, zoom, on = folded(self.features), self.zoom(movie), next(self.head.parameters()).device
        kept: dict[int, torch.Tensor] = {}
        for t in frame_pairs:
            kept = {frame: kept[frame] if frame in kept else _of_frame(features, movie, frame, zoom, on)
                    for frame in (t, t + 1)}
            yield kept[t], kept[t + 1]

    def find(self, movie: Movie, frame_pairs: Sequence[int] | None = None, joining: Joining = Joining(),
             backwards: bool = False, progress: bool = True) -> pd.DataFrame:
        """The events of a movie.

        Parameters
        ----------
        movie : Movie
        frame_pairs : sequence of int, optional
            Those to look at; by default all in which there is something to see.
        joining : Joining
        backwards : bool
            See :meth:`maps`.
        progress : bool
            Show how far it is.

        Returns
        -------
        DataFrame
            :data:`COLUMNS`: ``t`` (frame), ``y``, ``x`` (pixels), ``kind``, ``score`` (0 to 1, no probability), the
            surest first. Which of them to believe is a matter of a threshold, chosen on labelled events.
        """
        if frame_pairs is None:
            frame_pairs = usable_pairs(movie)
        peaks = [of_map(scores, t + 1, self.kinds, joining) for t, scores in zip(
            tqdm(frame_pairs, desc="searching", unit="frame pair", disable=not progress, leave=False),
            self.maps(movie, frame_pairs, backwards))]
        return joined(peaks, joining, self.zoom(movie))

    def save(self, path: Path) -> None:
        """Keep it in one safetensors file, kernels in float16."""
        values = {f"{part}.{name}": tensor for part, module in (("features", self.features), ("head", self.head))
                  for name, tensor in module.state_dict().items()}
        about = {"kinds": self.kinds, "um_per_pixel": self.um_per_pixel, "threshold": self.threshold,
                 "calibration": self.calibration}
        weights.save(path, values, {"detector": json.dumps(about)})

    @classmethod
    def load(cls, path: Path, on: torch.device | str = "cpu") -> Detector:
        """Read what :meth:`save` kept.

        Raises
        ------
        ValueError
            If this is no such file, or it is damaged.
        """
        values, about = weights.load(path)
        try:
            about = json.loads(about["detector"])
            kinds, calibration = tuple(about["kinds"]), by_kind(about["calibration"], about["kinds"])
            features, head = DenseFeatures(weights.channels(values, "features.")), DetectorHead(len(kinds))
            for part, module in (("features.", features), ("head.", head)):
                module.load_state_dict({name.removeprefix(part): tensor for name, tensor in values.items()
                                        if name.startswith(part)})
            others = about["um_per_pixel"], about["threshold"], calibration
        except (KeyError, IndexError, RuntimeError, TypeError, ValueError) as error:  # tensors of other names or shapes
            raise ValueError(f"{path} holds no detector of events: give a file that Detector.save has written") from error
        on = torch.device(on)
        return cls(kinds, features.to(on, memory_format=device.layout(on)).eval(), head.to(on).eval(), *others)


def usable_pairs(movie: Movie) -> np.ndarray:
    """Earlier frames of the pairs in which there is something to see, ascending."""
    return np.arange(len(movie.frames) - 1) if movie.usable is None else movie.usable.t


def of_map(scores: np.ndarray, t: int, kinds: Sequence[str], joining: Joining = Joining(),
           stride: int = STRIDE) -> pd.DataFrame:
    """The highest points of one frame pair's scores.

    Parameters
    ----------
    scores : float array, shape (K, h, w)
        At every second pixel, or at every ``stride``-th: then in the middle of ``stride`` of them.
    t : int
        The pair's later frame.
    kinds : sequence of str
        One a channel.
    joining : Joining

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, in the pixels that the scores were made of.

    Examples
    --------
    >>> import numpy as np
    >>> from tapnb.detect import of_map
    >>> scores = np.zeros((1, 48, 48))  # one kind, at every second pixel
    >>> scores[0, 10, 30] = 0.9
    >>> of_map(scores, t=5, kinds=["division"])
       t     y     x      kind  score
    0  5  20.5  60.5  division    0.9
    """
    tables = []
    for kind, map_of_kind in zip(kinds, scores):
        places = peak_local_max(map_of_kind, min_distance=max(1, joining.pixels // (2 * stride)), num_peaks=joining.most,
                                threshold_abs=joining.lowest, exclude_border=False)
        y, x = places.T * stride + (stride - 1) / 2
        tables.append(pd.DataFrame({"t": t, "y": y, "x": x, "kind": kind,
                                    "score": map_of_kind[tuple(places.T)].astype(float)}))
    return pd.concat(tables, ignore_index=True)


def joined(peaks: Sequence[pd.DataFrame], joining: Joining = Joining(), zoom: float = 1.0) -> pd.DataFrame:
    """One event for all points of a kind that are near in space and time: the highest.

    Parameters
    ----------
    peaks : sequence of DataFrame
        From :func:`of_map`.
    joining : Joining
    zoom : float
        By how much the frames were enlarged: events are given in the movie's own pixels.
    """
    table = pd.concat([table for table in peaks if len(table)] or [pd.DataFrame(columns=COLUMNS)], ignore_index=True)
    table = table.sort_values("score", ascending=False, kind="stable", ignore_index=True)
    kept = np.ones(len(table), bool)
    for _, of_kind in table.groupby("kind"):
        places, t = of_kind[["y", "x"]].to_numpy(float), of_kind["t"].to_numpy(int)
        near = cKDTree(places).query_ball_point(places, joining.pixels)
        for i, (row, neighbours) in enumerate(zip(of_kind.index, near)):  # the highest first
            if kept[row]:
                later = np.array([j for j in neighbours if j > i], int)
                kept[of_kind.index[later[np.abs(t[later] - t[i]) <= joining.frames]]] = False
    table = table[kept].reset_index(drop=True)
    return table.assign(t=table["t"].astype(int), y=(table["y"].astype(float) + 0.5) / zoom - 0.5,
                        x=(table["x"].astype(float) + 0.5) / zoom - 0.5, score=table["score"].astype(float))


def _scores(head: nn.Module, first: torch.Tensor, second: torch.Tensor) -> np.ndarray:
    """Scores of a frame pair that is shown in this order, float32 (K, h/2, w/2)."""
    with torch.inference_mode():  # and none around a generator's yield: it would hold for whoever takes what it gives
        return head(torch.stack([first, second])[None])[0].sigmoid().cpu().numpy()


def _of_frame(features: DenseFeatures, movie: Movie, t: int, zoom: float, on: torch.device) -> torch.Tensor:
    """Dense features of a frame, float32 (32, h, w), enlarged by ``zoom``."""
    pixels = torch.from_numpy(normalise(movie.frames[t], movie.levels[t])).to(on)
    if zoom != 1:
        size = [max(STRIDE, round(side * zoom)) for side in pixels.shape]
        pixels = F.interpolate(pixels[None, None], size, mode="bilinear", antialias=True)[0, 0]
    return dense_features(features, pixels)
