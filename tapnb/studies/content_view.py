"""Content view: how the time arrow's accuracy depends on how much of the movie a crop shows (Appendix D, Table 6).

A crop shows more if it is larger, or if the frames are made smaller and the crop is not. The model stays the one
that was trained. Settings of the same content view are tried on the same windows of the movie, so that they
differ in the size of the pixels only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F
from tqdm import tqdm

from tapnb import arrow, crops, pretrain
from tapnb.metrics import scores
from tapnb.models import TimeArrowModel
from tapnb.movies import Movie, storage
from tapnb.store import kinds, results, runs
from tapnb.studies import paper

SEED = 20
"""Of the first draw of windows; no other seed of held-out pairs."""


@dataclass(frozen=True)
class Setting:
    """One column of Table 6: side of the crops in pixels, and what the frames' sides are multiplied by."""

    name: str
    crop: int
    factor: float

    @property
    def view(self) -> int:
        """Side of what a crop shows, in pixels of the original frames."""
        return round(self.crop / self.factor)


SETTINGS = (Setting("same", 96, 1.0), Setting("crop halved", 48, 1.0), Setting("resolution doubled", 96, 2.0),
            Setting("crop doubled", 192, 1.0), Setting("resolution halved", 96, 0.5))
"""The columns of Table 6, in the paper's order."""


def rescaled(movie: Movie, factor: float) -> Movie:
    """The movie at another resolution: bilinear up, bilinear with anti-aliasing down (Appendix D).

    Parameters
    ----------
    movie : Movie
    factor : float
        What the sides of the frames are multiplied by; parts of a pixel are dropped.

    Returns
    -------
    Movie
        Frames in their own dtype, rounded; levels follow from them. Without masks and events.

    Raises
    ------
    ValueError
        If the factor is not positive, or leaves no pixel.
    """
    sides = [int(side * factor) for side in movie.shape[1:]]
    if not factor > 0 or min(sides) < 1:
        raise ValueError(f"frames of {movie.shape[1]} x {movie.shape[2]} px cannot be rescaled by {factor}; choose a "
                         "positive factor that leaves at least one pixel")
    frames = storage.empty((movie.shape[0], *sides), movie.frames.dtype, f"{movie.name} x {factor:g}")
    for before, after in zip(movie.frames, frames):  # a whole movie of float32 frames need not fit
        resized = F.interpolate(torch.from_numpy(before.astype(np.float32))[None, None], size=sides, mode="bilinear",
                                align_corners=False, antialias=factor < 1)[0, 0].numpy()
        after[...] = resized.round() if np.issubdtype(frames.dtype, np.integer) else resized
    return dataclasses.replace(movie, frames=frames, masks=None, events=None, unexplained=None, name=f"{movie.name} x {factor:g}",
                               um_per_pixel=movie.um_per_pixel and movie.um_per_pixel / factor)


def windows(seen: crops.CropPairs, setting: Setting) -> crops.CropPairs:
    """Windows of the original frames as crops of the rescaled ones.

    Parameters
    ----------
    seen : CropPairs
        Of ``setting.view`` pixels.
    setting : Setting

    Returns
    -------
    CropPairs
        Of ``setting.crop`` pixels, at the same places, or half a rescaled pixel up or left of them.
    """
    y, x = ((corner * setting.factor).astype(np.int64) for corner in (seen.y, seen.x))
    return crops.CropPairs(seen.t, y, x, seen.flip, setting.crop)


def accuracies(model: TimeArrowModel, movie: Movie, *, pairs: int, draws: int, samplers: list[str],
               on: torch.device) -> dict[str, list]:
    """Right answers under every setting of Table 6 that fits the movie.

    Parameters
    ----------
    model : TimeArrowModel
    movie : Movie
        Held out from training.
    pairs, draws : int
        Crop pairs in a draw, and draws.
    samplers : list of {"uniform", "change"}
        "uniform" is the paper's. Change is that of the original frames, within the window.
    on : torch.device

    Returns
    -------
    dict
        "accuracies": ``setting``, ``crop`` and ``view`` (pixels), ``factor``, ``sampler``, ``draw``, ``right``,
        ``n``. "matched", for settings of one view, which saw the same windows: ``crop_setting``,
        ``resolution_setting``, ``view``, ``sampler``, and the number of windows on which ``both``, ``crop_only``,
        ``resolution_only`` or ``neither`` were right. "left_out": names of the settings that do not fit.

    Raises
    ------
    ValueError
        If there is nothing to draw, or no setting fits.
    """
    counts = {"content pairs": pairs, "content draws": draws, "content samplers": len(samplers)}
    for what, count in counts.items():
        if count < 1:
            raise ValueError(f"the number of {what} is {count}; it must be at least 1")
    fitting = [s for s in SETTINGS if s.view <= min(movie.shape[1:])]
    if not fitting:
        raise ValueError(f"frames of {movie.shape[1]} x {movie.shape[2]} px are smaller than every content view of "
                         f"Table 6; the smallest is {min(s.view for s in SETTINGS)} px")
    original = {sampler: arrow.PairSource(movie, sampler, on) for sampler in samplers}
    rows, answers = [], {}
    progress = tqdm(total=len(fitting) * len(samplers) * draws, desc="content view", unit="draw")
    for setting in fitting:
        source = original[samplers[0]] if setting.factor == 1 else arrow.PairSource(rescaled(movie, setting.factor),
                                                                                    "uniform", on)
        for sampler in samplers:
            for draw in range(draws):
                seen = original[sampler].sample(setting.view, pairs, np.random.default_rng([SEED, draw]))
                logits, _ = arrow.arrow_logits(model, source, windows(seen, setting))
                right = logits.argmax(1).cpu().numpy() == seen.flip
                answers.setdefault((setting.name, sampler), []).append(right)
                rows.append({"setting": setting.name, "crop": setting.crop, "view": setting.view,
                             "factor": setting.factor, "sampler": sampler, "draw": draw, "right": int(right.sum()),
                             "n": pairs})
                progress.update()
    progress.close()
    return {"accuracies": rows, "matched": _matched(fitting, samplers, answers),
            "left_out": [s.name for s in SETTINGS if s not in fitting]}


def _matched(fitting: list[Setting], samplers: list[str], answers: dict) -> list[dict]:
    """Right and wrong answers of the two settings of one view, window by window."""
    rows = []
    for by_crop in (s for s in fitting if s.factor == 1):
        for by_resolution in (s for s in fitting if s.factor != 1 and s.view == by_crop.view):
            for sampler in samplers:
                first, second = (np.concatenate(answers[s.name, sampler]) for s in (by_crop, by_resolution))
                outcomes = {"both": first & second, "crop_only": first & ~second,
                            "resolution_only": ~first & second, "neither": ~first & ~second}
                rows.append({"crop_setting": by_crop.name, "resolution_setting": by_resolution.name,
                             "view": by_crop.view, "sampler": sampler}
                            | {name: int(is_outcome.sum()) for name, is_outcome in outcomes.items()})
    return rows


def summary(rows: list[dict]) -> pd.DataFrame:
    """The draws of every setting and sampler taken together.

    Parameters
    ----------
    rows : list of dict
        "accuracies" of :func:`accuracies`.

    Returns
    -------
    DataFrame
        ``sampler``, ``setting``, ``crop``, ``view``, ``factor``; ``mean`` and ``std`` of the draws' accuracies, as the
        paper reports them; ``right``, ``n``, ``accuracy``, ``low``, ``high``: all pairs pooled, with Wilson's interval.
    """
    draws = pd.DataFrame(rows)
    draws["share"] = draws["right"] / draws["n"]
    table = draws.groupby(["sampler", "setting", "crop", "view", "factor"], sort=False).agg(
        mean=("share", "mean"), std=("share", "std"), right=("right", "sum"), n=("n", "sum")).reset_index()
    table["accuracy"] = table["right"] / table["n"]
    table[["low", "high"]] = [scores.share_interval(*row) for row in zip(table["right"], table["n"])]
    return table.sort_values("sampler", key=lambda names: names.map(arrow.SAMPLERS.index), kind="stable",
                             ignore_index=True)


def table6(settings: pd.DataFrame) -> pd.DataFrame:
    """:func:`summary` as text, beside the paper's Table 6."""
    cited = {name: f"{mean:.3f}" + ("" if std is None else f" ± {std:.3f}")
             for name, (mean, std) in paper.TABLE6_SETTINGS.items()}
    return pd.DataFrame({
        "windows": ["uniform" if s == "uniform" else "by change" for s in settings["sampler"]],
        "setting": settings["setting"], "crop (pixels)": settings["crop"], "content view (pixels)": settings["view"],
        "paper": [cited[row.setting] if row.sampler == "uniform" else "" for row in settings.itertuples()],
        "here": [scores.with_spread(*row, 3) for row in zip(settings["mean"], settings["std"])],
        "95 % interval": [f"{low:.3f} to {high:.3f}" for low, high in zip(settings["low"], settings["high"])],
        "pairs": settings["n"]})


def disputed(rows: list[dict]) -> pd.DataFrame:
    """The windows on which one of the two settings of a view was right and the other wrong.

    Parameters
    ----------
    rows : list of dict
        "matched" of :func:`accuracies`.

    Returns
    -------
    DataFrame
        The rows, with ``n`` disputed windows; ``share`` of them on which the crop at full resolution was right, and
        ``low`` and ``high``: Wilson's 95 % interval. NaN where no window is disputed.
    """
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table["n"] = table["crop_only"] + table["resolution_only"]
    table["share"] = table["crop_only"] / table["n"]
    table[["low", "high"]] = [scores.share_interval(right, n) if n else (np.nan, np.nan)
                              for right, n in zip(table["crop_only"], table["n"])]
    return table


def matched_table(matched: pd.DataFrame) -> pd.DataFrame:
    """:func:`disputed` as text."""
    return pd.DataFrame([
        {"windows": "uniform" if row.sampler == "uniform" else "by change", "content view (pixels)": row.view,
         "both right": row.both, "only full resolution": row.crop_only, "only rescaled": row.resolution_only,
         "neither": row.neither, "full resolution, of the disputed":
             scores.with_interval(row.share, row.low, row.high) if row.n else "none disputed"}
        for row in matched.itertuples()])


def numbers(run: runs.Run, settings: pd.DataFrame, matched: pd.DataFrame, tap: runs.Run) -> dict[str, dict]:
    """The numbers of the notebook on content view.

    Parameters
    ----------
    run : Run
        From :func:`content_run`.
    settings, matched : DataFrame
        From :func:`summary` and :func:`disputed`.
    tap : Run
        The pretraining whose model is tried.
    """
    table = {f"{row.sampler}_{row.setting}".replace(" ", "_"):
             results.number(row.accuracy, [run], interval=(row.low, row.high)) for row in settings.itertuples()}
    table |= {f"{row.sampler}_full_resolution_{row.view}":
              results.number(row.share, [run], 2, interval=(row.low, row.high))
              for row in matched.itertuples() if row.n}
    parameters, sides = run.record["parameters"], training_crops(tap)
    return table | {"pairs_a_draw": results.number(parameters["pairs"], [run], 0),
                    "draws": results.number(parameters["draws"], [run], 0),
                    "smallest_training_crop": results.number(min(sides), [tap], 0, unit="pixels"),
                    "largest_training_crop": results.number(max(sides), [tap], 0, unit="pixels")}


def training_crops(tap: runs.Run) -> Sequence[int]:
    """Sides of the crops, in pixels, with which a pretraining was trained."""
    return tap.record["parameters"]["settings"]["crop_sizes"]


def content_run(tap: runs.Run, held_out: Movie, *, mode: str, on: torch.device, command: str,
                **parameters) -> runs.Run:
    """:func:`accuracies` of a pretrained model as a run.

    Parameters
    ----------
    tap : Run
        The pretraining whose model is tried.
    held_out : Movie
    mode, command
        See :func:`tapnb.store.runs.run`.
    on : torch.device
    **parameters
        Of :func:`accuracies`: pairs, draws, samplers.

    Raises
    ------
    ValueError
        If the movie is the one that the model was trained on.
    """
    if held_out.fingerprint == tap.record["movies"]["train"]["fingerprint"]:
        raise ValueError(f"{tap.name} was trained on this very movie {held_out.name!r}; content view is measured on a "
                         "held-out one")

    def make(folder: Path) -> dict:
        return accuracies(pretrain.load(tap.folder, on), held_out, on=on, **parameters)

    return runs.run(kinds.CONTENT_VIEW, {"held-out": held_out}, parameters | {"tap": tap.name}, SEED, make, mode=mode,
                    command=command, on=on)
