"""A detector as a package of bioimage.io: one file that other programs open, with weights, an example and a description.

Its weights are ONNX, see :mod:`tapnb.workflow.onnx_models`; what :meth:`tapnb.detect.Detector.save` writes is attached.
Its example and its cover are of the simulated movie, so that no pixel of anybody's movie travels along.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from tapnb.detect import STRIDE, Detector, Joining
from tapnb.explain import STEP
from tapnb.movies import catalogue
from tapnb.movies.levels import BOUND, PERCENTILES
from tapnb.movies.movie import Movie
from tapnb.store import provenance
from tapnb.store.runs import slug
from tapnb.system import paths
from tapnb.system.files import replacing
from tapnb.workflow.find_events import known_detector
from tapnb.workflow.onnx_models import INPUT, OPSET, OUTPUT, WholeDetector, write_onnx

CONTRIBUTORS = "the tapnb contributors"

EXAMPLE, PAIR, SIDE = "synthetic-12x{}", 1, 256
"""The movie that the example is of, its earlier frame, and the largest side that it has."""

HALO = 32
"""Scores at the border of a tile that do not see enough: half of what the U-Net and the head see around a pixel."""

SMALLEST = 192
"""Side of a tile in pixels: half of it less two halos is a third of its scores."""

PAPERS = {
    "Chen, Namboodiri, Sero (2024): Self-supervised Representation Learning for Cell Event Recognition through Time Arrow "
    "Prediction": "10.48550/arXiv.2411.03924",
    "Gallusser, Stieber, Weigert (2023): Self-supervised dense representation learning for live-cell microscopy with time "
    "arrow prediction": "10.48550/arXiv.2305.05511",
}
"""What is to be cited, with its DOI."""

DATA = {"Maska et al. (2023): The Cell Tracking Challenge: 10 years of objective benchmarking": "10.1038/s41592-023-01879-y"}
"""The same of the detector that learnt from a movie of the Cell Tracking Challenge."""

HELA = "hela"
"""That detector: of nuclei that shine."""

PLURAL = {"division": "divisions", "death": "deaths"}


class PackagesMissing(RuntimeError):
    """What writes a model's package is not installed."""


@dataclass(frozen=True, eq=False)
class Example:
    """What goes into a model and what comes out.

    Attributes
    ----------
    pair : float32 array, shape (1, 2, h, w)
        Grey levels.
    normalised : float32 array, shape (1, 2, h, w)
    scores : float32 array, shape (1, K, h/2, w/2)
    """

    pair: np.ndarray
    normalised: np.ndarray
    scores: np.ndarray


def place(model: str, out: str | None = None) -> Path:
    """Where a detector's package goes: the folder that is asked for, else one of its name under ``models/``."""
    return Path(out).expanduser().absolute() if out else paths.home() / "models" / _name(model)


def package(model: str, folder: Path, author: str | None = None, say: Callable[[str], None] = lambda _: None) -> Path:
    """Write a detector as a package of bioimage.io, and beside it as ONNX alone.

    Parameters
    ----------
    model : str
        See :func:`tapnb.workflow.find_events.known_detector`.
    folder : Path
        Made if it is not there.
    author : str, optional
        Who trained it. A published detector has its own, :data:`CONTRIBUTORS`.
    say : callable
        Takes sentences on what comes and how long it takes.

    Returns
    -------
    Path
        The package, a zip file, which ``bioimageio.core`` has opened and tried.

    Raises
    ------
    ValueError, FileNotFoundError
        If there is no such detector, or one of your own has no author.
    PackagesMissing
    """
    detector, about = known_detector(model, torch.device("cpu"))
    own = _is_file(model)
    if own and not author:
        raise ValueError(f"{model} is a detector of your own, and its package names who made it: say --author NAME")
    need_packages()
    about = {"author": author} if own else about  # no path of a disk travels along
    say("writing the package and trying it with bioimageio.core: a minute or more")
    name, path = _name(model), folder / f"{_name(model)}-detector.zip"
    with tempfile.TemporaryDirectory() as temporary:
        parts = Path(temporary)
        write_onnx(detector, parts / "detector.onnx")
        detector.save(parts / "detector.safetensors")
        _write_example(detector, example(detector), parts)
        (parts / "README.md").write_text(documentation(detector, name, about), "utf-8")
        described = description(detector, name, parts, author or CONTRIBUTORS, published=not own)
        whole = _zipped(described, parts / path.name)
        for source, target in ((whole, path), (parts / "detector.onnx", folder / "detector.onnx")):
            with replacing(target) as unfinished:
                shutil.copyfile(source, unfinished)
    return path


def need_packages() -> None:
    """Say what is missing, or does not go together, before anything is computed.

    Raises
    ------
    PackagesMissing
    """
    install = "install the extra with `.venv/bin/pip install -r requirements-models.lock`"
    try:
        import bioimageio.core  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise PackagesMissing(f"{error.name} is missing, which a model's package needs: {install}") from error
    spec, pydantic = version("bioimageio.spec"), version("pydantic")
    if _numbers(spec) < (0, 5, 14) and _numbers(pydantic) >= (2, 14):  # it hands pydantic what 2.14 refuses
        raise PackagesMissing(f"bioimageio.spec {spec} does not run with pydantic {pydantic}: {install}")


def _numbers(of: str) -> tuple[int, ...]:
    return tuple(int(part) for part in of.split(".")[:3] if part.isdigit())


def example(detector: Detector) -> Example:
    """A frame pair of the simulated movie, in the detector's pixels, and the scores that it gives."""
    movie = catalogue.open_whole(EXAMPLE.format(SIDE))
    if (smallest := math.ceil(SMALLEST / detector.zoom(movie))) > SIDE:  # of a large pixel: a tile is at least so large
        movie = catalogue.open_whole(EXAMPLE.format(smallest + 1))  # rescaled sides are rounded down
    pair = _as_large(detector, movie, movie.frames[PAIR : PAIR + 2])
    low, high = (np.percentile(pair, q, axis=(2, 3), keepdims=True) for q in PERCENTILES)
    normalised = np.clip((pair - low) / (high - low), -BOUND, BOUND).astype(np.float32)
    with torch.inference_mode():
        scores = WholeDetector(detector)(torch.from_numpy(normalised)).numpy()
    return Example(pair, normalised, scores)


def _as_large(detector: Detector, movie: Movie, frames: np.ndarray) -> np.ndarray:
    """Grey levels (1, 2, h, w) with cells as large as in the detector's movie: a square that 8 divides."""
    pair = torch.from_numpy(np.asarray(frames, np.float32))[None]
    if (zoom := detector.zoom(movie)) != 1:
        pair = F.interpolate(pair, scale_factor=zoom, mode="bilinear", antialias=True)
    height, width = pair.shape[2:]
    side = min(SIDE, height // STEP * STEP, width // STEP * STEP)
    return pair[..., :side, :side].contiguous().numpy()


def _write_example(detector: Detector, shown: Example, folder: Path) -> None:
    from tapnb.figures.model_package import cover

    np.save(folder / "pair.npy", shown.pair)
    np.save(folder / "scores.npy", shown.scores)
    cover(shown.normalised[0], shown.scores[0], detector.kinds).save(folder / "cover.png", optimize=True)


def description(detector: Detector, name: str, folder: Path, author: str, published: bool):
    """Describe a detector whose files lie in a folder.

    Parameters
    ----------
    detector : Detector
    name : str
    folder : Path
    author : str
    published : bool
        By this project, under its licence; if not, its owner chooses one.

    Returns
    -------
    bioimageio.spec.model.v0_5.ModelDescr
    """
    from bioimageio.spec.generic.v0_3 import Author, CiteEntry
    from bioimageio.spec.model import v0_5 as spec

    def file(of: str) -> spec.FileDescr:
        return spec.FileDescr(source=folder / of)

    scale = detector.um_per_pixel
    unit = {} if scale is None else {"unit": "micrometer"}
    scale = scale or 1.0
    pair = spec.InputTensorDescr(
        id=spec.TensorId(INPUT), description="A frame and the one after it, in grey levels.", test_tensor=file("pair.npy"),
        axes=[spec.BatchAxis(),
              spec.ChannelAxis(channel_names=[spec.Identifier("earlier"), spec.Identifier("later")]),
              *(spec.SpaceInputAxis(id=spec.AxisId(axis), scale=scale, **unit,
                                    size=spec.ParameterizedSize(min=SMALLEST, step=STEP)) for axis in "yx")],
        data=spec.IntervalOrRatioDataDescr(type="float32"),
        preprocessing=[
            spec.ScaleRangeDescr(kwargs=spec.ScaleRangeKwargs(
                axes=[spec.AxisId("y"), spec.AxisId("x")], min_percentile=PERCENTILES[0], max_percentile=PERCENTILES[1])),
            spec.ClipDescr(kwargs=spec.ClipKwargs(min=-BOUND, max=BOUND))])
    scores = spec.OutputTensorDescr(
        id=spec.TensorId(OUTPUT), description="How much each second pixel looks like an event: no probability.",
        test_tensor=file("scores.npy"), data=spec.IntervalOrRatioDataDescr(type="float32", range=(0.0, 1.0)),
        axes=[spec.BatchAxis(), spec.ChannelAxis(channel_names=[spec.Identifier(kind) for kind in detector.kinds]),
              *(spec.SpaceOutputAxisWithHalo(
                  id=spec.AxisId(axis), scale=STRIDE * scale, **unit, halo=HALO,
                  size=spec.SizeReference(tensor_id=spec.TensorId(INPUT), axis_id=spec.AxisId(axis))) for axis in "yx")])
    cited, tags = PAPERS, ["2d-t", "cells", "pytorch", "unet", "object-detection", *detector.kinds]
    if published and name == HELA:
        cited, tags = cited | DATA, [*tags, "nuclei", "fluorescence-light-microscopy"]
    return spec.ModelDescr(
        name=f"Cell event detector {name} (tapnb)", version=spec.Version(provenance.versions()["tapnb"]),
        description=f"Finds {_looked_for(detector)} in a movie: from a frame and the one after it, a map of scores. Its "
                    "features come from time arrow prediction.",
        authors=[Author(name=author)], covers=[file("cover.png")], documentation=file("README.md"),
        cite=[CiteEntry(text=text, doi=spec.Doi(doi)) for text, doi in cited.items()],
        license=spec.LicenseId("BSD-3-Clause") if published else None,
        tags=tags, inputs=[pair], outputs=[scores], attachments=[file("detector.safetensors")],
        weights=spec.WeightsDescr(onnx=spec.OnnxWeightsDescr(source=folder / "detector.onnx", opset_version=OPSET)),
        config=spec.Config(bioimageio=spec.BioimageioConfig(reproducibility_tolerance=[
            spec.ReproducibilityTolerance(absolute_tolerance=1e-4, relative_tolerance=1e-3)]),
            tapnb={"kinds": list(detector.kinds), "threshold": detector.threshold,
                   "calibration": {kind: list(fitted) for kind, fitted in detector.calibration.items()}}))


def documentation(detector: Detector, name: str, about: dict[str, str]) -> str:
    """What a person needs to know who opens the package: Markdown."""
    joining, low, high = Joining(), *PERCENTILES
    size = (f"The movie that it was trained on has {detector.um_per_pixel:g} µm a pixel: rescale frames to that."
            if detector.um_per_pixel else
            "The pixel size of the movie that it was trained on is unknown: cells should be as large as there.")
    origin = "\n".join(f"- {what}: {value}" for what, value in about.items())
    near = f"{joining.pixels} pixels and {joining.frames} frames"
    return f"""# Cell event detector {name}

Finds {_looked_for(detector)} in a movie. It looks at a frame and the one after it, and gives a score to every second pixel.

## Input and output

A pair of frames of one channel, the earlier one first, with sides that {STEP} divides. {size}
Each frame is rescaled: its percentiles {low:g} and {high:g} become 0 and 1. Then it is clipped at {-BOUND:g} and {BOUND:g}.
`tapnb` reads the percentiles off every eighth pixel along each axis, and leaves out borders that were never imaged, so its scores
differ a little.

There is one map of scores, between 0 and 1, for each of: {', '.join(detector.kinds)}. They are no probabilities.

## From scores to events

An event is a score of at least {detector.threshold:.3f} that is the highest within {near}. Score i lies at pixel
{STRIDE} i + {STRIDE // 2 - 0.5:g}, and the time of an event is that of the later frame. `tapnb events MOVIE --model detector.safetensors` does
all this; that file is attached.

## Where it comes from

{origin}

## Validation

Mark all events of some dozen frames of your own movie as points. Match each event of the detector with at most one of yours, within
{near}, and count precision and recall. A detector knows the cells that it was trained on, their stain, their size and
the time between frames. On others expect little.

The example and the cover show a simulated movie.
"""


def _looked_for(detector: Detector) -> str:
    return " and ".join(PLURAL[kind] for kind in detector.kinds)


def _is_file(model: str) -> bool:
    return Path(model).suffix == ".safetensors"


def _name(model: str) -> str:
    """A published detector's name, or of a file that of the folder in which a search has left it."""
    return (slug(Path(model).expanduser().absolute().parent.name) or "own") if _is_file(model) else model


def _zipped(model, path: Path) -> Path:
    """Write a package and try it: what goes in must give what should come out."""
    from bioimageio.core import test_model
    from bioimageio.spec import save_bioimageio_package

    save_bioimageio_package(model, output_path=path)
    summary = test_model(path)
    if summary.status != "passed":
        raise ValueError(f"the package is not written, since bioimageio.core does not pass it: {summary.format()}")
    return path
