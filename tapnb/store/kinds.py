"""Kinds of runs, each with a version: raised when its code gives other results, and part of every run's name.

So tidying, comments and moves leave trained runs as they are, and a change of behaviour makes new ones beside them. A
test trains a tiny case of every kind in float32 and holds it against numbers kept under its version: whoever changes
behaviour is told to raise the version here and to keep new numbers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    Attributes
    ----------
    name : str
        The first part of a run's name, and the folder under ``runs/``.
    version : int
    labels : bool
        Whether it looks at the movies' labels. Mending a label leaves runs that do not as they are.
    """

    name: str
    version: int
    labels: bool


TAP = Kind("tap", 1, labels=False)
STRATEGY = Kind("strategy", 1, labels=True)
CONTROLS = Kind("controls", 1, labels=True)
GRAD_CAM = Kind("gradcam", 1, labels=True)
GRAD_CAM_MAPS = Kind("gradcammaps", 1, labels=False)
CONTENT_VIEW = Kind("content", 1, labels=False)
DECORRELATION = Kind("decorrelation", 1, labels=False)
CALIBRATION = Kind("calibration", 2, labels=True)
CRITERIA = Kind("criteria", 1, labels=True)
ROUNDING = Kind("rounding", 1, labels=True)
DETECTOR = Kind("detector", 1, labels=True)
EVENT_CONTROLS = Kind("eventcontrols", 1, labels=True)
ASKED = Kind("asked", 1, labels=True)

KINDS = {kind.name: kind for kind in (TAP, STRATEGY, CONTROLS, GRAD_CAM, GRAD_CAM_MAPS, CONTENT_VIEW, DECORRELATION,
                                      CALIBRATION, CRITERIA, ROUNDING, DETECTOR, EVENT_CONTROLS, ASKED)}
"""By name."""
