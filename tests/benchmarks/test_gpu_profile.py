"""Profiles and parameters, read without PyYAML."""

from pathlib import Path

import pytest

from benchmarks import gpu_profile
from tapnb.workflow import parameters, published

ROOT = Path(__file__).resolve().parents[2]


def test_a_profile_is_read_as_the_notebooks_read_it():
    sources = ROOT / "notebooks"
    declared = {name: parameters.declared(sources / f"{name}.py") for name in parameters.names(sources)}
    for profile in sorted(path.stem for path in (sources / "profiles").glob("*.yaml")):
        settings = parameters.read_profile(profile, sources / "profiles")
        chosen = parameters.choose(declared, list(declared), profile, settings,
                                   {"profile": profile, "movie": "hela", "mode": "execute"})
        for notebook in declared:
            values = gpu_profile.parameters_of(notebook, profile, movie="hela", mode="execute")
            assert values == chosen[notebook]
            assert [type(values[name]) for name in values] == [type(chosen[notebook][name]) for name in values]


def test_a_profile_that_a_changed_parameter_has_made_is_read_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_profile, "PROFILES", tmp_path)
    (tmp_path / "cpu.yaml").write_text("tap_pairs: 5\nrecipes: [\"uniform 96\"]\n", "utf-8")
    changes = {"tap_pairs": 1000, "recipes": ["uniform 96", "change 24:3 32:2"], "tap_schedule": "one-cycle", "rate": 1e-10, "seeds": []}
    published.keep_profile(published.Job("cpu--other", "hela", "execute", {}, "cpu", changes), tmp_path)
    assert gpu_profile.read_profile("cpu--other") == parameters.read_profile("cpu--other", tmp_path) == changes


def test_a_profile_that_is_not_flat_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(gpu_profile, "PROFILES", tmp_path)
    for text in ("seeds:\n  - 20\n", "{extends: cpu, tap_pairs: 1000}\n"):
        (tmp_path / "mine.yaml").write_text(text, "utf-8")
        with pytest.raises(ValueError, match="mine.yaml, line 1: only 'name: value' can be read without PyYAML"):
            gpu_profile.read_profile("mine")
    with pytest.raises(FileNotFoundError, match="no profile 'other' in .*; choose from mine"):
        gpu_profile.read_profile("other")
