"""What a search for events cannot begin with: labels that serve for nothing, detectors that are not there."""

from pathlib import Path

import numpy as np
import torch

from tapnb import weights
from tapnb.detect import Detector, DetectorHead
from tapnb.detector_training import train_detector
from tapnb.models import DenseFeatures
from tapnb.movies import Movie
from tapnb.workflow import find_events, labelled_movie, model_package
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import FRAMES, Maker, content, pixels, stack

__all__ = ["ROWS"]

GROUP = "A search for events"


def _marked(text: str, frames: np.ndarray = pixels(FRAMES)) -> Maker:
    """A movie with a table of points beside it."""
    def make(folder: Path) -> Path:
        stack("movie.tif", frames)(folder)
        return content("points.csv", text)(folder)
    return make


def _learnt_from(labels: Path) -> Movie:
    return labelled_movie.open_labelled(str(labels.with_name("movie.tif")), str(labels))


def _trained_on(labels: Path) -> object:
    movie = _learnt_from(labels)
    return train_detector(DenseFeatures((4, 4, 4, 4)), movie, movie.events)


def _own(movie: Path) -> object:
    return labelled_movie.open_labelled(str(movie), labelled_movie.OWN)


def _model(model: object) -> object:
    return find_events.known_detector(str(model), torch.device("cpu"))


def _other_weights(folder: Path) -> Path:
    path = folder / "weights.safetensors"
    weights.save(path, {"head.linear.weight": torch.ones(2, 2)})
    return path


def _detector(folder: Path) -> Path:
    path = folder / "detector.safetensors"
    Detector(("division",), DenseFeatures((4, 4, 4, 4)), DetectorHead()).save(path)
    return path


def _searched(movie: Path) -> object:
    return find_events.with_detector(str(movie), str(_detector(movie.parent)), torch.device("cpu"), lambda _: None)


def _packaged(model: object) -> object:
    return model_package.package(str(model), Path(str(model)).parent)


ROWS = (
    BadInput(GROUP, "an event outside the movie", _marked("t,y,x\n2,8,500\n"),
             r"the event t=2, y=8, x=500 lies outside the movie of 4 frames of 24 x 32", "points.csv", _learnt_from),
    BadInput(GROUP, "events in the first frame only, which has none before it", _marked("t,y,x\n0,8,8\n"),
             r"no division and no death is marked after the first frame", "points.csv", _learnt_from),
    BadInput(GROUP, "an event whose two frames show the same", _marked("t,y,x\n1,8,8\n", pixels(2)[[0, 0, 1]]),
             r"no labelled division in the 1 frame pair .* to learn from: label some there", "'movie'", _trained_on),
    BadInput(GROUP, "an event in frames lower than the smallest crop", _marked("t,y,x\n1,3,8\n", pixels(2, size=(7, 32))),
             r"the frames .* are 7 x 32 pixels, .* crops of 8 or more: give larger frames", "'movie'", _trained_on),
    BadInput(GROUP, "a movie of two frames that show the same, to be searched", stack("movie.tif", pixels(1)[[0, 0]]),
             r"No frame pair of .* no two consecutive frames show something new: see what `tapnb data`", "'movie'", _searched),
    BadInput(GROUP, "own labels of a movie that has none", stack("movie.tif", pixels(FRAMES)),
             r"has no labels of its own: give a file with --labels", "movie", _own),
    BadInput(GROUP, "a detector that is not published", lambda folder: "mitosis", r"no detector of 'mitosis' is published",
             "mitosis", _model),
    BadInput(GROUP, "the file of a detector that is not there", lambda folder: folder / "detector.safetensors",
             r"there is no file .*detector\.safetensors: check the path", "detector.safetensors", _model),
    BadInput(GROUP, "other weights instead of a detector", _other_weights, r"holds no detector of events",
             "weights.safetensors", _model),
    BadInput(GROUP, "a package of a detector of one's own, without its author", _detector,
             r"its package names who made it: say --author NAME", "detector.safetensors", _packaged),
)
