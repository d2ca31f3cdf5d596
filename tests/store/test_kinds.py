"""A kind of run gives the numbers of its version: who changes what it does raises the version."""

import golden
import pytest

from tapnb.store import kinds


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("golden")))
        patch.setenv("TAPNB_PRECISION", "float32")  # the same arithmetic on every processor
        yield golden.measure()


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


def test_another_rate_would_be_noticed(measured):
    """The tolerance is no licence: a tenth more lambda or learning rate moves some number beyond it."""
    assert measured["tap"]["train_loss"] != pytest.approx(measured["tap"]["uniform_loss"], rel=5e-3)
