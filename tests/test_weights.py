"""Weights in files: half the bits for kernels, and a sentence where a file is cut."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from tapnb import models, weights


def test_kernels_are_kept_in_half_the_bits_and_come_back_whole(tmp_path):
    values = models.DenseFeatures((4, 8, 8, 8)).state_dict() | {"large": torch.full((2, 2), 1e5)}
    weights.save(tmp_path / "w.safetensors", values, {"said": "by whom"})
    kept = load_file(tmp_path / "w.safetensors")
    assert kept["backbone.head.weight"].dtype == torch.float16
    assert kept["projection.1.running_mean"].dtype == torch.float32
    assert kept["large"].dtype == torch.float32  # which float16 cannot hold
    read, about = weights.load(tmp_path / "w.safetensors")
    assert about == {"said": "by whom"} and read.keys() == values.keys()
    for name, tensor in read.items():
        torch.testing.assert_close(tensor, values[name], rtol=1e-3, atol=1e-5)
        assert tensor.dtype == values[name].dtype
    assert weights.channels(read) == (4, 8, 8, 8)


@pytest.mark.parametrize("cut", [0, 7, -9])
def test_a_file_that_is_cut_or_foreign_is_named(tmp_path, cut):
    weights.save(tmp_path / "w.safetensors", {"a": torch.ones(9, 9)})
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[:cut])
    with pytest.raises(ValueError, match="cut.safetensors is no whole safetensors file.*copy or train it again"):
        weights.load(tmp_path / "cut.safetensors")


def test_what_the_reader_says_of_a_foreign_header_is_cut(tmp_path):
    header = b'{"a": {"dtype": "%s", "shape": [1], "data_offsets": [0, 4]}}' % (b"F" * 5000)
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(ValueError, match="w.safetensors is no whole safetensors file") as error:
        weights.load(tmp_path / "w.safetensors")
    assert len(str(error.value)) < 500


def test_weights_that_are_not_finite_are_neither_written_nor_read(tmp_path):
    path, spoilt = tmp_path / "w.safetensors", {"a": torch.ones(2), "b": torch.tensor([1.0, float("nan")])}
    with pytest.raises(ValueError, match="w.safetensors is not written: its tensor 'b' is not finite"):
        weights.save(path, spoilt)
    assert not path.exists()
    save_file(spoilt, path)  # as an older version did
    with pytest.raises(ValueError, match="w.safetensors holds a tensor 'b' that is not finite.*train it again"):
        weights.load(path)
