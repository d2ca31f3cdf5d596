"""The examples of the API's pages run, and give what they say."""

import doctest
import importlib
import re

import pytest

from tapnb.workflow.notebooks import CHECKOUT as ROOT

MODULES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sorted((ROOT / "tapnb").rglob("*.py"))
           if ">>>" in path.read_text("utf-8")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    done = doctest.testmod(importlib.import_module(name), globs={}, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.attempted and not done.failed, "what differs stands above"


def test_every_function_to_call_first_has_an_example():
    page = (ROOT / "book" / "api.md").read_text("utf-8")
    first = re.findall(r"\{py:(?:func|class|meth)\}`~?(tapnb[\w.]+)`", page)
    assert len(first) >= 20
    for name in first:
        module, _, item = name.rpartition(".")
        assert ">>> " in getattr(importlib.import_module(module), item).__doc__, name
