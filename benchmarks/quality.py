"""Whether the fast event map is as good: it and crop-by-crop inference on the same windows, with the same head.

They are not the same map: the features of a crop end at its border, those of a frame do not.
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


def tap_folder(given: str = "") -> Path | None:
    """Folder of the pretraining to compare with: the given one, or that of the published CPU profile if it is there.

    Raises
    ------
    FileNotFoundError
        If a folder is given that holds no weights.
    """
    if given:
        folder = Path(given).expanduser()
        if not (folder / "weights.safetensors").exists():
            raise FileNotFoundError(f"no weights.safetensors in {given}; give the folder of a finished pretraining, "
                                    "such as runs/tap/NAME")
        return folder
    try:
        name = results.run_name("cpu", "synthetic", "02_pretraining", "tap")
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
        Numbers by their names.
    """
    features = pretrain.load(folder, torch.device("cpu")).features
    head = train_head(features, open_movie(movie), training_pairs, epochs)
    found = both_ways(features, head, open_movie(movie, "held-out"), frame_pairs, windows)
    labels = found.pop("labels")
    ours, plain = found["ours"], found["plain"]
    return {"mean absolute difference of probability": float(np.abs(ours - plain).mean()),
            "average precision, event map": float(average_precision_score(labels, ours)),
            "average precision, crop by crop": float(average_precision_score(labels, plain)),
            "windows compared": len(labels), "of them with an event": int(labels.sum())}


def train_head(features: DenseFeatures, movie: Movie, pairs: int, epochs: int) -> ResNetHead:
    """A ResNet head on fixed features of balanced pairs (strategy A1)."""
    data = event_dataset(movie, DatasetSettings(training_pairs=pairs))
    chosen = data.parts["balanced"]
    images = data.images(chosen)
    labels = torch.from_numpy(data.labels[chosen].astype(np.int64))
    torch.manual_seed(SEED)
    head = ResNetHead()
    train_heads([head], fixed_features(features, images), labels, epochs, HeadSettings(order_seed=SEED))
    return head.eval()


def both_ways(features: DenseFeatures, head: ResNetHead, movie: Movie, frame_pairs: int,
              windows: int) -> dict[str, np.ndarray]:
    """Probabilities of the same windows from the event map ("ours") and crop by crop ("plain"), and their labels."""
    rng, frames = np.random.default_rng(SEED), crops.as_tensor(movie.frames)
    chosen = np.linspace(0, len(movie.frames) - 2, frame_pairs).round().astype(int).tolist()
    maps = event_map.event_maps(features, head, movie, STRIDE, frame_pairs=chosen)
    found: dict[str, list] = {"ours": [], "plain": [], "labels": []}
    for t, probability in zip(chosen, maps):
        cells = np.sort(rng.choice(probability.size, min(windows, probability.size), replace=False))
        pairs = event_map.window_pairs(movie.shape, t, event_map.window_size(head), STRIDE)[cells]
        logits = head_logits([head], features, crops.gather(frames, movie.levels, pairs))[0]
        found["ours"].append(probability.ravel()[cells])
        found["plain"].append(logits.softmax(dim=1)[:, 1].numpy())
        found["labels"].append(dataset.label(dataset.labelled_areas(movie.masks, pairs)))
    return {name: np.concatenate(parts) for name, parts in found.items()}
