"""Plain, float32 and bf16 beside each other: on a processor with units for bf16, and on one without."""

import pytest

from tapnb.studies import speed_units


def side(*seconds):
    return {"what": "a way", "seconds": list(seconds)}


def row(**sides):
    return {"title": "a step", "unit": "pair", "others": {}} | sides


WITHOUT = {"instruction_sets": ["AVX2"], "peak_gflops": {"float32": 100.0, "bfloat16": None}}
WITH = {"instruction_sets": ["AVX-512", "AVX512_BF16"], "peak_gflops": {"float32": 200.0, "bfloat16": 400.0}}


def columns(machine, **rows):
    (shown,) = speed_units.table({"machine": machine, "rows": rows}).to_dict("records")
    return [shown[name].replace("\u202f", " ") for name in ("processor", "plain", "float32", "bf16", "plain / float32",
                                                            "plain / bf16")]


def test_without_units_ours_is_float32():
    assert columns(WITHOUT, step=row(plain=side(3, 4, 5), ours=side(2))) == ["AVX2", "4 s", "2 s", "no units", "2", ""]


def test_with_units_a_training_of_ours_is_bf16():
    sides = row(plain=side(4), ours=side(0.5), others={"float32": side(2)})
    assert columns(WITH, step=sides) == ["AVX-512, AVX512_BF16", "4 s", "2 s", "500 ms", "2", "8"]
    old = row(plain=side(4), ours=side(0.5))
    assert columns(WITH, step=old)[2:] == ["not measured", "500 ms", "", "8"]


def test_evaluation_is_float32_with_units_too():
    sides = row(plain=side(4), ours=side(2), others={"bfloat16": side(1)})
    assert columns(WITH, frame=sides)[2:] == ["2 s", "1 s", "2", "4"]


@pytest.mark.parametrize("rows", [{}, {"import": row(plain=None, ours=side(1))}])
def test_rows_that_multiply_no_matrices_are_left_out(rows):
    table = speed_units.table({"machine": WITHOUT, "rows": rows})
    assert table["what"].tolist() == ["not measured"]
