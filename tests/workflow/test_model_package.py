"""A detector as a package of bioimage.io: what is refused, what it says, and that bioimageio.core passes it."""

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from tapnb.cli import app
from tapnb.detect import Detector, DetectorHead
from tapnb.models import DenseFeatures
from tapnb.workflow import model_package
from tapnb.workflow.onnx_models import WholeDetector

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own, with what is published."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "results").symlink_to(CHECKOUT / "results")
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def own(tmp_path):
    """The file of a detector of one's own, small, of two kinds and larger pixels."""
    torch.manual_seed(0)
    head = DetectorHead(2)
    torch.nn.init.zeros_(head.layers[-1].bias)
    path = tmp_path / "Mine 7" / "detector.safetensors"
    Detector(("division", "death"), DenseFeatures((4, 4, 4, 4)), head, um_per_pixel=1.2).save(path)
    return path


def refused(*arguments):
    result = CliRunner().invoke(app, ["package", *map(str, arguments)])
    assert not result.output
    return result.exception


@pytest.mark.parametrize(("model", "message"), [
    ("nobody", "no detector of 'nobody' is published; choose from hela"),
    ("nowhere.safetensors", "there is no file nowhere.safetensors: check the path"),
])
def test_a_detector_that_is_not_there_is_said(home, model, message):
    assert message in str(refused(model, "--author", "A. Person")) and not (home / "models").exists()


def test_a_detector_of_ones_own_has_an_author(home, own):
    assert "its package names who made it: say --author NAME" in str(refused(own))


def test_a_package_that_is_missing_is_said(home, monkeypatch):
    monkeypatch.setitem(sys.modules, "bioimageio.core", None)
    monkeypatch.setitem(sys.modules, "bioimageio", None)
    error = refused("hela")
    assert type(error).__module__.startswith("tapnb.")  # which the command shows as a sentence
    assert "bioimageio" in str(error) and "pip install -r requirements-models.lock" in str(error)


def test_versions_that_do_not_go_together_are_said(monkeypatch):
    for name in ("bioimageio", "bioimageio.core", "onnxruntime", "onnxscript"):
        monkeypatch.setitem(sys.modules, name, sys)  # any module
    versions = {"bioimageio.spec": "0.5.12.0", "pydantic": "2.14.3"}
    monkeypatch.setattr(model_package, "version", versions.get)
    with pytest.raises(model_package.PackagesMissing, match="0.5.12.0 does not run with pydantic 2.14.3"):
        model_package.need_packages()
    for versions["bioimageio.spec"], versions["pydantic"] in (("0.5.12.0", "2.13.5"), ("0.5.14.3", "2.14.3")):
        model_package.need_packages()


def test_the_example_is_simulated_and_in_the_detectors_pixels(own):
    detector = Detector.load(own)
    shown = model_package.example(detector)  # 256 pixels of 0.9 µm are 192 of 1.2 µm
    assert shown.pair.shape == (1, 2, 192, 192) and shown.scores.shape == (1, 2, 96, 96)
    assert shown.pair.max() > 50 and -1 < shown.normalised.mean() < 1
    np.testing.assert_allclose(np.percentile(shown.normalised, (1, 99.8), axis=(2, 3)).ravel(), [0, 0, 1, 1], atol=1e-5)


def test_of_large_pixels_the_example_is_no_smaller_than_the_smallest_tile(own):
    shown = model_package.example(replace(Detector.load(own), um_per_pixel=1.24))
    assert shown.pair.shape == (1, 2, model_package.SMALLEST, model_package.SMALLEST)


def test_a_halo_is_all_that_a_tile_does_not_see(own):
    """Scores of a tile, less its halo, are those of the whole frame; less half of it, they are not."""
    network, halo = WholeDetector(Detector.load(own)), model_package.HALO
    pairs = torch.rand(1, 2, 384, 384)
    with torch.inference_mode():
        whole, tile = network(pairs), network(pairs[..., 96:288, 96:288])

    def difference(cut):
        inner = slice(48 + cut, 144 - cut)
        return (whole[..., inner, inner] - tile[..., cut:-cut, cut:-cut]).abs().max()

    assert difference(halo) < 1e-6 < difference(halo // 4)


def test_the_page_says_where_the_detector_comes_from(own):
    text = model_package.documentation(Detector.load(own), "mine", {"author": "A. Person"})
    assert "## Validation" in text and "- author: A. Person" in text and "1.2 µm a pixel" in text
    assert "Finds divisions and deaths" in text and str(own.parent) not in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # bioimageio.spec leaves files open
@pytest.mark.parametrize("published", [True, False])
def test_bioimageio_passes_a_package(home, own, published):
    try:
        model_package.need_packages()
    except model_package.PackagesMissing as reason:
        pytest.skip(str(reason))
    from bioimageio.core import test_model

    arguments = ["hela"] if published else [str(own), "--author", "A. Person"]
    done = CliRunner().invoke(app, ["package", *arguments], catch_exceptions=False)
    path = Path(done.output.splitlines()[-1].removeprefix("package").strip())
    name = "hela" if published else "mine-7"
    assert path == home / "models" / name / f"{name}-detector.zip" and path.with_name("detector.onnx").is_file()
    assert test_model(path).status == "passed"
    with zipfile.ZipFile(path) as package:
        described = yaml.safe_load(package.read("rdf.yaml"))
        assert {"README.md", "cover.png", "detector.onnx", "detector.safetensors", "pair.npy", "scores.npy"} < set(
            package.namelist())
        assert all(str(home).encode() not in package.read(part) for part in package.namelist())
    assert described["license"] == ("BSD-3-Clause" if published else None)
    assert described["authors"] == [{"name": model_package.CONTRIBUTORS if published else "A. Person"}]
    assert "10.48550/arXiv.2411.03924" in {entry["doi"] for entry in described["cite"]}
    assert list(described["weights"]) == ["onnx"] and described["format_version"].startswith("0.5.")
