"""Compiling is asked for by the environment, and said in records."""

import pytest
from torch import nn

from tapnb.system import compiling, device


def test_networks_are_compiled_only_where_that_is_wanted(monkeypatch):
    network = nn.Linear(2, 2)
    monkeypatch.delenv("TAPNB_COMPILE", raising=False)
    assert compiling.quick(network) is network and "compiled" not in device.describe("cpu")
    monkeypatch.setenv("TAPNB_COMPILE", "1")
    quick = compiling.quick(network)
    assert quick is not network and [id(p) for p in quick.parameters()] == [id(p) for p in network.parameters()]
    assert device.describe("cpu").endswith(", compiled")


def test_another_value_is_refused(monkeypatch):
    monkeypatch.setenv("TAPNB_COMPILE", "yes")
    with pytest.raises(ValueError, match="TAPNB_COMPILE is 'yes'; set it to 1"):
        compiling.wanted()
