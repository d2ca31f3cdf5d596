"""A detector as ONNX computes what PyTorch computes."""

import numpy as np
import pytest
import torch
from toys import shrinking_discs

from tapnb.detect import Detector, DetectorHead
from tapnb.models import DenseFeatures
from tapnb.movies import normalise
from tapnb.workflow import find_events
from tapnb.workflow.onnx_models import WholeDetector, write_onnx


@pytest.fixture
def detector():
    torch.manual_seed(0)
    features, head = DenseFeatures((4, 4, 4, 4)), DetectorHead(2)
    torch.nn.init.zeros_(head.layers[-1].bias)
    for module in features.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # statistics that folding must not lose
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    return Detector(("division", "death"), features.eval(), head.eval())


def test_the_whole_detector_gives_the_maps_of_a_movie(detector):
    movie = shrinking_discs(1, frames=4)
    pairs = np.stack([normalise(movie.frames[t : t + 2], movie.levels[t : t + 2]) for t in range(3)])
    with torch.inference_mode():
        scores = WholeDetector(detector)(torch.from_numpy(pairs)).numpy()
    np.testing.assert_allclose(scores, np.stack(list(detector.maps(movie, range(3)))), atol=1e-6)
    assert scores.shape == (3, 2, 32, 32) and scores.std() > 1e-3


def equal_to_torch(detector, path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="requirements-models.lock is not installed")
    pytest.importorskip("onnxscript", reason="requirements-models.lock is not installed")
    write_onnx(detector, path)
    session, here = onnxruntime.InferenceSession(path), WholeDetector(detector)
    for shape in [(1, 2, 64, 64), (3, 2, 48, 120), (2, 2, 8, 16), (1, 2, 320, 136)]:  # the last one in bands, here
        pairs = np.random.default_rng(0).normal(0.4, 0.4, shape).astype(np.float32)
        with torch.inference_mode():
            expected = here(torch.from_numpy(pairs)).numpy()
        (scores,) = session.run(["scores"], {"pair": pairs})
        assert scores.shape == (shape[0], len(detector.kinds), shape[2] // 2, shape[3] // 2)
        assert expected.std() > 1e-4
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_onnx_is_equal_to_torch_for_any_number_and_size(detector, tmp_path):
    equal_to_torch(detector, tmp_path / "detector.onnx")


@pytest.mark.slow
def test_the_published_detector_is_equal_too(tmp_path):
    equal_to_torch(find_events.known_detector("hela", torch.device("cpu"))[0], tmp_path / "detector.onnx")
