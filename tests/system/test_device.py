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


@pytest.mark.parametrize("asked", precision.PRECISIONS)
def test_the_device_line_says_the_arithmetic(asked):
    cpu = torch.device("cpu")
    assert device.describe(cpu, asked).endswith(f" threads, {precision.arithmetic(cpu, asked)}")


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
