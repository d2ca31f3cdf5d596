from pathlib import Path

from tapnb.system import paths


def test_home_is_the_checkout(monkeypatch):
    monkeypatch.delenv("TAPNB_HOME", raising=False)
    checkout = Path(paths.__file__).resolve().parents[2]
    expected = checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()
    assert paths.home() == expected


def test_home_of_an_installed_package_is_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("TAPNB_HOME", raising=False)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "site-packages" / "tapnb" / "system" / "paths.py"))
    monkeypatch.chdir(tmp_path)
    assert paths.home() == tmp_path


def test_tapnb_home_overrides_and_nothing_is_created(monkeypatch, tmp_path):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "elsewhere"))
    assert paths.home() == tmp_path / "elsewhere"
    assert paths.data() == tmp_path / "elsewhere" / "data"
    assert paths.runs() == tmp_path / "elsewhere" / "runs"
    assert paths.results() == tmp_path / "elsewhere" / "results"
    assert list(tmp_path.iterdir()) == []
