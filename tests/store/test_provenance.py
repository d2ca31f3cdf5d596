"""Commit and versions."""

import subprocess
from pathlib import Path

from tapnb.store import provenance


def test_versions_name_what_can_change_a_number():
    found = provenance.versions()
    assert {"python", "torch", "numpy", "tapnb"} <= set(found) and all(found.values())


def test_outside_a_checkout_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "tapnb" / "store" / "provenance.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path(tmp_path).parent))
    monkeypatch.delenv("TAPNB_COMMIT", raising=False)
    assert provenance.commit() == (None, False)
    monkeypatch.setenv("TAPNB_COMMIT", "0123abc")  # as whoever copied the checkout says
    assert provenance.commit() == ("0123abc", False)


def test_a_package_that_is_installed_within_another_checkout_has_none_of_its_commits(monkeypatch, tmp_path):
    for words in (["init", "-q"], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    packages = tmp_path / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(packages / "tapnb" / "store" / "provenance.py"))
    monkeypatch.setenv("TAPNB_COMMIT", "0123abc")
    assert provenance.commit() == ("0123abc", False)


def test_a_package_that_runs_from_its_checkout_says_the_checkouts_version(monkeypatch):
    def missing(package):
        raise provenance.importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(provenance.importlib.metadata, "version", missing)
    settings = (Path(provenance.__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{provenance.version()}"\n' in settings and provenance.versions()["tapnb"] == provenance.version()
