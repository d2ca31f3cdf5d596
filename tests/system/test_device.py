"""Choosing a device."""

import pytest
import torch

from tapnb.system import device, precision


def test_auto_takes_what_is_there():
    assert device.choose().type == ("cuda" if torch.cuda.is_available() else
                                    "mps" if torch.backends.mps.is_available() else "cpu")


@pytest.mark.parametrize("name", ["tpu", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(ValueError, match=f"device '{name}' is not available here; choose 'auto' or one of: .*cpu"):
        device.choose(name)


def test_autocast_is_bf16_only_where_the_processor_has_it():
    with device.autocast(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    assert product.dtype == (torch.bfloat16 if fast else torch.float32)
    assert ("bf16" if fast else "float32") in device.describe(torch.device("cpu"))


def test_precision_can_be_insisted_on(monkeypatch):
    cpu = torch.device("cpu")
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda on: True)
    for name in ("float32", "bfloat16"):
        with device.autocast(cpu, name):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == getattr(torch, name)
    assert "bf16 autocast" in device.describe(cpu) and "float32" in device.describe(cpu, "float32")
    monkeypatch.setattr(device, "multiplies_bfloat16", lambda on: False)
    assert isinstance(device.autocast(cpu, "bfloat16"), precision.RoundedToBfloat16)
    assert "rounded to bf16" in device.describe(cpu, "bfloat16") and "rounded" not in device.describe(cpu)
    with pytest.raises(ValueError, match="unknown precision 'half'; choose 'auto', 'float32', 'bfloat16'"):
        device.autocast(cpu, "half")


def test_maps_are_channels_last_but_in_float32_training_on_a_cpu():
    cpu = torch.device("cpu")
    assert device.layout(cpu) is torch.contiguous_format
    assert device.layout(torch.device("cuda")) is torch.channels_last
    with torch.no_grad():
        assert device.layout(cpu) is torch.channels_last
    with torch.autocast("cpu"):
        assert device.layout(cpu) is torch.channels_last


def test_a_cpu_tensor_is_sent_to_the_cpu_as_it_is():
    tensor = torch.arange(3)
    assert device.send(tensor, torch.device("cpu")) is tensor
