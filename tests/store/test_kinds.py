"""A kind of run gives the numbers of its version: who changes what it does raises the version."""

from dataclasses import replace

import golden
import pytest
import torch

from tapnb.store import kinds


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("golden")))
        patch.setenv("TAPNB_PRECISION", "float32")  # the same arithmetic on every processor
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield golden.measure()
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", kinds.KINDS)
def test_a_kind_gives_the_numbers_of_its_version(measured, name):
    version = f"{name} {kinds.KINDS[name].version}"
    assert version in golden.kept(), f"{version} has no numbers yet: `python tests/golden.py` keeps them"
    expected = golden.kept()[version]
    assert measured[name].keys() == expected.keys()
    # Sums come in another order on another processor, which a few steps of training make larger; a changed rate, seed,
    # loss or layer moves them by far more. Counts may lose or gain a case that lies on the border.
    for key, value in measured[name].items():
        assert value == pytest.approx(expected[key], rel=5e-3, abs=1.01 if float(value).is_integer() else 1e-4), (
            f"{name} gives another {key!r}: if that is meant, raise the version of {name} in tapnb/store/kinds.py")


@pytest.mark.parametrize("change", [{"high_rate": 1.5e-3}, {"decorrelation_weight": 0.02}])
def test_other_behaviour_is_noticed(measured, change):
    """The tolerance hides no other learning rate and no other lambda."""
    other = golden.of_pretraining(golden.pretrained(replace(golden.SETTINGS, **change)))
    assert any(value != pytest.approx(measured["tap"][name], rel=5e-3) for name, value in other.items())
