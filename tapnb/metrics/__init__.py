"""Scores as pure functions of arrays: precision and recall, counts, rankings, calibration."""
