"""Work beside the peak, by hand."""

import pytest

from tapnb.studies import speed_peak

WITHOUT = {"peak_gflops": {"float32": 100.0, "bfloat16": None}}
WITH = {"peak_gflops": {"float32": 200.0, "bfloat16": 400.0}}


def row(also, ours=0.5, plain=2.0):
    return {"plain": plain and {"seconds": [plain]}, "ours": {"seconds": [ours]},
            "also": {what: {"value": work, "unit": "GFLOP", "goal": None} for what, work in also.items()}}


def test_only_trainings_are_on_the_units_for_bf16():
    timed = row({})
    assert [speed_peak.own_precision("step", timed, machine) for machine in (WITHOUT, WITH)] == ["float32", "bfloat16"]
    assert speed_peak.own_precision("frame", timed, WITH) == "float32"
    assert speed_peak.own_precision("step", timed | {"device": "cpu, 2 threads, float32"}, WITH) == "float32"


def test_a_ratio_ends_where_nothing_but_the_work_is_left():
    for machine, peak in ((WITHOUT, 100), (WITH, 400)):
        (ceiling,) = speed_peak.beside("resnet_heads", row({speed_peak.OURS: 20.0}), machine).values()
        assert ceiling["value"] == pytest.approx(2.0 / (20.0 / peak)) and ceiling["unit"] == "times"


def test_the_share_of_the_peak_has_a_goal_on_units_only():
    (without,) = speed_peak.beside("step", row({speed_peak.PLAIN: 20.0}), WITHOUT).items()
    assert without == ("share of the measured peak (float32), counting that work", {"value": 0.4, "unit": "", "goal": None})
    (name, share), = speed_peak.beside("step", row({speed_peak.PLAIN: 20.0}), WITH).items()
    assert "(bfloat16)" in name and share == {"value": 0.1, "unit": "", "goal": speed_peak.LEAST_SHARE}


@pytest.mark.parametrize("timed, machine", [(row({}), WITH), (row({speed_peak.OURS: 20.0}, plain=None), WITH),
                                            (row({speed_peak.OURS: 20.0}), {})])
def test_without_work_a_plain_way_or_a_peak_there_is_nothing_to_say(timed, machine):
    assert speed_peak.beside("frame", timed, machine) == {}
