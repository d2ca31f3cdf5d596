"""The rows: what each compares, its goal, and the numbers beside the ratio.

A goal is a ratio to the baseline of the same run; without a baseline, seconds.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks import laps, machine, plain, quality, starts, sweeps
from benchmarks.laps import BATCH
from benchmarks.processes import MeasurementError, Side, alone, alternate, default_allocator, ratio
from tapnb import explain, models
from tapnb.studies import speed_peak
from tapnb.system import allocator, device, precision

PAPER_EPOCHS = {"linear": 10, "ResNet": 30}  # Section 3
SEEDS = 10
MOVIE: dict = {}  # options of the simulated movie: the paper's 96 frames of 1024 x 1024 pixels

OURS = default_allocator() | allocator.ENVIRONMENT
PLAIN = default_allocator()
FLOAT32, BFLOAT16 = "float32", "bfloat16"

Also = dict[str, dict]


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes
    ----------
    title, unit : str
        ``unit`` is counted by the laps: "pair", "frame", ...
    goal : float or None
        Wanted ratio of "plain" to "ours"; without "plain", the limit in seconds for "ours".
    sides : dict of Side
        "ours" and, where there is a baseline, "plain"; the others are ours in another way, such as another precision.
    also : callable
        Takes the timings of all sides and the record so far; returns the numbers beside the ratio.
    repetitions : int
    on : str
        Device that computes.
    tap : str, optional
        Name of the pretraining that ``also`` uses.
    """

    title: str
    unit: str
    goal: float | None
    sides: dict[str, Side]
    also: Callable[[dict, dict], Also] = lambda timings, record: {}
    repetitions: int = 5
    on: str = "cpu"
    tap: str | None = None


def number(value: float, unit: str = "", goal: float | None = None) -> dict:
    """A number beside a ratio."""
    return {"value": value, "unit": unit, "goal": goal}


def median(timings: dict, side: str = "ours") -> float:
    return statistics.median(timings[side]["seconds"])


def all_rows(tap: str = "") -> dict[str, Row]:
    """Every row by its key; ``step_cuda`` only where there is a CUDA device.

    Parameters
    ----------
    tap : str
        Run folder of the pretraining with which event maps are compared; see :func:`benchmarks.quality.tap_folder`.

    Raises
    ------
    FileNotFoundError
        If that folder holds no weights.
    """
    folder = quality.tap_folder(tap)
    rows = {
        "step": Row(
            "TAP training step, 96 x 96 pixels, batch 108, full width", "pair", 6.0 if machine.has_amx() else 2.0,
            {"plain": Side("crops one by one, augmented one by one, float32 network, Adam", laps.plain_step,
                           {"movie": MOVIE, "batch": BATCH, "size": 96}, PLAIN)}
            | _in_both_precisions(
                Side("one step of pretrain.train_epoch: gather, augmentation, network, Adam", laps.step,
                     {"movie": MOVIE, "batch": BATCH, "size": 96}, OURS, apart=True)),  # it keeps 13 GB
            _beside_step),
        "augmentation": Row(
            "Augmentation, 96 x 96 pixels", "pair", 10.0,
            {"plain": Side("pair by pair, each family with its own resampling", laps.plain_augmentation,
                           {"batch": BATCH, "size": 96}, PLAIN),
             "ours": Side("augment.draw and augment.apply, five batches of 108", laps.augmentation,
                          {"batch": BATCH, "size": 96, "batches": 5}, OURS)}, _beside_augmentation),
        "crops": Row(
            "Crops: 95 000 pairs sampled, labelled, gathered", "pair", 100.0,
            {"plain": Side("1 000 pairs, one by one: draw, slice, normalise, sum the mask, label, stack",
                           laps.plain_crops, {"movie": MOVIE, "pairs": 1000, "size": 48}, PLAIN),
             "ours": Side("all pairs: crops.sample_per_frame_pair, labelled_areas, label, gather in batches of 1 000",
                          laps.crop_pairs, {"movie": MOVIE, "per_frame_pair": 1000, "size": 48}, OURS)}),
        "linear_heads": _heads_row("linear", 8.0),
        "resnet_heads": _heads_row("ResNet", 4.0),
        "frame": Row(
            "Dense features of a frame of 1024 x 1024 pixels", "frame", 4.0,
            {"plain": Side("the network in evaluation mode, float32", laps.plain_frame, {"side": 1024}, PLAIN),
             "ours": Side("explain.dense_features", laps.frame, {"side": 1024}, OURS)}
            | ({BFLOAT16: Side("the same under bf16 autocast, which nothing in the book does", laps.frame,
                               {"side": 1024, "precision": BFLOAT16}, OURS)} if in_bfloat16() else {}), _beside_frame),
        "event_map": Row(
            "Event map of 1024 x 1024 pixels, every 8 pixels", "frame pair", 30.0,
            {"plain": Side("32 windows, each by itself: crop, features of both frames, head; scaled to all of a frame "
                           "pair's windows", laps.plain_event_map, {"movie": MOVIE, "windows": 32}, PLAIN),
             "ours": Side("event_map.event_maps, consecutive frame pairs", laps.event_map, {"movie": MOVIE}, OURS)},
            lambda timings, record: _beside_event_map(folder), tap=folder.name if folder else None),
        "detector": Row(
            "Scores of a detector, frames of 1024 x 1024 pixels", "frame pair", 2.0,
            {"plain": Side("each frame pair by itself: both frames through the float32 network, then the head",
                           laps.plain_detector, {"movie": MOVIE}, PLAIN),
             "ours": Side("Detector.maps, consecutive frame pairs", laps.detector, {"movie": MOVIE}, OURS)},
            _beside_detector),
        "sweep": Row(
            f"{len(sweeps.RECIPES)} short trainings as a sweep", "training", 1.6,
            {"plain": Side("sweep.sweep with one worker, from its start to its end", sweeps.laps, {"workers": 1}, OURS,
                           starts.children_peak_gb),
             "ours": Side("the same with two workers", sweeps.laps, {"workers": 2}, OURS, starts.children_peak_gb)}, repetitions=3),
        "import": _start("`import tapnb`", "python", ["-c", "import tapnb"], 1.0),
        "import_networks": _start("`import tapnb.recognise`, with PyTorch", "python", ["-c", "import tapnb.recognise"]),
        "help": _start("`tapnb --help`", "tapnb", ["--help"], 0.3),
    }
    if torch.cuda.is_available():
        arguments = {"movie": MOVIE, "batch": BATCH, "size": 96, "on": "cuda", "steps": 10}
        rows["step_cuda"] = Row(
            "TAP training step on CUDA, 96 x 96 pixels, batch 108, full width", "pair", None,
            {"plain": Side("crops and augmentation one by one on the CPU, float32 network on the GPU", laps.plain_step,
                           arguments | {"steps": 1}, PLAIN),
             "ours": Side("ten steps of pretrain.train_epoch, movie resident on the GPU", laps.step, arguments, OURS),
             "compiled": Side("the same after torch.compile", laps.step, arguments | {"compiled": True}, OURS)},
            _beside_step_cuda, on="cuda")
    return rows


def measure(row: Row, record: dict, say: Callable[[str], None] = print) -> dict:
    """Measure one row: its entry in ``results/benchmarks.json``, without the provenance."""
    timings = alternate(row.sides, row.repetitions, say)
    compared, tap = "plain" in timings, {"tap": row.tap} if row.tap else {}
    try:
        also = row.also(timings, record)
    except MeasurementError as error:  # the ratio is valid without it
        say(f"  {error}")
        also = {}
    return {"title": row.title, "unit": row.unit, "goal": row.goal, "plain": timings.get("plain"),
            "ours": timings["ours"], "others": {name: timings[name] for name in timings.keys() - {"plain", "ours"}},
            "ratio": ratio(timings) if compared else None, "also": also,
            "parameters": {name: side.arguments for name, side in row.sides.items()} | tap, "seed": laps.SEED,
            "device": device.describe(torch.device(row.on))}


def _heads_row(kind: str, goal: float) -> Row:
    epochs = PAPER_EPOCHS[kind]
    arguments = {"kind": kind, "batch": BATCH, "size": 48}

    def beside(timings: dict, record: dict) -> Also:
        print(f"  features of 14 934 pairs in memory, and a step of {SEEDS} {kind} heads on them (some minutes) ...")
        _, peak = alone(OURS, laps.hold_features, kind, seeds=SEEDS)
        also = {f"peak memory, features of 14 934 pairs and {SEEDS} heads": number(peak, "GB", 8.0)}
        if kind == "linear":  # it waits for memory, not for arithmetic
            return also
        work = machine.flop(laps.head_step(kind)) / 1e9
        return also | {speed_peak.OURS: number(work, "GFLOP")}

    return Row(
        f"Event heads on fixed features, {SEEDS} seeds, {kind}", "seed and epoch, per pair", goal,
        {"plain": Side("one seed, one batch: its features computed, then one step of the head", laps.plain_heads,
                       arguments, PLAIN)}
        | _in_both_precisions(
            Side(f"one batch, {SEEDS} seeds: (time of heads.fixed_features / {epochs} epochs + time of one epoch of "
                 f"heads.train_heads) / {SEEDS} seeds", laps.heads, arguments | {"epochs": epochs, "seeds": SEEDS}, OURS)),
        beside)


def _in_both_precisions(ours: Side) -> dict[str, Side]:
    """Our side of a training and, where the processor multiplies bf16 and ours does so, the same in float32."""
    in_float32 = replace(ours, environment=ours.environment | {precision.VARIABLE: FLOAT32})
    return {"ours": ours} | ({FLOAT32: in_float32} if in_bfloat16() else {})


def _start(title: str, script: str, arguments: list[str], goal: float | None = None) -> Row:
    side = Side(f"a new process: {' '.join([script, *arguments])}", starts.start,
                {"script": script, "arguments": arguments}, PLAIN, starts.children_peak_gb)
    return Row(title, "start", goal, {"ours": side}, repetitions=7)


def _beside_frame(timings: dict, record: dict) -> Also:
    features, side = models.DenseFeatures(), 256
    work = machine.flop(lambda: explain.dense_features(features, torch.rand(side, side)))
    return {speed_peak.OURS: number(work * (1024 / side) ** 2 / 1e9, "GFLOP")}


def in_bfloat16() -> bool:
    """Whether a training step on the CPU runs on units for bf16."""
    return precision.arithmetic(torch.device("cpu")) == "bf16 autocast"


def _beside_step(timings: dict, record: dict) -> Also:
    work = machine.flop_per_pair(plain.TimeArrowModel(), plain.loss, 96) / 1e9
    return {"pairs a second": number(1 / median(timings), "pairs/s"), speed_peak.PLAIN: number(work, "GFLOP a pair")}


def _beside_step_cuda(timings: dict, record: dict) -> Also:
    return {"pairs a second": number(1 / median(timings), "pairs/s"),
            "pairs a second, compiled": number(1 / median(timings, "compiled"), "pairs/s")}


def _beside_augmentation(timings: dict, record: dict) -> Also:
    step = record["rows"].get("step")
    if step is None:
        return {}
    return {"share of a training step": number(median(timings) / median(step), "", 0.05)}


def _beside_detector(timings: dict, record: dict) -> Also:
    whole, peak = alone(OURS, laps.events_of_whole_movie, MOVIE)
    return {f"a whole movie, {whole['frame_pairs']} frame pairs": number(whole["minutes"], "min", goal=5.0),
            "peak memory, a whole movie": number(peak, "GB", goal=2.0)}


def _beside_event_map(folder: Path | None) -> Also:
    whole, peak = alone(OURS, laps.whole_movie, MOVIE)
    also = {f"a whole movie, {whole['frame_pairs']} frame pairs": number(whole["minutes"], "min"),
            "peak memory, a whole movie": number(peak, "GB")}
    if folder is None:
        print("  no pretrained features are there, so the two maps are not compared; give a run folder by --tap")
        return also
    compared, _ = alone(OURS, quality.compare, folder, MOVIE)
    return also | {name: number(value) for name, value in compared.items()}
