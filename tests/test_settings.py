"""Settings: chosen by name, kept as JSON, told by what differs."""

import json
from dataclasses import dataclass

import pytest

from tapnb import settings


@dataclass(frozen=True)
class Sizes:
    """Some settings."""

    sides: tuple[int, ...] = (96,)
    rate: float = 1e-3


def test_parameters_of_other_things_are_passed_over():
    parameters = {"tap_sides": [24, 32], "rate": 0.5, "tap_other": 1}
    assert settings.chosen(Sizes, parameters, "tap_") == Sizes(sides=(24, 32))
    assert settings.chosen(Sizes, parameters) == Sizes(rate=0.5)


def test_only_what_differs_is_told_and_everything_is_kept():
    changed = Sizes(sides=(24,))
    assert settings.differing(Sizes()) == {} and settings.differing(changed) == {"sides": [24]}
    assert settings.restored(Sizes, json.loads(json.dumps(settings.kept(changed)))) == changed


def test_an_unknown_setting_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="Sizes has no setting 'side'; did you mean 'sides'"):
        settings.restored(Sizes, {"side": [3]})
