"""Quality of the fast event map: compared with crop-by-crop inference on the same windows, with the same head.

The two maps differ: the features of a crop end at its border, those of a frame do not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score

from benchmarks.laps import SEED, STRIDE, open_movie
from tapnb import crops, dataset, event_map, pretrain
from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.heads import HeadSettings, fixed_features, head_logits, train_heads
from tapnb.models import DenseFeatures, ResNetHead
from tapnb.movies import Movie
from tapnb.store import results
from tapnb.system import paths


def tap_folder(tap: str = "") -> Path | None:
    """Folder of the pretraining to compare with: ``tap``, by default that of the published CPU profile, if any.

    Raises
    ------
    FileNotFoundError
        If ``tap`` holds no weights.
    """
    if tap:
        folder = Path(tap).expanduser()
        if not (folder / "weights.safetensors").exists():
            raise FileNotFoundError(f"no weights.safetensors in {tap}; give the folder of a finished pretraining, "
                                    "such as runs/tap/NAME")
        return folder
    try:
        name = results.published_run("cpu", "synthetic", "02_pretraining", "tap")
    except FileNotFoundError:
        return None
    folder = paths.runs() / name.split("-")[0] / name
    return folder if (folder / "weights.safetensors").exists() else None


def compare(folder: Path, movie: dict, frame_pairs: int = 8, windows: int = 500, training_pairs: int = 1500,
            epochs: int = 4) -> dict[str, float]:
    """Train a ResNet head on the training movie; map the held-out one both ways.

    Parameters
    ----------
    folder : Path
        Of a pretraining.
    movie : dict
        Options of the simulated movie.
    frame_pairs, windows : int
        Frame pairs of the held-out movie, evenly spread, and windows of the 8-pixel grid in each, drawn at random.
    training_pairs, epochs : int
        Budget of the head.

    Returns
    -------
    dict
        Value by name.
    """
    features = pretrain.load(folder, torch.device("cpu")).features
    head = train_head(features, open_movie(movie), training_pairs, epochs)
    answers = both_ways(features, head, open_movie(movie, "held-out"), frame_pairs, windows)
    labels, ours, plain = answers["labels"], answers["ours"], answers["plain"]
    return {"mean absolute difference of probability": float(np.abs(ours - plain).mean()),
            "average precision, event map": float(average_precision_score(labels, ours)),
            "average precision, crop by crop": float(average_precision_score(labels, plain)),
            "windows compared": len(labels), "of them with an event": int(labels.sum())}


def train_head(features: DenseFeatures, movie: Movie, pairs: int, epochs: int) -> ResNetHead:
    """A ResNet head on fixed features of balanced pairs (strategy A1)."""
    data = event_dataset(movie, DatasetSettings(training_pairs=pairs))
    balanced = data.parts["balanced"]
    images = data.images(balanced)
    labels = torch.from_numpy(data.labels[balanced].astype(np.int64))
    torch.manual_seed(SEED)
    head = ResNetHead()
    train_heads([head], fixed_features(features, images), labels, epochs, HeadSettings(order_seed=SEED))
    return head.eval()


def both_ways(features: DenseFeatures, head: ResNetHead, movie: Movie, frame_pairs: int,
              windows: int) -> dict[str, np.ndarray]:
    """Probabilities of the same windows from the event map ("ours") and crop by crop ("plain"), and their labels."""
    rng, frames = np.random.default_rng(SEED), crops.as_tensor(movie.frames)
    first_frames = np.linspace(0, len(movie.frames) - 2, frame_pairs).round().astype(int).tolist()
    maps = event_map.event_maps(features, head, movie, STRIDE, frame_pairs=first_frames)
    answers: dict[str, list] = {"ours": [], "plain": [], "labels": []}
    for t, probability in zip(first_frames, maps):
        cells = np.sort(rng.choice(probability.size, min(windows, probability.size), replace=False))
        pairs = event_map.window_pairs(movie.shape, t, event_map.window_size(head), STRIDE)[cells]
        logits = head_logits([head], features, crops.gather(frames, movie.levels, pairs))[0]
        answers["ours"].append(probability.ravel()[cells])
        answers["plain"].append(logits.softmax(dim=1)[:, 1].numpy())
        answers["labels"].append(dataset.label(dataset.labelled_areas(movie.masks, pairs)))
    return {name: np.concatenate(parts) for name, parts in answers.items()}
