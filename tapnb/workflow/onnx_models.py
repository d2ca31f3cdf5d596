"""A detector as one ONNX file: for programs that know neither PyTorch nor this package."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from tapnb.detect import Detector
from tapnb.explain import STEP
from tapnb.fast import folded
from tapnb.system.files import replacing

INPUT, OUTPUT = "pair", "scores"
"""Names of the two tensors."""

OPSET = 20
"""Version of ONNX's operators."""


class WholeDetector(nn.Module):
    """A detector from the first layer to the last: normalised frame pairs (N, 2, h, w) to scores (N, K, h/2, w/2).

    What :meth:`tapnb.detect.Detector.maps` computes of one pair after the other, each frame once, here is one network.
    """

    def __init__(self, detector: Detector):
        super().__init__()
        self.features, self.head = folded(detector.features), folded(detector.head)
        self.eval().requires_grad_(False)

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(pair)).sigmoid()


def write_onnx(detector: Detector, path: Path) -> None:
    """Write a detector as ONNX, weights in float32, whole or not at all.

    Number of pairs, height and width are free; 8 must divide the sides, since the U-Net halves them three times. What the
    file computes is the same as here, up to rounding.

    Parameters
    ----------
    detector : Detector
        On the CPU.
    path : Path

    Raises
    ------
    ImportError
        If onnx or onnxscript are not installed: the extra ``models``.
    """
    free = torch.export.Dim
    sides = {axis: STEP * free(name, min=1, max=2**16 // STEP) for axis, name in ((2, "height"), (3, "width"))}
    example = torch.zeros(2, 2, 8 * STEP, 12 * STEP)  # of sides and a number that are no other's, and not 1
    with replacing(path) as temporary, warnings.catch_warnings(), _quiet("torch.onnx", "onnxscript"):
        warnings.simplefilter("ignore", FutureWarning)  # PyTorch's own, of its export
        torch.onnx.export(WholeDetector(detector), (example,), str(temporary), dynamo=True, verbose=False,
                          external_data=False, opset_version=OPSET, input_names=[INPUT], output_names=[OUTPUT],
                          dynamic_shapes={"pair": {0: free("pairs"), **sides}})


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep loggers from warning: they tell of packages that are not needed here, and of steps that are left out."""
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    for logger in levels:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
